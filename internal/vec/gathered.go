package vec

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/internal/bitmap"
)

// TakeToArrow is ToArrow of the rows of v at idx, as Take gives them, but numbers and text are not copied on the way. What it needs
// in between is in memory of s.
func TakeToArrow(v *Vec, idx []uint32, t arrow.DataType, s *Scratch) (arrow.Array, error) {
	return takeToArrow(v, idx, false, t, s)
}

// TakeOptToArrow is TakeToArrow where an index may be NoRow: the row is then null.
func TakeOptToArrow(v *Vec, idx []uint32, t arrow.DataType, s *Scratch) (arrow.Array, error) {
	return takeToArrow(v, idx, true, t, s)
}

func takeToArrow(v *Vec, idx []uint32, opt bool, t arrow.DataType, s *Scratch) (arrow.Array, error) {
	if v.Dict != nil || !gathers(v, t) {
		var rows Vec
		take(&rows, v, idx, opt, s)
		return ToArrow(&rows, t)
	}
	var valid []uint64
	switch {
	case opt:
		valid = takeValidOpt(v.Valid, idx, true, s)
	case v.Valid != nil:
		valid = s.Bits(len(idx))
		takeBits(valid, v.Valid, idx)
	}
	if opt && !bitmap.All(valid, len(idx)) {
		idx = rowsOrFirst(idx, s)
	}
	d, err := gathered(v, idx, valid, t)
	if err != nil {
		return nil, err
	}
	return array.MakeFromData(d), nil
}

// rowsOrFirst is idx with row 0 for NoRow.
func rowsOrFirst(idx []uint32, s *Scratch) []uint32 {
	out := Alloc[uint32](s, len(idx))
	for i, k := range idx {
		if k == NoRow {
			k = 0
		}
		out[i] = k
	}
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
