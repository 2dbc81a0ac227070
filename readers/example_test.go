package readers_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/readers"
)

// files stand for a folder; without the option FS, paths are those of the disk.
var files = fstest.MapFS{
	"trips/2024.csv":  {Data: []byte("city,fare\nBonn,12.5\nUlm,7\n")},
	"trips/2025.csv":  {Data: []byte("city,fare,tip\nBonn,9.25,1\nKiel,n/a,0\n")},
	"broken.csv":      {Data: []byte("city,fare\nBonn,12.5\nUlm,7,extra\n")},
	"trips.jsonl":     {Data: []byte(`{"city": "Bonn", "tags": ["a", "b"]}` + "\n" + `{"city": "Ulm"}` + "\n")},
	"day=1/trips.csv": {Data: []byte("city\nBonn\n")},
	"day=2/trips.csv": {Data: []byte("city\nUlm\n")},
}

func show(df *dataframe.DataFrame) {
	table, err := df.Collect(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(table)
}

// Names and types are taken from a sample when the reader is called; rows are read when an action runs.
func ExampleCSV() {
	df := readers.CSV("trips/2024.csv", &readers.CSVOptions{FS: files})
	fmt.Println(df.Schema().Field(0), df.Schema().Field(1))
	show(df.Filter(expr.Col("fare").Gt(10)))
	// Output:
	// city: type=utf8, nullable fare: type=float64, nullable
	// ┌──────┬─────────┐
	// │ city │    fare │
	// │ text │ float64 │
	// ├──────┼─────────┤
	// │ Bonn │    12.5 │
	// └──────┴─────────┘
	// 1 row × 2 columns
}

// Several files are one frame. Those of the second year have a column more, and write null in their own way.
func ExampleCSV_severalFiles() {
	show(readers.CSV("trips/*.csv", &readers.CSVOptions{FS: files, UnionByName: true, Nulls: []string{"", "n/a"}, FileColumn: "file"}))
	// Output:
	// ┌──────┬─────────┬───────┬────────────────┐
	// │ city │    fare │   tip │ file           │
	// │ text │ float64 │ int64 │ text           │
	// ├──────┼─────────┼───────┼────────────────┤
	// │ Bonn │   12.5  │  null │ trips/2024.csv │
	// │ Ulm  │    7.0  │  null │ trips/2024.csv │
	// │ Bonn │    9.25 │     1 │ trips/2025.csv │
	// │ Kiel │    null │     0 │ trips/2025.csv │
	// └──────┴─────────┴───────┴────────────────┘
	// 4 rows × 4 columns
}

// Rows that do not fit are an error that names the line, or they are left out and can be looked at.
func ExampleCSVRejects() {
	opts := &readers.CSVOptions{FS: files, Ragged: readers.Reject, Types: map[string]arrow.DataType{"fare": arrow.PrimitiveTypes.Float64}}
	n, err := readers.CSV("broken.csv", opts).Count(context.Background())
	fmt.Println(n, err)
	show(readers.CSVRejects("broken.csv", opts).Select("line", "text"))
	// Output:
	// 1 <nil>
	// ┌───────┬─────────────┐
	// │  line │ text        │
	// │ int64 │ text        │
	// ├───────┼─────────────┤
	// │     3 │ Ulm,7,extra │
	// └───────┴─────────────┘
	// 1 row × 2 columns
}

func ExampleJSON() {
	show(readers.JSON("trips.jsonl", &readers.JSONOptions{FS: files}))
	// Output:
	// ┌──────┬────────────┐
	// │ city │ tags       │
	// │ text │ list<text> │
	// ├──────┼────────────┤
	// │ Bonn │ ["a", "b"] │
	// │ Ulm  │ null       │
	// └──────┴────────────┘
	// 2 rows × 2 columns
}

// Folders named key=value are columns, and a condition on them leaves out files before they are opened.
func ExampleCSV_hive() {
	show(readers.CSV("day=*/*.csv", &readers.CSVOptions{FS: files, Hive: true}).Filter(expr.Col("day").Eq(2)))
	// Output:
	// ┌──────┬───────┐
	// │ city │   day │
	// │ text │ int64 │
	// ├──────┼───────┤
	// │ Ulm  │     2 │
	// └──────┴───────┘
	// 1 row × 2 columns
}

// A mistake is found before any row is read.
func ExampleCSV_mistake() {
	df := readers.CSV("trips/2024.csv", &readers.CSVOptions{FS: files}).Filter(expr.Col("fair").Gt(10))
	var f *fault.Error
	fmt.Println(errors.As(df.Err(), &f), f.Kind, f.Hint)
	// Output: true plan did you mean "fare"?
}
