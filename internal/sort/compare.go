package sorting

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"github.com/sheafdata/sheaf/internal/vec"
)

// compareKeys compares row i of columns a with row j of columns b by the keys from the given one on. It is the slow path: for ties
// of the normalised words, and for tests.
func compareKeys(keys []Key, from int, a []vec.Vec, i int, b []vec.Vec, j int) int {
	for _, k := range keys[from:] {
		x, y := &a[k.Col], &b[k.Col]
		xv, yv := x.ValidAt(i), y.ValidAt(j)
		switch {
		case xv && yv:
			c := compareValues(x, i, y, j)
			if c == 0 {
				continue
			}
			if k.Desc {
				return -c
			}
			return c
		case xv == yv:
			continue
		case xv == k.NullsFirst: // y is null and first, or x is null and last
			return 1
		default:
			return -1
		}
	}
	return 0
}

// compareValues compares two values of the same physical kind that are not null.
func compareValues(x *vec.Vec, i int, y *vec.Vec, j int) int {
	x, i = throughDict(x, i)
	y, j = throughDict(y, j)
	switch x.Phys {
	case vec.Null:
		return 0
	case vec.View:
		return bytes.Compare(vec.Of[vec.ViewHeader](x)[i].Value(x.Bufs), vec.Of[vec.ViewHeader](y)[j].Value(y.Bufs))
	case vec.Dec128, vec.Dec256:
		return compareSigned(x.Data[i*x.Width:(i+1)*x.Width], y.Data[j*y.Width:(j+1)*y.Width])
	case vec.Fixed:
		return bytes.Compare(x.Data[i*x.Width:(i+1)*x.Width], y.Data[j*y.Width:(j+1)*y.Width])
	case vec.List:
		return compareLists(x, i, y, j)
	case vec.Struct:
		for c := range x.Child {
			if d := compareNullable(&x.Child[c], i, &y.Child[c], j); d != 0 {
				return d
			}
		}
		return 0
	}
	return cmp.Compare(rankAt(x, i), rankAt(y, j))
}

func throughDict(v *vec.Vec, i int) (*vec.Vec, int) {
	if v.Dict == nil {
		return v, i
	}
	return &v.Dict.Values, int(v.Codes()[i])
}

// rankAt is the rank of one flat value.
func rankAt(v *vec.Vec, i int) uint64 {
	var r [1]uint64
	if v.Phys == vec.Bool {
		return v.Bits()[i>>6] >> (uint(i) & 63) & 1
	}
	one := vec.Vec{Type: v.Type, Phys: v.Phys, Width: v.Width, Len: 1, Data: v.Data[i*v.Width:]}
	ranks(r[:], &one)
	return r[0]
}

// compareSigned compares little-endian two's complement integers of equal width, a multiple of 8 bytes.
func compareSigned(a, b []byte) int {
	for at := len(a) - 8; at >= 0; at -= 8 {
		x, y := binary.LittleEndian.Uint64(a[at:]), binary.LittleEndian.Uint64(b[at:])
		if at == len(a)-8 {
			x, y = x^signBit, y^signBit
		}
		if c := cmp.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

func compareLists(x *vec.Vec, i int, y *vec.Vec, j int) int {
	a, aEnd := int(x.Offs[i]), int(x.Offs[i+1])
	b, bEnd := int(y.Offs[j]), int(y.Offs[j+1])
	for ; a < aEnd && b < bEnd; a, b = a+1, b+1 {
		if d := compareNullable(&x.Child[0], a, &y.Child[0], b); d != 0 {
			return d
		}
	}
	return cmp.Compare(aEnd-a, bEnd-b)
}

// compareNullable compares values inside nested ones, where nulls are last.
func compareNullable(x *vec.Vec, i int, y *vec.Vec, j int) int {
	switch xv, yv := x.ValidAt(i), y.ValidAt(j); {
	case xv && yv:
		return compareValues(x, i, y, j)
	case xv == yv:
		return 0
	case xv:
		return -1
	}
	return 1
}
