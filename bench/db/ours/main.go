// Ours answers the db-benchmark questions with Sheaf: it reads the name of a question a line and writes a JSON line with the seconds from
// opening the Parquet files to having the answer in memory, and of the answer its rows and the sums of its values.
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
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
)

type frame = dataframe.DataFrame

// question is a frame over the tables, and the columns of its answer that are summed for comparison.
type question struct {
	ask  func(open func(string) *frame) *frame
	sums []string
}

func grouped(keys []string, aggs ...expr.Expr) func(open func(string) *frame) *frame {
	return func(open func(string) *frame) *frame { return open("groupby").GroupBy(keys).Agg(aggs...) }
}

func joined(right string, opts ...dataframe.JoinOption) func(open func(string) *frame) *frame {
	return func(open func(string) *frame) *frame { return open("join_x").Join(open("join_"+right), opts...) }
}

func sum(c string) expr.Expr  { return expr.Sum(c).As(c) }
func mean(c string) expr.Expr { return expr.Mean(c).As(c) }

var questions = map[string]question{
	"g1":  {grouped([]string{"id1"}, sum("v1")), []string{"v1"}},
	"g2":  {grouped([]string{"id1", "id2"}, sum("v1")), []string{"v1"}},
	"g3":  {grouped([]string{"id3"}, sum("v1"), mean("v3")), []string{"v1", "v3"}},
	"g4":  {grouped([]string{"id4"}, mean("v1"), mean("v2"), mean("v3")), []string{"v1", "v2", "v3"}},
	"g5":  {grouped([]string{"id6"}, sum("v1"), sum("v2"), sum("v3")), []string{"v1", "v2", "v3"}},
	"g6":  {grouped([]string{"id4", "id5"}, expr.Median("v3").As("m"), expr.Std("v3").As("sd")), []string{"m", "sd"}},
	"g7":  {grouped([]string{"id3"}, expr.Max("v1").Sub(expr.Min("v2")).As("r")), []string{"r"}},
	"g8":  {largestTwo, []string{"v3"}},
	"g9":  {grouped([]string{"id2", "id4"}, expr.Corr("v1", "v2").Pow(2).As("r2")), []string{"r2"}},
	"g10": {grouped([]string{"id1", "id2", "id3", "id4", "id5", "id6"}, sum("v3"), expr.Count().As("n")), []string{"v3", "n"}},
	"j1":  {joined("small", dataframe.Using("id1")), []string{"v1", "v2"}},
	"j2":  {joined("medium", dataframe.Using("id2")), []string{"v1", "v2"}},
	"j3":  {joined("medium", dataframe.Using("id2"), dataframe.Left), []string{"v1", "v2"}},
	"j4":  {joined("medium", dataframe.Using("id5")), []string{"v1", "v2"}},
	"j5":  {joined("big", dataframe.Using("id3")), []string{"v1", "v2"}},
}

func largestTwo(open func(string) *frame) *frame {
	rank := expr.RowNumber().OrderBy(expr.Col("v3").Desc()).Over("id6")
	return open("groupby").Select("id6", "v3").Filter(expr.Col("v3").NotNull()).Filter(rank.Le(2))
}

type reply struct {
	Seconds float64 `json:"seconds"`
	Rows    [][]any `json:"rows"`
	Error   string  `json:"error,omitempty"`
}

func answer(name string) reply {
	runtime.GC() // the answer before
	start := time.Now()
	q := questions[name]
	table, err := q.ask(open).Collect(context.Background())
	r := reply{Seconds: time.Since(start).Seconds()}
	if err != nil {
		r.Error = err.Error()
		return r
	}
	row := []any{table.NumRows()}
	for _, c := range q.sums {
		row = append(row, total(table.Column(c)))
	}
	r.Rows = [][]any{row}
	return r
}

func open(name string) *frame { return readers.Parquet(os.Args[1]+"/"+name+".parquet", nil) }

// total adds up a column of numbers.
func total(c *arrow.Chunked) float64 {
	t := 0.0
	for _, a := range c.Chunks() {
		for i := range a.Len() {
			if a.IsNull(i) {
				continue
			}
			switch a := a.(type) {
			case *array.Float64:
				t += a.Value(i)
			case *array.Int64:
				t += float64(a.Value(i))
			case *array.Int32:
				t += float64(a.Value(i))
			default:
				panic(fmt.Sprintf("a column of %s", a.DataType()))
			}
		}
	}
	return t
}

func main() { serve.Lines(answer) }
