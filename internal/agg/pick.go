package agg

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/rowenc"
	"github.com/sheafdata/sheaf/internal/vec"
)

// pick is First or Last of values that are not null, for every type: fixed-width values by their bytes, text by views, nested values by
// their encoded bytes.
type pick struct {
	spec
	last  bool
	phys  vec.Phys
	width int // of by: 0 where texts are used, 1 for booleans

	by    []byte
	texts texts
	seen  seen
	in    input

	ones []uint8
	enc  rowenc.Rows
	// Of a batch: the rows that win, one a group, and which groups have one: mark is the number of the batch that they had one in.
	rows  []uint32
	to    []uint32 // their groups
	mark  []uint32
	batch uint32
}

func newPick(s spec, last bool) acc {
	p, w, _ := vec.PhysOf(s.in)
	a := &pick{spec: s, last: last, phys: p, width: w}
	switch p {
	case vec.Bool:
		a.width = 1
	case vec.View, vec.List, vec.Struct:
		a.width = 0
	}
	return a
}

func (a *pick) isText() bool { return a.phys == vec.View || a.isNested() }

func (a *pick) isNested() bool { return a.phys == vec.List || a.phys == vec.Struct }

func (a *pick) makeRoom(groups int) {
	a.seen.grow(groups)
	a.mark = growTo(a.mark, groups)
	if a.isText() {
		a.texts.heads = growTo(a.texts.heads, groups)
	} else {
		a.by = growTo(a.by, groups*a.width)
	}
}

func (a *pick) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 || !a.last && a.seen.missing == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	a.take(a.in.gids, &a.in.vals, a.in.n)
	return nil
}

func (a *pick) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	g, cols := a.in.states(gids, state, rows)
	a.take(g, &cols[0], len(g))
	return nil
}

// take finds the winning rows first and copies only those.
func (a *pick) take(gids []uint32, v *vec.Vec, n int) {
	if n == 0 {
		return
	}
	switch {
	case gids == nil && a.last:
		a.rows = append(a.rows[:0], uint32(n-1))
	case gids == nil && a.seen.by[0] != 0:
		return
	case gids == nil:
		a.rows = append(a.rows[:0], 0)
	case a.last:
		a.lastRows(gids[:n])
	default:
		a.firstRows(gids[:n])
	}
	a.copyRows(gids, v)
}

// firstRows lists the rows that bring a group its first value.
func (a *pick) firstRows(gids []uint32) {
	a.rows = a.rows[:0]
	for i, g := range gids {
		if a.seen.by[g] == 0 {
			a.seen.by[g] = 1
			a.seen.missing--
			a.rows = append(a.rows, uint32(i))
		}
	}
}

// lastRows lists the last row of each group.
func (a *pick) lastRows(gids []uint32) {
	if a.batch == math.MaxUint32 {
		clear(a.mark)
		a.batch = 0
	}
	a.batch++
	a.rows = a.rows[:0]
	for i := len(gids) - 1; i >= 0; i-- {
		if g := gids[i]; a.mark[g] != a.batch {
			a.mark[g] = a.batch
			a.rows = append(a.rows, uint32(i))
		}
	}
}

// copyRows takes the values of the winning rows over.
func (a *pick) copyRows(gids []uint32, v *vec.Vec) {
	a.to = growTo(a.to[:0], len(a.rows))[:len(a.rows)]
	if gids == nil {
		clear(a.to)
	} else {
		for k, r := range a.rows {
			a.to[k] = gids[r]
		}
	}
	a.seen.mark(a.to, len(a.to))
	switch {
	case a.isNested():
		a.copyNested(v)
		return
	case a.phys == vec.View:
		heads := vec.Of[vec.ViewHeader](v)
		for k, r := range a.rows {
			a.texts.set(a.to[k], &heads[r], v.Bufs)
		}
		a.texts.tidy()
		return
	}
	data := v.Data
	if a.phys == vec.Bool {
		a.ones = bytesOf(a.ones, v)
		data = a.ones
	}
	w := a.width
	for k, r := range a.rows {
		g := int(a.to[k])
		copy(a.by[g*w:(g+1)*w], data[int(r)*w:])
	}
}

func (a *pick) copyNested(v *vec.Vec) {
	var won vec.Vec
	vec.Take(&won, v, a.rows, &a.in.scratch)
	a.enc.Encode([]vec.Vec{won}, len(a.rows))
	for k, g := range a.to {
		b := a.enc.Row(k)
		var h vec.ViewHeader
		if len(b) <= vec.InlineLen {
			h = vec.Inline(b)
		} else {
			h = vec.Long(b, 0, 0)
		}
		a.texts.set(g, &h, [][]byte{b})
	}
	a.texts.tidy()
}

func (a *pick) types() []arrow.DataType { return []arrow.DataType{a.spec.in} }

func (a *pick) State() []vec.Vec {
	v, err := a.column(len(a.seen.by))
	if err != nil { // bytes of our own making that do not decode
		v = nulls(a.spec.in, len(a.seen.by))
	}
	return []vec.Vec{v}
}

func (a *pick) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	return a.column(groups)
}

func (a *pick) column(groups int) (vec.Vec, error) {
	valid := a.seen.valid(groups)
	switch {
	case a.isNested():
		d := rowenc.NewDecoder([]arrow.DataType{a.spec.in})
		for g := range groups {
			b := []byte{0}
			if a.seen.by[g] != 0 {
				b = a.texts.heads[g].Value(a.texts.bufs)
			}
			if err := d.Append(b); err != nil {
				return vec.Vec{}, err
			}
		}
		return d.Columns()[0], nil
	case a.phys == vec.View:
		return a.texts.column(a.spec.in, groups, valid), nil
	}
	p, w, _ := vec.PhysOf(a.spec.in)
	v := vec.Vec{Type: a.spec.in, Phys: p, Width: w, Len: groups, Data: a.by[:groups*a.width], Valid: valid}
	if p == vec.Bool {
		bits := make([]uint64, (groups+63)/64)
		for g, b := range a.by[:groups] {
			bits[g>>6] |= uint64(b) << (uint(g) & 63)
		}
		v.Data = vec.Bytes(bits)
	}
	return v, nil
}

func (a *pick) Bytes() int64 {
	return int64(cap(a.by)) + int64(cap(a.mark))*4 + a.texts.bytes() + a.seen.bytes()
}
