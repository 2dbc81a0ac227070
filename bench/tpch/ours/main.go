// Ours answers the TPC-H questions with Sheaf: it reads the number of a question a line and writes a JSON line with the seconds from
// opening the Parquet files to having the answer in memory, and the answer's rows.
//
//	ours FOLDER
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/bench/serve"
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/readers"
)

type frame = dataframe.DataFrame

type reply struct {
	Seconds float64 `json:"seconds"`
	Rows    [][]any `json:"rows"`
	Error   string  `json:"error,omitempty"`
}

// open reads a table of the folder.
func open(name string) *frame { return readers.Parquet(os.Args[1]+"/"+name+".parquet", nil) }

func answer(name string) reply {
	q, ok := questions[name]
	if !ok {
		return reply{Error: "there is no question " + name}
	}
	runtime.GC() // the answer before
	start := time.Now()
	df := q()
	table, err := df.Collect(context.Background())
	r := reply{Seconds: time.Since(start).Seconds()}
	if os.Getenv("EXPLAIN") != "" {
		fmt.Fprintln(os.Stderr, df.Explain())
	}
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Rows = make([][]any, table.NumRows())
	for i := range table.Schema().NumFields() {
		at := 0
		for _, a := range table.Column(table.Schema().Field(i).Name).Chunks() {
			for k := range a.Len() {
				r.Rows[at] = append(r.Rows[at], value(a, k))
				at++
			}
		}
	}
	return r
}

// value is an array's value as JSON has it: decimals are numbers, dates text.
func value(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Decimal128:
		return a.Value(i).ToFloat64(a.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Decimal256:
		return a.Value(i).ToFloat64(a.DataType().(*arrow.Decimal256Type).Scale)
	case *array.Date32:
		return a.Value(i).FormattedString()
	case *array.Int64:
		return a.Value(i)
	case *array.Int32:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	}
	return a.ValueStr(i)
}

func main() { serve.Lines(answer) }
