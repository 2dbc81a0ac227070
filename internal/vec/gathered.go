package vec

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/internal/bitmap"
)

// Rows are rows that are taken of columns: those at Idx, and a null where the bit in Valid is 0. Valid is nil where no bit is.
type Rows struct {
	Idx   []uint32
	Valid []uint64
}

// RowsOpt returns the rows at idx, where an index may be NoRow: the row is then null. What it needs is in memory of s.
func RowsOpt(idx []uint32, s *Scratch) Rows {
	valid, out := s.Bits(len(idx)), Alloc[uint32](s, len(idx))
	missing := uint64(0)
	for k := range valid {
		block := idx[64*k : min(64*k+64, len(idx))]
		to := out[64*k:][:len(block)]
		none := uint64(0)
		for j, i := range block {
			b := uint64(0)
			if i == NoRow {
				b = 1
			}
			to[j] = i &^ -uint32(b)
			none |= b << (uint(j) & 63)
		}
		valid[k] = ^none
		missing |= none
	}
	if missing == 0 {
		return Rows{Idx: idx}
	}
	return Rows{Idx: out, Valid: valid}
}

// maxTwice is the bytes of headers that lie in a core's caches.
const maxTwice = 2 << 20

// ToArrow is ToArrow of the rows as v has them, but numbers and text are not copied on the way. What it needs in between is in memory
// of s.
func (r Rows) ToArrow(v *Vec, t arrow.DataType, s *Scratch) (arrow.Array, error) {
	if v.Len == 0 && len(r.Idx) > 0 { // all rows are missing
		return ToArrow(&Vec{Type: arrow.Null, Phys: Null, Len: len(r.Idx)}, t)
	}
	// Text is looked at twice, which is no gain where each look leaves the caches.
	if !gathers(v, t) || v.Phys == View && len(v.Data) > maxTwice {
		var rows Vec
		Take(&rows, v, r.Idx, s)
		rows.Valid = bothValid(rows.Valid, r.Valid, len(r.Idx), s)
		return ToArrow(&rows, t)
	}
	valid := r.Valid
	if v.Valid != nil {
		valid = s.Bits(len(r.Idx))
		takeBits(valid, v.Valid, r.Idx)
		valid = bothValid(valid, r.Valid, len(r.Idx), s)
	}
	d, err := gathered(v, r.Idx, valid, t)
	if err != nil {
		return nil, err
	}
	return array.MakeFromData(d), nil
}

// bothValid returns the bits that are set in both; nil has all.
func bothValid(a, b []uint64, n int, s *Scratch) []uint64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := s.Bits(n)
	bitmap.And(out, a[:len(out)], b[:len(out)])
	return out
}

// gathers says whether gathered makes arrays of type t from rows of v.
func gathers(v *Vec, t arrow.DataType) bool {
	if p, _, ok := PhysOf(t); !ok || p != v.Phys || v.Dict != nil || v.Len == 0 {
		return false
	}
	switch t.(type) {
	case *arrow.StringType, *arrow.BinaryType, *arrow.LargeStringType, *arrow.LargeBinaryType:
		return true
	case arrow.ExtensionType, *arrow.DictionaryType, *arrow.RunEndEncodedType:
		return false
	}
	return v.Phys != View && v.Width > 0 && v.Width == bytesOfType(t)
}

// gathered makes an array of the rows of v at idx, whose validity is valid: nil where none is null.
func gathered(v *Vec, idx []uint32, valid []uint64, t arrow.DataType) (*array.Data, error) {
	bits, nulls := validBuffer(&Vec{Len: len(idx), Valid: valid})
	if nulls == 0 {
		valid = nil
	}
	if v.Phys == View {
		rows := textRows{heads: Of[ViewHeader](v), bufs: v.Bufs, at: idx, valid: valid, n: len(idx)}
		return rows.array(t, bits, nulls)
	}
	data := freshBytes(len(idx) * v.Width)
	takeFixed(data, v, idx, false)
	zeroNulls(data, v.Width, valid, len(idx), nulls)
	return array.NewData(t, len(idx), []*memory.Buffer{bits, memory.NewBufferBytes(data)}, nil, nulls, 0), nil
}
