package expr

import "github.com/apache/arrow-go/v18/arrow"

// Col is the column of that name.
func Col(name string) Expr { return colAt(name, here()) }

// Lit is a constant: nil (null), bool, a number, string (text), []byte, time.Time or time.Duration. It adapts to the type it meets.
func Lit(v any) Expr { return operand(v, here()) }

// If is then where cond is true and otherwise where it is false or null. then and otherwise are operands.
func If(cond Expr, then, otherwise any) Expr {
	at := here()
	return scalar(at, "if", []Expr{cond, operand(then, at), operand(otherwise, at)})
}

// Coalesce is the first operand that is not null.
func Coalesce(first Expr, rest ...any) Expr {
	at := here()
	return scalar(at, "coalesce", operands(first, rest, at))
}

// Greatest is the largest of the columns in each row; nulls are skipped.
func Greatest(cols ...any) Expr {
	at := here()
	return scalar(at, "greatest", columnsOf(cols, at))
}

// Least is the smallest of the columns in each row; nulls are skipped.
func Least(cols ...any) Expr {
	at := here()
	return scalar(at, "least", columnsOf(cols, at))
}

// StructOf is a struct of the columns, with their names as field names.
func StructOf(cols ...any) Expr {
	at := here()
	args := columnsOf(cols, at)
	names := make([]any, len(args))
	for i, a := range args {
		names[i] = a.Name()
	}
	return scalar(at, "struct_of", args, names...)
}

func (e Expr) unary(at site, op string, params ...any) Expr {
	return scalar(at, op, []Expr{e}, params...)
}

func (e Expr) binary(at site, op string, v any) Expr {
	return scalar(at, op, []Expr{e, operand(v, at)})
}

// Add is e + v. Integers never wrap: overflow is an error. A timestamp or date plus a duration is a timestamp.
func (e Expr) Add(v any) Expr { return e.binary(here(), "add", v) }

// Sub is e − v. The difference of two timestamps or dates is a duration.
func (e Expr) Sub(v any) Expr { return e.binary(here(), "sub", v) }

// Mul is e × v.
func (e Expr) Mul(v any) Expr { return e.binary(here(), "mul", v) }

// Div is true division: float64 for integers, ±Inf or NaN for a zero divisor; decimal for decimals, null for a zero divisor.
func (e Expr) Div(v any) Expr { return e.binary(here(), "div", v) }

// FloorDiv is division rounded down; of integers and decimals by zero null.
func (e Expr) FloorDiv(v any) Expr { return e.binary(here(), "floor_div", v) }

// Mod is the remainder of FloorDiv, with the sign of the divisor; of integers and decimals by zero null.
func (e Expr) Mod(v any) Expr { return e.binary(here(), "mod", v) }

// Pow is e to the power v, float64.
func (e Expr) Pow(v any) Expr { return e.binary(here(), "pow", v) }

// Neg is −e.
func (e Expr) Neg() Expr { return e.unary(here(), "neg") }

// Abs is the absolute value.
func (e Expr) Abs() Expr { return e.unary(here(), "abs") }

// Sign is −1, 0 or 1, in the type of e; NaN stays NaN.
func (e Expr) Sign() Expr { return e.unary(here(), "sign") }

// Floor rounds down to a whole number, in the type of e.
func (e Expr) Floor() Expr { return e.unary(here(), "floor") }

// Ceil rounds up to a whole number, in the type of e.
func (e Expr) Ceil() Expr { return e.unary(here(), "ceil") }

// Round rounds to digits after the point, halves away from zero; negative digits round before the point.
func (e Expr) Round(digits int) Expr { return e.unary(here(), "round", int64(digits)) }

// Sqrt is the square root, float64; NaN of a negative.
func (e Expr) Sqrt() Expr { return e.unary(here(), "sqrt") }

// Exp is e raised to the value, float64.
func (e Expr) Exp() Expr { return e.unary(here(), "exp") }

// Log is the natural logarithm, float64; −Inf of 0, NaN of a negative.
func (e Expr) Log() Expr { return e.unary(here(), "log") }

// Eq is e = v; null where either is null. NaN equals NaN.
func (e Expr) Eq(v any) Expr { return e.binary(here(), "eq", v) }

// Ne is e ≠ v.
func (e Expr) Ne(v any) Expr { return e.binary(here(), "ne", v) }

// Lt is e < v. NaN is greater than every number.
func (e Expr) Lt(v any) Expr { return e.binary(here(), "lt", v) }

// Le is e ≤ v.
func (e Expr) Le(v any) Expr { return e.binary(here(), "le", v) }

// Gt is e > v.
func (e Expr) Gt(v any) Expr { return e.binary(here(), "gt", v) }

// Ge is e ≥ v.
func (e Expr) Ge(v any) Expr { return e.binary(here(), "ge", v) }

// Between is lo ≤ e and e ≤ hi.
func (e Expr) Between(lo, hi any) Expr {
	at := here()
	return scalar(at, "between", []Expr{e, operand(lo, at), operand(hi, at)})
}

// In says whether e equals one of the operands; a slice stands for its elements. As in SQL a null among them makes null of false.
func (e Expr) In(vs ...any) Expr {
	at := here()
	return scalar(at, "in", operands(e, vs, at))
}

// IsNull says whether e is null; it is never null itself. NaN is not null.
func (e Expr) IsNull() Expr { return e.unary(here(), "is_null") }

// NotNull says whether e is not null.
func (e Expr) NotNull() Expr { return e.unary(here(), "not_null") }

// IsNaN says whether e is NaN; null of null.
func (e Expr) IsNaN() Expr { return e.unary(here(), "is_nan") }

// FillNaN is v where e is NaN.
func (e Expr) FillNaN(v any) Expr { return e.binary(here(), "fill_nan", v) }

// And is true where e and all xs are, false where one is false, else null.
func (e Expr) And(xs ...Expr) Expr { return e.logical(here(), opAnd, xs) }

// Or is true where e or one of xs is, false where all are false, else null.
func (e Expr) Or(xs ...Expr) Expr { return e.logical(here(), opOr, xs) }

// logical builds And and Or flat, so that a long chain is one node.
func (e Expr) logical(at site, info *Info, xs []Expr) Expr {
	args := make([]Expr, 0, 1+len(xs))
	if e.n != nil && e.n.info == info && e.n.alias == "" {
		args = append(args, e.n.args...)
	} else {
		args = append(args, e)
	}
	return scalar(at, info.Name, append(args, xs...))
}

// Not is the negation; null of null.
func (e Expr) Not() Expr { return e.unary(here(), "not") }

// Cast converts to the type; a value that it cannot hold is an error that names row and value.
func (e Expr) Cast(t arrow.DataType) Expr { return e.cast(here(), "cast", t) }

// TryCast converts to the type; a value that it cannot hold becomes null.
func (e Expr) TryCast(t arrow.DataType) Expr { return e.cast(here(), "try_cast", t) }

func (e Expr) cast(at site, op string, t arrow.DataType) Expr {
	if t == nil {
		return faulty(planFault("Cast to a nil type"), at)
	}
	return e.unary(at, op, t)
}

// As names the output column.
func (e Expr) As(name string) Expr {
	if e.n == nil {
		return faulty(zeroFault("As"), here())
	}
	if name == "" {
		return faulty(planFault("As with an empty name"), here())
	}
	return e.named(name)
}

// named sets the alias without a new place.
func (e Expr) named(name string) Expr {
	if e.n.alias == name {
		return e
	}
	n := *e.n
	n.alias, n.leftmost = name, name
	return Expr{n: &n}
}

// Field is a field of a struct.
func (e Expr) Field(name string) Expr { return e.unary(here(), "field", name) }
