package expr

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
)

// Walk visits e and all below it, modifiers included, parents first; it goes below x only where visit(x) is true. A node that the
// tree holds several times by the same pointer is visited once.
func Walk(e Expr, visit func(Expr) bool) {
	if e.n == nil {
		return
	}
	w := walker{visit: visit}
	w.walk(e)
}

type walker struct {
	visit func(Expr) bool
	seen  map[*node]struct{}
}

func (w *walker) walk(e Expr) {
	if len(e.n.args) > 0 || e.n.mods != nil {
		if _, again := w.seen[e.n]; again {
			return
		}
		if w.seen == nil {
			w.seen = map[*node]struct{}{}
		}
		w.seen[e.n] = struct{}{}
	}
	if w.visit(e) {
		eachChild(e.n, w.walk)
	}
}

// Transform rewrites e bottom-up, modifiers included: fn gets every node with its operands already rewritten and returns the node
// to put in its place (the same one: unchanged). An unchanged tree comes back as the same pointer (see Same). The first error ends
// it. Types are not derived again: fn must put values of equal type in place of bound nodes, or the result be bound again.
func Transform(e Expr, fn func(Expr) (Expr, error)) (Expr, error) {
	if e.n == nil {
		return e, nil
	}
	t := transformer{fn: fn, done: map[*node]Expr{}}
	return t.transform(e)
}

type transformer struct {
	fn   func(Expr) (Expr, error)
	done map[*node]Expr
}

func (t *transformer) transform(e Expr) (Expr, error) {
	if out, ok := t.done[e.n]; ok {
		return out, nil
	}
	out, err := mapChildren(e, t.transform)
	if err == nil {
		out, err = t.fn(out)
	}
	if err != nil {
		return Expr{}, err
	}
	t.done[e.n] = out
	return out, nil
}

// mapChildren replaces the operands and the expressions in the modifiers; e itself comes back where none changed.
func mapChildren(e Expr, fn func(Expr) (Expr, error)) (Expr, error) {
	changed := false
	each := func(old Expr) (Expr, error) {
		if old.n == nil {
			return old, nil
		}
		x, err := fn(old)
		changed = changed || x.n != old.n
		return x, err
	}
	args, err := mapSlice(e.n.args, each)
	if err != nil {
		return Expr{}, err
	}
	mods, err := mapMods(e.n.mods, each)
	if err != nil {
		return Expr{}, err
	}
	if !changed {
		return e, nil
	}
	n := *e.n
	n.args, n.mods = args, mods
	return finish(&n), nil
}

func mapMods(m *Mods, fn func(Expr) (Expr, error)) (*Mods, error) {
	if m == nil {
		return nil, nil
	}
	out := *m
	var err error
	if out.Where, err = fn(m.Where); err != nil {
		return nil, err
	}
	out.OrderBy = slices.Clone(m.OrderBy)
	for i := range out.OrderBy {
		if out.OrderBy[i].Expr, err = fn(out.OrderBy[i].Expr); err != nil {
			return nil, err
		}
	}
	out.Over, err = mapSlice(m.Over, fn)
	return &out, err
}

func mapSlice(in []Expr, fn func(Expr) (Expr, error)) ([]Expr, error) {
	if in == nil {
		return nil, nil
	}
	out := make([]Expr, len(in))
	for i, e := range in {
		var err error
		if out[i], err = fn(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Same says whether a and b are the same node: a rewrite that changed nothing gives the same.
func Same(a, b Expr) bool { return a.n == b.n }

// WithArgs returns e with other operands, as many as it had except where the operation takes any number. Type, name and modifiers
// stay; the caller keeps the types of bound operands.
func (e Expr) WithArgs(args ...Expr) Expr {
	if e.n == nil || slices.EqualFunc(e.n.args, args, Same) {
		return e
	}
	for _, a := range args {
		if a.n == nil {
			return faulty(zeroFault(""), e.n.site)
		}
	}
	n := *e.n
	n.args = slices.Clone(args)
	return finish(&n)
}

// WithMods returns e with other modifiers and nothing else changed.
func (e Expr) WithMods(m Mods) Expr {
	if e.n == nil {
		return e
	}
	n := *e.n
	n.mods = &m
	if m.Where.IsZero() && m.OrderBy == nil && m.Frame.Kind == WholePartition && !m.HasOver && !m.Exact {
		n.mods = nil
	}
	return finish(&n)
}

// Unalias returns e without the name given by As; a name that was given inside stays.
func (e Expr) Unalias() Expr {
	if e.n == nil || e.n.alias == "" {
		return e
	}
	n := *e.n
	n.alias = ""
	return finish(&n)
}

// Equal says whether two expressions compute the same by the same operations. Names given by As do not count. A bound and an
// unbound expression differ.
func Equal(a, b Expr) bool {
	if a.n == b.n {
		return true
	}
	if a.n == nil || b.n == nil || a.n.hash != b.n.hash || a.n.info != b.n.info || a.n.err != nil || b.n.err != nil {
		return false
	}
	x, y := a.n, b.n
	return equalType(x.typ, y.typ) && equalValue(x.value, y.value) && slices.EqualFunc(x.params, y.params, equalValue) &&
		equalMods(x.mods, y.mods) && slices.EqualFunc(x.args, y.args, Equal)
}

func equalType(a, b arrow.DataType) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return arrow.TypeEqual(a, b)
}

func equalMods(a, b *Mods) bool {
	if a == nil || b == nil {
		return a == b
	}
	key := func(x, y SortKey) bool {
		return x.Desc == y.Desc && x.NullsFirst == y.NullsFirst && Equal(x.Expr, y.Expr)
	}
	return Equal(a.Where, b.Where) && slices.EqualFunc(a.OrderBy, b.OrderBy, key) && slices.EqualFunc(a.Over, b.Over, Equal) &&
		a.HasOver == b.HasOver && a.Frame == b.Frame && a.Exact == b.Exact
}

// equalValue compares literals and parameters: floats by their bits, so that NaN equals itself.
func equalValue(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Float64bits(x) == math.Float64bits(y)
	case float32:
		y, ok := b.(float32)
		return ok && math.Float32bits(x) == math.Float32bits(y)
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y) && x.Location().String() == y.Location().String()
	case arrow.DataType:
		y, ok := b.(arrow.DataType)
		return ok && arrow.TypeEqual(x, y)
	}
	if _, ok := b.([]byte); ok {
		return false
	}
	return a == b
}

// Hash returns a number that is equal for expressions that are Equal, also in another process.
func Hash(e Expr) uint64 {
	if e.n == nil {
		return 0
	}
	return e.n.hash
}

// hasher is FNV-1a over the bytes, with a final mix of each child's hash.
type hasher uint64

func (h *hasher) bytes(b []byte) {
	for _, c := range b {
		*h = (*h ^ hasher(c)) * 1099511628211
	}
}

func (h *hasher) string(s string) {
	h.uint(uint64(len(s)))
	for i := range len(s) {
		*h = (*h ^ hasher(s[i])) * 1099511628211
	}
}

func (h *hasher) uint(v uint64) {
	v ^= uint64(*h)
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	*h = hasher(v ^ v>>31)
}

func (h *hasher) value(v any) {
	switch x := v.(type) {
	case nil:
		h.uint(1)
	case string:
		h.string(x)
	case []byte:
		h.uint(2)
		h.bytes(x)
	case bool:
		if x {
			h.uint(3)
		}
	case int64:
		h.uint(uint64(x))
	case uint64:
		h.uint(x)
	case float64:
		h.uint(math.Float64bits(x))
	case time.Time:
		h.uint(uint64(x.Unix()))
		h.uint(uint64(x.Nanosecond()))
	case arrow.DataType:
		h.string(x.String())
	case decimal128.Num:
		h.uint(x.LowBits())
		h.uint(uint64(x.HighBits()))
	case decimal256.Num:
		for _, w := range x.Array() {
			h.uint(w)
		}
	default:
		h.string(fmt.Sprintf("%T %v", x, x))
	}
}

func (n *node) computeHash() uint64 {
	h := hasher(14695981039346656037)
	h.string(n.info.Name)
	for _, p := range n.params {
		h.value(p)
	}
	if n.info == opLit {
		h.value(n.value)
	}
	for _, a := range n.args {
		h.uint(a.n.hash)
	}
	if m := n.mods; m != nil {
		h.uint(Hash(m.Where))
		for _, k := range m.OrderBy {
			h.uint(k.Expr.n.hash)
		}
		for _, k := range m.Over {
			h.uint(k.n.hash)
		}
		h.uint(uint64(m.Frame.Kind))
	}
	return uint64(h)
}
