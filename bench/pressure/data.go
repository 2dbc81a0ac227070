package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/writers"
)

// half is the rows of each file.
const half = 5_000_000

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "k", Type: arrow.PrimitiveTypes.Int64}, {Name: "t", Type: arrow.BinaryTypes.String}, {Name: "x", Type: arrow.PrimitiveTypes.Float64},
}, nil)

// makeData writes left and right, whose keys differ, and joined, which has the keys of left in another order: once.
func makeData(folder string) error {
	for name, key := range map[string]func(i uint64) uint64{
		"left.parquet": func(i uint64) uint64 { return i * 15839 % half }, "right.parquet": func(i uint64) uint64 { return half + i*15839%half },
		"joined.parquet": func(i uint64) uint64 { return i * 104729 % half },
	} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if _, err := rows(key).Write(context.Background(), writers.Parquet(path, nil)); err != nil {
			return fmt.Errorf("making the data: %w", err)
		}
	}
	return nil
}

// rows are half rows: an int64 key, a text of a million values, a float.
func rows(key func(uint64) uint64) *dataframe.DataFrame {
	return dataframe.FromSource(partition.NewSource(schema, func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			const batch = 8192
			for from := 0; from < half; from += batch {
				k, t, x := array.NewInt64Builder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator), array.NewFloat64Builder(memory.DefaultAllocator)
				n := min(batch, half-from)
				for i := range n {
					id := uint64(from + i)
					r := (id ^ id>>29) * mix
					r ^= r >> 32
					k.Append(int64(key(id)))
					t.Append("key" + strconv.FormatUint(r%1000003, 10))
					x.Append(float64(r%100000) / 8)
				}
				if !yield(array.NewRecordBatch(schema, []arrow.Array{k.NewArray(), t.NewArray(), x.NewArray()}, int64(n)), nil) {
					return
				}
			}
		}
	}))
}
