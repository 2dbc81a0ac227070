// Package join holds the hash table of an equality join: build rows in columns, a table from key to rows, and probers that turn
// batches of probe keys into pairs of row numbers.
//
// A table is made once by a Builder, never changes afterwards and is shared by any number of probing tasks; each task has its own
// Prober. Join types other than a lookup of pairs (swapped sides, conditions on the joined row, spilling) are the operator's: it
// partitions rows by the top bits of their hash and makes a table a partition, which is why tables use their own hash and low bits.
//
// Keys are equal as the engine defines it: NaN equals NaN, −0 equals 0, a null equals nothing, dictionaries compare by value. Both
// sides must give the same key types; widening them is the planner's work.
//
// The package imports vec, hash, rowenc, bitmap, fault and arrow's types, and must not know plans, expressions or schedulers.
package join

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Kind is what a prober gives for each probe row.
type Kind uint8

// The kinds of probe.
const (
	Inner Kind = iota // a pair a match
	Left              // a pair a match, or one pair with NoRow
	Semi              // the probe rows that have a match, each once
	Anti              // the probe rows that have none; rows with a null key are among them
)

// NoRow stands for no build row in Pairs.Right.
const NoRow = vec.NoRow

// MaxRows is how many build rows a table can hold: numbers of slots, of which there are up to twice as many, are uint32.
const MaxRows = 1<<31 - 1

// Options says what a table holds.
type Options struct {
	// Keys are the types of the key columns; none makes every build row match every probe row.
	Keys []arrow.DataType
	// Payload are the types of the columns kept for Table.Payload.
	Payload []arrow.DataType
	// KeepKeys keeps the key columns as they came, so that Table.Rows can give them.
	KeepKeys bool
	// KeepAll keeps rows with a null in their key, too: they match nothing, but stand in Table.Payload in their order.
	KeepAll bool
	// Reserve is told of memory before or as it is taken, in bytes, and of its return as a negative number. nil: nobody counts.
	Reserve func(delta int64) error
}

// Table is the immutable build side.
type Table struct {
	payload []vec.Vec
	keys    []vec.Vec // with KeepKeys, or where the index compares through them
	kept    bool
	sent    []vec.Vec // with KeepKeys: the keys of all rows
	rows    int       // of the index
	all     int       // of the payload
	// place says where the rows of the index stand in the payload; nil: at their own number.
	place   []uint32
	keepAll bool

	layout keyLayout
	index  index
	// next[r] is the row after r of the same key, plus one; 0 ends the chain. nil where no key stands twice.
	next []uint32

	reserve  func(int64) error
	reserved int64

	members *members // see MakeMembers
}

// index finds the first build row of a key, as row+1, 0 for none. Exactly one field is set in a table that has rows.
type index struct {
	direct *directIndex
	words  *wordIndex
	pairs  *pairIndex
	views  *viewIndex
	cols   *colsIndex
	bytes  *bytesIndex
}

// NumRows is how many rows the payload has: those without a null in their key, or all with Options.KeepAll.
func (t *Table) NumRows() int { return t.all }

// KeepsAll says that rows with a null in their key are in the payload, too.
func (t *Table) KeepsAll() bool { return t.keepAll }

// Unique says that no key stands twice, so that a probe row has at most one match.
func (t *Table) Unique() bool { return t.next == nil }

// Payload returns the payload columns of the build rows, to be gathered by Pairs.Right. They are shared: do not change them.
func (t *Table) Payload() []vec.Vec { return t.payload }

// PackPayload gives the payload away row by row, where its columns suit that and there is memory for both for the time being, and for
// as much again: what is replaced lies in the heap until it is collected. The table has no payload afterwards. It returns nil, and
// nothing has changed, where they do not or there is not.
func (t *Table) PackPayload() *vec.Packed {
	width := vec.PackedWidth(t.payload)
	if width == 0 || t.all == 0 {
		return nil
	}
	size := int64(width) * int64(t.all)
	if t.reserve != nil {
		if t.reserve(2*size) != nil {
			return nil
		}
		_ = t.reserve(-size) // giving back does not fail
	}
	p := vec.Pack(t.payload)
	t.payload = nil
	t.reserved += size - p.Replaced()
	if t.reserve != nil {
		_ = t.reserve(-p.Replaced())
	}
	return p
}

// Rows returns the build rows as columns, from which another process can build the same table: keys (nil without
// Options.KeepKeys) and payload, in build order. They are shared: do not change them.
func (t *Table) Rows() (keys, payload []vec.Vec, rows int) {
	if !t.kept {
		return nil, t.payload, t.all
	}
	return t.sent, t.payload, t.all
}

// Bytes is the memory the table holds.
func (t *Table) Bytes() int64 { return t.reserved }

// Release gives back what was reserved. The table must not be used afterwards.
func (t *Table) Release() {
	held := t.reserved
	if t.members != nil {
		held += int64(8 * len(t.members.bits))
	}
	if t.reserve != nil && held != 0 {
		_ = t.reserve(-held) // giving back does not fail
	}
	*t = Table{}
}

// Kind names the way the table finds keys, for explain and tests: "empty", "direct", "word", "pair", "view", "cols" or
// "bytes".
func (t *Table) Kind() string {
	switch x := &t.index; {
	case x.direct != nil:
		return "direct"
	case x.words != nil:
		return "word"
	case x.pairs != nil:
		return "pair"
	case x.views != nil:
		return "view"
	case x.cols != nil:
		return "cols"
	case x.bytes != nil:
		return "bytes"
	}
	return "empty"
}

func internalError(format string, args ...any) error {
	return fault.New(fault.Internal, "join", format, args...)
}
