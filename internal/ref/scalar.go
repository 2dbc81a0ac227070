package ref

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// ErrValue is the error of a value: it overflows, or cannot be cast. Any other error of Run says that ref lacks something.
var ErrValue = errors.New("ref: value")

// Eval computes a bound scalar for a row.
func Eval(e expr.Expr, row Env) (any, error) {
	switch e.Op() {
	case "col":
		name, _ := e.ColumnName()
		at, ok := row.at[name]
		if !ok {
			return nil, fmt.Errorf("ref: no column %q", name)
		}
		return row.row[at], nil
	case "lit":
		v, _ := e.Physical()
		if b, ok := v.([]byte); ok {
			return Binary(b), nil
		}
		return v, nil
	case "and", "or":
		return logic(e, row, e.Op() == "and")
	case "if":
		c, err := Eval(e.Arg(0), row)
		if err != nil {
			return nil, err
		}
		if c == true {
			return Eval(e.Arg(1), row)
		}
		return Eval(e.Arg(2), row)
	case "coalesce":
		for _, a := range e.Args() {
			if v, err := Eval(a, row); err != nil || v != nil {
				return v, err
			}
		}
		return nil, nil
	}
	args, err := evalAll(e.Args(), row)
	if err != nil {
		return nil, err
	}
	if e.Op() == "struct_of" {
		return Struct(args), nil
	}
	if v, done := handlesNull(e.Op(), args); done {
		return v, nil
	}
	if slices.Contains(args, nil) {
		return nil, nil
	}
	return strict(e, args)
}

// logic is And or Or, which end at the operand that decides: what follows is not computed.
func logic(e expr.Expr, row Env, and bool) (any, error) {
	var acc any = and
	for _, a := range e.Args() {
		v, err := Eval(a, row)
		if err != nil {
			return nil, err
		}
		if v == !and {
			return !and, nil
		}
		if v == nil {
			acc = nil
		}
	}
	return acc, nil
}

// handlesNull computes the operations that look at nulls themselves.
func handlesNull(op string, a Row) (v any, done bool) {
	switch op {
	case "is_null":
		return a[0] == nil, true
	case "not_null":
		return a[0] != nil, true
	case "in":
		return in(a), true
	case "between":
		return and3(test("ge", a[0], a[1]), test("le", a[0], a[2])), true
	case "greatest", "least":
		return extreme(a, op == "greatest"), true
	case "fill_nan":
		if isNaN(a[0]) {
			return a[1], true
		}
		return a[0], true
	}
	return nil, false
}

func and3(a, b any) any {
	switch {
	case a == false || b == false:
		return false
	case a == nil || b == nil:
		return nil
	}
	return true
}

// test compares two values, null where one is.
func test(op string, a, b any) any {
	if a == nil || b == nil {
		return nil
	}
	c := Order(a, b)
	switch op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "lt":
		return c < 0
	case "le":
		return c <= 0
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	}
	return nil
}

func in(a Row) any {
	if a[0] == nil {
		return nil
	}
	var out any = false
	for _, v := range a[1:] {
		if v == nil {
			out = nil
		} else if Order(a[0], v) == 0 {
			return true
		}
	}
	return out
}

func extreme(a Row, most bool) any {
	var best any
	for _, v := range a {
		if v != nil && (best == nil || most && Order(v, best) > 0 || !most && Order(v, best) < 0) {
			best = v
		}
	}
	return best
}

// strict computes an operation of values that are not null.
func strict(e expr.Expr, a Row) (any, error) {
	switch op := e.Op(); op {
	case "not":
		return !a[0].(bool), nil
	case "is_nan":
		return isNaN(a[0]), nil
	case "eq", "ne", "lt", "le", "gt", "ge":
		return test(op, a[0], a[1]), nil
	case "cast":
		return cast(a[0], e.Arg(0).Type(), e.Type())
	case "try_cast":
		v, err := cast(a[0], e.Arg(0).Type(), e.Type())
		if err != nil {
			return nil, nil
		}
		return v, nil
	}
	switch x := a[0].(type) {
	case string:
		return text(e, x, a)
	case List:
		return list(e, x, a)
	case Struct:
		t := e.Arg(0).Type().(*arrow.StructType)
		i, _ := t.FieldIdx(e.Param(0).(string))
		return x[i], nil
	}
	if e.Arg(0).Type().ID() == arrow.TIMESTAMP || e.Arg(0).Type().ID() == arrow.DATE32 {
		return clock(e, a[0].(int64))
	}
	if _, ok := a[0].(float64); ok {
		return floats(e, a)
	}
	return integers(e, a)
}

func floats(e expr.Expr, a Row) (any, error) {
	x, y := a[0].(float64), 0.0
	if len(a) > 1 {
		y = a[1].(float64)
	}
	v := 0.0
	switch e.Op() {
	case "add":
		v = x + y
	case "sub":
		v = x - y
	case "mul":
		v = x * y
	case "div":
		v = x / y
	case "neg":
		v = -x
	case "abs":
		v = math.Abs(x)
	case "floor":
		v = math.Floor(x)
	case "ceil":
		v = math.Ceil(x)
	case "sqrt":
		v = math.Sqrt(x)
	default:
		return nil, fmt.Errorf("ref: no %s of floats", e.Op())
	}
	if e.Type().ID() == arrow.FLOAT32 {
		v = float64(float32(v))
	}
	return v, nil
}

func integers(e expr.Expr, a Row) (any, error) {
	x, y := integer(a[0]), new(big.Int)
	if len(a) > 1 {
		y = integer(a[1])
	}
	z := new(big.Int)
	switch e.Op() {
	case "add":
		z.Add(x, y)
	case "sub":
		z.Sub(x, y)
	case "mul":
		z.Mul(x, y)
	case "neg":
		z.Neg(x)
	case "abs":
		z.Abs(x)
	case "sign":
		z.SetInt64(int64(x.Sign()))
	case "floor_div", "mod":
		if y.Sign() == 0 {
			return nil, nil
		}
		m := new(big.Int)
		z.QuoRem(x, y, m)
		if m.Sign() != 0 && m.Sign() != y.Sign() {
			z.Sub(z, big.NewInt(1))
			m.Add(m, y)
		}
		if e.Op() == "mod" {
			z = m
		}
	default:
		return nil, fmt.Errorf("ref: no %s of integers", e.Op())
	}
	return fit(z, e.Type())
}

// fit is an integer as a value of a type, or an error where it is outside.
func fit(z *big.Int, t arrow.DataType) (any, error) {
	bits := uint(t.(arrow.FixedWidthDataType).BitWidth())
	lo, hi := new(big.Int), new(big.Int)
	switch t.ID() {
	case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		hi.Lsh(big.NewInt(1), bits)
		if z.Cmp(lo) < 0 || z.Cmp(hi) >= 0 {
			return nil, ErrValue
		}
		return z.Uint64(), nil
	}
	hi.Lsh(big.NewInt(1), bits-1)
	lo.Neg(hi)
	if z.Cmp(lo) < 0 || z.Cmp(hi) >= 0 {
		return nil, ErrValue
	}
	return z.Int64(), nil
}
