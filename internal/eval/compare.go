package eval

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

var comparisons = map[string]builder{
	"eq": compareBuilder("eq"), "ne": compareBuilder("ne"), "lt": compareBuilder("lt"),
	"le": compareBuilder("le"), "gt": compareBuilder("gt"), "ge": compareBuilder("ge"),
	"between": buildBetween,
	"in":      buildIn,
}

// comparer writes where a stands in relation to b: eq and lt over columns, and against a constant eq, lt and le. The other three relations
// are complements or exchange the sides. b is one row where it is a constant.
type comparer interface {
	vv(eq bool, dst []uint64, a, b *vec.Vec)
	vs(rel relation, dst []uint64, a, b *vec.Vec)
}

type relation uint8

const (
	equal relation = iota
	less
	lessEqual
)

func compareBuilder(op string) builder {
	return func(n *node) (runFunc, error) {
		c := comparerOf(n.args[0], n.args[1])
		if c == nil {
			return nil, nil
		}
		return compareRun(n, op, c, n.args[0], n.args[1]), nil
	}
}

// comparerOf returns the kernels for two operands, nil where there are none.
func comparerOf(l, r *node) comparer {
	if l.phys != r.phys {
		return mixedComparer(l.phys, r.phys)
	}
	switch l.phys {
	case vec.Bool:
		return boolComparer{}
	case vec.Int8:
		return intComparer[int8]{}
	case vec.Int16:
		return intComparer[int16]{}
	case vec.Int32:
		return intComparer[int32]{}
	case vec.Int64:
		return intComparer[int64]{}
	case vec.Uint8:
		return intComparer[uint8]{}
	case vec.Uint16:
		return intComparer[uint16]{}
	case vec.Uint32:
		return intComparer[uint32]{}
	case vec.Uint64:
		return intComparer[uint64]{}
	case vec.Float32:
		return floatComparer[float32]{}
	case vec.Float64:
		return floatComparer[float64]{}
	case vec.View:
		return viewComparer{}
	case vec.Dec128:
		return decComparer{}
	}
	return rowComparer{order: orderOf(l.phys)}
}

func compareRun(n *node, op string, c comparer, l, r *node) runFunc {
	lit := r.isLit() && !l.isLit()
	return func(x *state, act mask) (*vec.Vec, error) {
		a, b, err := x.pair(l, r, false, lit, act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		dst := out.Bits()
		if lit {
			out.Valid = a.Valid
			relate(op, c, dst, a, b)
			return out, nil
		}
		out.Valid = x.both(a.Valid, b.Valid)
		relateColumns(op, c, dst, a, b)
		return out, nil
	}
}

func relate(op string, c comparer, dst []uint64, a, b *vec.Vec) {
	if len(dst) == 0 {
		return
	}
	switch op {
	case "eq", "ne":
		c.vs(equal, dst, a, b)
	case "lt", "ge":
		c.vs(less, dst, a, b)
	default:
		c.vs(lessEqual, dst, a, b)
	}
	if op == "ne" || op == "ge" || op == "gt" {
		bitmap.Not(dst, dst)
	}
}

func relateColumns(op string, c comparer, dst []uint64, a, b *vec.Vec) {
	switch op {
	case "eq", "ne":
		c.vv(true, dst, a, b)
	case "lt", "ge":
		c.vv(false, dst, a, b)
	default:
		c.vv(false, dst, b, a)
	}
	if op == "ne" || op == "ge" || op == "le" {
		bitmap.Not(dst, dst)
	}
}

type intComparer[T kernel.Int] struct{}

func (intComparer[T]) vv(eq bool, dst []uint64, a, b *vec.Vec) {
	if eq {
		kernel.EqVV(dst, vec.Of[T](a), vec.Of[T](b))
	} else {
		kernel.LtVV(dst, vec.Of[T](a), vec.Of[T](b))
	}
}

func (intComparer[T]) vs(rel relation, dst []uint64, a, b *vec.Vec) {
	compareVS(rel, dst, vec.Of[T](a), vec.Of[T](b)[0])
}

func compareVS[T kernel.Ordered](rel relation, dst []uint64, a []T, y T) {
	switch rel {
	case equal:
		kernel.EqVS(dst, a, y)
	case less:
		kernel.LtVS(dst, a, y)
	default:
		kernel.LeVS(dst, a, y)
	}
}

type floatComparer[T kernel.Float] struct{}

func (floatComparer[T]) vv(eq bool, dst []uint64, a, b *vec.Vec) {
	if eq {
		kernel.EqFloatVV(dst, vec.Of[T](a), vec.Of[T](b))
	} else {
		kernel.LtFloatVV(dst, vec.Of[T](a), vec.Of[T](b))
	}
}

func (floatComparer[T]) vs(rel relation, dst []uint64, a, b *vec.Vec) {
	y := vec.Of[T](b)[0]
	if y == y {
		compareVS(rel, dst, vec.Of[T](a), y)
		return
	}
	switch rel { // NaN is the greatest
	case lessEqual:
		bitmap.Fill(dst, true)
	default:
		kernel.IsNaN(dst, vec.Of[T](a))
		if rel == less {
			bitmap.Not(dst, dst)
		}
	}
}

type boolComparer struct{}

func (boolComparer) vv(eq bool, dst []uint64, a, b *vec.Vec) {
	p, q := a.Bits(), b.Bits()
	if eq {
		bitmap.Xor(dst, p, q)
		bitmap.Not(dst, dst)
	} else {
		bitmap.AndNot(dst, q, p)
	}
}

func (boolComparer) vs(rel relation, dst []uint64, a, b *vec.Vec) {
	p := a.Bits()
	switch y := b.Bits()[0]&1 != 0; {
	case rel == equal && y:
		copy(dst, p)
	case rel == equal, rel == less && y, rel == lessEqual && !y:
		bitmap.Not(dst, p)
	default:
		bitmap.Fill(dst, rel == lessEqual)
	}
}

// viewComparer compares text by bytes. Most values differ in their first eight bytes, length and prefix, which are compared as numbers.
type viewComparer struct{}

func (viewComparer) vv(eq bool, dst []uint64, a, b *vec.Vec) {
	p, q := vec.Of[vec.ViewHeader](a), vec.Of[vec.ViewHeader](b)
	for i := range dst {
		var w uint64
		for j := i * 64; j < min(i*64+64, len(p)); j++ {
			var is bool
			if eq {
				is = equalViews(&p[j], a.Bufs, &q[j], b.Bufs)
			} else {
				is = compareViews(&p[j], a.Bufs, &q[j], b.Bufs) < 0
			}
			if is {
				w |= 1 << (uint(j) & 63)
			}
		}
		dst[i] = w
	}
}

func (viewComparer) vs(rel relation, dst []uint64, a, b *vec.Vec) {
	p, y := vec.Of[vec.ViewHeader](a), &vec.Of[vec.ViewHeader](b)[0]
	if rel == equal {
		equalToText(dst, p, a.Bufs, y, y.Value(b.Bufs))
		return
	}
	// Where the first four bytes differ they decide.
	prefix, limit := bigPrefix(y), 0
	if rel == lessEqual {
		limit = 1
	}
	value := y.Value(b.Bufs)
	for i := range dst {
		var w uint64
		lo := i * 64
		block := p[lo:min(lo+64, len(p))]
		for j := range block {
			h := &block[j]
			q := bigPrefix(h)
			is := q < prefix
			if q == prefix {
				is = bytes.Compare(h.Value(a.Bufs), value) < limit
			}
			if is {
				w |= 1 << (uint(j) & 63)
			}
		}
		dst[i] = w
	}
}

// bigPrefix is the first four bytes as a number that sorts as they do.
func bigPrefix(h *vec.ViewHeader) uint32 { return binary.BigEndian.Uint32(h.Prefix[:]) }

// equalToText compares with one text: the length and the prefix first, then the rest of a short one as numbers.
func equalToText(dst []uint64, p []vec.ViewHeader, bufs [][]byte, y *vec.ViewHeader, value []byte) {
	size, prefix, third, fourth := y.Len, bigPrefix(y), y.Buf, y.Off
	for i := range dst {
		var w uint64
		lo := i * 64
		block := p[lo:min(lo+64, len(p))]
		for j := range block {
			h := &block[j]
			if h.Len != size || bigPrefix(h) != prefix {
				continue
			}
			if size <= vec.InlineLen && h.Buf == third && h.Off == fourth || size > vec.InlineLen && bytes.Equal(h.Value(bufs), value) {
				w |= 1 << (uint(j) & 63)
			}
		}
		dst[i] = w
	}
}

func equalViews(p *vec.ViewHeader, pb [][]byte, q *vec.ViewHeader, qb [][]byte) bool {
	if p.Len != q.Len || p.Prefix != q.Prefix {
		return false
	}
	if p.Len <= vec.InlineLen {
		return p.Buf == q.Buf && p.Off == q.Off
	}
	return bytes.Equal(p.Value(pb), q.Value(qb))
}

func compareViews(p *vec.ViewHeader, pb [][]byte, q *vec.ViewHeader, qb [][]byte) int {
	if x, y := bigPrefix(p), bigPrefix(q); x != y { // padding zeros sort a text before what it is a prefix of
		return cmp.Compare(x, y)
	}
	return bytes.Compare(p.Value(pb), q.Value(qb))
}

// rowComparer compares a row at a time by a function: decimals, binary of fixed size.
type rowComparer struct {
	order func(a *vec.Vec, i int, b *vec.Vec, j int) int
}

func (c rowComparer) vv(eq bool, dst []uint64, a, b *vec.Vec) {
	clear(dst)
	for i := range a.Len {
		if o := c.order(a, i, b, i); eq && o == 0 || !eq && o < 0 {
			bitmap.Set(dst, i)
		}
	}
}

func (c rowComparer) vs(rel relation, dst []uint64, a, b *vec.Vec) {
	clear(dst)
	for i := range a.Len {
		o := c.order(a, i, b, 0)
		if rel == equal && o == 0 || rel == less && o < 0 || rel == lessEqual && o <= 0 {
			bitmap.Set(dst, i)
		}
	}
}

// orderOf returns the comparison of values of a kind without kernels of its own.
func orderOf(p vec.Phys) func(a *vec.Vec, i int, b *vec.Vec, j int) int {
	switch p {
	case vec.Dec128, vec.Dec256:
		return func(a *vec.Vec, i int, b *vec.Vec, j int) int {
			w := a.Width
			x, y := a.Data[i*w:(i+1)*w], b.Data[j*w:(j+1)*w]
			for k := w - 1; k >= 0; k-- {
				if x[k] == y[k] {
					continue
				}
				if k == w-1 && int8(x[k]) < int8(y[k]) || k < w-1 && x[k] < y[k] {
					return -1
				}
				return 1
			}
			return 0
		}
	case vec.Fixed:
		return func(a *vec.Vec, i int, b *vec.Vec, j int) int {
			return bytes.Compare(a.Data[i*a.Width:(i+1)*a.Width], b.Data[j*b.Width:(j+1)*b.Width])
		}
	case vec.Null:
		return func(*vec.Vec, int, *vec.Vec, int) int { return 0 }
	}
	return func(a *vec.Vec, i int, b *vec.Vec, j int) int { // nested: equality only is bound
		if vec.EqualRows(a, i, b, j) {
			return 0
		}
		return 1
	}
}

// mixedComparer compares 64-bit integers with floats exactly: neither is rounded.
func mixedComparer(l, r vec.Phys) comparer {
	integer := func(p vec.Phys) bool { return p == vec.Int64 || p == vec.Uint64 }
	float := func(p vec.Phys) bool { return p == vec.Float64 || p == vec.Float32 }
	switch {
	case integer(l) && float(r), float(l) && integer(r):
		return rowComparer{order: orderMixed}
	}
	return nil
}

func orderMixed(a *vec.Vec, i int, b *vec.Vec, j int) int {
	switch a.Phys {
	case vec.Int64:
		return orderIntFloat(vec.Of[int64](a)[i], floatAt(b, j))
	case vec.Uint64:
		return orderUintFloat(vec.Of[uint64](a)[i], floatAt(b, j))
	}
	return -orderMixed(b, j, a, i)
}

func floatAt(v *vec.Vec, i int) float64 {
	if v.Phys == vec.Float32 {
		return float64(vec.Of[float32](v)[i])
	}
	return vec.Of[float64](v)[i]
}

// orderIntFloat compares by the whole part of f, which is exact in int64 within its bounds, then by its fraction.
func orderIntFloat(x int64, f float64) int {
	switch {
	case f != f || f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Floor(f)
	w := int64(whole)
	switch {
	case x < w || x == w && whole < f:
		return -1
	case x == w:
		return 0
	}
	return 1
}

func orderUintFloat(x uint64, f float64) int {
	switch {
	case f != f || f >= 1<<64:
		return -1
	case f < 0:
		return 1
	}
	whole := math.Floor(f)
	w := uint64(whole)
	switch {
	case x < w || x == w && whole < f:
		return -1
	case x == w:
		return 0
	}
	return 1
}

// buildBetween is lo ≤ e ≤ hi: two bitmaps, and-ed by three-valued logic.
func buildBetween(n *node) (runFunc, error) {
	lo, hi := comparerOf(n.args[0], n.args[1]), comparerOf(n.args[0], n.args[2])
	if lo == nil || hi == nil {
		return nil, nil
	}
	first := compareRun(n, "ge", lo, n.args[0], n.args[1])
	second := compareRun(n, "le", hi, n.args[0], n.args[2])
	for i, a := range n.args[1:] {
		if a.isNull() {
			null := func(x *state, _ mask) (*vec.Vec, error) { return x.nulls(arrow.FixedWidthTypes.Boolean), nil }
			if i == 0 {
				first = null
			} else {
				second = null
			}
		}
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := first(x, act)
		if err != nil {
			return nil, err
		}
		b, err := second(x, act)
		if err != nil {
			return nil, err
		}
		return x.and(a, b), nil
	}, nil
}
