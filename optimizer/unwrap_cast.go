package optimizer

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// unwrapCast compares a column itself with literals, instead of the column cast to a wider type, where the literals are exact in
// the column's own type: sources and statistics know the column, not the cast. A literal that the narrow type does not hold is left.
var unwrapCast = Rule{Name: "unwrap_cast", Dir: BottomUp, Apply: func(_ *Context, n plan.Node) (plan.Node, error) {
	return mapExprs(n, func(e expr.Expr) (expr.Expr, error) {
		return expr.Transform(e, func(x expr.Expr) (expr.Expr, error) { return unwrap(x), nil })
	})
}}

func unwrap(e expr.Expr) expr.Expr {
	switch e.Op() {
	case "eq", "ne", "lt", "le", "gt", "ge", "in", "between":
	default:
		return e
	}
	wide := e.Arg(0)
	if wide.Op() != "cast" || wide.Arg(0).Type() == nil || wide.Type() == nil {
		return e
	}
	inner := wide.Arg(0)
	args := []expr.Expr{inner}
	for _, lit := range e.Args()[1:] {
		v, ok := lit.Physical()
		if !ok || lit.Type() == nil || !arrow.TypeEqual(lit.Type(), wide.Type()) {
			return e
		}
		narrow, ok := narrowed(v, wide.Type(), inner.Type())
		if !ok {
			return e
		}
		args = append(args, expr.LitOf(inner.Type(), narrow))
	}
	return e.WithArgs(args...)
}

// narrowed converts the physical value of a literal from the type of a cast to the type it casts from. ok is false unless the cast
// keeps order and distinctness and the value is exact.
func narrowed(v any, wide, narrow arrow.DataType) (out any, ok bool) {
	if _, _, isInt := intBits(narrow); isInt {
		return narrowInt(v, wide, narrow)
	}
	if narrow.ID() == arrow.FLOAT32 && wide.ID() == arrow.FLOAT64 {
		if v == nil {
			return nil, true
		}
		f, isFloat := v.(float64)
		return f, isFloat && (float64(float32(f)) == f || f != f)
	}
	return narrowTime(v, wide, narrow)
}

func narrowInt(v any, wide, narrow arrow.DataType) (any, bool) {
	nb, ns, _ := intBits(narrow)
	wb, ws, ok := intBits(wide)
	if !ok || wb < nb || ns && !ws || !ns && ws && wb == nb {
		return nil, false // the cast itself may fail
	}
	var i int64
	switch x := v.(type) {
	case nil:
		return nil, true
	case int64:
		i = x
	case uint64:
		if x > math.MaxInt64 {
			return x, !ns && nb == 64
		}
		i = int64(x)
	default:
		return nil, false
	}
	if ns {
		return i, i >= -1<<(nb-1) && i <= 1<<(nb-1)-1
	}
	return uint64(i), i >= 0 && (nb >= 63 || i <= 1<<nb-1)
}

// narrowTime undoes the cast of a timestamp to a finer unit, or of a date to a timestamp without zone.
func narrowTime(v any, wide, narrow arrow.DataType) (any, bool) {
	to, ok := wide.(*arrow.TimestampType)
	if !ok {
		return nil, false
	}
	per := int64(0)
	switch from := narrow.(type) {
	case *arrow.TimestampType:
		if from.Unit > to.Unit || (from.TimeZone == "") != (to.TimeZone == "") {
			return nil, false
		}
		per = int64(from.Unit.Multiplier() / to.Unit.Multiplier())
	case *arrow.Date32Type:
		if to.TimeZone != "" {
			return nil, false
		}
		per = int64(24 * 3600 * 1e9 / to.Unit.Multiplier())
	default:
		return nil, false
	}
	if v == nil {
		return nil, true
	}
	i, ok := v.(int64)
	if !ok || i%per != 0 {
		return nil, false
	}
	i /= per
	return i, narrow.ID() != arrow.DATE32 || i == int64(int32(i))
}
