package eval

import (
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/kernel"
	"github.com/sheafdata/sheaf/internal/vec"
)

var logic = map[string]builder{
	"and":      func(n *node) (runFunc, error) { return chain(n, true), nil },
	"or":       func(n *node) (runFunc, error) { return chain(n, false), nil },
	"not":      buildNot,
	"is_null":  func(n *node) (runFunc, error) { return nullTest(n, true), nil },
	"not_null": func(n *node) (runFunc, error) { return nullTest(n, false), nil },
	"is_nan":   buildIsNaN,
}

// and is three-valued: false where one is false, else null where one is null. A boolean's lanes are unspecified where it is null.
func (x *state) and(a, b *vec.Vec) *vec.Vec {
	out := x.out(a.Type)
	dst, p, q := out.Bits(), a.Bits(), b.Bits()
	bitmap.And(dst, p, q)
	if a.Valid == nil && b.Valid == nil {
		return out
	}
	// Known: both valid, or one a valid false.
	av, bv := x.ones(a.Valid), x.ones(b.Valid)
	known := x.s.Bits(x.n)
	for i := range known {
		known[i] = av[i]&bv[i] | av[i]&^p[i] | bv[i]&^q[i]
		dst[i] &= av[i] & bv[i] // a null lane says nothing
	}
	out.Valid = known
	return out
}

// or is three-valued: true where one is true, else null where one is null.
func (x *state) or(a, b *vec.Vec) *vec.Vec {
	out := x.out(a.Type)
	dst, p, q := out.Bits(), a.Bits(), b.Bits()
	if a.Valid == nil && b.Valid == nil {
		bitmap.Or(dst, p, q)
		return out
	}
	av, bv := x.ones(a.Valid), x.ones(b.Valid)
	known := x.s.Bits(x.n)
	for i := range known {
		t := av[i]&p[i] | bv[i]&q[i]
		dst[i] = t
		known[i] = av[i]&bv[i] | t
	}
	out.Valid = known
	return out
}

// ones is valid, or a bitmap of ones for nil.
func (x *state) ones(valid []uint64) []uint64 {
	if valid != nil {
		return valid
	}
	all := x.s.Bits(x.n)
	bitmap.Fill(all, true)
	return all
}

// trues is the rows where a boolean is true.
func (x *state) trues(v *vec.Vec) []uint64 {
	if v.Valid == nil {
		return v.Bits()
	}
	return x.both(v.Bits(), v.Valid)
}

// chain is And or Or over all operands. What an operand settles is not active in the later ones: false in And, true in Or.
func chain(n *node, and bool) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		acc, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		for _, a := range n.args[1:] {
			under := act
			if a.masked {
				open := x.s.Bits(x.n) // rows not settled yet
				switch p := acc.Bits(); {
				case and && acc.Valid == nil:
					copy(open, p)
				case and:
					bitmap.OrNot(open, p, acc.Valid[:len(p)])
				case acc.Valid == nil:
					bitmap.Not(open, p)
				default:
					bitmap.And(open, p, acc.Valid[:len(p)])
					bitmap.Not(open, open)
				}
				under = x.within(act, open)
			}
			v, err := x.plain(a, under)
			if err != nil {
				return nil, err
			}
			if under.bits != nil && a.masked {
				v = x.settled(v, under.bits, and)
			}
			if and {
				acc = x.and(acc, v)
			} else {
				acc = x.or(acc, v)
			}
		}
		return acc, nil
	}
}

// settled gives the rows outside of active, whose lanes are unspecified, the value that changes nothing.
func (x *state) settled(v *vec.Vec, active []uint64, neutral bool) *vec.Vec {
	out := x.out(v.Type)
	dst, p := out.Bits(), v.Bits()
	if neutral {
		bitmap.OrNot(dst, p, active[:len(dst)])
	} else {
		bitmap.And(dst, p, active[:len(dst)])
	}
	if v.Valid != nil {
		valid := x.s.Bits(x.n)
		bitmap.OrNot(valid, v.Valid[:len(valid)], active[:len(valid)])
		out.Valid = valid
	}
	return out
}

// truth returns the active rows where n is true. The operands of And go one after another, each over what is left.
func (x *state) truth(n *node, act mask) (mask, error) {
	if n.dictOf > 0 && x.in.Cols[n.dictOf-1].Dict == nil {
		n = n.args[0]
	}
	if n.e.Op() == "and" && len(n.args) > 1 && n.dictOf == 0 {
		var err error
		for _, a := range n.args {
			if act, err = x.truth(a, act); err != nil {
				return act, err
			}
			if act.bits != nil && a.masked && !bitmap.Any(act.bits, x.n) {
				return act, nil
			}
		}
		return act, nil
	}
	v, err := x.plain(n, act)
	if err != nil {
		return act, err
	}
	if v.Phys == vec.Null {
		none := x.s.Bits(x.n)
		clear(none)
		return x.newMask(none), nil
	}
	return x.within(act, x.trues(v)), nil
}

func buildNot(n *node) (runFunc, error) {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		bitmap.Not(out.Bits(), a.Bits())
		return out, nil
	}, nil
}

func nullTest(n *node, null bool) runFunc {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.whole(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		dst := out.Bits()
		valid := a.Nulls(&x.s)
		switch {
		case a.Phys == vec.Null:
			bitmap.Fill(dst, null)
		case valid == nil:
			bitmap.Fill(dst, !null)
		case null:
			bitmap.Not(dst, valid[:len(dst)])
		default:
			copy(dst, valid)
		}
		return out, nil
	}
}

func buildIsNaN(n *node) (runFunc, error) {
	return func(x *state, act mask) (*vec.Vec, error) {
		a, err := x.plain(n.args[0], act)
		if err != nil {
			return nil, err
		}
		out := x.out(n.typ)
		out.Valid = a.Valid
		switch a.Phys {
		case vec.Float64:
			kernel.IsNaN(out.Bits(), vec.Of[float64](a))
		case vec.Float32:
			kernel.IsNaN(out.Bits(), vec.Of[float32](a))
		default:
			clear(out.Bits())
		}
		return out, nil
	}, nil
}
