package plan

import (
	"bytes"
	"hash/fnv"
	"reflect"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

// Equal says whether two plans compute the same by the same steps, names of columns included. Functions, and sources that are neither
// portable nor comparable, are equal only where they are the same node.
func Equal(a, b Node) bool {
	c := comparer{done: map[[2]Node]bool{}}
	return c.equal(a, b)
}

type comparer struct{ done map[[2]Node]bool }

func (c *comparer) equal(a, b Node) bool {
	if a == b {
		return true
	}
	pair := [2]Node{a, b}
	if same, known := c.done[pair]; known {
		return same
	}
	same := c.alike(a, b)
	c.done[pair] = same
	return same
}

func (c *comparer) alike(a, b Node) bool {
	if !equalAlone(a, b) {
		return false
	}
	x, y := a.Inputs(), b.Inputs()
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !c.equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

// equalAlone compares two nodes without their inputs.
func equalAlone(a, b Node) bool {
	if a == b {
		return true
	}
	if s, ok := a.(*Scan); ok {
		t, ok := b.(*Scan)
		return ok && sameSource(s.Source, t.Source) && s.Limit == t.Limit && expr.Equal(s.Predicate, t.Predicate) && s.schema.Equal(t.schema)
	}
	x, errX := signature(a)
	y, errY := signature(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func sameSource(a, b partition.Source) bool {
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if v := reflect.ValueOf(a); v.Comparable() && a == b {
		return true
	}
	p, okP := a.(PortableSource)
	q, okQ := b.(PortableSource)
	if !okP || !okQ {
		return false
	}
	x, errX := p.MarshalBinary()
	y, errY := q.MarshalBinary()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// signature is the encoded node without its inputs.
func signature(n Node) ([]byte, error) {
	m, err := describe(n)
	if err != nil {
		return nil, err
	}
	return m.append(nil)
}

// Hash returns a number that is equal for plans that are Equal.
func Hash(n Node) uint64 {
	h := hasher{done: map[Node]uint64{}}
	return h.hash(n)
}

type hasher struct{ done map[Node]uint64 }

func (h *hasher) hash(n Node) uint64 {
	if v, ok := h.done[n]; ok {
		return v
	}
	f := fnv.New64a()
	if s, ok := n.(*Scan); ok {
		_, _ = f.Write([]byte("scan " + s.schema.String()))
	} else if b, err := signature(n); err == nil {
		_, _ = f.Write(b)
	} else {
		_, _ = f.Write([]byte(reflect.TypeOf(n).String()))
	}
	v := f.Sum64()
	for _, in := range n.Inputs() {
		v = (v^h.hash(in))*0x9e3779b97f4a7c15 + 1
	}
	h.done[n] = v
	return v
}
