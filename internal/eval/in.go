package eval

import (
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

// fewValues is the length of a list up to which In compares each value with all rows: at 0.5 ns each, less than a look-up.
const fewValues = 6

// buildIn tests a value against constants. A null among them makes null of false.
func buildIn(n *node) (runFunc, error) {
	value, list := n.args[0], n.args[1:]
	var lits []*vec.Vec
	hasNull := false
	for _, a := range list {
		switch {
		case !a.isLit():
			return nil, nil
		case a.isNull():
			hasNull = true
		case a.phys != value.phys:
			return nil, nil
		default:
			lits = append(lits, a.con)
		}
	}
	test, err := membership(value, lits)
	if test == nil || err != nil {
		return nil, err
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(value, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		clear(out.Bits())
		if x.n > 0 {
			test(x, out.Bits(), a)
		}
		if hasNull && len(list) > 0 {
			out.Valid = x.both(a.Valid, out.Bits())
		}
		return out, nil
	}, nil
}

func membership(value *node, lits []*vec.Vec) (func(x *state, dst []uint64, a *vec.Vec), error) {
	if len(lits) > fewValues {
		switch value.phys {
		case vec.Int32:
			return lookup[int32](lits), nil
		case vec.Int64:
			return lookup[int64](lits), nil
		case vec.Uint32:
			return lookup[uint32](lits), nil
		case vec.Uint64:
			return lookup[uint64](lits), nil
		case vec.View:
			return lookupText(lits), nil
		}
	}
	c := comparerOf(value, value)
	if c == nil {
		return nil, nil
	}
	return func(x *state, dst []uint64, a *vec.Vec) {
		one := x.s.Bits(x.n)
		for _, lit := range lits {
			c.vs(equal, one, a, lit)
			bitmap.Or(dst, dst, one)
		}
	}, nil
}

// denseRange is the widest range of integers that is tested by a bitmap: 8 KiB, a part of the first cache.
const denseRange = 1 << 16

func lookup[T kernel.Int](lits []*vec.Vec) func(x *state, dst []uint64, a *vec.Vec) {
	least, most := vec.Of[T](lits[0])[0], vec.Of[T](lits[0])[0]
	set := make(map[T]struct{}, len(lits))
	for _, l := range lits {
		v := vec.Of[T](l)[0]
		set[v] = struct{}{}
		least, most = min(least, v), max(most, v)
	}
	if span := uint64(most) - uint64(least); span < denseRange {
		dense := make([]uint64, bitmap.Words(int(span)+1))
		for v := range set {
			bitmap.Set(dense, int(uint64(v)-uint64(least)))
		}
		return func(x *state, dst []uint64, a *vec.Vec) {
			for i, v := range vec.Of[T](a) {
				if at := uint64(v) - uint64(least); at <= span {
					dst[i>>6] |= dense[at>>6] >> (at & 63) & 1 << (uint(i) & 63)
				}
			}
		}
	}
	return func(x *state, dst []uint64, a *vec.Vec) {
		for i, v := range vec.Of[T](a) {
			if v < least || v > most {
				continue
			}
			if _, ok := set[v]; ok {
				bitmap.Set(dst, i)
			}
		}
	}
}

func lookupText(lits []*vec.Vec) func(x *state, dst []uint64, a *vec.Vec) {
	set := make(map[string]struct{}, len(lits))
	var sizes [64]bool // lengths that occur; the last stands for all longer ones
	for _, l := range lits {
		s := string(vec.Of[vec.ViewHeader](l)[0].Value(l.Bufs))
		set[s] = struct{}{}
		sizes[min(len(s), 63)] = true
	}
	return func(x *state, dst []uint64, a *vec.Vec) {
		heads := vec.Of[vec.ViewHeader](a)
		for i := x.next(a.Valid, 0); i < x.n; i = x.next(a.Valid, i+1) {
			if !sizes[min(heads[i].Len, 63)] {
				continue
			}
			if _, ok := set[string(heads[i].Value(a.Bufs))]; ok {
				bitmap.Set(dst, i)
			}
		}
	}
}
