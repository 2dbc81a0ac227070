// Pressure runs operators on ten million rows with and without a budget of memory, each in a process of its own, and prints a Markdown
// table: time, how many times the time without a budget, peak resident memory, bytes spilled. A run whose rows are not those of the run
// without a budget, or that leaves a file behind, ends it.
//
//	pressure FOLDER   (for the data, which it makes, 200 MB, and for spill files)
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
)

// questions are the operators, over the whole table and over two halves of it.
var questions = []struct {
	name    string
	ordered bool // the order of the rows counts
	ask     func(all, left, right *dataframe.DataFrame) *dataframe.DataFrame
}{
	{"group by 10 M pairs of int64 and text", false, func(all, _, _ *dataframe.DataFrame) *dataframe.DataFrame {
		return all.GroupBy("k", "t").Agg(expr.Sum("x").As("s"), expr.Count().As("n"))
	}},
	{"join 5 M with 5 M rows", false, func(_, left, right *dataframe.DataFrame) *dataframe.DataFrame {
		return left.Join(right.Rename("x", "y").Rename("t", "u"), dataframe.Using("k"))
	}},
	{"sort 10 M rows by text and float", true, func(all, _, _ *dataframe.DataFrame) *dataframe.DataFrame { return all.Sort("t", "x") }},
	{"distinct of 10 M rows", false, func(all, _, _ *dataframe.DataFrame) *dataframe.DataFrame { return all.Distinct() }},
}

// result is what a child says of its run.
type result struct {
	Seconds  float64
	Rows     int64
	Sum      uint64 // of the rows' hashes, chained where the order counts
	Resident int64  // peak, MiB
	Spilled  int64
	Left     int // files in the spill folder
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch len(args) {
	case 1:
		if err := makeData(args[0]); err != nil {
			return err
		}
		return table(args[0])
	case 4:
		return child(args)
	}
	return fmt.Errorf("give one folder")
}

func table(folder string) error {
	fmt.Print("| operator | workers | budget, MiB | seconds | times the unlimited | peak resident, MiB | spilled, MB |\n|---|---|---|---|---|---|---|\n")
	for q, question := range questions {
		for _, workers := range []int{1, 2} {
			var free result
			for _, budget := range []int{0, 64, 512} {
				r, err := ask(folder, q, workers, budget)
				if err != nil {
					return fmt.Errorf("%s, %d workers, %d MiB: %w", question.name, workers, budget, err)
				}
				limit, ratio := strconv.Itoa(budget), r.Seconds/max(free.Seconds, 1e-9)
				if budget == 0 {
					free, limit, ratio = r, "none", 1
				}
				if r.Rows != free.Rows || r.Sum != free.Sum || r.Left != 0 {
					return fmt.Errorf("%s, %d workers, %d MiB: %+v, unlimited %+v", question.name, workers, budget, r, free)
				}
				fmt.Printf("| %s | %d | %s | %.2f | %.2f | %d | %d |\n", question.name, workers, limit, r.Seconds, ratio, r.Resident, r.Spilled/1e6)
			}
		}
	}
	return nil
}

// ask runs a question in a process of its own.
func ask(folder string, q, workers, budget int) (r result, err error) {
	cmd := exec.Command(os.Args[0], folder, strconv.Itoa(q), strconv.Itoa(workers), strconv.Itoa(budget))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	return r, err
}

func child(args []string) error {
	q, err1 := strconv.Atoi(args[1])
	workers, err2 := strconv.Atoi(args[2])
	budget, err3 := strconv.ParseInt(args[3], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || q < 0 || q >= len(questions) {
		return fmt.Errorf("bad arguments %q", args)
	}
	spill := filepath.Join(args[0], "spill")
	if err := os.MkdirAll(spill, 0o755); err != nil {
		return err
	}
	opts := []sched.Option{sched.Workers(workers), sched.SpillDir(spill)}
	if budget > 0 {
		opts = append(opts, sched.Memory(budget<<20))
	}
	read := func(name string) *dataframe.DataFrame { return readers.Parquet(filepath.Join(args[0], name), nil) }
	df := questions[q].ask(dataframe.Concat(read("left.parquet"), read("right.parquet")), read("left.parquet"), read("joined.parquet"))
	var r result
	start := time.Now()
	for rec, err := range df.Batches(context.Background(), opts...) {
		if err != nil {
			return err
		}
		r.Rows += rec.NumRows()
		r.add(rec, questions[q].ordered)
	}
	r.Seconds = time.Since(start).Seconds()
	r.Resident = resident()
	if budget > 0 {
		receipt, err := df.Analyze(context.Background(), opts...)
		if err != nil {
			return err
		}
		r.Spilled = receipt.Spilled
	}
	left, err := os.ReadDir(spill)
	if err != nil {
		return err
	}
	r.Left = len(left)
	return json.NewEncoder(os.Stdout).Encode(r)
}

const mix = 0x9e3779b97f4a7c15

// add takes the rows of a batch into the sum.
func (r *result) add(rec arrow.RecordBatch, ordered bool) {
	rows := make([]uint64, rec.NumRows())
	for c := range int(rec.NumCols()) {
		switch col := rec.Column(c).(type) {
		case *array.Int64:
			for i := range rows {
				rows[i] = (rows[i] ^ uint64(col.Value(i))) * mix
			}
		case *array.Float64:
			for i := range rows {
				rows[i] = (rows[i] ^ uint64(int64(col.Value(i)*1e3+0.5))) * mix // sums may differ in their last digits
			}
		case *array.String:
			for i := range rows {
				rows[i] = (rows[i] ^ textHash(col.Value(i))) * mix
			}
		default:
			panic(fmt.Sprintf("a column of %s", col.DataType()))
		}
	}
	for _, x := range rows {
		if ordered {
			r.Sum = r.Sum*31 + x
		} else {
			r.Sum += x ^ x>>29
		}
	}
}

func textHash(s string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// resident is the peak resident memory of this process in MiB.
func resident() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb >> 10
		}
	}
	return 0
}
