// Ours reads a CSV file whole and converts files with Sheaf: it reads a job a line (read_csv, csv_snappy, csv_zstd, parquet_csv) and writes
// a JSON line with its seconds, and of a table that was read its rows and a sum.
//
//	ours FOLDER OUT
package main

import (
	"context"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/bench/serve"
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/writers"
)

type reply struct {
	Seconds float64 `json:"seconds"`
	Rows    [][]any `json:"rows"`
	Error   string  `json:"error,omitempty"`
}

func do(job string) (r reply) {
	runtime.GC()
	var err error
	start := time.Now()
	row := []any{}
	if job == "read_csv" {
		var table *dataframe.Table
		table, err = readers.CSV(os.Args[1]+"/groupby.csv", nil).Collect(context.Background())
		r.Seconds = time.Since(start).Seconds()
		if err == nil {
			row = append(row, table.NumRows(), sum(table, "v1"))
		}
	} else {
		err = convert(job)
		r.Seconds = time.Since(start).Seconds()
	}
	r.Rows = [][]any{row}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func sum(t *dataframe.Table, column string) (total int64) {
	for _, a := range t.Column(column).Chunks() {
		for _, v := range a.(*array.Int64).Int64Values() {
			total += v
		}
	}
	return total
}

func convert(job string) error {
	source, form, _ := strings.Cut(job, "_")
	df := readers.Parquet(os.Args[1]+"/groupby.parquet", nil)
	if source == "csv" {
		df = readers.CSV(os.Args[1]+"/groupby.csv", nil)
	}
	var to partition.Sink
	if form == "csv" {
		to = writers.CSV(os.Args[2]+"/sheaf_"+job+".csv", &writers.CSVOptions{Mode: writers.Overwrite})
	} else {
		to = writers.Parquet(os.Args[2]+"/sheaf_"+job+".parquet", &writers.ParquetOptions{Mode: writers.Overwrite, Compression: form})
	}
	_, err := df.Write(context.Background(), to)
	return err
}

func main() { serve.Lines(do) }
