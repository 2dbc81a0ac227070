package optimizer

import (
	"fmt"
	"slices"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// reduceJoin has a large right side of a join give only rows whose key the left side has, where the left side is far smaller: the left
// side is computed first and kept, and a Semi join with its keys goes as far down the right side as it can, below groups and joins. The
// reader then passes over most rows, and what is grouped or made a table is small. A right side of few rows reduces what stands to the
// right of joins on the left side in the same way. Rows and their order stay: those that go had no partner.
var reduceJoin = Rule{Name: "reduce_join", Dir: Once, Apply: func(c *Context, n plan.Node) (plan.Node, error) {
	d := &joinReducer{c: c, e: estimator{c: c, done: map[plan.Node]estimate{}}, done: map[plan.Node]plan.Node{}, shared: map[plan.Node]bool{}, limited: map[plan.Node]bool{}}
	d.markLimited(n, false)
	return d.node(n)
}}

// joinReducer is the state of the rule.
type joinReducer struct {
	c      *Context
	e      estimator
	done   map[plan.Node]plan.Node // by the node as it was
	shared map[plan.Node]bool      // what is read by several and computed once, as it is now
	// limited are the nodes, as they were, of which a limit above may want some rows only: what they read is not to be read whole first. It
	// would take long, and could fail at a row that nobody wants.
	limited map[plan.Node]bool
}

// markLimited notes which nodes a limit can stop; under: one stands above n.
func (d *joinReducer) markLimited(n plan.Node, under bool) {
	if was, seen := d.limited[n]; seen && (was || !under) {
		return
	}
	d.limited[n] = under
	switch n := n.(type) {
	case *plan.Limit:
		under = true
	case *plan.GroupBy, *plan.Sort, *plan.TopK, *plan.Window: // they read all before they give the first row
		under = false
	case *plan.Join:
		d.markLimited(n.Left, under)
		d.markLimited(n.Right, false) // it is made a table
		return
	}
	for _, in := range n.Inputs() {
		d.markLimited(in, under)
	}
}

func (d *joinReducer) node(n plan.Node) (plan.Node, error) {
	if out, ok := d.done[n]; ok {
		return out, nil
	}
	out, err := d.leftReduced(n)
	if err != nil {
		return nil, err
	}
	if ins := slices.Clone(out.Inputs()); len(ins) > 0 {
		for i, in := range ins {
			if ins[i], err = d.node(in); err != nil {
				return nil, err
			}
		}
		out = out.WithInputs(ins...)
	}
	if out, err = d.rightReduced(out, d.limited[n]); err != nil {
		return nil, err
	}
	d.done[n] = out
	if d.c.shared(n) {
		d.shared[n], d.shared[out] = true, true
	}
	return out, nil
}

// leastReduced is the rows to choose from on the right side from which it may pay.
var leastReduced = 1 << 16

const (
	// leastTable is the same for the table of a join, which costs more a row.
	leastTable = 1 << 12
	// mostOfRight is how many rows the left side may have for one that the right side chooses from.
	mostOfRight = 0.5
	// mostKept is the share of its keys that conditions may have left it: from more, most right rows have a partner.
	mostKept = 0.25
)

// rightReduced returns a join with a smaller right side, or the node as it is. limited: a limit stops it.
func (d *joinReducer) rightReduced(n plan.Node, limited bool) (plan.Node, error) {
	j, ok := n.(*plan.Join)
	if !ok || len(j.LeftKeys) == 0 || j.AsOf != nil || j.Kind == plan.Right || j.Kind == plan.Full {
		return n, nil
	}
	l := d.e.of(j.Left)
	few := l.rows >= 0 && l.share <= mostKept
	if !few || len(j.LeftKeys) > 1 { // else the left side's own values of the key are fewer
		var err error
		if j, err = d.likewiseReduced(j); err != nil {
			return nil, err
		}
	}
	if !few || limited {
		return j, nil
	}
	left, ok1 := columnNames(j.LeftKeys)
	right, ok2 := columnNames(j.RightKeys)
	if !ok1 || !ok2 || isReduced(j.Right, j.Left) {
		return j, nil
	}
	by := d.kept(j.Left)
	smaller, err := d.narrowed(j.Right, right, by, left, false)
	if err != nil || smaller == j.Right {
		return j, err
	}
	return j.WithInputs(by, smaller), nil
}

// narrowed returns n with the rows only whose columns have a partner among the keys of another plan, or n itself where that would not spare
// work. streams: the rows of n stream to a join that knows the keys while it runs.
func (d *joinReducer) narrowed(n plan.Node, cols []string, by plan.Node, keys []string, streams bool) (plan.Node, error) {
	least := leastReduced
	if streams {
		least = min(leastReduced, leastTable)
	}
	p := &keyPusher{e: &d.e, shared: d.isShared, streams: streams, least: max(float64(least), d.e.of(by).rows/mostOfRight)}
	if err := p.takeKeys(by, keys); err != nil {
		return nil, err
	}
	out, err := p.push(n, cols)
	if out == nil && err == nil {
		return n, nil
	}
	return out, err
}

// likewiseReduced has the right side keep to the keys that the left side has been joined with already: in a join of lines with a few parts,
// and then with the offers of the lines' parts, the offers are those of the parts.
func (d *joinReducer) likewiseReduced(j *plan.Join) (*plan.Join, error) {
	right := j.Right
	for i := range j.LeftKeys {
		l, ok1 := columnNames(j.LeftKeys[i : i+1])
		r, ok2 := columnNames(j.RightKeys[i : i+1])
		if !ok1 || !ok2 {
			continue
		}
		by, key := d.keysOf(j.Left, l[0])
		if by == nil || isReduced(right, by) {
			continue
		}
		var err error
		if right, err = d.narrowed(right, r, by, []string{key}, false); err != nil {
			return nil, err
		}
	}
	if right == j.Right {
		return j, nil
	}
	return j.WithInputs(j.Left, right).(*plan.Join), nil
}

// keysOf finds a plan of few rows, and its column, that has all values of a column of another plan because that was joined with it.
func (d *joinReducer) keysOf(n plan.Node, col string) (plan.Node, string) {
	for {
		j, ok := n.(*plan.Join)
		switch {
		case !ok:
			in, below := throughOne(n, []string{col})
			if c, isCache := n.(*plan.Cache); isCache {
				in, below = c.Input, []string{col}
			}
			if in == nil {
				return nil, ""
			}
			n, col = in, below[0]
			continue
		case j.Kind == plan.Right || j.Kind == plan.Full || !slices.Contains(j.LeftOut, col):
			return nil, ""
		}
		for i, k := range j.LeftKeys[:j.EqualKeys()] {
			name, ok1 := k.ColumnName()
			right, ok2 := j.RightKeys[i].ColumnName()
			if ok1 && ok2 && name == col && (j.Kind == plan.Inner || j.Kind == plan.Semi) {
				if r := d.e.of(j.Right); r.rows >= 0 && r.share <= mostKept {
					return j.Right, right
				}
			}
		}
		n = j.Left
	}
}

// leftReduced returns an Inner or Semi join over smaller inputs of its left side, or the node as it is: the tables of joins below, and
// what is grouped there, know nothing of the right side, whereas what streams to the join asks its table all the same.
func (d *joinReducer) leftReduced(n plan.Node) (plan.Node, error) {
	j, ok := n.(*plan.Join)
	if !ok || j.AsOf != nil || j.Kind != plan.Inner && j.Kind != plan.Semi {
		return n, nil
	}
	r := d.e.of(j.Right)
	if r.rows < 0 || r.share > mostKept || isReduced(j.Left, j.Right) {
		return j, nil
	}
	left, by := j.Left, d.kept(j.Right)
	for i := range j.LeftKeys {
		l, ok1 := columnNames(j.LeftKeys[i : i+1])
		r1, ok2 := columnNames(j.RightKeys[i : i+1])
		if !ok1 || !ok2 {
			continue
		}
		var err error
		if left, err = d.narrowed(left, l, by, r1, true); err != nil {
			return nil, err
		}
	}
	if left == j.Left {
		return j, nil
	}
	return j.WithInputs(left, by), nil
}

func (d *joinReducer) isShared(n plan.Node) bool { return d.shared[n] || d.c.shared(n) }

// kept returns a plan that is computed once for two readers.
func (d *joinReducer) kept(n plan.Node) plan.Node {
	if _, isCache := n.(*plan.Cache); isCache || d.isShared(n) { // what is shared will have a Cache
		return n
	}
	return plan.NewCache(n)
}

// isReduced says whether a Semi join with the keys of another plan stands in a plan already.
func isReduced(n, by plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		if s, ok := n.(*plan.Join); ok && s.Kind == plan.Semi {
			if p, ok := s.Right.(*plan.Project); ok && p.Input == by {
				found = true
			}
		}
		return !found
	})
	return found
}

// columnNames returns the names of expressions that are columns.
func columnNames(es []expr.Expr) ([]string, bool) {
	out := make([]string, len(es))
	for i, e := range es {
		name, ok := e.ColumnName()
		if !ok {
			return nil, false
		}
		out[i] = name
	}
	return out, true
}

// keyPusher puts a Semi join with the keys of a plan into another one.
type keyPusher struct {
	keys   plan.Node // the key columns, named by their place
	shared func(plan.Node) bool
	e      *estimator
	least  float64 // rows to choose from that are worth it
	// streams says that the rows of the node at hand stream to a join that knows the keys while it runs.
	streams bool
}

func (d *keyPusher) takeKeys(of plan.Node, names []string) error {
	exprs := make([]expr.Expr, len(names))
	for i, name := range names {
		exprs[i] = expr.Col(name).As(keyName(i))
	}
	var err error
	d.keys, err = plan.NewProject(of, exprs...)
	return err
}

func keyName(i int) string { return fmt.Sprintf("__key_%d", i) }

// push returns n with the rows only whose key columns have a partner, nil where that would not spare work.
func (d *keyPusher) push(n plan.Node, keys []string) (plan.Node, error) {
	if d.shared(n) { // it is computed for others all the same
		return nil, nil
	}
	if in, below := throughOne(n, keys); in != nil {
		switch n.(type) {
		case *plan.GroupBy, *plan.Distinct, *plan.Sort:
			d.streams = false
		}
		out, err := d.push(in, below)
		if out == nil || err != nil {
			return nil, err
		}
		return n.WithInputs(out), nil
	}
	switch n := n.(type) {
	case *plan.Scan:
		if n.Limit == 0 {
			return d.semi(n, keys)
		}
	case *plan.Join:
		return d.pushJoin(n, keys)
	}
	return nil, nil
}

func (d *keyPusher) semi(n plan.Node, keys []string) (plan.Node, error) {
	if d.streams || d.e.of(n).rows < d.least {
		return nil, nil
	}
	spec := plan.JoinSpec{Kind: plan.Semi}
	for i, k := range keys {
		spec.LeftOn, spec.RightOn = append(spec.LeftOn, expr.Col(k)), append(spec.RightOn, expr.Col(keyName(i)))
	}
	return plan.NewJoin(n, d.keys, spec)
}

// throughOne returns the input of a node and the names of the keys there, where rows can be left out below it as well as above: all or
// none of what it makes a row of have the same keys.
func throughOne(n plan.Node, keys []string) (in plan.Node, below []string) {
	switch n := n.(type) {
	case *plan.Project:
		if below, ok := namesBelow(n.Exprs, keys); ok {
			return n.Input, below
		}
	case *plan.GroupBy:
		if below, ok := namesBelow(n.Keys, keys); ok {
			return n.Input, below
		}
	case *plan.Distinct:
		if len(n.Cols) == 0 || !slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(n.Cols, k) }) {
			return n.Input, keys
		}
	case *plan.Filter:
		return n.Input, keys
	case *plan.Sort:
		return n.Input, keys
	}
	return nil, nil
}

// namesBelow finds the columns that pass through expressions under the names.
func namesBelow(exprs []expr.Expr, keys []string) ([]string, bool) {
	out := make([]string, len(keys))
	for i, k := range keys {
		at := slices.IndexFunc(exprs, func(e expr.Expr) bool { return e.Name() == k })
		if at < 0 {
			return nil, false
		}
		name, ok := exprs[at].Unalias().ColumnName()
		if !ok {
			return nil, false
		}
		out[i] = name
	}
	return out, true
}

// pushJoin goes on into the side that the keys come from, where no row of the other side needs it, else it stays above the join.
func (d *keyPusher) pushJoin(j *plan.Join, keys []string) (plan.Node, error) {
	switch j.Kind {
	case plan.Right, plan.Full:
		return nil, nil
	}
	if !slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(j.LeftOut, k) }) {
		out, err := d.push(j.Left, keys)
		if out == nil || err != nil {
			return nil, err
		}
		return j.WithInputs(out, j.Right), nil
	}
	below := make([]string, len(keys))
	for i, k := range keys {
		at := slices.IndexFunc(j.RightOut, func(c plan.JoinColumn) bool { return c.As == k })
		if at < 0 {
			return d.semi(j, keys)
		}
		below[i] = j.RightOut[at].Name
	}
	if j.Kind != plan.Inner && j.Kind != plan.Cross || j.AsOf != nil {
		return nil, nil
	}
	d.streams = false
	out, err := d.push(j.Right, below)
	if out == nil || err != nil {
		return nil, err
	}
	return j.WithInputs(j.Left, out), nil
}
