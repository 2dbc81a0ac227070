package parquetio

import (
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// levels are the slots of a node for some rows, as the Dremel paper has them: an entry a slot, with its repetition level, the
// definition level reached so far and the row of the node's Vec, -1 where something above it is null or empty.
type levels struct {
	rep, def []uint8
	idx      []int32
}

func (s *levels) reset() { s.rep, s.def, s.idx = s.rep[:0], s.def[:0], s.idx[:0] }

// rows makes s the slots of n rows of a top-level column.
func (s *levels) rows(from, n int) {
	s.reset()
	for i := range n {
		s.rep, s.def, s.idx = append(s.rep, 0), append(s.def, 0), append(s.idx, int32(from+i))
	}
}

// copyOf makes s equal to o.
func (s *levels) copyOf(o *levels) {
	s.rep, s.def, s.idx = append(s.rep[:0], o.rep...), append(s.def[:0], o.def...), append(s.idx[:0], o.idx...)
}

// shred hands the slots of the node to the leaves below. at are the slots, with the levels of what is above; they belong to the node.
func (g *RowGroup) shred(n *writeNode, v *vec.Vec, at *levels) *fault.Error {
	if err := checkPhys(n, v); err != nil {
		return err
	}
	if v.Dict != nil && n.kind != kindLeaf {
		codes := v.Codes()
		for i, x := range at.idx {
			if x >= 0 && v.Valid != nil && v.Valid[x>>6]>>(uint(x)&63)&1 == 0 {
				at.idx[i] = -1
			} else if x >= 0 {
				at.idx[i] = int32(codes[x])
			}
		}
		v = &v.Dict.Values
	}
	if err := markNulls(n, v, at); err != nil {
		return err
	}
	switch n.kind {
	case kindStruct:
		for i, c := range n.children {
			below := &g.shreds[c.id]
			below.copyOf(at)
			if err := g.shred(c, &v.Child[i], below); err != nil {
				return err
			}
		}
		return nil
	case kindList:
		below := &g.shreds[n.children[0].id]
		spread(n, v, at, below)
		return g.shred(n.children[0], &v.Child[0], below)
	}
	return g.leaves[n.leaf.index].addNested(v, at)
}

// markNulls raises the definition levels of the slots that have a value, and ends those that are null.
func markNulls(n *writeNode, v *vec.Vec, at *levels) *fault.Error {
	if v.Valid == nil && v.Phys != vec.Null && (v.Dict == nil || !hasNulls(&v.Dict.Values)) {
		if n.nullable {
			for i, x := range at.idx {
				at.def[i] += uint8(^uint32(x) >> 31)
			}
		}
		return nil
	}
	for i, x := range at.idx {
		switch {
		case x < 0:
		case !v.ValidAt(int(x)):
			if !n.nullable {
				return errNotNullable()
			}
			at.idx[i] = -1
		case n.nullable:
			at.def[i]++
		}
	}
	return nil
}

func errNotNullable() *fault.Error {
	return fault.New(fault.Data, writeOp, "the schema says that there are no nulls, but there is one").WithHint("declare the column nullable, or fill its nulls")
}

// spread makes below the slots of the elements of lists; a list that is null or empty keeps one slot, which has no element.
func spread(n *writeNode, v *vec.Vec, at, below *levels) {
	below.reset()
	for i, x := range at.idx {
		if x < 0 || v.Offs[x] == v.Offs[x+1] {
			below.rep, below.def, below.idx = append(below.rep, at.rep[i]), append(below.def, at.def[i]), append(below.idx, -1)
			continue
		}
		rep, def := at.rep[i], at.def[i]+1
		for j := v.Offs[x]; j < v.Offs[x+1]; j++ {
			below.rep, below.def, below.idx = append(below.rep, rep), append(below.def, def), append(below.idx, j)
			rep = n.rep
		}
	}
}

// checkPhys says whether the Vec holds what the node is for.
func checkPhys(n *writeNode, v *vec.Vec) *fault.Error {
	ok := v.Phys == vec.Null
	switch n.kind {
	case kindStruct:
		ok = v.Phys == vec.Struct && len(v.Child) == len(n.children)
		if v.Dict != nil {
			ok = v.Phys == vec.Struct && len(v.Dict.Values.Child) == len(n.children)
		}
	case kindList:
		ok = v.Phys == vec.List
	case kindLeaf:
		ok = ok || v.Phys == n.leaf.phys
	}
	if !ok {
		return fault.New(fault.Internal, writeOp, "a column of type %v comes in another layout (%d) than the schema says", v.Type, v.Phys)
	}
	return nil
}

// hasNulls says whether a plain Vec may hold nulls.
func hasNulls(v *vec.Vec) bool { return v.Valid != nil || v.Phys == vec.Null }
