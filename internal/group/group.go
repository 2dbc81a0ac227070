// Package group numbers the keys of rows: equal keys get one dense group id, in order of first appearance. It is the key side of
// group-by, distinct and nunique; accumulators (package agg) are arrays by group id.
//
// A key is one value or several. Each column is reduced to machine words: fixed-width values to their canonical bits, text to the
// dense number of the value in an interner of the column (a dictionary batch looks its codes up in a cache of code → number), nested
// values to the number of their encoded bytes. The words of a row are then looked up
//
//	direct   in an array by value, while the ranges of the columns are small (also the product of several columns)
//	hash8    in a hash table of 16-byte slots: keys that pack into 8 bytes
//	hash16   in a hash table of 24-byte slots: keys that pack into 16 bytes
//	hashN    in a hash table of numbers, with the words apart: wider keys
//	ids      nowhere: the number of a single text or nested column is the group
//
// A direct table whose range outgrows it becomes a hash table, and a hash table whose keys turn out dense becomes direct: ids stay.
// Where hardly any key is expected twice, to number texts first would be wasted: keys with texts are then kept in columns as they come
// (Options.Unlike).
//
// group knows vec, hash and rowenc and nothing of expressions or plans. It holds no pointers per group and starts no goroutine.
package group

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Options of a table; the zero value is good.
type Options struct {
	// Reserve is asked before memory that grows with groups is taken, with the bytes to come; its error is returned as it is and
	// leaves the table as it was but for the rows before. Nothing is given back through it: whoever drops the table releases Bytes.
	Reserve func(delta int64) error
	// SizeHint is the number of groups expected, 0 unknown: tables start with room for them.
	SizeHint int
	// Unlike says that hardly any key is expected twice, and that the hashes of the rows are known: New may then give a Hashed.
	Unlike bool
}

// Table maps keys to group ids. It is not for concurrent use. (Seven methods, not three: New chooses among kinds, and every user
// needs all of them.)
type Table interface {
	// Intern writes the group id of each of the rows to gids, which has at least rows elements; keys are columns of the table's types, in
	// any encoding. Null is a key like any other, NaN equals NaN, −0.0 equals 0.0. New groups are numbered in row order.
	// After an error the ids of the groups made so far hold, but FirstRows does not.
	Intern(keys []vec.Vec, rows int, gids []uint32) error
	// FirstRows returns the rows of the last Intern that made a group, ascending: group Len()-len+i began in row i of them. Good until the
	// next Intern.
	FirstRows() []uint32
	// Len returns the number of groups.
	Len() int
	// Keys returns the keys of the groups from ≤ g < to, a column a key column, good until the next Intern. Text columns may be
	// dictionary-encoded.
	Keys(from, to int) ([]vec.Vec, error)
	// Hashes returns hash.Hash of the keys of every group: equal keys have equal hashes in every table. Good until the next Intern.
	Hashes() []uint64
	// Bytes returns the memory that the table has reserved.
	Bytes() int64
}

// New returns an empty table for keys of the given types. No types: every row is of group 0.
func New(types []arrow.DataType, o Options) (Table, error) {
	if o.Unlike && rowKeys(types) {
		return newRowTable(types, o), nil
	}
	t := &table{mem: account{reserve: o.Reserve}, hint: max(o.SizeHint, 0)}
	for i, ty := range types {
		if ty == nil {
			return nil, fault.New(fault.Internal, "GroupBy", "group: key %d has no type", i)
		}
		c, ok := newKeyColumn(vec.Logical(ty), &t.mem)
		if !ok {
			return nil, fault.New(fault.Type, "GroupBy", "values of type %s cannot be keys", ty)
		}
		if c.ids != nil {
			c.ids.hint = t.hint
		}
		t.cols = append(t.cols, c)
	}
	t.layout()
	if t.idsOnly = len(t.cols) == 1 && t.cols[0].ids != nil; t.idsOnly {
		t.cols[0].ids.sure = t.hint > 0
	}
	t.scratch = newScratch(t)
	return t, nil
}

// Reset makes a table forget all groups and keep its memory for the next ones. It returns false, and changes nothing, where the table is of
// a kind that cannot.
func Reset(t Table) bool {
	switch t := t.(type) {
	case *rowTable:
		t.reset()
		return true
	case *table:
		return t.reset()
	}
	return false
}

// account is the memory of a table and its interners: held is what was reserved, spare the part of it that growth left behind.
type account struct {
	reserve     func(int64) error
	held, spare int64
}

// grow asks for n more bytes.
func (a *account) grow(n int64) error {
	use := min(a.spare, n)
	if more := n - use; more > 0 {
		if a.reserve != nil {
			if err := a.reserve(more); err != nil {
				return err
			}
		}
		a.held += more
	}
	a.spare -= use
	return nil
}

// give takes back n bytes that growth replaced.
func (a *account) give(n int64) { a.spare += n }

// chunk is the rows handled at once: their hashes and words stay in the first-level cache, and their table slots are fetched in
// parallel. 512 measured best (2026-11, 256 to 2048 within 5 %).
const chunk = 512

// keyColumn is how one key column becomes words.
type keyColumn struct {
	typ   arrow.DataType
	phys  vec.Phys
	width int
	lanes []lane
	// ids is set for text and nested columns: the one lane then is the number of the value, its null included.
	ids *interner
	// The loaded values of the dictionary seen last, for columns of fixed width.
	dict      *vec.Dict
	dictLanes [][]uint64
	dictValid []uint64
}

// lane is up to 64 bits of a column's value and their place in the packed key.
type lane struct {
	bits   uint // 1…64
	signed bool
	dense  bool // an integer, so that a direct table may index by it
	word   int
	shift  uint
}

func (l *lane) mask() uint64 { return ^uint64(0) >> (64 - l.bits) }

func newKeyColumn(t arrow.DataType, mem *account) (c keyColumn, ok bool) {
	phys, width, ok := vec.PhysOf(t)
	c = keyColumn{typ: t, phys: phys, width: width}
	switch phys {
	case vec.Null:
	case vec.Bool:
		c.lanes = []lane{{bits: 1, dense: true}}
	case vec.Int8, vec.Int16, vec.Int32, vec.Int64:
		c.lanes = []lane{{bits: uint(width) * 8, signed: true, dense: true}}
	case vec.Uint8, vec.Uint16, vec.Uint32, vec.Uint64:
		c.lanes = []lane{{bits: uint(width) * 8, dense: true}}
	case vec.Float16, vec.Float32, vec.Float64:
		c.lanes = []lane{{bits: uint(width) * 8}}
	case vec.Dec128, vec.Dec256:
		c.lanes = words(width)
	case vec.Fixed:
		if width > 0 && width <= 32 {
			c.lanes = words(width)
			break
		}
		fallthrough
	default:
		c.ids = newInterner(mem, phys != vec.View, t)
		c.lanes = []lane{{bits: 32, dense: true}}
	}
	return c, ok
}

// words cuts width bytes into lanes of 8.
func words(width int) []lane {
	var out []lane
	for ; width > 0; width -= 8 {
		out = append(out, lane{bits: uint(min(width, 8)) * 8})
	}
	return out
}
