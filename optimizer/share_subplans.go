package optimizer

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// shareSubplans makes equal subplans one node, and puts a Cache above each that several read and that holds more than scans and
// row-wise steps: it runs once. The others are cheaper run again than kept.
var shareSubplans = Rule{Name: "share_subplans", Dir: Once, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	s := &sharer{byHash: map[uint64][]plan.Node{}, seed: maphash.MakeSeed()}
	one, err := plan.TransformUp(n, func(n plan.Node) (plan.Node, error) { return s.intern(n), nil })
	if err != nil {
		return nil, err
	}
	c.observe(one)
	k := &cacher{c: c, done: map[plan.Node]plan.Node{}, caches: map[plan.Node]plan.Node{}}
	if out := k.node(one); len(k.caches) > 0 {
		return out, nil
	}
	return n, nil
}}

type sharer struct {
	byHash map[uint64][]plan.Node
	seed   maphash.Seed
}

// intern returns the first node seen that is equal to n, whose inputs were interned before.
func (s *sharer) intern(n plan.Node) plan.Node {
	h := maphash.String(s.seed, fmt.Sprintf("%T %s", n, plan.Describe(n)))
	for _, m := range s.byHash[h] {
		if equalNodes(m, n) {
			return m
		}
	}
	s.byHash[h] = append(s.byHash[h], n)
	return n
}

// cacher puts a Cache above each costly node that is read more than once.
type cacher struct {
	c            *Context
	done, caches map[plan.Node]plan.Node // by the node as it was
}

func (k *cacher) node(n plan.Node) plan.Node {
	if out, ok := k.done[n]; ok {
		return out
	}
	out := n
	if old := n.Inputs(); len(old) > 0 {
		_, isCache := n.(*plan.Cache)
		ins := make([]plan.Node, len(old))
		for i, in := range old {
			if ins[i] = k.node(in); !isCache {
				ins[i] = k.cached(in, ins[i])
			}
		}
		out = n.WithInputs(ins...)
	}
	k.done[n] = out
	return out
}

// cached returns the one Cache over now, which is what became of the node was, where that is worth one.
func (k *cacher) cached(was, now plan.Node) plan.Node {
	if _, isCache := was.(*plan.Cache); isCache || !k.c.shared(was) {
		return now
	}
	if k.caches[was] == nil {
		k.caches[was] = plan.NewCache(now)
	}
	return k.caches[was]
}

// equalNodes says whether two nodes over the same inputs give the same rows.
func equalNodes(a, b plan.Node) bool {
	if a == b {
		return true
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) || !slices.Equal(a.Inputs(), b.Inputs()) || !a.Schema().Equal(b.Schema()) {
		return false
	}
	switch x := a.(type) {
	case *plan.Scan:
		y := b.(*plan.Scan)
		return sameSource(x, y) && slices.Equal(x.Columns, y.Columns) && (x.Columns == nil) == (y.Columns == nil) &&
			expr.Equal(x.Predicate, y.Predicate) && x.Limit == y.Limit
	case *plan.Filter:
		return expr.Equal(x.Pred, b.(*plan.Filter).Pred)
	case *plan.Project:
		return slices.EqualFunc(x.Exprs, b.(*plan.Project).Exprs, equalNamed)
	case *plan.GroupBy:
		y := b.(*plan.GroupBy)
		return x.DropNullKeys == y.DropNullKeys && slices.EqualFunc(x.Keys, y.Keys, equalNamed) && slices.EqualFunc(x.Aggs, y.Aggs, equalNamed)
	case *plan.Join:
		return equalJoins(x, b.(*plan.Join))
	case *plan.Sort:
		return slices.EqualFunc(x.Keys, b.(*plan.Sort).Keys, equalKeys)
	case *plan.TopK:
		y := b.(*plan.TopK)
		return x.N == y.N && x.Offset == y.Offset && slices.EqualFunc(x.Keys, y.Keys, equalKeys)
	case *plan.Limit:
		y := b.(*plan.Limit)
		return x.N == y.N && x.Offset == y.Offset
	case *plan.Distinct:
		y := b.(*plan.Distinct)
		return x.Last == y.Last && slices.Equal(x.Cols, y.Cols)
	case *plan.Explode:
		return slices.Equal(x.Cols, b.(*plan.Explode).Cols)
	case *plan.Unpivot:
		y := b.(*plan.Unpivot)
		return x.Name == y.Name && x.Value == y.Value && slices.Equal(x.Cols, y.Cols)
	case *plan.Window:
		return slices.EqualFunc(x.Exprs, b.(*plan.Window).Exprs, equalNamed)
	case *plan.Concat, *plan.Cache:
		return true
	}
	return false // user functions, inputs, writes: only the same node is equal
}

func sameSource(a, b *plan.Scan) bool {
	x, y := reflect.ValueOf(a.Source), reflect.ValueOf(b.Source)
	return x.IsValid() && y.IsValid() && x.Type() == y.Type() && x.Comparable() && a.Source == b.Source
}

func equalNamed(a, b expr.Expr) bool { return a.Name() == b.Name() && expr.Equal(a, b) }

func equalKeys(a, b plan.SortKey) bool {
	return a.Desc == b.Desc && a.NullsFirst == b.NullsFirst && expr.Equal(a.Expr, b.Expr)
}

func equalJoins(a, b *plan.Join) bool {
	if (a.AsOf == nil) != (b.AsOf == nil) || a.AsOf != nil && *a.AsOf != *b.AsOf {
		return false
	}
	return a.Kind == b.Kind && slices.Equal(a.Merged, b.Merged) && slices.Equal(a.LeftOut, b.LeftOut) && slices.Equal(a.RightOut, b.RightOut) &&
		slices.EqualFunc(a.LeftKeys, b.LeftKeys, expr.Equal) && slices.EqualFunc(a.RightKeys, b.RightKeys, expr.Equal) && expr.Equal(a.Residual, b.Residual)
}
