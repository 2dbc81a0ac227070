package eval

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

var conditionals = map[string]builder{
	"if":       buildIf,
	"coalesce": func(n *node) (runFunc, error) { return coalesce(n), nil },
	"greatest": func(n *node) (runFunc, error) { return extreme(n, true) },
	"least":    func(n *node) (runFunc, error) { return extreme(n, false) },
	"fill_nan": buildFillNaN,
}

// buildIf evaluates both values, each for the rows that take it, and selects.
func buildIf(n *node) (runFunc, error) {
	cond, then, otherwise := n.args[0], n.args[1], n.args[2]
	return func(x *state, act mask) (*vec.Vec, error) {
		c, err := x.plain(cond, act)
		if err != nil {
			return nil, err
		}
		bits := x.trues(c)
		yes, no := act, act
		if then.masked {
			yes = x.within(act, bits)
		}
		if otherwise.masked {
			not := x.s.Bits(x.n)
			bitmap.Not(not, bits)
			no = x.within(act, not)
		}
		a, err := x.operand(then, yes)
		if err != nil {
			return nil, err
		}
		b, err := x.operand(otherwise, no)
		if err != nil {
			return nil, err
		}
		return x.choose(n.typ, bits, a, then.isLit(), b, otherwise.isLit()), nil
	}, nil
}

func coalesce(n *node) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		acc, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		for _, a := range n.args[1:] {
			if acc.Valid == nil && acc.Phys != vec.Null {
				break
			}
			have := acc.Valid
			if acc.Phys == vec.Null {
				have = x.s.Bits(x.n)
				clear(have)
			}
			under := act
			if a.masked {
				open := x.s.Bits(x.n)
				bitmap.Not(open, have[:len(open)])
				under = x.within(act, open)
			}
			v, err := x.operand(a, under)
			if err != nil {
				return nil, err
			}
			acc = x.choose(n.typ, have, acc, false, v, a.isLit())
		}
		return acc, nil
	}
}

// extreme is Greatest or Least: nulls are skipped.
func extreme(n *node, most bool) (runFunc, error) {
	if len(n.args) == 1 {
		return func(x *state, act mask) (*vec.Vec, error) { return x.plain(n.args[0], act) }, nil
	}
	c := comparerOf(n.args[0], n.args[1])
	if c == nil {
		return nil, nil
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		acc, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		for _, a := range n.args[1:] {
			v, err := x.plain(a, act)
			if err != nil {
				return nil, err
			}
			replace := x.s.Bits(x.n) // the rows where v is better, or acc null
			if most {
				c.vv(false, replace, acc, v)
			} else {
				c.vv(false, replace, v, acc)
			}
			if v.Valid != nil {
				bitmap.And(replace, replace, v.Valid[:len(replace)])
			}
			if acc.Valid != nil {
				bitmap.OrNot(replace, replace, acc.Valid[:len(replace)])
			}
			acc = x.choose(n.typ, replace, v, false, acc, false)
		}
		return acc, nil
	}, nil
}

func buildFillNaN(n *node) (runFunc, error) {
	isNaN, err := buildIsNaN(&node{e: n.e, typ: arrow.FixedWidthTypes.Boolean, phys: vec.Bool, args: n.args[:1]})
	if err != nil {
		return nil, err
	}
	return func(x *state, act mask) (*vec.Vec, error) {
		nan, err := isNaN(x, act)
		if err != nil {
			return nil, err
		}
		bits := x.trues(nan)
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		under := act
		if n.args[1].masked {
			under = x.within(act, bits)
		}
		b, err := x.operand(n.args[1], under)
		if err != nil {
			return nil, err
		}
		return x.choose(n.typ, bits, b, n.args[1].isLit(), a, false), nil
	}, nil
}

// choose returns a where the bit is set, else b; a constant is one row.
func (x *state) choose(t arrow.DataType, bits []uint64, a *vec.Vec, aCon bool, b *vec.Vec, bCon bool) *vec.Vec {
	out := x.out(t)
	if out.Phys == vec.Null {
		return out
	}
	out.Valid = x.chooseValid(bits, a, aCon, b, bCon)
	switch {
	case out.Phys == vec.Bool:
		kernel.SelectBits(out.Bits(), bits, x.boolBits(a, aCon), x.boolBits(b, bCon))
	case out.Phys == vec.List || out.Phys == vec.Struct:
		return x.chooseRows(t, bits, a, aCon, b, bCon)
	case out.Phys == vec.View:
		x.chooseViews(out, bits, a, aCon, b, bCon)
	case out.Width == 1:
		chooseFixed[uint8](out, bits, a, aCon, b, bCon)
	case out.Width == 2:
		chooseFixed[uint16](out, bits, a, aCon, b, bCon)
	case out.Width == 4:
		chooseFixed[uint32](out, bits, a, aCon, b, bCon)
	case out.Width == 8:
		chooseFixed[uint64](out, bits, a, aCon, b, bCon)
	case out.Width == 16:
		chooseFixed[[16]byte](out, bits, a, aCon, b, bCon)
	case out.Width == 32:
		chooseFixed[[32]byte](out, bits, a, aCon, b, bCon)
	default:
		return x.chooseRows(t, bits, a, aCon, b, bCon)
	}
	return out
}

func (x *state) chooseValid(bits []uint64, a *vec.Vec, aCon bool, b *vec.Vec, bCon bool) []uint64 {
	if a.Valid == nil && b.Valid == nil {
		return nil
	}
	out := x.s.Bits(x.n)
	kernel.SelectBits(out, bits, x.validBits(a, aCon), x.validBits(b, bCon))
	return out
}

// validBits is the validity of a column or constant as a bitmap.
func (x *state) validBits(v *vec.Vec, con bool) []uint64 {
	switch {
	case v.Valid == nil:
		return x.ones(nil)
	case con:
		return x.repeat(v.ValidAt(0))
	}
	return v.Valid
}

func (x *state) boolBits(v *vec.Vec, con bool) []uint64 {
	if con {
		return x.repeat(v.Bits()[0]&1 != 0)
	}
	return v.Bits()
}

func (x *state) repeat(bit bool) []uint64 {
	all := x.s.Bits(x.n)
	bitmap.Fill(all, bit)
	return all
}

func chooseFixed[T vec.Element](out *vec.Vec, bits []uint64, a *vec.Vec, aCon bool, b *vec.Vec, bCon bool) {
	dst, p, q := vec.Of[T](out), vec.Of[T](a), vec.Of[T](b)
	switch {
	case len(dst) == 0:
	case aCon && bCon:
		kernel.SelectSS(dst, bits, p[0], q[0])
	case bCon:
		kernel.SelectVS(dst, bits, p, q[0])
	case aCon:
		kernel.SelectSV(dst, bits, p[0], q)
	default:
		kernel.SelectVV(dst, bits, p, q)
	}
}

// chooseViews selects headers; those of b point to buffers that follow a's.
func (x *state) chooseViews(out *vec.Vec, bits []uint64, a *vec.Vec, aCon bool, b *vec.Vec, bCon bool) {
	if len(a.Bufs) == 0 || len(b.Bufs) == 0 || &a.Bufs[0] == &b.Bufs[0] && len(a.Bufs) == len(b.Bufs) {
		out.Bufs = a.Bufs
		if len(a.Bufs) == 0 {
			out.Bufs = b.Bufs
		}
	} else {
		moved := *b
		heads := vec.Alloc[vec.ViewHeader](&x.s, b.Len)
		copy(heads, vec.Of[vec.ViewHeader](b))
		for i := range heads {
			if heads[i].Len > vec.InlineLen {
				heads[i].Buf += uint32(len(a.Bufs))
			}
		}
		moved.Data = vec.Bytes(heads)
		b = &moved
		out.Bufs = x.s.BufList(len(a.Bufs) + len(moved.Bufs))
		copy(out.Bufs[copy(out.Bufs, a.Bufs):], moved.Bufs)
	}
	chooseFixed[vec.ViewHeader](out, bits, a, aCon, b, bCon)
}

// chooseRows selects rows of any kind, by a gather from both.
func (x *state) chooseRows(t arrow.DataType, bits []uint64, a *vec.Vec, aCon bool, b *vec.Vec, bCon bool) *vec.Vec {
	all := vec.NewBuilder(t)
	all.Append(a)
	all.Append(b)
	idx := vec.Alloc[uint32](&x.s, x.n)
	for i := range idx {
		first, con, at := bitmap.Get(bits, i), bCon, a.Len
		if first {
			con, at = aCon, 0
		}
		if !con {
			at += i
		}
		idx[i] = uint32(at)
	}
	both, out := all.Vec(), x.vec()
	vec.Take(out, &both, idx, &x.s)
	return out
}
