package dataframe

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/fault"
)

// texts stores text, which shares the batch's memory: that is the user's, and never used again. Decimals come as their digits.
func texts(a arrow.Array, out []string) (int, *fault.Error) {
	switch a := a.(type) {
	case *array.String:
		for i := range out {
			out[i] = a.Value(i)
		}
	case *array.LargeString:
		for i := range out {
			out[i] = a.Value(i)
		}
	case *array.StringView:
		for i := range out {
			if a.IsValid(i) {
				out[i] = a.Value(i)
			}
		}
	case *array.Dictionary:
		return dictTexts(a, out)
	case array.ExtensionArray:
		return texts(a.Storage(), out)
	default:
		for i := range out {
			if text, ok := decimalText(a, i); ok && a.IsValid(i) {
				out[i] = text
			}
		}
	}
	return len(out), nil
}

// dictTexts looks values up one by one: the dictionary may be larger than the batch.
func dictTexts(a *array.Dictionary, out []string) (int, *fault.Error) {
	values, ok := a.Dictionary().(array.StringLike)
	if !ok {
		return 0, strange(a)
	}
	for i := range out {
		if a.IsValid(i) {
			out[i] = values.Value(a.GetValueIndex(i))
		}
	}
	return len(out), nil
}

// blobs stores copies of byte strings, all in one piece of memory; nulls are nil.
func blobs(a arrow.Array, out [][]byte) (int, *fault.Error) {
	var value func(int) []byte
	switch a := a.(type) {
	case *array.Binary:
		value = a.Value
	case *array.LargeBinary:
		value = a.Value
	case *array.BinaryView:
		value = a.Value
	case *array.FixedSizeBinary:
		value = a.Value
	default:
		return 0, strange(a)
	}
	total := 0
	for i := range out {
		if a.IsValid(i) {
			total += len(value(i))
		}
	}
	all := make([]byte, 0, total)
	for i := range out {
		out[i] = nil
		if a.IsValid(i) {
			from := len(all)
			all = append(all, value(i)...)
			out[i] = all[from:len(all):len(all)]
		}
	}
	return len(out), nil
}

const secondsPerDay = 24 * 60 * 60

// times stores points in time: dates at midnight UTC, timestamps in their column's zone, naive ones in UTC, times of day on the
// first of January 1970.
func times(a arrow.Array, out []time.Time) (int, *fault.Error) {
	switch a := a.(type) {
	case *array.Date32:
		for i, v := range a.Date32Values() {
			out[i] = time.Unix(int64(v)*secondsPerDay, 0).UTC()
		}
	case *array.Timestamp:
		zone, unit := zoneOf(a), a.DataType().(*arrow.TimestampType).Unit
		for i, v := range a.TimestampValues() {
			out[i] = v.ToTime(unit).In(zone)
		}
	default:
		for i := range out {
			if t, ok := timeValue(a, i); ok && a.IsValid(i) {
				out[i], _ = t.(time.Time)
			}
		}
	}
	return len(out), nil
}

// zoneOf returns the zone in which a column's instants are shown.
func zoneOf(a *array.Timestamp) *time.Location {
	typ := a.DataType().(*arrow.TimestampType)
	if typ.TimeZone == "" {
		return time.UTC
	}
	if zone, err := typ.GetZone(); err == nil {
		return zone
	}
	return time.UTC
}

// spanUnit is the length that 1 stands for in a column of lengths of time.
func spanUnit(t arrow.DataType) time.Duration {
	if t, ok := t.(arrow.TemporalWithUnit); ok {
		return t.TimeUnit().Multiplier()
	}
	return time.Nanosecond
}

func spanValue(a arrow.Array, i int) int64 {
	switch a := a.(type) {
	case *array.Duration:
		return int64(a.Value(i))
	case *array.Time32:
		return int64(a.Value(i))
	case *array.Time64:
		return int64(a.Value(i))
	}
	return 0
}
