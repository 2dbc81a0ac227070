package readers

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// outcomes is the set of values that a predicate may have over some rows, as bits: three-valued interval logic. It is conservative:
// what is not understood may be anything.
type outcomes uint8

const (
	canTrue outcomes = 1 << iota
	canFalse
	canNull
	anything = canTrue | canFalse | canNull
)

// facts is what is known of a column over some rows.
type facts struct {
	// min and max bound the values that are neither null nor NaN, as expr's bound literals have them; nil is unknown.
	min, max any
	// mayNull: a row may be null. onlyNull: every row is. nulls counts them where nullsKnown.
	mayNull, onlyNull, nullsKnown bool
	nulls                         int64
	// mayNaN: a row may be NaN. Bounds say nothing of it, and NaN is greater than every number.
	mayNaN bool
	// values lists all values that occur where that is known, else nil.
	values []any
}

// lookup returns the facts of a column; ok is false where nothing is known.
type lookup func(column string) (f facts, ok bool)

// judge returns what the predicate may be.
func judge(e expr.Expr, look lookup) outcomes {
	switch e.Op() {
	case "and", "or":
		return judgeLogic(e, look)
	case "not":
		return judge(e.Arg(0), look).negated()
	case "lit":
		return judgeLiteral(e)
	case "eq", "ne", "lt", "le", "gt", "ge":
		if f, ok := columnFacts(e.Arg(0), look); ok {
			if v, ok := e.Arg(1).Literal(); ok {
				return f.compare(e.Op(), v)
			}
		}
	case "between":
		if f, ok := columnFacts(e.Arg(0), look); ok {
			lo, okLo := e.Arg(1).Literal()
			hi, okHi := e.Arg(2).Literal()
			if okLo && okHi {
				return f.compare("ge", lo).and(f.compare("le", hi))
			}
		}
	case "in":
		return judgeIn(e, look)
	case "is_null":
		if f, ok := columnFacts(e.Arg(0), look); ok {
			return f.nullness()
		}
	case "not_null":
		if f, ok := columnFacts(e.Arg(0), look); ok {
			return f.nullness().negated()
		}
	case "is_nan":
		if f, ok := columnFacts(e.Arg(0), look); ok && !f.mayNaN {
			return f.orNull(canFalse)
		}
	case "col":
		if f, ok := columnFacts(e, look); ok {
			return f.compare("eq", true)
		}
	case "str_starts_with":
		return judgePrefix(e, look)
	}
	return anything
}

func judgeLogic(e expr.Expr, look lookup) outcomes {
	out := judge(e.Arg(0), look)
	for i := 1; i < e.NumArgs(); i++ {
		if x := judge(e.Arg(i), look); e.Op() == "and" {
			out = out.and(x)
		} else {
			out = out.negated().and(x.negated()).negated()
		}
	}
	return out
}

func judgeLiteral(e expr.Expr) outcomes {
	switch v, _ := e.Literal(); v {
	case true:
		return canTrue
	case false:
		return canFalse
	case nil:
		return canNull
	}
	return anything
}

func judgeIn(e expr.Expr, look lookup) outcomes {
	f, ok := columnFacts(e.Arg(0), look)
	if !ok {
		return anything
	}
	out := canFalse
	for i := 1; i < e.NumArgs(); i++ {
		v, ok := e.Arg(i).Literal()
		if !ok {
			return anything
		}
		out = out.negated().and(f.compare("eq", v).negated()).negated()
	}
	if e.NumArgs() == 1 {
		return f.orNull(canFalse)
	}
	return out
}

// judgePrefix decides only that no value begins with the prefix.
func judgePrefix(e expr.Expr, look lookup) outcomes {
	f, ok := columnFacts(e.Arg(0), look)
	prefix, isText := e.Param(0).(string)
	if !isText && e.NumArgs() > 1 {
		v, _ := e.Arg(1).Literal()
		prefix, isText = v.(string)
	}
	if !ok || !isText {
		return anything
	}
	lo, okLo := f.min.(string)
	hi, okHi := f.max.(string)
	if okHi && hi < prefix || okLo && lo > prefix && !strings.HasPrefix(lo, prefix) {
		return f.orNull(canFalse)
	}
	return anything
}

// and is the set of what a AND b may be: false wins, then null.
func (a outcomes) and(b outcomes) outcomes {
	var out outcomes
	if a&canTrue != 0 && b&canTrue != 0 {
		out |= canTrue
	}
	if (a|b)&canFalse != 0 {
		out |= canFalse
	}
	if a&canNull != 0 && b&(canNull|canTrue) != 0 || b&canNull != 0 && a&(canNull|canTrue) != 0 {
		out |= canNull
	}
	return out
}

func (a outcomes) negated() outcomes {
	out := a & canNull
	if a&canTrue != 0 {
		out |= canFalse
	}
	if a&canFalse != 0 {
		out |= canTrue
	}
	return out
}

// columnFacts returns the facts of an expression that is a column, or a widening cast of one.
func columnFacts(e expr.Expr, look lookup) (facts, bool) {
	if name, ok := e.ColumnName(); ok {
		return look(name)
	}
	if e.Op() != "cast" || e.Type() == nil || e.Arg(0).Type() == nil {
		return facts{}, false
	}
	f, ok := columnFacts(e.Arg(0), look)
	if !ok {
		return facts{}, false
	}
	return f.widened(e.Arg(0).Type(), e.Type())
}

// widened returns the facts of the column cast to a type that widen or Bind chooses: bounds move with it, since the cast is monotone.
func (f facts) widened(from, to arrow.DataType) (facts, bool) {
	if arrow.TypeEqual(from, to) || isText(from) && isText(to) || isBinary(from) && isBinary(to) || f.onlyNull {
		return f, true
	}
	ft, okF := from.(*arrow.TimestampType)
	tt, okT := to.(*arrow.TimestampType)
	switch {
	case okF && okT && ft.TimeZone == tt.TimeZone && tt.Unit >= ft.Unit:
		return f, true
	case from.ID() == arrow.DURATION && to.ID() == arrow.DURATION:
		return f, true
	case !isNumber(from) || !isNumber(to):
		return facts{}, false
	case floatBits(to) == 64, floatBits(to) == 32 && floatBits(from) > 0 && floatBits(from) <= 32:
		f.min, f.max = asFloat(f.min), asFloat(f.max)
		f.values = nil
		return f, true
	}
	bf, sf := intInfo(from)
	bt, st := intInfo(to)
	if bf == 0 || bt < bf || sf && !st || !sf && st && bt == bf {
		return facts{}, false
	}
	return f, true // comparisons of int64 with uint64 are by value
}

func asFloat(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float64:
		return v
	}
	return nil
}

func (f facts) nullness() outcomes {
	switch {
	case f.onlyNull:
		return canTrue
	case f.mayNull:
		return canTrue | canFalse
	}
	return canFalse
}

// orNull adds null to the outcomes of the rows with a value.
func (f facts) orNull(o outcomes) outcomes {
	if f.onlyNull {
		return canNull
	}
	if f.mayNull {
		return o | canNull
	}
	return o
}

// compare returns what "column op v" may be.
func (f facts) compare(op string, v any) outcomes {
	if v == nil || f.onlyNull {
		return canNull
	}
	// below: the least value may be less than, equal to, more than v; above: the greatest.
	below, okB := compareValues(f.min, v)
	above, okA := compareValues(f.max, v)
	if f.mayNaN {
		above, okA = compareValues(math.NaN(), v)
	}
	var less, equal, more bool
	less = !okB || below < 0
	more = !okA || above > 0
	equal = (!okB || below <= 0) && (!okA || above >= 0)
	if equal && f.values != nil {
		equal = f.occurs(v)
	}
	var t, e bool // may be true, may be false
	switch op {
	case "eq":
		t, e = equal, less || more
	case "ne":
		t, e = less || more, equal
	case "lt":
		t, e = less, equal || more
	case "le":
		t, e = less || equal, more
	case "gt":
		t, e = more, equal || less
	case "ge":
		t, e = more || equal, less
	}
	var out outcomes
	if t {
		out |= canTrue
	}
	if e {
		out |= canFalse
	}
	return f.orNull(out)
}

func (f facts) occurs(v any) bool {
	for _, x := range f.values {
		if c, ok := compareValues(x, v); !ok || c == 0 {
			return true
		}
	}
	return f.mayNaN && isNaN(v)
}

func isNaN(v any) bool {
	x, ok := v.(float64)
	return ok && x != x
}

// compareValues compares two literal values in the order that the engine sorts by: NaN is greatest, integers and floats compare
// exactly. ok is false where they are of kinds that do not compare.
func compareValues(a, b any) (c int, ok bool) {
	switch x := a.(type) {
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(boolInt(x), boolInt(y)), true
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y), true
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return bytes.Compare(x, y), true
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y), true
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return cmp.Compare(x, y), true
		}
	}
	return compareNumbers(canonicalNumber(a), canonicalNumber(b))
}

// canonicalNumber makes Go integers int64 or uint64 and floats float64: a predicate that is not bound has any of them.
func canonicalNumber(v any) any {
	switch x := v.(type) {
	case int:
		return int64(x)
	case int8:
		return int64(x)
	case int16:
		return int64(x)
	case int32:
		return int64(x)
	case uint:
		return uint64(x)
	case uint8:
		return uint64(x)
	case uint16:
		return uint64(x)
	case uint32:
		return uint64(x)
	case float32:
		return float64(x)
	}
	return v
}

func compareNumbers(a, b any) (int, bool) {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, y), true
		}
	case uint64:
		switch y := b.(type) {
		case uint64:
			return cmp.Compare(x, y), true
		}
	case float64:
		if y, ok := b.(float64); ok {
			return compareFloats(x, y), true
		}
	}
	x, okX := exact(a)
	y, okY := exact(b)
	switch {
	case isNaN(a) && okY:
		return 1, true
	case isNaN(b) && okX:
		return -1, true
	case !okX || !okY:
		return 0, false
	}
	return x.Cmp(y), true
}

func compareFloats(x, y float64) int {
	switch {
	case x != x && y != y:
		return 0
	case x != x:
		return 1
	case y != y:
		return -1
	}
	return cmp.Compare(x, y)
}

// exact is the number without rounding; NaN has none.
func exact(v any) (*big.Float, bool) {
	switch x := v.(type) {
	case int64:
		return new(big.Float).SetInt64(x), true
	case uint64:
		return new(big.Float).SetUint64(x), true
	case float64:
		if x == x {
			return big.NewFloat(x), true
		}
	}
	return nil, false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
