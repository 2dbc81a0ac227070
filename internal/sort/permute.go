package sorting

import (
	"bytes"

	"github.com/sheafdata/sheaf/internal/vec"
)

// Permutation returns the rows of columns as they sort, without copying the columns; nil where they stand sorted. The memory of the
// result is the caller's to reserve; what sorting needs besides is reserved while it runs.
func Permutation(o Options, cols []vec.Vec, rows int) ([]uint32, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if rows > MaxRows {
		return nil, internalError("%d rows are too many to sort at once", rows)
	}
	r := newRun(o, cols, rows)
	acct := account{reserve: o.Reserve}
	defer acct.release()
	if err := r.sort(&acct, 0); err != nil {
		return nil, err
	}
	return r.order, nil
}

// Ranks writes the rank of every row, an integer that orders as the values do, with null rows arbitrary. It is false where values of
// the column have no ranks: those of text, decimals, binary and nested types.
func Ranks(dst []uint64, v *vec.Vec) bool {
	if !hasRank(v.Phys) {
		return false
	}
	ranks(dst, v)
	return true
}

// MarkChanges sets bit p for every place p of order (rows of the columns) where a key differs from that of the place before; bit 0 is
// left as it is. Where a bit is set already it stays.
func MarkChanges(bits []uint64, keys []Key, cols []vec.Vec, order []uint32) {
	for i, k := range keys {
		v := &cols[k.Col]
		switch {
		case hasRank(v.Phys):
			markRanks(bits, v, order)
		case v.Phys == vec.View && v.Dict == nil:
			markText(bits, v, order)
		default:
			markByCompare(bits, keys[i:i+1], cols, order)
		}
	}
}

func markRanks(changed []uint64, v *vec.Vec, order []uint32) {
	r := make([]uint64, v.Len)
	ranks(r, v)
	valid := v.Nulls(nil)
	for p := 1; p < len(order); p++ {
		a, b := order[p-1], order[p]
		differs := r[a] != r[b]
		if valid != nil {
			va, vb := valid[a>>6]>>(a&63)&1, valid[b>>6]>>(b&63)&1
			differs = va != vb || va == 1 && differs
		}
		if differs {
			changed[p>>6] |= 1 << (uint(p) & 63)
		}
	}
}

func markText(changed []uint64, v *vec.Vec, order []uint32) {
	heads := vec.Of[vec.ViewHeader](v)
	for p := 1; p < len(order); p++ {
		a, b := int(order[p-1]), int(order[p])
		va, vb := v.ValidAt(a), v.ValidAt(b)
		if va != vb || va && !equalText(&heads[a], &heads[b], v.Bufs) {
			changed[p>>6] |= 1 << (uint(p) & 63)
		}
	}
}

func equalText(a, b *vec.ViewHeader, bufs [][]byte) bool {
	if a.Len != b.Len || a.Prefix != b.Prefix {
		return false
	}
	if a.Len <= vec.InlineLen {
		return a.Buf == b.Buf && a.Off == b.Off
	}
	return bytes.Equal(a.Value(bufs), b.Value(bufs))
}

func markByCompare(changed []uint64, keys []Key, cols []vec.Vec, order []uint32) {
	for p := 1; p < len(order); p++ {
		if compareKeys(keys, 0, cols, int(order[p-1]), cols, int(order[p])) != 0 {
			changed[p>>6] |= 1 << (uint(p) & 63)
		}
	}
}

// HasWords says whether Words tells values of the kind apart at all.
func HasWords(p vec.Phys) bool {
	switch p {
	case vec.View, vec.Fixed, vec.Dec128, vec.Dec256:
		return true
	}
	return hasRank(p)
}

// Words writes a word a row that orders as the key does, or more coarsely: the first bytes of text, the top of a decimal. Nulls share
// the least or the greatest word, where values may stand, too; all others tell values of at most 64 bits apart.
func Words(dst []uint64, v *vec.Vec, k Key) {
	if v.Phys == vec.Null {
		clear(dst)
		return
	}
	valid := v.Nulls(nil)
	coarseRanks(dst, v, valid)
	if k.Desc {
		for i, x := range dst {
			dst[i] = ^x
		}
	}
	if valid == nil {
		return
	}
	null := ^uint64(0)
	if k.NullsFirst {
		null = 0
	}
	for i := range dst {
		if valid[i>>6]>>(uint(i)&63)&1 == 0 {
			dst[i] = null
		}
	}
}
