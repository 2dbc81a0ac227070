// Package partition holds what passes between readers, the engine and writers: record batches in order, the splits that make
// them, and the sources and sinks that bring data in and out. partition/partitiontest has a conformance kit for both.
//
// It must not evaluate expressions or know plans. It imports expr, arrow and fault only.
package partition

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/expr"
)

// Batch is a slice of rows as columns of equal length. Who makes it says how long it lives; see Reader and Writer.
//
// A column of declared type utf8, large utf8 or their binary kin may come as plain, view or dictionary array of that value type:
// the engine takes each as it is, and readers should give views and dictionaries.
type Batch struct {
	Cols []arrow.Array
	Rows int
	// Seq orders the batches of a frame.
	Seq Seq
}

// Seq is the place of a batch in its frame: split<<32 | batch.
type Seq uint64

// MakeSeq returns the Seq of a split's batch, both counted from 0.
func MakeSeq(split, batch int) Seq { return Seq(uint64(split)<<32 | uint64(uint32(batch))) }

// Split returns the number of the split, from 0.
func (s Seq) Split() int { return int(s >> 32) }

// Batch returns the number of the batch within its split, from 0.
func (s Seq) Batch() int { return int(uint32(s)) }

// Env is what the engine lends to a reader. A nil Env, and nil fields, mean the Go heap and no budget.
type Env struct {
	// Alloc provides the buffers of batches.
	Alloc memory.Allocator
	// Reserve claims bytes of the run's memory budget before they are allocated; release gives them back and may be called once.
	Reserve func(bytes int64) (release func(), err error)
}

// Allocator returns the allocator to use, never nil.
func (e *Env) Allocator() memory.Allocator {
	if e == nil || e.Alloc == nil {
		return memory.DefaultAllocator
	}
	return e.Alloc
}

// Claim reserves bytes of the budget where there is one.
func (e *Env) Claim(bytes int64) (release func(), err error) {
	if e == nil || e.Reserve == nil {
		return func() {}, nil
	}
	return e.Reserve(bytes)
}

// Layout says what is known of how rows are arranged over the splits; zero is nothing.
type Layout struct {
	// SortedBy lists columns that the rows are sorted by over all splits, ascending.
	SortedBy []string
	// HashedBy lists columns whose equal values are all in one split.
	HashedBy []string
}

// Stats is what is known of rows without reading them.
type Stats struct {
	// Exact: Rows is true; else it is an estimate, 0 unknown.
	Exact       bool
	Rows, Bytes int64
	// Columns by name; a missing column is unknown.
	Columns map[string]ColumnStats
}

// ColumnStats bounds a column's values. Min and Max are Go values as expr literals have them (nil: unknown) and may be wider than
// the truth; they say nothing of NaN and null.
type ColumnStats struct {
	Min, Max   any
	NullsKnown bool
	Nulls      int64
}

// Report is what a committed write says of itself.
type Report struct {
	Rows, Bytes int64
	Files       []string
}

// Source is a frame's input: it knows its schema and plans a scan. Implementations are safe for concurrent use.
type Source interface {
	Schema() *arrow.Schema
	Plan(ctx context.Context, r ScanRequest) (*Scan, error)
}

// ScanRequest says what a scan needs.
type ScanRequest struct {
	// Columns to give, in this order; nil is all, empty is none (only the number of rows matters). It includes what Predicate
	// needs; a Source never adds any.
	Columns []string
	// Predicate holds for every row that matters; a zero Expr is none. A Source may use it to leave rows out.
	Predicate expr.Expr
	// Limit is how many rows suffice, after Predicate; 0 is all. A Source may use it to plan fewer splits; the engine cuts.
	Limit int64
	// SplitBytes is the wished size of a split in encoded bytes; 0 leaves it to the Source.
	SplitBytes int64
	// Coarse says that a task's result hardly grows with its split, as groups do not: fewer and larger splits then cost less. A Source may
	// begin with large ones and end with small ones, so that the tasks still end together.
	Coarse bool
}

// Scan is a planned scan: splits in row order.
type Scan struct {
	Splits []Split
	// Residual is what of the Predicate the Source did not apply to every row: zero means all rows given satisfy it.
	Residual expr.Expr
	Layout   Layout
}

// Split is a part of the input that one task reads. Open may be called several times, also at once (a retry reads again).
type Split interface {
	Stats() Stats
	Open(ctx context.Context, env *Env) (Reader, error)
}

// ScarceSplit is a Split whose readers hold something of which there may not be enough for all of them, such as a connection of a pool.
// Where rows are given out in pieces, such a split is opened when its rows are the next that are wanted, and not ahead: a reader that waits
// for its turn would hold what the one before it needs.
type ScarceSplit interface {
	Split
	Scarce() bool
}

// PortableSplit is a Split that can be opened in another process. A Split without it makes tasks local.
type PortableSplit interface {
	Split
	// Op names the decoder given to RegisterSplit.
	Op() string
	MarshalBinary() ([]byte, error)
}

// Reader gives the batches of a split. Next returns io.EOF at the end; a batch lives until the next Next or Close. Batches of about
// 8192 rows serve the engine best; it cuts larger ones. Cols are in the order of ScanRequest.Columns.
type Reader interface {
	Next(ctx context.Context) (Batch, error)
	Close() error
}

// Sink is a place that frames are written to.
type Sink interface {
	// Open starts a write of frames of the schema. parts is a hint of how many parts will come, 0 unknown.
	Open(ctx context.Context, s *arrow.Schema, parts int) (PartitionedWriter, error)
}

// PortableSink is a Sink whose parts can be written from another process.
type PortableSink interface {
	Sink
	Op() string
	MarshalBinary() ([]byte, error)
}

// PartitionedWriter is one write: parts that become visible together at Commit, or not at all after Abort.
type PartitionedWriter interface {
	// Part opens a part; it may be called from many goroutines.
	Part(ctx context.Context, part int) (Writer, error)
	Commit(ctx context.Context) (Report, error)
	Abort(ctx context.Context) error
}

// PortableWriter is a PartitionedWriter whose parts can be written in other processes. What travels there is Remote: a sink that joins
// this write. Its Open gives a writer of parts alone, and closing a part there lets Commit here find it. Where ok is false this write
// stays in its process. (A PortableSink whose writers lack this travels itself.)
type PortableWriter interface {
	PartitionedWriter
	Remote() (sink PortableSink, ok bool)
}

// Writer writes one part. It is used by one goroutine; a batch is valid until Write returns.
type Writer interface {
	Write(ctx context.Context, b Batch) error
	Close() error
}
