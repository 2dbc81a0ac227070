// Package optimizer turns a logical plan into a better one of the same answer: rules, one an idea, in phases that Explain can print.
//
// A rule gets a node and returns it or another of the same schema; it never changes what it was given. It may remove errors, never
// add them: an expression that can fail is not moved to rows it was not evaluated on before, so not out of If, And and Or, not above
// a filter, and no filter moves past one that guards it. It keeps the order of rows.
//
// Constants are evaluated by a function that the caller gives (Options.Fold): the package imports plan, expr, partition and fault,
// and evaluates nothing itself.
//
//	better, trace, err := optimizer.Optimize(node, optimizer.Options{Fold: eval.Fold})
//	fmt.Print(trace) // the plan after each phase, and the rules that fired
package optimizer

import (
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// Direction is the order in which a rule sees the nodes of a plan.
type Direction uint8

// The directions.
const (
	BottomUp Direction = iota // inputs first
	TopDown                   // a node before its inputs, then the inputs of what it became
	Once                      // the root only: the rule walks the plan itself
)

// Rule is one idea. Apply returns the same node where it has nothing to do.
type Rule struct {
	Name  string
	Dir   Direction
	Apply func(*Context, plan.Node) (plan.Node, error)
}

// Phase is rules that run in turn until none changes the plan, at most Max rounds.
type Phase struct {
	Name  string
	Rules []Rule
	Max   int
}

// Options says what the optimizer may use. The zero Options are good.
type Options struct {
	// Disable names rules to leave out.
	Disable []string
	// Fold evaluates a bound expression without columns to a bound literal of its type. nil: constants are not folded.
	Fold func(expr.Expr) (expr.Expr, error)
	// Stats tells what is known of a source without reading it. nil asks sources that have a method Stats() partition.Stats.
	Stats func(partition.Source) partition.Stats
	// Strict makes a rule's change of the schema an error. Without it the change is undone and noted in the trace.
	Strict bool
}

// Context is what rules may ask.
type Context struct {
	o Options
	// readers counts who reads each node of the plan under root, which the running rule began with.
	root    plan.Node
	readers map[plan.Node]int
	costly  map[plan.Node]bool
	stats   map[partition.Source]partition.Stats
}

// Optimize returns a plan that gives the same rows, and the story of how it came about.
func Optimize(n plan.Node, o Options) (plan.Node, *Trace, error) {
	c := &Context{o: o, stats: map[partition.Source]partition.Stats{}}
	if err := checkNames(o.Disable); err != nil {
		return nil, nil, err
	}
	t := &Trace{Before: n}
	for _, p := range phases() {
		begin := time.Now()
		step := PhaseTrace{Name: p.Name}
		var err error
		if n, err = c.run(p, n, &step); err != nil {
			return nil, nil, err
		}
		step.Plan, step.Time = n, time.Since(begin)
		t.Phases = append(t.Phases, step)
	}
	return n, t, nil
}

func checkNames(disable []string) error {
	known := Rules()
	for _, d := range disable {
		if !slices.Contains(known, d) {
			return fault.New(fault.Plan, "optimizer", "there is no rule %q", d).WithHint("%s", fault.Suggest(d, known))
		}
	}
	return nil
}

// run repeats a phase until its rules rest.
func (c *Context) run(p Phase, n plan.Node, step *PhaseTrace) (plan.Node, error) {
	for range p.Max {
		before := n
		for _, r := range p.Rules {
			if slices.Contains(c.o.Disable, r.Name) {
				continue
			}
			after, times, err := c.apply(r, n)
			if err != nil {
				return nil, err
			}
			if after == n {
				continue
			}
			if err := sameSchema(r.Name, n.Schema(), after.Schema()); err != nil {
				if c.o.Strict {
					return nil, err
				}
				step.Undone = append(step.Undone, err.Error())
				continue
			}
			n = after
			step.fired(r.Name, times)
		}
		if n == before {
			break
		}
	}
	return n, nil
}

// apply runs a rule over the plan and counts the nodes it changed.
func (c *Context) apply(r Rule, n plan.Node) (out plan.Node, times int, err error) {
	c.observe(n)
	each := func(n plan.Node) (plan.Node, error) {
		m, err := r.Apply(c, n)
		if err != nil {
			return nil, err
		}
		if m != n {
			times++
		}
		return m, nil
	}
	switch r.Dir {
	case BottomUp:
		out, err = plan.TransformUp(n, each)
	case TopDown:
		out, err = plan.TransformDown(n, each)
	default:
		out, err = each(n)
	}
	return out, times, err
}

// observe counts readers and finds the costly nodes.
func (c *Context) observe(root plan.Node) {
	if c.root == root {
		return
	}
	c.root = root
	c.readers, c.costly = map[plan.Node]int{}, map[plan.Node]bool{}
	plan.Walk(root, func(n plan.Node) bool {
		for _, in := range n.Inputs() {
			c.readers[in]++
		}
		return true
	})
}

// shared says whether a node is read by several and is worth computing once: then no rule makes a special copy for one reader. Scans
// and what streams over them are cheaper read twice, each with its own columns and predicate.
func (c *Context) shared(n plan.Node) bool { return c.readers[n] > 1 && c.isCostly(n) }

// isCostly says whether a plan holds anything but row-wise steps over scans.
func (c *Context) isCostly(n plan.Node) bool {
	if known, ok := c.costly[n]; ok {
		return known
	}
	costly := true
	switch n.(type) {
	case *plan.Scan, *plan.Input, *plan.Filter, *plan.Project, *plan.Limit, *plan.Concat, *plan.Repartition:
		costly = slices.ContainsFunc(n.Inputs(), c.isCostly)
	}
	c.costly[n] = costly
	return costly
}

// sameSchema says how a rule changed the columns of a plan: names, order and types must stay. Nullability may be known better.
func sameSchema(rule string, before, after *arrow.Schema) error {
	if before.NumFields() != after.NumFields() {
		return fault.New(fault.Internal, "optimizer", "rule %s made %d columns of %d", rule, after.NumFields(), before.NumFields())
	}
	for i, f := range before.Fields() {
		g := after.Field(i)
		if f.Name != g.Name || !arrow.TypeEqual(f.Type, g.Type) {
			return fault.New(fault.Internal, "optimizer", "rule %s made column %q %s of %q %s", rule, g.Name, g.Type, f.Name, f.Type)
		}
	}
	return nil
}
