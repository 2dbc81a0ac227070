package expr

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"

	"github.com/sheafdata/sheaf/fault"
)

// Literal returns the value of a literal, nil for null; ok is false where e is no literal. Unbound it is the Go value that the user
// gave. Bound it is adapted to the literal's type: bool; int64 for every signed and uint64 for every unsigned integer; float64 for
// every float; string; []byte; time.Time for dates and timestamps (in the zone, else UTC) and times of day (on 1970-01-01 UTC);
// time.Duration; decimal128.Num or decimal256.Num, unscaled.
func (e Expr) Literal() (value any, ok bool) {
	if e.n == nil || e.n.info != opLit || e.n.err != nil {
		return nil, false
	}
	if i, temporal := e.n.value.(int64); temporal && e.n.typ != nil {
		return goTemporal(i, e.n.typ), true
	}
	return e.n.value, true
}

// Physical returns the value of a bound literal as columns store it: as Literal does, except that dates, times, timestamps and
// durations are the int64 of their type's unit.
func (e Expr) Physical() (value any, ok bool) {
	if e.n == nil || e.n.info != opLit || e.n.typ == nil {
		return nil, false
	}
	return e.n.value, true
}

// LitOf returns a bound literal of the type, or null of it for nil. The value is as Physical says; Go integers and floats of any
// width are taken too. It is for rewrites; a value that is not of the type is a fault of the expression.
func LitOf(t arrow.DataType, physical any) Expr {
	v := physical
	switch classOf(t) {
	case unsignedClass:
		if i, ok := canonical(v).(int64); ok && i >= 0 {
			v = uint64(i)
		}
	default:
		if c := canonical(v); c != nil {
			v = c
		}
	}
	if v != nil && !physicalFits(v, t) {
		return faulty(fault.New(fault.Internal, "", "a %T is no literal of type %s", physical, t), site{})
	}
	return typedLit(v, t, site{})
}

// NullOf returns a bound null of the type.
func NullOf(t arrow.DataType) Expr { return typedLit(nil, t, site{}) }

func typedLit(v any, t arrow.DataType, at site) Expr {
	return finish(&node{info: opLit, value: v, typ: t, nullable: v == nil, site: at})
}

// physicalFits says whether v has the Go type that literals of the type have.
func physicalFits(v any, t arrow.DataType) bool {
	ok := false
	switch classOf(t) {
	case boolClass:
		_, ok = v.(bool)
	case signedClass:
		var i int64
		if i, ok = v.(int64); ok && bits(t) < 64 {
			ok = i>>(bits(t)-1) == 0 || i>>(bits(t)-1) == -1
		}
	case unsignedClass:
		var u uint64
		if u, ok = v.(uint64); ok && bits(t) < 64 {
			ok = u>>bits(t) == 0
		}
	case floatClass:
		_, ok = v.(float64)
	case decimalClass:
		if _, ok = v.(decimal128.Num); t.ID() == arrow.DECIMAL256 {
			_, ok = v.(decimal256.Num)
		}
	case textClass:
		_, ok = v.(string)
	case binaryClass:
		_, ok = v.([]byte)
	case dateClass, timeClass, timestampClass, durationClass:
		_, ok = v.(int64)
	}
	return ok
}

// goTemporal turns a physical integer into time.Time or time.Duration where the type is temporal.
func goTemporal(v int64, t arrow.DataType) any {
	switch x := t.(type) {
	case *arrow.Date32Type:
		return time.Unix(v*86400, 0).UTC()
	case *arrow.Date64Type:
		return time.UnixMilli(v).UTC()
	case *arrow.Time32Type:
		return unixIn(v, x.Unit).UTC()
	case *arrow.Time64Type:
		return unixIn(v, x.Unit).UTC()
	case *arrow.TimestampType:
		if loc, err := x.GetZone(); err == nil {
			return unixIn(v, x.Unit).In(loc)
		}
		return unixIn(v, x.Unit).UTC()
	case *arrow.DurationType:
		return time.Duration(v) * x.Unit.Multiplier()
	}
	return v
}

// unixIn is the instant v units after the epoch.
func unixIn(v int64, u arrow.TimeUnit) time.Time {
	per := int64(time.Second / u.Multiplier())
	sec, rest := v/per, v%per
	return time.Unix(sec, rest*int64(u.Multiplier()))
}

// literalType chooses the type of an unbound Go value that stands beside values of type other: other's where it holds the value,
// else the nearest that does. A nil type means that the value cannot stand there.
func literalType(v any, other arrow.DataType) arrow.DataType {
	c := classOf(other)
	switch x := canonical(v).(type) {
	case bool:
		return when(c == boolClass, other)
	case int64:
		return integerBeside(big.NewInt(x), other)
	case uint64:
		return integerBeside(new(big.Int).SetUint64(x), other)
	case float64:
		return floatBeside(v, x, other)
	case string:
		switch c {
		case textClass, binaryClass, dateClass, timeClass:
			return other
		case timestampClass:
			return timestampBeside(x, other.(*arrow.TimestampType))
		}
	case []byte:
		return when(c == binaryClass, bytesType)
	case time.Time:
		switch c {
		case dateClass:
			return other
		case timestampClass:
			ts := other.(*arrow.TimestampType)
			return &arrow.TimestampType{Unit: max(ts.Unit, unitFor(int64(x.Nanosecond()))), TimeZone: ts.TimeZone}
		}
	case time.Duration:
		if c == durationClass || c == timestampClass || c == dateClass {
			u := max(unitOf(other), unitFor(int64(x%time.Second)))
			return &arrow.DurationType{Unit: u}
		}
	}
	return nil
}

func when(ok bool, t arrow.DataType) arrow.DataType {
	if ok {
		return t
	}
	return nil
}

func integerBeside(v *big.Int, other arrow.DataType) arrow.DataType {
	switch classOf(other) {
	case signedClass, unsignedClass:
		if integerFits(v, other) {
			return other
		}
		return smallestInt(v)
	case floatClass:
		f, exact := new(big.Float).SetInt(v).Float64()
		switch {
		case exact == big.Exact && float64(float32(f)) == f && bits(other) == 32:
			return other
		case exact == big.Exact:
			return float64T
		}
		return smallestInt(v)
	case decimalClass:
		return decimalOf(int32(len(new(big.Int).Abs(v).String())), 0)
	}
	return nil
}

func integerFits(v *big.Int, t arrow.DataType) bool {
	if classOf(t) == unsignedClass {
		return v.Sign() >= 0 && v.BitLen() <= bits(t)
	}
	if v.Sign() < 0 {
		v = new(big.Int).Not(v)
	}
	return v.BitLen() < bits(t)
}

func smallestInt(v *big.Int) arrow.DataType {
	for _, t := range []arrow.DataType{arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, int64Type} {
		if integerFits(v, t) {
			return t
		}
	}
	return arrow.PrimitiveTypes.Uint64
}

func floatBeside(given any, v float64, other arrow.DataType) arrow.DataType {
	switch classOf(other) {
	case signedClass, unsignedClass:
		return float64T
	case floatClass:
		if bits(other) == 32 && (math.Abs(v) <= math.MaxFloat32 || math.IsInf(v, 0) || v != v) {
			return other
		}
		return float64T
	case decimalClass:
		digits, scale, ok := shortest(given)
		if !ok {
			return nil
		}
		return decimalOf(int32(len(digits)), scale)
	}
	return nil
}

// shortest returns the digits and the scale of the shortest text that reads back as the float: 0.05 is "5" and 2. ok is false for
// NaN and infinities.
func shortest(given any) (digits string, scale int32, ok bool) {
	width, v := 64, 0.0
	switch x := given.(type) {
	case float32:
		width, v = 32, float64(x)
	case float64:
		v = x
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "", 0, false
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(math.Abs(v), 'e', -1, width), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exp, _ := strconv.Atoi(exponent)
	digits = strings.TrimLeft(whole+fraction, "0")
	shift := len(fraction) - exp
	if digits == "" {
		return "0", 0, true
	}
	if shift < 0 {
		if shift < -80 {
			return "", 0, false
		}
		return digits + strings.Repeat("0", -shift), 0, true
	}
	return digits, int32(min(shift, 1000)), true
}

// unitFor is the coarsest unit that holds the nanoseconds of a second exactly.
func unitFor(nanos int64) arrow.TimeUnit {
	switch {
	case nanos%1e9 == 0:
		return arrow.Second
	case nanos%1e6 == 0:
		return arrow.Millisecond
	case nanos%1e3 == 0:
		return arrow.Microsecond
	}
	return arrow.Nanosecond
}

func timestampBeside(text string, other *arrow.TimestampType) arrow.DataType {
	at, _, err := parseTimestamp(text, time.UTC)
	if err != nil {
		return other // the value's own fault says what is wrong
	}
	return &arrow.TimestampType{Unit: max(other.Unit, unitFor(int64(at.Nanosecond()))), TimeZone: other.TimeZone}
}

// defaultType is the type of a Go value that stands alone.
func defaultType(v any) arrow.DataType {
	switch x := canonical(v).(type) {
	case nil:
		return arrow.Null
	case int64:
		return int64Type
	case time.Time:
		return &arrow.TimestampType{Unit: max(arrow.Microsecond, unitFor(int64(x.Nanosecond()))), TimeZone: "UTC"}
	default:
		return TypeOf(x)
	}
}
