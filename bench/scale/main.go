// Scale asks questions of 1, 10 and 100 million trips and prints how the time grows: a Markdown table. The files of the taxi suite, of a
// million rows each, are read as often as it takes. A second table says how busy the processors are over a single row group.
//
//	scale FOLDER   (with the .parquet files)
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
)

type question struct {
	name string
	ask  func(trips *dataframe.DataFrame) *dataframe.DataFrame
}

var questions = []question{
	{"trips and revenue by day", func(t *dataframe.DataFrame) *dataframe.DataFrame {
		return t.GroupBy(expr.Col("tpep_pickup_datetime").Dt().Date().As("day")).Agg(expr.Count().As("trips"), expr.Sum("total_amount").As("revenue"))
	}},
	{"mean fare by pair of zones", func(t *dataframe.DataFrame) *dataframe.DataFrame {
		return t.GroupBy("PULocationID", "DOLocationID").Agg(expr.Mean("fare_amount").As("fare"))
	}},
	{"longest ten", func(t *dataframe.DataFrame) *dataframe.DataFrame {
		return t.Select("trip_distance", "total_amount").Sort(dataframe.Desc("trip_distance")).Limit(10)
	}},
}

func main() {
	files, err := filepath.Glob(filepath.Join(os.Args[1], "*.parquet"))
	if err != nil || len(files) == 0 {
		fmt.Fprintln(os.Stderr, "no Parquet files in", os.Args[1], err)
		os.Exit(1)
	}
	fmt.Print("| question | 1 M rows, s | 10 M rows, s | 100 M rows, s | 100 M / 10 M |\n|---|---|---|---|---|\n")
	for _, q := range questions {
		times := make([]float64, 0, 3)
		for _, millions := range []int{1, 10, 100} {
			times = append(times, median(func() float64 { return ask(q.ask(trips(files, millions))) }))
		}
		fmt.Printf("| %s | %.3f | %.3f | %.3f | %.1f |\n", q.name, times[0], times[1], times[2], times[2]/times[1])
	}
	if err := busy(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// trips is the first files, and the first again, until there are so many.
func trips(files []string, n int) *dataframe.DataFrame {
	frames := make([]*dataframe.DataFrame, n)
	for i := range frames {
		frames[i] = readers.Parquet(files[i%len(files)], nil)
	}
	return dataframe.Concat(frames...)
}

func ask(df *dataframe.DataFrame) float64 {
	start := time.Now()
	if _, err := df.Collect(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return time.Since(start).Seconds()
}

func median(run func() float64) float64 {
	run()
	times := []float64{run(), run(), run()}
	slices.Sort(times)
	return times[1]
}
