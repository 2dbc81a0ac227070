package vec

import "github.com/apache/arrow-go/v18/arrow"

// fromList views a list of any layout. Only the elements that its rows use are converted, so Offs start at 0.
func fromList(t arrow.DataType, d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	v.Child = s.Vecs(1)
	child := d.Children()[0]
	switch t := t.(type) {
	case *arrow.FixedSizeListType:
		k := int(t.Len())
		if (off+v.Len)*k > child.Len() || v.Len*k > 1<<31-1 {
			return badArray(t, "elements are too few or too many")
		}
		v.Offs = Alloc[int32](s, v.Len+1)
		for i := range v.Offs {
			v.Offs[i] = int32(i * k)
		}
		return fromData(child, child.Offset()+off*k, v.Len*k, &v.Child[0], s)
	case *arrow.ListViewType, *arrow.LargeListViewType:
		return fromListView(t, d, off, v, s)
	}
	if v.Len == 0 {
		v.Offs = Alloc[int32](s, 1)
		v.Offs[0] = 0
		return fromData(child, child.Offset(), 0, &v.Child[0], s)
	}
	raw := Vec{Width: 4, Len: v.Len + 1}
	if t.ID() == arrow.LARGE_LIST {
		raw.Width = 8
	}
	if err := fromFixed(d, off, &raw, s); err != nil {
		return err
	}
	var lo, hi int
	ok := false
	if raw.Width == 4 {
		v.Offs, lo, hi, ok = rebase(Of[int32](&raw), s)
	} else {
		v.Offs, lo, hi, ok = rebase(Of[int64](&raw), s)
	}
	if !ok || hi > child.Len() {
		return badArray(t, "an offset is outside of the elements")
	}
	return fromData(child, child.Offset()+lo, hi-lo, &v.Child[0], s)
}

// rebase returns offsets from 0 on, the first and the last; false where they do not rise or span 2³¹ elements.
func rebase[T int32 | int64](in []T, s *Scratch) (out []int32, lo, hi int, ok bool) {
	lo, hi = int(in[0]), int(in[len(in)-1])
	if lo < 0 || hi-lo > 1<<31-1 {
		return nil, 0, 0, false
	}
	out = Alloc[int32](s, len(in))
	prev := in[0]
	ok = true
	for i, x := range in {
		ok = ok && x >= prev
		prev = x
		out[i] = int32(x - T(lo))
	}
	return out, lo, hi, ok
}

func fromListView(t arrow.DataType, d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	w := 4
	if t.ID() == arrow.LARGE_LIST_VIEW {
		w = 8
	}
	offs := Vec{Width: w, Len: v.Len}
	if err := fromFixed(d, off, &offs, s); err != nil {
		return err
	}
	sizes := Vec{Width: w, Len: v.Len}
	if b := bytesOf(d, 2); v.Len > 0 {
		if len(b) < (off+v.Len)*w {
			return badArray(t, "sizes are too short")
		}
		sizes.Data = alignedTo(b[off*w:(off+v.Len)*w], w, s)
	}
	at := func(x *Vec, i int) int {
		if w == 4 {
			return int(Of[int32](x)[i])
		}
		return int(Of[int64](x)[i])
	}
	child := d.Children()[0]
	v.Offs = Alloc[int32](s, v.Len+1)
	total := 0
	for i := range v.Len {
		v.Offs[i] = int32(total)
		if v.ValidAt(i) {
			if o, n := at(&offs, i), at(&sizes, i); o < 0 || n < 0 || o+n > child.Len() {
				return badArray(t, "a list is outside of the elements")
			}
			total += at(&sizes, i)
		}
		if total > 1<<31-1 {
			return badArray(t, "more than 2³¹ elements")
		}
	}
	v.Offs[v.Len] = int32(total)
	idx := Alloc[uint32](s, total)
	for i := range v.Len {
		from, k := 0, v.Offs[i]
		if v.Offs[i+1] > k {
			from = at(&offs, i)
		}
		for ; k < v.Offs[i+1]; k++ {
			idx[k] = uint32(from)
			from++
		}
	}
	var all Vec
	if err := fromData(child, child.Offset(), child.Len(), &all, s); err != nil {
		return err
	}
	Take(&v.Child[0], &all, idx, s)
	return nil
}
