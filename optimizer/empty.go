package optimizer

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
)

// nothing is a source without rows: its scans have no splits, so that nothing is run for them.
type nothing struct{ schema *arrow.Schema }

// Schema implements partition.Source.
func (s *nothing) Schema() *arrow.Schema { return s.schema }

// Plan implements partition.Source.
func (s *nothing) Plan(context.Context, partition.ScanRequest) (*partition.Scan, error) {
	return &partition.Scan{}, nil
}

// Op and MarshalBinary make the source portable.
func (s *nothing) Op() string { return nothingOp }

// MarshalBinary encodes the schema.
func (s *nothing) MarshalBinary() ([]byte, error) { return expr.MarshalSchema(s.schema) }

const nothingOp = "nothing"

func init() {
	plan.RegisterSource(nothingOp, func(data []byte) (partition.Source, error) {
		schema, err := expr.UnmarshalSchema(data)
		if err != nil {
			return nil, err
		}
		return &nothing{schema}, nil
	})
}

// Stats tells that there are no rows.
func (s *nothing) Stats() partition.Stats { return partition.Stats{Exact: true} }

// String names the source in plans.
func (s *nothing) String() string { return "nothing" }

// empty is no rows with the columns of n.
func empty(n plan.Node) plan.Node { return plan.NewScan(&nothing{n.Schema()}) }

func isEmpty(n plan.Node) bool {
	s, ok := n.(*plan.Scan)
	if !ok {
		return false
	}
	_, ok = s.Source.(*nothing)
	return ok
}

// propagateEmpty puts a source without rows in place of everything that gives no rows of no rows, and drops empty inputs of a concat.
var propagateEmpty = Rule{Name: "propagate_empty", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.Filter, *plan.Project, *plan.Sort, *plan.Distinct, *plan.Explode, *plan.Unpivot, *plan.Window, *plan.Repartition, *plan.Cache:
		if isEmpty(n.Inputs()[0]) {
			return empty(n), nil
		}
	case *plan.Limit:
		if n.N == 0 || isEmpty(n.Input) {
			return empty(n), nil
		}
	case *plan.TopK:
		if n.N == 0 || isEmpty(n.Input) {
			return empty(n), nil
		}
	case *plan.GroupBy:
		if len(n.Keys) > 0 && isEmpty(n.Input) {
			return empty(n), nil
		}
	case *plan.Join:
		return emptyJoin(n)
	case *plan.Concat:
		return shorterConcat(n)
	}
	return n, nil
}}

func emptyJoin(j *plan.Join) (plan.Node, error) {
	left, right := isEmpty(j.Left), isEmpty(j.Right)
	none := false
	switch j.Kind {
	case plan.Inner, plan.Cross, plan.Semi:
		none = left || right
	case plan.Left:
		none = left
	case plan.Anti:
		if right && !left {
			return onlyLeft(j)
		}
		none = left
	case plan.Right:
		none = right
	default:
		none = left && right
	}
	if !none {
		return j, nil
	}
	return empty(j), nil
}

// onlyLeft is an anti join without right rows: the left side's columns.
func onlyLeft(j *plan.Join) (plan.Node, error) {
	cols := make([]expr.Expr, len(j.LeftOut))
	for i, name := range j.LeftOut {
		cols[i] = expr.Col(name)
	}
	return plan.NewProject(j.Left, cols...)
}

func shorterConcat(n *plan.Concat) (plan.Node, error) {
	var kept []plan.Node
	for _, in := range n.Ins {
		if !isEmpty(in) {
			kept = append(kept, in)
		}
	}
	switch len(kept) {
	case len(n.Ins):
		return n, nil
	case 0:
		return empty(n), nil
	case 1:
		if sameSchema("propagate_empty", n.Schema(), kept[0].Schema()) != nil {
			return n, nil
		}
		return kept[0], nil
	}
	m, err := plan.NewConcat(kept)
	if err != nil || sameSchema("propagate_empty", n.Schema(), m.Schema()) != nil {
		return n, err
	}
	return m, nil
}
