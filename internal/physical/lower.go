package physical

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/plan"
)

// Lower cuts the plans of several frames into stages. Nodes that are shared, by identity, run once.
func Lower(roots ...plan.Node) (*Plan, error) {
	l := &lowerer{plan: &Plan{}, uses: map[plan.Node]int{}, shared: map[plan.Node]int{}}
	for _, r := range roots {
		l.count(r)
	}
	for _, r := range roots {
		id, err := l.root(r)
		if err != nil {
			return nil, err
		}
		l.plan.Roots = append(l.plan.Roots, id)
	}
	return l.plan, nil
}

// lowerer makes stages as it walks a plan from its leaves.
type lowerer struct {
	plan   *Plan
	uses   map[plan.Node]int // how many nodes read a node
	shared map[plan.Node]int // the stage of a shared node's rows
}

// count counts the readers of every node; what is below a shared node counts once.
func (l *lowerer) count(n plan.Node) {
	l.uses[n]++
	if l.uses[n] > 1 {
		return
	}
	for _, in := range n.Inputs() {
		l.count(in)
	}
}

// open is a pipeline that has not ended: branches of which each can take further operators.
type open []pipe

// pipe is a branch in the making.
type pipe struct {
	root   plan.Node
	merge  plan.Node
	tables []int
	scan   *plan.Scan
	from   int
	gather Gather
	// single says that the branch is one task, so that an operator over all rows can go on in it.
	single bool
	// tail says that the branch gives the rows of its first table that the branches before it have not met.
	tail bool
}

// single says whether everything is one task.
func (o open) single() bool { return len(o) == 1 && o[0].single }

// then appends a node to every branch.
func (o open) then(n plan.Node) open {
	next := make(open, len(o))
	for i, p := range o {
		p.root = n.WithInputs(p.root)
		next[i] = p
	}
	return next
}

func leaf(n plan.Node) plan.Node { return plan.NewInput(0, n.Schema()) }

// close ends the branches in a stage. Emit stands for rows that other tasks read, which go through an exchange; a frame's last stage is
// made one that emits an answer by root.
func (l *lowerer) close(o open, mode exec.Mode, breaker plan.Node) *Stage {
	if mode == exec.Emit {
		mode = exec.Exchange
	}
	s := &Stage{ID: len(l.plan.Stages)}
	for _, p := range o {
		s.Branches = append(s.Branches, Branch{
			Fragment: &exec.Fragment{Root: p.root, Merge: p.merge, Mode: mode, Breaker: breaker, Tables: len(p.tables), FromTasks: p.scan == nil, Stage: s.ID},
			Tables:   p.tables, Scan: p.scan, From: p.from, Gather: p.gather, Tail: p.tail, Single: p.single,
		})
	}
	l.plan.Stages = append(l.plan.Stages, s)
	return s
}

// root lowers a frame's plan to a stage whose rows are the answer.
func (l *lowerer) root(n plan.Node) (int, error) {
	if w, ok := n.(*plan.Write); ok {
		return l.write(w)
	}
	o, err := l.lower(n)
	if err != nil {
		return 0, err
	}
	s := l.close(o, exec.Emit, nil)
	s.Final = true
	for i := range s.Branches {
		s.Branches[i].Fragment.Final, s.Branches[i].Fragment.Mode = true, exec.Emit
	}
	if lim, ok := n.(*plan.Limit); ok && lim.N >= 0 {
		s.Enough = lim.N
	}
	return s.ID, nil
}

// lower returns the open pipelines that give the node's rows. What stands under a Cache that several read runs once; other nodes that
// several read run again for each, because that is cheaper than keeping their rows: the optimizer has put a Cache where it is not.
func (l *lowerer) lower(n plan.Node) (open, error) {
	c, ok := n.(*plan.Cache)
	if !ok || l.uses[n] < 2 {
		return l.lowerNode(n)
	}
	id, done := l.shared[n]
	if !done {
		o, err := l.lower(c.Input)
		if err != nil {
			return nil, err
		}
		id = l.close(o, exec.Emit, nil).ID
		l.shared[n] = id
	}
	return open{{root: leaf(n), from: id, gather: Each}}, nil
}

func (l *lowerer) lowerNode(n plan.Node) (open, error) {
	if w, above := windowBelow(n); w != nil {
		return l.window(w, above)
	}
	switch n := n.(type) {
	case *plan.Scan:
		return open{{root: leaf(n), scan: n}}, nil
	case *plan.Filter:
		return l.inline(n, n.Input)
	case *plan.Project:
		return l.inline(n, n.Input)
	case *plan.Cache:
		return l.lower(n.Input)
	case *plan.Repartition:
		return l.lower(n.Input) // files and parallelism, never the answer: splits are the engine's here
	case *plan.GroupBy:
		return l.groupBy(n)
	case *plan.Join:
		return l.join(n)
	case *plan.Sort:
		return l.sort(n)
	case *plan.TopK:
		return l.topK(n)
	case *plan.Limit:
		return l.limit(n)
	case *plan.Distinct:
		return l.distinct(n)
	case *plan.Concat:
		return l.concat(n)
	case *plan.Explode:
		return l.inline(n, n.Input)
	case *plan.Unpivot:
		return l.inline(n, n.Input)
	case *plan.Window:
		return l.window(n, nil)
	case *plan.MapBatches:
		return l.inline(n, n.Input)
	}
	return nil, notYet(exec.OpName(n))
}

// notYet is the fault of an operator that the API has and the engine has not.
func notYet(what string) error {
	return fault.New(fault.Plan, what, "not built yet: the plan is right, but this version cannot run it").
		WithHint("the README lists what works today")
}

func (l *lowerer) inline(n, input plan.Node) (open, error) {
	o, err := l.lower(input)
	if err != nil {
		return nil, err
	}
	return o.then(n), nil
}

// groupBy makes partial groups of every part, then merges them by hash bucket.
func (l *lowerer) groupBy(n *plan.GroupBy) (open, error) {
	o, err := l.lower(n.Input)
	if err != nil {
		return nil, err
	}
	if n.DropNullKeys { // before anything is computed of those rows, or added up, that could fail
		for _, k := range n.Keys {
			if !k.Nullable() {
				continue
			}
			some, err := plan.NewFilter(n.Input, k.Unalias().NotNull())
			if err != nil {
				return nil, err
			}
			o = o.then(some)
		}
	}
	breaker := n.WithInputs(leaf(n.Input))
	id := l.close(o, exec.PartialGroups, breaker).ID
	return open{{root: leaf(n), merge: breaker, from: id, gather: ByBucket, single: len(n.Keys) == 0}}, nil
}

// sort sorts every part, then merges the runs, several ranges of rows at a time.
func (l *lowerer) sort(n *plan.Sort) (open, error) {
	o, err := l.lower(n.Input)
	if err != nil {
		return nil, err
	}
	breaker := n.WithInputs(leaf(n.Input))
	id := l.close(o, exec.SortRun, breaker).ID
	return open{{root: leaf(n), merge: breaker, from: id, gather: ByRange}}, nil
}

// exchange ends branches in a stage that deals its rows by the hash of keys, bound expressions over the rows. numbered adds
// exec.NumberField.
func (l *lowerer) exchange(o open, schema *arrow.Schema, keys []expr.Expr, numbered bool) (*Stage, error) {
	breaker, err := plan.NewProject(plan.NewInput(0, schema), keys...)
	if err != nil {
		return nil, err
	}
	s := l.close(o, exec.Exchange, breaker)
	for i := range s.Branches {
		s.Branches[i].Fragment.Number = numbered
	}
	return s, nil
}

// twice runs an operator over each part (first) and then over the rows that are left, in order (n): right for operators whose answer
// over parts holds the answer over the whole. enough, if not 0, is how many rows of the parts suffice.
func (l *lowerer) twice(n, input, first plan.Node, enough int64) (open, error) {
	o, err := l.lower(input)
	if err != nil {
		return nil, err
	}
	if o.single() {
		return o.then(n), nil
	}
	s := l.close(o.then(first), exec.Emit, nil)
	s.Enough = enough
	return open{{root: leaf(first), from: s.ID, gather: All, single: true}}.then(n), nil
}

// twiceOf is twice for open pipelines of the input.
func (l *lowerer) twiceOf(o open, n plan.Node) (open, error) {
	s := l.close(o.then(n), exec.Emit, nil)
	return open{{root: leaf(n), from: s.ID, gather: All, single: true}}.then(n), nil
}

func (l *lowerer) topK(n *plan.TopK) (open, error) {
	if n.N == 0 {
		return open{}, nil
	}
	if upTo(n.N, n.Offset) > maxTopK {
		return l.sortedRows(n)
	}
	first, err := plan.NewTopK(n.Input, n.Keys, upTo(n.N, n.Offset), 0)
	if err != nil {
		return nil, err
	}
	return l.twice(n, n.Input, first, 0)
}

// maxTopK is the number of rows up to which a top-k keeps them in memory; a sort, which can do with files, takes more.
const maxTopK = 64 << 10

// sortedRows is a top-k as a sort and a limit.
func (l *lowerer) sortedRows(n *plan.TopK) (open, error) {
	sorted, err := plan.NewSort(n.Input, n.Keys...)
	if err != nil {
		return nil, err
	}
	limit, err := plan.NewLimit(sorted, n.N, n.Offset)
	if err != nil {
		return nil, err
	}
	return l.lower(limit)
}

func (l *lowerer) limit(n *plan.Limit) (open, error) {
	if n.N < 0 { // Offset alone: which rows are left out is known only in order
		o, err := l.lower(n.Input)
		if err != nil {
			return nil, err
		}
		if !o.single() {
			id := l.close(o, exec.Emit, nil).ID
			o = open{{root: leaf(n.Input), from: id, gather: All, single: true}}
		}
		return o.then(n), nil
	}
	if n.N == 0 {
		return open{}, nil // no branch: nothing is read
	}
	end := upTo(n.N, n.Offset)
	first, err := plan.NewLimit(n.Input, end, 0)
	if err != nil {
		return nil, err
	}
	return l.twice(n, n.Input, first, end)
}

// upTo is the number of rows that hold n of them after the offset.
func upTo(n, offset int64) int64 {
	if n > math.MaxInt64-offset {
		return math.MaxInt64
	}
	return n + offset
}

// concat opens the pipelines of all inputs; each goes on with what follows.
func (l *lowerer) concat(n *plan.Concat) (open, error) {
	var all open
	for _, in := range n.Ins {
		o, err := l.lower(in)
		if err != nil {
			return nil, err
		}
		all = append(all, l.settled(o)...)
	}
	return all, nil
}
