package eval

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

var nested = map[string]builder{
	"field":         buildField,
	"struct_of":     func(n *node) (runFunc, error) { return structOf(n), nil },
	"list_len":      func(n *node) (runFunc, error) { return listLen(n), nil },
	"list_get":      buildListGet,
	"list_contains": buildListContains,
	"list_join":     func(n *node) (runFunc, error) { return listJoin(n), nil },
	"func":          buildFunc,
}

func buildField(n *node) (runFunc, error) {
	t, ok := n.args[0].typ.(*arrow.StructType)
	if !ok {
		return nil, nil
	}
	name, _ := n.e.Param(0).(string)
	i, ok := t.FieldIdx(name)
	if !ok {
		return nil, nil
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.vec()
		*out = a.Child[i]
		if out.Phys != vec.Null {
			out.Valid = x.both(a.Valid, out.Valid)
		}
		return out, nil
	}, nil
}

func structOf(n *node) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		out := x.vec()
		*out = vec.Vec{Type: n.typ, Phys: vec.Struct, Len: x.n, Child: x.s.Vecs(len(n.args))}
		for i, a := range n.args {
			v, err := x.whole(a, act)
			if err != nil {
				return nil, err
			}
			out.Child[i] = *v
		}
		return out, nil
	}
}

func listLen(n *node) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		dst := vec.Of[int64](out)
		for i := range dst {
			dst[i] = int64(a.Offs[i+1] - a.Offs[i])
		}
		return out, nil
	}
}

func buildListGet(n *node) (runFunc, error) {
	at := n.e.Param(0).(int64)
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		idx := vec.Alloc[uint32](&x.s, x.n)
		for i := range idx {
			idx[i] = vec.NoRow
			if a.Valid != nil && !bitmap.Get(a.Valid, i) {
				continue
			}
			size := int64(a.Offs[i+1] - a.Offs[i])
			k := at
			if k < 0 {
				k += size
			}
			if k >= 0 && k < size {
				idx[i] = uint32(int64(a.Offs[i]) + k)
			}
		}
		out := x.vec()
		vec.TakeOpt(out, &a.Child[0], idx, &x.s)
		return out, nil
	}, nil
}

// buildListContains is true where an element equals the value, else null where an element is null, else false; null where the list or the
// value is.
func buildListContains(n *node) (runFunc, error) {
	list, ok := n.args[0].typ.(arrow.ListLikeType)
	if !ok {
		return nil, nil
	}
	p, _, _ := vec.PhysOf(list.Elem())
	elem := &node{typ: list.Elem(), phys: p}
	c := comparerOf(elem, elem)
	if c == nil || n.args[1].phys != p {
		return nil, nil
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(n.args[0], n.args[1], false, false, act)
		if err != nil {
			return nil, err
		}
		child := x.decoded(&a.Child[0])
		// The value of each row, repeated for its elements, so that one comparison of columns does.
		idx := vec.Alloc[uint32](&x.s, child.Len)
		clear(idx)
		for i := range x.n {
			for k := a.Offs[i]; k < a.Offs[i+1]; k++ {
				idx[k] = uint32(i)
			}
		}
		eq := x.s.Bits(child.Len)
		clear(eq)
		if x.n > 0 && child.Len > 0 {
			want := x.vec()
			vec.Take(want, b, idx, &x.s)
			c.vv(true, eq, child, want)
		}
		out := x.out(n.typ)
		dst, known := out.Bits(), x.s.Bits(x.n)
		clear(dst)
		clear(known)
		for i := range x.n {
			found, null := false, false
			for k := int(a.Offs[i]); k < int(a.Offs[i+1]); k++ {
				valid := child.Phys != vec.Null && (child.Valid == nil || bitmap.Get(child.Valid, k))
				found = found || valid && bitmap.Get(eq, k)
				null = null || !valid
			}
			bitmap.SetTo(dst, i, found)
			bitmap.SetTo(known, i, found || !null)
		}
		out.Valid = x.both(known, x.both(a.Valid, b.Valid))
		return out, nil
	}, nil
}

func listJoin(n *node) runFunc {
	sep, _ := n.e.Param(0).(string)
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		child := x.decoded(&a.Child[0])
		heads := vec.Of[vec.ViewHeader](child)
		w := x.newText(n.typ, a.Valid)
		for i := x.next(a.Valid, 0); i < x.n; i = x.next(a.Valid, i+1) {
			x.tmp = x.tmp[:0]
			first := true
			for k := int(a.Offs[i]); k < int(a.Offs[i+1]); k++ {
				if child.Valid != nil && !bitmap.Get(child.Valid, k) {
					continue
				}
				if !first {
					x.tmp = append(x.tmp, sep...)
				}
				first = false
				x.tmp = append(x.tmp, heads[k].Value(child.Bufs)...)
			}
			w.put(i, x.tmp)
		}
		return w.done(), nil
	}
}
