package exec

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// Mode is what a task makes of the rows at the root of its fragment.
type Mode uint8

// The modes.
const (
	Emit          Mode = iota // *Rows: the rows themselves
	PartialGroups             // *Groups: the partial groups of Breaker, a GroupBy
	SortRun                   // *Run: the rows sorted as Breaker, a Sort, says
	BuildTable                // *Table of the rows, the right side of Breaker, a Join
	Exchange                  // *Exchanged: the rows for other tasks, dealt by the expressions of Breaker, a Project, where there is one
	WriteRows                 // *Written: the rows go to a part of the sink of Breaker, a Write
)

// String returns the mode's name as plans show it.
func (m Mode) String() string {
	return [...]string{"emit rows", "partial groups", "sorted run", "join table", "exchange rows", "write rows"}[m]
}

// Fragment is the part of a plan that one kind of task does. It never changes; tasks share it.
type Fragment struct {
	// Root is a chain of nodes down to the leaf plan.Input 0, the main input. The right side of a Join in it is plan.Input i, the
	// table of the i-th dependency.
	Root plan.Node
	// Merge is a GroupBy or Sort over plan.Input 0 whose partial results are the main input; nil where that is rows.
	Merge plan.Node
	Mode  Mode
	// Breaker is the node that Mode refers to, over plan.Input leaves; nil for Emit.
	Breaker plan.Node
	// Tables is how many of the dependencies are join tables; they come first.
	Tables int
	// FromTasks says that the main input is the results of tasks and not a split.
	FromTasks bool
	// Pruned says that the source may leave rows out, so that the rows of a split cannot be counted.
	Pruned bool
	// Number says that Exchange adds NumberField to the rows.
	Number bool
	// ByParts says that the first node is a join whose right side, the first table, is dealt, and that the main input is rows dealt alike.
	ByParts bool
	// Sieve says that the window third from the root only leaves rows out early, with the filter and the projection above it: a later
	// stage computes it again, so that rows which the filter would leave out may pass.
	Sieve bool
	// Final says that the rows are an answer, which goes to the user as it comes.
	Final bool
	// Stage is the number of the stage that the fragment belongs to, for receipts.
	Stage int
	// Shared is what the tasks of a scan know together, nil elsewhere. It stays in the process.
	Shared *Shared
}

// exprTypes returns the types of bound expressions.
func exprTypes(es []expr.Expr) []arrow.DataType {
	types := make([]arrow.DataType, len(es))
	for i, e := range es {
		types[i] = e.Type()
	}
	return types
}

// Name returns what the fragment's tasks are called: "scan", "merge group_by"…
func (f *Fragment) Name() string { return sourceName(f) }

// FewRows says that what a task makes of its rows grows little with them, so that few tasks with many rows make less of it than many.
func (f *Fragment) FewRows() bool {
	g, ok := f.Breaker.(*plan.GroupBy)
	return f.Sieve || ok && f.Mode == PartialGroups && len(g.Keys) > 0
}

// OfScan returns the fragment for the splits of a scan, which give the columns of request: with the scan's condition as far as the
// source has left it over, its limit, and without the columns that only the condition reads.
func (f *Fragment) OfScan(scan *plan.Scan, request []string, residual expr.Expr) (*Fragment, error) {
	source := scan.Source.Schema()
	fields := make([]arrow.Field, len(request))
	for i, name := range request {
		fields[i] = source.Field(columnAt(source, name))
	}
	var in plan.Node = plan.NewInput(0, arrow.NewSchema(fields, nil))
	var err error
	if !residual.IsZero() {
		if in, err = plan.NewFilter(in, residual); err != nil {
			return nil, err
		}
	}
	if len(request) != scan.Schema().NumFields() {
		if in, err = plan.NewProject(in, plan.Cols(scan.Schema())...); err != nil {
			return nil, err
		}
	}
	if scan.Limit > 0 {
		if in, err = plan.NewLimit(in, scan.Limit, 0); err != nil {
			return nil, err
		}
	}
	root, err := plan.TransformUp(f.Root, func(n plan.Node) (plan.Node, error) {
		if leaf, ok := n.(*plan.Input); ok && leaf.Index == 0 {
			return in, nil
		}
		return n, nil
	})
	if err != nil {
		return nil, err
	}
	c := *f
	c.Root, c.Pruned, c.Shared = root, !scan.Predicate.IsZero(), &Shared{}
	return &c, nil
}
