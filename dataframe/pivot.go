package dataframe

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/plan"
)

// pivot is what Pivot was given.
type pivot struct {
	on     any
	values []any
}

// maxPivot is how many values are found by themselves: more are hardly meant to be columns.
const maxPivot = 1000

// Pivot makes Agg give a column for each of the values of a column (a name or an Expr): named by the value, VALUE_NAME where there are several
// aggregates. What a group has no rows for is null, and 0 for counts. Values are given in the order of the columns, nil for null (the
// column "null"); a slice is its elements.
//
// Without values they are found when Agg is called, because a frame has to know its columns: a query over the column runs then, once,
// and its values, at most 1000, come in ascending order. Give the values where that is too dear or the columns must not depend on the data.
func (g *Grouped) Pivot(on any, values ...any) *Grouped {
	if g == nil {
		return nil
	}
	c := *g
	c.pivot = &pivot{on: on, values: flattened(values)}
	return &c
}

// flattened replaces slices by their elements, but for bytes.
func flattened(values []any) []any {
	var out []any
	for _, v := range values {
		r := reflect.ValueOf(v)
		if r.Kind() != reflect.Slice || r.Type().Elem().Kind() == reflect.Uint8 {
			out = append(out, v)
			continue
		}
		for i := range r.Len() {
			out = append(out, r.Index(i).Interface())
		}
	}
	return out
}

// node makes the plan of a pivoted group-by.
func (p *pivot) node(in plan.Node, g *Grouped, aggs []expr.Expr) (plan.Node, error) {
	on, err := columnsOf([]any{p.on})
	switch {
	case err != nil:
		return nil, err
	case len(on) != 1:
		return nil, fault.New(fault.Plan, "Pivot", "values of one column become columns, not those of %d", len(on)).
			WithHint("put several together with StructOf or Str().Concat")
	}
	bound, err := expr.Bind(on[0], in.Schema())
	if err != nil {
		return nil, err
	}
	values := p.values
	if len(values) == 0 {
		if values, err = distinctValues(in, on[0], bound.Type()); err != nil {
			return nil, err
		}
	}
	values = slices.Clone(values) // of the Grouped, which never changes
	for i, v := range values {
		e, ok := v.(expr.Expr)
		if !ok {
			continue
		}
		if values[i], ok = e.Literal(); !ok {
			return nil, fault.New(fault.Plan, "Pivot", "%s is no value of the column", e).
				WithHint("after the column stand those of its values that become columns, or none; aggregates stand in Agg: Pivot(column).Agg(aggregates)")
		}
	}
	spec := plan.PivotSpec{Keys: g.keys, Aggs: aggs, On: on[0], DropNullKeys: g.dropNull}
	for _, v := range values {
		spec.Values = append(spec.Values, plan.PivotValue{Name: pivotName(v, bound.Type()), Is: func(on expr.Expr) expr.Expr {
			if v == nil {
				return on.IsNull()
			}
			return on.Eq(v)
		}})
	}
	if len(spec.Values) == 0 {
		return nil, fault.New(fault.Data, "Pivot", "the frame has no rows, so there are no values to make columns of").WithHint("give the values")
	}
	return plan.NewPivot(in, spec)
}

// distinctValues runs a query for the values of an expression, in ascending order, null last.
func distinctValues(in plan.Node, on expr.Expr, t arrow.DataType) ([]any, error) {
	if !isOrdered(t) || arrow.IsDecimal(t.ID()) || t.ID() == arrow.TIME32 || t.ID() == arrow.TIME64 {
		return nil, fault.New(fault.Plan, "Pivot", "the values of a column of type %s are not found by themselves", TypeName(t)).WithHint("give the values")
	}
	df := (&DataFrame{node: in}).Select(on.As("value")).Distinct().Sort("value").Limit(maxPivot + 1)
	table, err := df.Collect(context.Background())
	if err != nil {
		return nil, err
	}
	if table.NumRows() > maxPivot {
		return nil, fault.New(fault.Data, "Pivot", "the column has more than %d values", maxPivot).WithHint("give the values that are to be columns")
	}
	values := make([]any, table.NumRows())
	for i := range values {
		values[i] = table.Value(int64(i), "value")
	}
	return values, nil
}

// textName is the column's name of a text. A column needs one: that of the empty text is "".
func textName(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

// pivotName is the column's name of a value: its text, times as ISO 8601 writes them.
func pivotName(v any, t arrow.DataType) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return textName(v)
	case []byte:
		return textName(string(v))
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case time.Time:
		switch ts, _ := t.(*arrow.TimestampType); {
		case t.ID() == arrow.DATE32 || t.ID() == arrow.DATE64:
			return v.Format(time.DateOnly)
		case ts != nil && ts.TimeZone != "":
			return v.Format(time.RFC3339Nano)
		}
		return v.Format("2006-01-02T15:04:05.999999999")
	}
	return fmt.Sprint(v)
}
