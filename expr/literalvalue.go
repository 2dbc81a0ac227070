package expr

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
)

// literalAs returns the physical value of an unbound Go value in a type that literalType or a widening of it chose. The error says
// why the type does not hold it.
func literalAs(v any, t arrow.DataType) (any, error) {
	switch x := canonical(v).(type) {
	case nil:
		return nil, nil
	case int64:
		return integerAs(big.NewInt(x), t)
	case uint64:
		return integerAs(new(big.Int).SetUint64(x), t)
	case float64:
		return floatAs(v, x, t)
	case string:
		return textAs(x, t)
	case time.Time:
		return timeAs(x, t)
	case time.Duration:
		if classOf(t) == durationClass {
			return int64(x / unitOf(t).Multiplier()), nil
		}
		return nil, misfit(v, t)
	default:
		if !physicalFits(x, t) {
			return nil, misfit(v, t)
		}
		return x, nil
	}
}

func misfit(v any, t arrow.DataType) error {
	return fmt.Errorf("the constant %s cannot be %s", goText(v), typeName(t))
}

func integerAs(v *big.Int, t arrow.DataType) (any, error) {
	switch classOf(t) {
	case signedClass:
		if integerFits(v, t) {
			return v.Int64(), nil
		}
	case unsignedClass:
		if integerFits(v, t) {
			return v.Uint64(), nil
		}
	case floatClass:
		f, _ := new(big.Float).SetInt(v).Float64()
		if bits(t) == 32 {
			f = float64(float32(f))
		}
		return f, nil
	case decimalClass:
		return decimalAs(v, 0, t)
	}
	return nil, misfit(v, t)
}

func floatAs(given any, v float64, t arrow.DataType) (any, error) {
	switch classOf(t) {
	case floatClass:
		if bits(t) == 32 {
			v = float64(float32(v))
		}
		return v, nil
	case signedClass, unsignedClass:
		if i, acc := new(big.Float).SetFloat64(v).Int(nil); v == math.Trunc(v) && acc == big.Exact {
			return integerAs(i, t)
		}
	case decimalClass:
		digits, scale, ok := shortest(given)
		if !ok {
			break
		}
		unscaled, _ := new(big.Int).SetString(digits, 10)
		if math.Signbit(v) {
			unscaled.Neg(unscaled)
		}
		return decimalAs(unscaled, scale, t)
	}
	return nil, misfit(given, t)
}

// decimalAs scales unscaled × 10^-scale to the decimal type, exactly.
func decimalAs(unscaled *big.Int, scale int32, t arrow.DataType) (any, error) {
	d := t.(arrow.DecimalType)
	if d.GetScale() < scale || d.GetScale()-scale > 76 {
		return nil, fmt.Errorf("a constant of %d digits after the point cannot be %s", scale, t)
	}
	v := new(big.Int).Mul(unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.GetScale()-scale)), nil))
	if len(new(big.Int).Abs(v).String()) > int(d.GetPrecision()) {
		return nil, fmt.Errorf("the constant %s needs more digits than %s has", unscaled, t)
	}
	if t.ID() == arrow.DECIMAL256 {
		return decimal256.FromBigInt(v), nil
	}
	return decimal128.FromBigInt(v), nil
}

func textAs(s string, t arrow.DataType) (any, error) {
	switch classOf(t) {
	case textClass:
		return s, nil
	case binaryClass:
		return []byte(s), nil
	case dateClass:
		at, err := time.Parse("2006-01-02", s)
		if err != nil {
			return nil, fmt.Errorf("the text %q is no date (year-month-day)", s)
		}
		return dateValue(at, t), nil
	case timeClass:
		return timeOfDay(s, t)
	case timestampClass:
		return textTimestamp(s, t.(*arrow.TimestampType))
	}
	return nil, fmt.Errorf("the text %q is compared with %s: text never becomes a number", s, typeName(t))
}

// dateValue is the physical date of a time's calendar day in its own zone.
func dateValue(at time.Time, t arrow.DataType) int64 {
	days := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400
	if t.ID() == arrow.DATE64 {
		return days * 86400_000
	}
	return days
}

func timeOfDay(s string, t arrow.DataType) (any, error) {
	for _, layout := range []string{"15:04:05", "15:04"} {
		if at, err := time.Parse(layout, s); err == nil {
			ns := int64(at.Hour())*3600e9 + int64(at.Minute())*60e9 + int64(at.Second())*1e9 + int64(at.Nanosecond())
			if ns%int64(unitOf(t).Multiplier()) != 0 {
				return nil, fmt.Errorf("the text %q is finer than %s", s, t)
			}
			return ns / int64(unitOf(t).Multiplier()), nil
		}
	}
	return nil, fmt.Errorf("the text %q is no time of day (15:04:05)", s)
}

// isoLayouts are the spellings of timestamps that text may have; fractions of a second are read in each.
var isoLayouts = []string{
	"2006-01-02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02T15:04Z07:00",
}

// parseTimestamp reads ISO 8601; zoned says whether the text names its offset. Without one it is local time of loc.
func parseTimestamp(s string, loc *time.Location) (at time.Time, zoned bool, err error) {
	for i, layout := range isoLayouts {
		at, err := time.Parse(layout, s)
		switch {
		case err != nil:
		case i >= 5:
			return at, true, nil
		default:
			return instantOf(at, loc), false, nil
		}
	}
	return time.Time{}, false, fmt.Errorf("the text %q is no timestamp (2006-01-02 15:04:05)", s)
}

// instantOf is the instant of a local time, given as if it were of UTC. Where the clock was put back and the time came twice, it is the first;
// where it was put forward and the time never was, it is that long after the change as the time is after the gap began: what columns of
// text or of times without a zone become, too.
func instantOf(local time.Time, loc *time.Location) time.Time {
	const day = 24 * time.Hour
	offset := func(at time.Time) time.Duration {
		_, s := at.In(loc).Zone()
		return time.Duration(s) * time.Second
	}
	before, after := offset(local.Add(-day)), offset(local.Add(day))
	at := local.Add(-before)
	if before != after && offset(at) != before && offset(local.Add(-after)) == after {
		at = local.Add(-after)
	}
	return at.In(loc)
}

func textTimestamp(s string, t *arrow.TimestampType) (any, error) {
	loc, err := t.GetZone()
	if err != nil {
		return nil, fmt.Errorf("the zone %q is not known", t.TimeZone)
	}
	at, zoned, err := parseTimestamp(s, loc)
	if err != nil {
		return nil, err
	}
	if _, offset := at.Zone(); t.TimeZone == "" && zoned && offset != 0 {
		return nil, fmt.Errorf("the text %q has an offset, the timestamp it meets has no zone", s)
	}
	return timestampValue(at, t)
}

func timeAs(at time.Time, t arrow.DataType) (any, error) {
	switch classOf(t) {
	case dateClass:
		if at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 || at.Nanosecond() != 0 {
			return nil, fmt.Errorf("the time %s is no date: it is not midnight", goText(at))
		}
		return dateValue(at, t), nil
	case timestampClass:
		ts := t.(*arrow.TimestampType)
		name, offset := at.Zone()
		if ts.TimeZone == "" && (offset != 0 || name != "UTC" && name != "") {
			return nil, fmt.Errorf("the time %s is in a zone, the timestamp it meets has none: give it in UTC", goText(at))
		}
		return timestampValue(at, ts)
	}
	return nil, misfit(at, t)
}

func timestampValue(at time.Time, t *arrow.TimestampType) (any, error) {
	per := int64(time.Second / t.Unit.Multiplier())
	sec := at.Unix()
	if sec > math.MaxInt64/per-1 || sec < math.MinInt64/per+1 {
		return nil, fmt.Errorf("the time %s is outside the range of %s", goText(at), t)
	}
	ns := int64(at.Nanosecond())
	if ns%int64(t.Unit.Multiplier()) != 0 {
		return nil, fmt.Errorf("the time %s is finer than %s", goText(at), t)
	}
	return sec*per + ns/int64(t.Unit.Multiplier()), nil
}
