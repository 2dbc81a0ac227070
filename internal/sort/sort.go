// Package sorting sorts rows held in columns: runs with normalised keys, a k-way merge of runs, and a bounded top-k.
//
// Keys are normalised to words that compare as unsigned integers: as many keys as fit are packed into one to four uint64 words a
// row, narrowed to the range the data has. Rows are ordered by a radix sort on those words; only what words cannot hold (long text,
// nested values) is compared column by column. The order is total and stable: equal keys keep the order of rows, and of runs.
//
// The order of values: NaN is greater than all numbers and equal to itself, −0 equals 0, text compares by bytes, false before true,
// lists element by element, structs field by field. Nulls go last in both directions unless a key says first.
//
// The package imports vec, fault and arrow's types, and must not know plans, expressions or schedulers.
package sorting

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// Key is one sort key: a column of the rows that are sorted.
type Key struct {
	Col              int
	Desc, NullsFirst bool
}

// Options says what rows are and how they sort. It is the same for all runs of a sort.
type Options struct {
	// Types of all columns, keys included.
	Types []arrow.DataType
	Keys  []Key
	// Reserve is told of memory before or as it is taken, in bytes, and of its return as a negative number. nil: nobody counts.
	Reserve func(delta int64) error
}

// MaxRows is how many rows a run can hold: row numbers are uint32.
const MaxRows = 1<<32 - 1

func (o *Options) check() error {
	for _, k := range o.Keys {
		if k.Col < 0 || k.Col >= len(o.Types) {
			return internalError("sort key is column %d of %d", k.Col, len(o.Types))
		}
	}
	return nil
}

func internalError(format string, args ...any) error {
	return fault.New(fault.Internal, "sort", format, args...)
}

// account tracks what one structure has reserved.
type account struct {
	reserve func(int64) error
	held    int64
}

// set makes the reservation n bytes.
func (a *account) set(n int64) error {
	if n == a.held {
		return nil
	}
	if a.reserve != nil {
		if err := a.reserve(n - a.held); err != nil {
			return err
		}
	}
	a.held = n
	return nil
}

// take hands the reservation over to another owner.
func (a *account) take() account {
	b := *a
	a.held = 0
	return b
}

func (a *account) release() {
	_ = a.set(0) // giving back does not fail
}
