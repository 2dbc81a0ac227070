package exec

import (
	"bytes"
	"cmp"

	"github.com/sheafdata/sheaf/internal/vec"
)

// keyRange is the rows of a join table that hold the least and the greatest value of a key.
type keyRange struct {
	lo, hi int // -1: there is no row
	ok     bool
}

// rowKeys are the key columns of the table's rows, nil where it has not kept them.
func (t *Table) rowKeys() []vec.Vec {
	keys, _, _ := t.Rows()
	return keys
}

// keyRange returns the rows of the least and greatest value of key i, -1 where no row has one; ok is false for types without an order that
// statistics have, and where a value is NaN.
func (t *Table) keyRange(i int) (lo, hi int, ok bool) {
	t.once.Do(func() {
		keys := t.rowKeys()
		t.ranges = make([]keyRange, len(keys))
		for k := range keys {
			t.ranges[k] = rangeOf(&keys[k])
		}
	})
	if i >= len(t.ranges) {
		return 0, 0, false
	}
	r := t.ranges[i]
	return r.lo, r.hi, r.ok
}

func rangeOf(v *vec.Vec) keyRange {
	switch {
	case v.Dict != nil:
		return rangeOfText(v)
	case v.Phys == vec.Int8:
		return rangeIn(v, vec.Of[int8](v))
	case v.Phys == vec.Int16:
		return rangeIn(v, vec.Of[int16](v))
	case v.Phys == vec.Int32:
		return rangeIn(v, vec.Of[int32](v))
	case v.Phys == vec.Int64:
		return rangeIn(v, vec.Of[int64](v))
	case v.Phys == vec.Uint8:
		return rangeIn(v, vec.Of[uint8](v))
	case v.Phys == vec.Uint16:
		return rangeIn(v, vec.Of[uint16](v))
	case v.Phys == vec.Uint32:
		return rangeIn(v, vec.Of[uint32](v))
	case v.Phys == vec.Uint64:
		return rangeIn(v, vec.Of[uint64](v))
	case v.Phys == vec.Float32:
		return rangeIn(v, vec.Of[float32](v))
	case v.Phys == vec.Float64:
		return rangeIn(v, vec.Of[float64](v))
	case v.Phys == vec.View:
		return rangeOfText(v)
	}
	return keyRange{}
}

func rangeIn[T cmp.Ordered](v *vec.Vec, s []T) keyRange {
	r := keyRange{lo: -1, hi: -1, ok: true}
	for i, x := range s {
		switch {
		case v.Valid != nil && !v.ValidAt(i):
		case x != x:
			return keyRange{}
		case r.lo < 0:
			r.lo, r.hi = i, i
		case x < s[r.lo]:
			r.lo = i
		case x > s[r.hi]:
			r.hi = i
		}
	}
	return r
}

func rangeOfText(v *vec.Vec) keyRange {
	values := v
	var codes []uint32
	if v.Dict != nil {
		values, codes = &v.Dict.Values, v.Codes()
	}
	if values.Phys != vec.View {
		return keyRange{}
	}
	heads := vec.Of[vec.ViewHeader](values)
	at := func(i int) []byte {
		if codes != nil {
			i = int(codes[i])
		}
		return heads[i].Value(values.Bufs)
	}
	r := keyRange{lo: -1, hi: -1, ok: true}
	for i := range v.Len {
		switch {
		case !v.ValidAt(i):
		case r.lo < 0:
			r.lo, r.hi = i, i
		case bytes.Compare(at(i), at(r.lo)) < 0:
			r.lo = i
		case bytes.Compare(at(i), at(r.hi)) > 0:
			r.hi = i
		}
	}
	return r
}
