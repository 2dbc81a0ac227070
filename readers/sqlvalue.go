package readers

import (
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// appendSQL adds a value as drivers give them: nil, int64, float64, bool, []byte, string, time.Time. Text is parsed where the column is
// of another type, since many drivers give decimals and dates so.
func appendSQL(b array.Builder, v any) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.Int64Builder:
		if x, ok := v.(int64); ok {
			b.Append(x)
			return nil
		}
	case *array.Float64Builder:
		switch x := v.(type) {
		case float64:
			b.Append(x)
			return nil
		case int64:
			b.Append(float64(x))
			return nil
		}
	case *array.BooleanBuilder:
		switch x := v.(type) {
		case bool:
			b.Append(x)
			return nil
		case int64:
			b.Append(x != 0)
			return nil
		}
	case *array.TimestampBuilder:
		if x, ok := v.(time.Time); ok {
			ts, err := arrow.TimestampFromTime(x, b.Type().(*arrow.TimestampType).Unit)
			b.Append(ts)
			return err
		}
		text := sqlText(v)
		for _, layout := range sqlTimes {
			if at, err := time.Parse(layout, text); err == nil {
				return appendSQL(b, at)
			}
		}
	case *array.Date32Builder:
		if x, ok := v.(time.Time); ok {
			b.Append(arrow.Date32FromTime(x))
			return nil
		}
	case *array.BinaryBuilder:
		if x, ok := v.([]byte); ok {
			b.Append(x)
			return nil
		}
	}
	return appendString(b, sqlText(v))
}

// sqlTimes are the texts in which databases without times, as SQLite is, keep them: what SQL's functions give, which is UTC, and the String
// of a time.Time, which drivers store.
var sqlTimes = []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", time.DateOnly, "2006-01-02 15:04:05.999999999 -0700 MST"}

func sqlText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []byte:
		return string(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	case time.Time:
		return x.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}
