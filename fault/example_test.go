package fault_test

import (
	"errors"
	"fmt"

	"github.com/sheafdata/sheaf/fault"
)

// read fails as a reader does: it says what, where and what to do.
func read() error {
	e := fault.New(fault.Data, "read_csv", "%q is no int64", "n/a")
	e.File, e.Line, e.Column, e.Text = "trips.csv", 17, "fare", "n/a"
	return e.WithHint(`Nulls: []string{"n/a"} reads it as null`)
}

// Every error is a *fault.Error: programs look at its kind and its place, people read its text.
func ExampleError() {
	err := read()
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Data {
		fmt.Println(f.File, f.Line, f.Column, f.Text)
	}
	fmt.Println(err)
	// Output:
	// trips.csv 17 fare n/a
	// read_csv: "n/a" is no int64 (file trips.csv, line 17, column "fare", value "n/a"); Nulls: []string{"n/a"} reads it as null
}

// Suggest finds the name that was meant.
func ExampleSuggest() {
	fmt.Println(fault.Suggest("fare_amout", []string{"tip_amount", "fare_amount", "vendor"}))
	// Output:
	// did you mean "fare_amount"?
}
