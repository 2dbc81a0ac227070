package writers

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/vec"
)

// format is what a file format brings to a write: one immutable value a sink. It has no interface of three methods because each
// format is one thing to its sink, and nothing else implements it.
type format interface {
	// op is the operation as users know it: "write_csv".
	op() string
	// exts are the extensions of its files; part files get the first.
	exts() []string
	// check is a fault for columns that the format cannot hold.
	check(s *arrow.Schema) error
	// open begins a file.
	open(f *fileio.OutFile, s *arrow.Schema) (outFile, error)
	// wire is what decodeFormat makes the same format of; nil where it cannot travel.
	wire() *wireFormat
}

// shared is a format whose files of one write share something.
type shared interface {
	// ofWrite is the format for the files of one write, which have one schema.
	ofWrite() format
}

func formatOfWrite(f format) format {
	if s, ok := f.(shared); ok {
		return s.ofWrite()
	}
	return f
}

// outFile is one file in the making, written by one part or by several parts at once.
type outFile interface {
	// part begins part i, counted from 0; it may be called from many goroutines. Rows stand in the order of the parts. A part that is
	// begun a second time replaces the first try.
	part(i int) (partEncoder, error)
	// finish writes what ends the file, after all parts are closed.
	finish(ctx context.Context) error
}

// joiner is an outFile that takes parts which another process has encoded.
type joiner interface {
	// take makes the bytes of a file part i.
	take(i int, path string)
}

// partEncoder takes the rows of one part, in one goroutine.
type partEncoder interface {
	// add takes a batch, which is good until it returns; columns are those of the schema.
	add(ctx context.Context, b *vec.Batch) error
	// close ends the part.
	close(ctx context.Context) error
	// abandon frees what the part holds, after an error.
	abandon()
}

// named gives an error the operation and the output.
func named(err error, op, path string) error {
	var f *fault.Error
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if !errors.As(err, &f) {
		f = fault.New(fault.Input, op, "%w", err)
	} else {
		c := *f
		f = &c
	}
	switch f.Op {
	case "", "write", "CSV", "arrow":
		f.Op = op
	}
	if f.File == "" {
		f.File = path
	}
	return f
}
