package physical

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/plan"
)

// distinct leaves doubles out of every part, deals the rows by their key, leaves out doubles of every bucket, and brings the rows back
// into their order by the numbers they got on the way.
func (l *lowerer) distinct(n *plan.Distinct) (open, error) {
	o, err := l.lower(n.Input)
	if err != nil {
		return nil, err
	}
	if o.single() {
		return o.then(n), nil
	}
	schema := n.Input.Schema()
	names := n.Cols
	if len(names) == 0 {
		names = fieldNames(schema)
	}
	if len(names) == 0 { // rows without columns: all are equal
		return l.twiceOf(o, n)
	}
	keys := make([]expr.Expr, len(names))
	for i, name := range names {
		keys[i] = expr.Col(name)
	}
	if !n.Last { // the last of a part is known only at its end: it would have to hold all rows
		o = o.then(n)
	}
	s, err := l.exchange(o, schema, keys, true)
	if err != nil {
		return nil, err
	}
	numbered := withNumber(schema)
	rows := plan.NewInput(0, numbered)
	kept, err := plan.NewDistinct(rows, names, n.Last)
	if err != nil {
		return nil, err
	}
	return l.inNumberOrder(open{{root: kept, from: s.ID, gather: ByBucket}}, numbered)
}

// inNumberOrder sorts rows whose last column is their number by it, and drops it.
func (l *lowerer) inNumberOrder(o open, numbered *arrow.Schema) (open, error) {
	last := numbered.NumFields() - 1
	by, err := plan.NewSort(plan.NewInput(0, numbered), plan.SortKey{Expr: expr.Col(numbered.Field(last).Name)})
	if err != nil {
		return nil, err
	}
	id := l.close(o, exec.SortRun, by).ID
	cols := make([]expr.Expr, last)
	for i := range cols {
		cols[i] = expr.Col(numbered.Field(i).Name)
	}
	root, err := plan.NewProject(plan.NewInput(0, numbered), cols...)
	if err != nil {
		return nil, err
	}
	return open{{root: root, merge: by, from: id, gather: ByRange}}, nil
}

// withNumber returns the schema of rows with their number behind them, under a name that no column has.
func withNumber(s *arrow.Schema) *arrow.Schema {
	f := exec.NumberField
	for s.HasField(f.Name) {
		f.Name = "_" + f.Name
	}
	return arrow.NewSchema(append(append([]arrow.Field{}, s.Fields()...), f), nil)
}

func fieldNames(s *arrow.Schema) []string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, f.Name)
	}
	return names
}
