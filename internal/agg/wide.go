package agg

import (
	"bytes"
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// lessFunc orders values of more than 8 bytes, and float16.
type lessFunc func(a, b []byte) bool

func lessOf(p vec.Phys) lessFunc {
	switch p {
	case vec.Float16:
		return func(a, b []byte) bool {
			x, y := half(binary.LittleEndian.Uint16(a)), half(binary.LittleEndian.Uint16(b))
			return x < y || y != y && x == x
		}
	case vec.Dec128, vec.Dec256:
		return lessInt
	}
	return func(a, b []byte) bool { return bytes.Compare(a, b) < 0 }
}

// lessInt compares two's complement integers of equal length.
func lessInt(a, b []byte) bool {
	top := len(a) - 8
	x, y := int64(binary.LittleEndian.Uint64(a[top:])), int64(binary.LittleEndian.Uint64(b[top:]))
	if x != y {
		return x < y
	}
	for at := top - 8; at >= 0; at -= 8 {
		x, y := binary.LittleEndian.Uint64(a[at:]), binary.LittleEndian.Uint64(b[at:])
		if x != y {
			return x < y
		}
	}
	return false
}

// wideExtreme is Min or Max of decimals, float16 and fixed-size binary. All but decimal128 compare bytes by a function, once a row: these
// columns are rare and their comparison costs more than the call.
type wideExtreme struct {
	spec
	max   bool
	width int
	less  lessFunc
	by    []byte
	seen  seen
	in    input
}

func (a *wideExtreme) makeRoom(groups int) {
	a.seen.grow(groups)
	a.by = growTo(a.by, groups*a.width)
}

func (a *wideExtreme) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	a.take(a.in.gids, &a.in.vals, a.in.n)
	return nil
}

func (a *wideExtreme) take(gids []uint32, v *vec.Vec, n int) {
	if n > 0 && v.Phys == vec.Dec128 {
		a.takeDecimals(gids, vec.Of[[2]uint64](v))
		return
	}
	data := v.Data
	for i := range n {
		g := 0
		if gids != nil {
			g = int(gids[i])
		}
		x, old := data[i*a.width:(i+1)*a.width], a.by[g*a.width:(g+1)*a.width]
		switch {
		case a.seen.by[g] == 0:
			a.seen.by[g] = 1
			a.seen.missing--
		case a.max && !a.less(old, x), !a.max && !a.less(x, old):
			continue
		}
		copy(old, x)
	}
}

// takeDecimals is take for decimal128.
func (a *wideExtreme) takeDecimals(gids []uint32, vals [][2]uint64) {
	state := vec.Vec{Len: len(a.seen.by), Data: a.by}
	by := vec.Of[[2]uint64](&state)
	for i, x := range vals {
		g := uint32(0)
		if gids != nil {
			g = gids[i]
		}
		m := &by[g]
		lower := int64(x[1]) < int64(m[1]) || x[1] == m[1] && x[0] < m[0]
		switch {
		case a.seen.by[g] == 0:
			a.seen.by[g] = 1
			a.seen.missing--
			*m = x
		case lower != a.max && x != *m:
			*m = x
		}
	}
}

func (a *wideExtreme) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	g, cols := a.in.states(gids, state, rows)
	a.take(g, &cols[0], len(g))
	return nil
}

func (a *wideExtreme) types() []arrow.DataType { return []arrow.DataType{a.spec.in} }

func (a *wideExtreme) State() []vec.Vec { return []vec.Vec{a.column(len(a.seen.by))} }

func (a *wideExtreme) column(groups int) vec.Vec {
	p, w, _ := vec.PhysOf(a.spec.in)
	return vec.Vec{Type: a.spec.in, Phys: p, Width: w, Len: groups, Data: a.by[:groups*a.width], Valid: a.seen.valid(groups)}
}

func (a *wideExtreme) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	return a.column(groups), nil
}

func (a *wideExtreme) Bytes() int64 { return int64(cap(a.by)) + a.seen.bytes() }
