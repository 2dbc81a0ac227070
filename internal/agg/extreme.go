package agg

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// newExtreme returns Min or Max; All is the Min of booleans, Any their Max.
func newExtreme(s spec, max bool) (acc, error) {
	nan := math.NaN()
	switch p, w, _ := vec.PhysOf(s.in); p {
	case vec.Bool:
		return &boolExtreme{extreme: extremeOf[uint8](s, max, 0, 1)}, nil
	case vec.Int8:
		return extremeOf[int8](s, max, math.MinInt8, math.MaxInt8), nil
	case vec.Int16:
		return extremeOf[int16](s, max, math.MinInt16, math.MaxInt16), nil
	case vec.Int32:
		return extremeOf[int32](s, max, math.MinInt32, math.MaxInt32), nil
	case vec.Int64:
		return extremeOf[int64](s, max, math.MinInt64, math.MaxInt64), nil
	case vec.Uint8:
		return extremeOf[uint8](s, max, 0, math.MaxUint8), nil
	case vec.Uint16:
		return extremeOf[uint16](s, max, 0, math.MaxUint16), nil
	case vec.Uint32:
		return extremeOf[uint32](s, max, 0, math.MaxUint32), nil
	case vec.Uint64:
		return extremeOf[uint64](s, max, 0, math.MaxUint64), nil
	case vec.Float32:
		return extremeOf(s, max, float32(math.Inf(-1)), float32(nan)), nil
	case vec.Float64:
		return extremeOf(s, max, math.Inf(-1), nan), nil
	case vec.Float16, vec.Dec128, vec.Dec256, vec.Fixed:
		return &wideExtreme{spec: s, max: max, width: w, less: lessOf(p)}, nil
	case vec.View:
		return &textExtreme{spec: s, max: max}, nil
	}
	return nil, s.badType()
}

type number interface {
	signed | unsigned | ~float32 | ~float64
}

// extreme is Min or Max of numbers. NaN is the greatest.
type extreme[T number] struct {
	spec
	max bool
	// start is what every value replaces or equals: for Min the greatest, for Max the least.
	start T
	by    []T
	seen  seen
	in    input
}

func extremeOf[T number](s spec, max bool, least, greatest T) *extreme[T] {
	a := &extreme[T]{spec: s, max: max, start: greatest}
	if max {
		a.start = least
	}
	return a
}

func (a *extreme[T]) makeRoom(groups int) {
	a.seen.grow(groups)
	old := len(a.by)
	a.by = growTo(a.by, groups)
	for g := old; g < len(a.by); g++ {
		a.by[g] = a.start
	}
}

func (a *extreme[T]) expect(groups int) {
	a.seen.by, a.by = roomFor(a.seen.by, groups), roomFor(a.by, groups)
}

func (a *extreme[T]) reset() {
	a.seen.reset()
	a.by = a.by[:0] // makeRoom sets what is used again
}

func (a *extreme[T]) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	if a.in.n > 0 {
		a.take(a.in.gids, vec.Of[T](&a.in.vals))
	}
	return nil
}

// take adds values that are not null.
func (a *extreme[T]) take(gids []uint32, vals []T) {
	a.seen.mark(gids, len(vals))
	switch {
	case gids == nil && a.max:
		a.by[0] = maxOne(a.by[0], vals)
	case gids == nil:
		a.by[0] = minOne(a.by[0], vals)
	case a.max:
		maxBy(a.by, gids, vals)
	default:
		minBy(a.by, gids, vals)
	}
}

// minOne takes four chains, so that a comparison does not wait for the one before.
func minOne[T number](m T, vals []T) T {
	a, b, c, d := m, m, m, m
	for len(vals) >= 4 {
		a, b, c, d = lesser(a, vals[0]), lesser(b, vals[1]), lesser(c, vals[2]), lesser(d, vals[3])
		vals = vals[4:]
	}
	for _, x := range vals {
		a = lesser(a, x)
	}
	return lesser(lesser(a, b), lesser(c, d))
}

func lesser[T number](m, x T) T {
	if x < m || m != m {
		return x
	}
	return m
}

func maxOne[T number](m T, vals []T) T {
	a, b, c, d := m, m, m, m
	for len(vals) >= 4 {
		a, b, c, d = greater(a, vals[0]), greater(b, vals[1]), greater(c, vals[2]), greater(d, vals[3])
		vals = vals[4:]
	}
	for _, x := range vals {
		a = greater(a, x)
	}
	return greater(greater(a, b), greater(c, d))
}

func greater[T number](m, x T) T {
	if x > m || x != x {
		return x
	}
	return m
}

func minBy[T number](by []T, gids []uint32, vals []T) {
	gids = gids[:len(vals)]
	for i, x := range vals {
		if m := &by[gids[i]]; x < *m || *m != *m {
			*m = x
		}
	}
}

func maxBy[T number](by []T, gids []uint32, vals []T) {
	gids = gids[:len(vals)]
	for i, x := range vals {
		if m := &by[gids[i]]; x > *m || x != x {
			*m = x
		}
	}
}

func (a *extreme[T]) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	g, cols := a.in.states(gids, state, rows)
	if len(g) > 0 {
		a.take(g, vec.Of[T](&cols[0]))
	}
	return nil
}

func (a *extreme[T]) types() []arrow.DataType { return []arrow.DataType{a.spec.in} }

func (a *extreme[T]) State() []vec.Vec { return []vec.Vec{a.column(len(a.by))} }

func (a *extreme[T]) column(groups int) vec.Vec {
	p, w, _ := vec.PhysOf(a.spec.in)
	return vec.Vec{Type: a.spec.in, Phys: p, Width: w, Len: groups, Data: vec.Bytes(a.by[:groups]), Valid: a.seen.valid(groups)}
}

func (a *extreme[T]) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	return a.column(groups), nil
}

func (a *extreme[T]) Bytes() int64 {
	_, w, _ := vec.PhysOf(a.spec.in)
	return int64(cap(a.by)*max(w, 1)) + a.seen.bytes()
}

// boolExtreme is extreme over booleans as bytes.
type boolExtreme struct {
	*extreme[uint8]
	ones []uint8
	bits []uint64
}

func (a *boolExtreme) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	if a.in.n > 0 {
		a.ones = bytesOf(a.ones, &a.in.vals)
		a.take(a.in.gids, a.ones)
	}
	return nil
}

func (a *boolExtreme) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	g, cols := a.in.states(gids, state, rows)
	if len(g) > 0 {
		a.ones = bytesOf(a.ones, &cols[0])
		a.take(g, a.ones)
	}
	return nil
}

func (a *boolExtreme) State() []vec.Vec { return []vec.Vec{a.column(len(a.by))} }

func (a *boolExtreme) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	return a.column(groups), nil
}

func (a *boolExtreme) column(groups int) vec.Vec {
	a.bits = make([]uint64, (groups+63)/64)
	for g, b := range a.by[:groups] {
		a.bits[g>>6] |= uint64(b) << (uint(g) & 63)
	}
	return vec.Vec{Type: a.spec.in, Phys: vec.Bool, Len: groups, Data: vec.Bytes(a.bits), Valid: a.seen.valid(groups)}
}
