package readers

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// adapter makes the columns that a scan wants of the columns that a file has: casts to wider types, nulls for missing columns,
// constants for the folder and file columns. It is immutable; newAdapting holds what a reader needs while it runs.
type adapter struct {
	cols []adaptColumn
	// read lists the file's columns to decode, each once.
	read []int
}

// adaptColumn is one wanted column.
type adaptColumn struct {
	name string
	typ  arrow.DataType
	// from is a place in adapter.read, or -1: then the column is konst, or null where that is nil.
	from  int
	konst *constant
}

// constant is a value that all rows of a file share, as text.
type constant struct {
	text string
	null bool
}

// add appends a wanted column that the file's column src gives.
func (a *adapter) add(name string, typ arrow.DataType, src int) {
	c := adaptColumn{name: name, typ: typ, from: -1}
	if src >= 0 {
		for i, r := range a.read {
			if r == src {
				c.from = i
			}
		}
		if c.from < 0 {
			c.from = len(a.read)
			a.read = append(a.read, src)
		}
	}
	a.cols = append(a.cols, c)
}

// addConstant appends a wanted column of one value.
func (a *adapter) addConstant(name string, typ arrow.DataType, k *constant) {
	a.cols = append(a.cols, adaptColumn{name: name, typ: typ, from: -1, konst: k})
}

// adapting is an adapter at work in one reader.
type adapting struct {
	*adapter
	file  string
	alloc memory.Allocator
	// filled has the longest array made so far of each null or constant column.
	filled []arrow.Array
}

func newAdapting(a *adapter, file string, alloc memory.Allocator) *adapting {
	return &adapting{adapter: a, file: file, alloc: alloc, filled: make([]arrow.Array, len(a.cols))}
}

// release frees what is kept between batches.
func (a *adapting) release() {
	for i, arr := range a.filled {
		if arr != nil {
			arr.Release()
			a.filled[i] = nil
		}
	}
}

// realise returns the wanted columns of a batch; in has the columns of adapter.read, which stay the caller's. The result is the
// caller's to release. row is the batch's first row in the file, for messages.
func (a *adapting) realise(in []arrow.Array, rows int, row int64) ([]arrow.Array, error) {
	out := make([]arrow.Array, 0, len(a.cols))
	for i := range a.cols {
		arr, err := a.column(i, in, rows)
		if err != nil {
			releaseAll(out)
			return nil, a.place(err, i, row)
		}
		out = append(out, arr)
	}
	return out, nil
}

func (a *adapting) column(i int, in []arrow.Array, rows int) (arr arrow.Array, err error) {
	defer func() {
		if p := recover(); p != nil { // arrow's builders panic on types that they do not know
			arr, err = nil, fmt.Errorf("the column cannot be made: %v", p)
		}
	}()
	c := &a.cols[i]
	if c.from >= 0 {
		return castArray(a.alloc, in[c.from], c.typ)
	}
	if have := a.filled[i]; have == nil || have.Len() < rows {
		arr, err := fillColumn(a.alloc, c, max(rows, 1))
		if err != nil {
			return nil, err
		}
		if have != nil {
			have.Release()
		}
		a.filled[i] = arr
	}
	return array.NewSlice(a.filled[i], 0, int64(rows)), nil
}

func fillColumn(alloc memory.Allocator, c *adaptColumn, rows int) (arrow.Array, error) {
	if c.konst == nil || c.konst.null {
		return nullArray(alloc, c.typ, rows), nil
	}
	one, err := parseConstant(alloc, c.konst.text, c.typ)
	if err != nil {
		return nil, err
	}
	defer one.Release()
	return repeat(alloc, one, rows), nil
}

// place makes err a fault that names file, column and row.
func (a *adapting) place(err error, col int, row int64) error {
	var c *castError
	if errors.As(err, &c) {
		f := fault.New(fault.Data, "read", "%s cannot be read as %s", c.what, a.cols[col].typ)
		f.Text, f.Row, f.Hint = c.text, row+int64(c.row)+1, c.hint
		err = f
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		f = fault.New(fault.Data, "read", "%w", err)
	}
	f.File, f.Column = a.file, a.cols[col].name
	return f
}

func releaseAll(arrs []arrow.Array) {
	for _, a := range arrs {
		if a != nil {
			a.Release()
		}
	}
}
