package agg

import (
	"bytes"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// texts keeps a byte string a group, short ones in their header, long ones in buffers of its own.
type texts struct {
	heads []vec.ViewHeader
	bufs  [][]byte
	// total is the bytes in use in bufs, live those that a header still points to.
	total, live int64
}

// Buffers begin with 4 KiB and double to 4 MiB.
const (
	minBuf = 4 << 10
	maxBuf = 4 << 20
)

// set makes value b that of group g; h is its header elsewhere.
func (t *texts) set(g uint32, h *vec.ViewHeader, bufs [][]byte) {
	old := &t.heads[g]
	if h.Len <= vec.InlineLen {
		t.drop(old)
		*old = *h
		return
	}
	b := h.Value(bufs)
	if old.Len >= h.Len && old.Len > vec.InlineLen {
		// The place of the old value is this group's alone.
		copy(t.bufs[old.Buf][old.Off:], b)
		t.live -= int64(old.Len - h.Len)
		*old = vec.Long(b, old.Buf, old.Off)
		return
	}
	t.drop(old)
	*old = t.keep(b)
}

// keep copies a long value.
func (t *texts) keep(b []byte) vec.ViewHeader {
	k := len(t.bufs) - 1
	if k < 0 || cap(t.bufs[k])-len(t.bufs[k]) < len(b) {
		size := minBuf
		if k >= 0 {
			size = min(2*cap(t.bufs[k]), maxBuf)
		}
		t.bufs = append(t.bufs, make([]byte, 0, max(size, len(b))))
		k++
	}
	h := vec.Long(b, uint32(k), uint32(len(t.bufs[k])))
	t.bufs[k] = append(t.bufs[k], b...)
	t.total += int64(len(b))
	t.live += int64(len(b))
	return h
}

func (t *texts) drop(h *vec.ViewHeader) {
	if h.Len > vec.InlineLen {
		t.live -= int64(h.Len)
	}
}

// tidy moves the live values together once they are less than half of what the buffers hold.
func (t *texts) tidy() {
	if t.total < 1<<20 || t.live > t.total/2 {
		return
	}
	old := texts{heads: t.heads, bufs: t.bufs}
	t.bufs, t.total, t.live = nil, 0, 0
	for g := range t.heads {
		if h := &t.heads[g]; h.Len > vec.InlineLen {
			*h = t.keep(h.Value(old.bufs))
		}
	}
}

func (t *texts) bytes() int64 {
	sum := int64(cap(t.heads)) * 16
	for _, b := range t.bufs {
		sum += int64(cap(b))
	}
	return sum
}

func (t *texts) column(ty arrow.DataType, groups int, valid []uint64) vec.Vec {
	v := column(ty, t.heads[:groups], valid)
	v.Bufs = t.bufs
	return v
}

// compare orders two values by bytes: their first four decide most cases.
func compare(a *vec.ViewHeader, abufs [][]byte, b *vec.ViewHeader, bbufs [][]byte) int {
	if a.Prefix != b.Prefix {
		x, y := prefix(a), prefix(b)
		if x < y {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.Value(abufs), b.Value(bbufs))
}

func prefix(h *vec.ViewHeader) uint32 {
	p := h.Prefix
	return bits.ReverseBytes32(uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24)
}

// textExtreme is Min or Max of text and binary, by bytes.
type textExtreme struct {
	spec
	max  bool
	by   texts
	seen seen
	in   input
}

func (a *textExtreme) makeRoom(groups int) {
	a.seen.grow(groups)
	a.by.heads = growTo(a.by.heads, groups)
}

func (a *textExtreme) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, false)
	if a.in.n > 0 {
		a.take(a.in.gids, &a.in.vals)
	}
	return nil
}

func (a *textExtreme) take(gids []uint32, v *vec.Vec) {
	heads := vec.Of[vec.ViewHeader](v)
	for i := range heads {
		g, h := uint32(0), &heads[i]
		if gids != nil {
			g = gids[i]
		}
		if a.seen.by[g] != 0 {
			old := &a.by.heads[g]
			if *old == *h && h.Len <= vec.InlineLen {
				continue
			}
			c := compare(h, v.Bufs, old, a.by.bufs)
			if c == 0 || (c > 0) != a.max {
				continue
			}
		} else {
			a.seen.by[g] = 1
			a.seen.missing--
		}
		a.by.set(g, h, v.Bufs)
	}
	a.by.tidy()
}

func (a *textExtreme) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	g, cols := a.in.states(gids, state, rows)
	if len(g) > 0 {
		a.take(g, &cols[0])
	}
	return nil
}

func (a *textExtreme) types() []arrow.DataType { return []arrow.DataType{a.spec.in} }

func (a *textExtreme) State() []vec.Vec {
	n := len(a.seen.by)
	return []vec.Vec{a.by.column(a.spec.in, n, a.seen.valid(n))}
}

func (a *textExtreme) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	return a.by.column(a.spec.in, groups, a.seen.valid(groups)), nil
}

func (a *textExtreme) Bytes() int64 { return a.by.bytes() + a.seen.bytes() }
