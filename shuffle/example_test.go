package shuffle_test

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/shuffle"
)

// Two tasks deal their rows by the hash of a key; a task of the next stage reads half of the buckets of both. Equal keys meet, and every
// row comes out once.
func Example() {
	budget := mem.New("run", 64<<20)
	defer budget.Close()
	space := shuffle.NewSpace(budget, "")
	defer space.Close()

	var outs []*shuffle.Output
	for task := range 2 {
		w := space.Writer(shuffle.Options{Name: "example", Types: []arrow.DataType{arrow.PrimitiveTypes.Int64}, Hashed: true})
		keys := make([]int64, 1000)
		for i := range keys {
			keys[i] = int64(i + 500*task)
		}
		col := []vec.Vec{{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: len(keys), Data: vec.Bytes(keys)}}
		hashes := make([]uint64, len(keys))
		hash.Hash(hashes, col, len(keys))
		if err := w.Add(col, hashes, len(keys)); err != nil {
			fmt.Println(err)
			return
		}
		out, err := w.Finish()
		if err != nil {
			fmt.Println(err)
			return
		}
		outs = append(outs, out)
	}

	rows, seen := 0, map[int64]int{}
	for _, half := range [][2]int{{0, shuffle.Buckets / 2}, {shuffle.Buckets / 2, shuffle.Buckets}} {
		r := shuffle.NewReader(outs, half[0], half[1])
		defer r.Close()
		here := map[int64]bool{}
		var b vec.Batch
		for {
			if _, err := r.Next(context.Background(), &b); err == io.EOF {
				break
			} else if err != nil {
				fmt.Println(err)
				return
			}
			rows += b.Rows
			for _, k := range vec.Of[int64](&b.Cols[0]) {
				here[k] = true
			}
		}
		for k := range here {
			seen[k]++
		}
	}
	apart := 0
	for _, readers := range seen {
		if readers > 1 {
			apart++
		}
	}
	fmt.Println(rows, "rows,", len(seen), "keys,", apart, "of them in both halves")
	// Output:
	// 2000 rows, 1500 keys, 0 of them in both halves
}
