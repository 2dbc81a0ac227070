package parquetio

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"

	"github.com/sheafdata/sheaf/partition"
)

// Stats returns what the footer knows of the columns of a row group, by name. It has flat columns only, and none whose name is
// not unique. Bounds are values as expr literals have them (int64, uint64, float64, string, []byte, bool, time.Time, time.Duration,
// decimals); those that the file gives in an order that its type does not have (the deprecated statistics of text and unsigned
// numbers), NaN, bounds of the wrong size or the wrong way round are left out, so that a bound is never narrower than the truth.
func (f *File) Stats(rowGroup int) map[string]partition.ColumnStats {
	g := &f.meta.groups[rowGroup]
	stats := make(map[string]partition.ColumnStats, len(f.tree.columns))
	seen := make(map[string]bool, len(f.tree.columns))
	for _, c := range f.tree.columns {
		if seen[c.field.Name] {
			delete(stats, c.field.Name)
			continue
		}
		seen[c.field.Name] = true
		if !c.flat() || c.field.Name == "" {
			continue
		}
		if s, ok := f.chunkStats(&g.cols[c.leaf.index], c, g.rows); ok {
			stats[c.field.Name] = s
		}
	}
	return stats
}

// chunkStats returns the statistics of a flat column chunk of rows rows.
func (f *File) chunkStats(chunk *columnChunk, c *column, rows int64) (partition.ColumnStats, bool) {
	var s partition.ColumnStats
	st := &chunk.stats
	switch {
	case c.leaf.maxDef == 0:
		s.NullsKnown = true
	case st.hasNulls && st.nulls >= 0 && st.nulls <= rows:
		s.NullsKnown, s.Nulls = true, st.nulls
	}
	order := f.orderOf(c.leaf)
	switch {
	case (st.hasMin || st.hasMax) && (order != orderUnknown || signedOrder(c.leaf)):
		s.Min, s.Max = bounds(c.leaf, c.field.Type, present(st.minV, st.hasMin), present(st.maxV, st.hasMax))
	case (st.hasMinOld || st.hasMaxOld) && signedOrder(c.leaf):
		s.Min, s.Max = bounds(c.leaf, c.field.Type, present(st.min, st.hasMinOld), present(st.max, st.hasMaxOld))
	}
	return s, s.NullsKnown || s.Min != nil || s.Max != nil
}

// Column orders of the footer.
const (
	orderUnknown = 0
	orderType    = 1
)

func (f *File) orderOf(l *leaf) uint8 {
	if l.index < len(f.meta.orders) {
		return f.meta.orders[l.index]
	}
	return orderUnknown
}

// present makes an empty value differ from a missing one.
func present(b []byte, has bool) []byte {
	if has && b == nil {
		return []byte{}
	}
	return b
}

// signedOrder says whether the type's order is that of signed numbers, so that statistics of before column orders hold.
func signedOrder(l *leaf) bool {
	switch l.elem.typ {
	case physInt32, physInt64:
		switch l.typ.ID() {
		case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
			return false
		}
		return true
	case physBoolean, physFloat, physDouble:
		return true
	}
	return false
}

// bounds decodes a least and a greatest value; each is nil where it is missing or unusable.
func bounds(l *leaf, t arrow.DataType, lo, hi []byte) (least, most any) {
	least, most = statValue(l, t, lo), statValue(l, t, hi)
	if l.elem.typ == physFloat || l.elem.typ == physDouble {
		return floatBounds(least, most)
	}
	if least != nil && most != nil && less(most, least) {
		return nil, nil
	}
	return least, most
}

// floatBounds drops both bounds where one is NaN, and widens zeros over both of their signs.
func floatBounds(least, most any) (any, any) {
	lo, okLo := least.(float64)
	hi, okHi := most.(float64)
	if okLo && math.IsNaN(lo) || okHi && math.IsNaN(hi) || okLo && okHi && lo > hi {
		return nil, nil
	}
	if okLo && lo == 0 {
		least = math.Copysign(0, -1)
	}
	if okHi && hi == 0 {
		most = 0.0
	}
	return least, most
}

// statValue decodes a plain-encoded value of the leaf, nil where it has the wrong size or a type without bounds.
func statValue(l *leaf, t arrow.DataType, b []byte) any {
	if b == nil {
		return nil
	}
	switch l.elem.typ {
	case physBoolean:
		if len(b) == 1 {
			return b[0] != 0
		}
	case physInt32:
		if len(b) == 4 {
			u := binary.LittleEndian.Uint32(b)
			return intValue(t, int64(int32(u)), uint64(u))
		}
	case physInt64:
		if len(b) == 8 {
			u := binary.LittleEndian.Uint64(b)
			return intValue(t, int64(u), u)
		}
	case physFloat:
		if len(b) == 4 {
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
	case physDouble:
		if len(b) == 8 {
			return math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	case physByteArray, physFixed:
		return bytesValue(l, t, b)
	}
	return nil
}

func bytesValue(l *leaf, t arrow.DataType, b []byte) any {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING:
		return string(b)
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY:
		if l.elem.conv == convInterval || l.elem.typ == physFixed && len(b) != l.typeLen {
			return nil
		}
		return bytes.Clone(b)
	case arrow.DECIMAL128:
		var raw [16]byte
		if len(b) > 0 && bigEndian(raw[:], b) == nil {
			return decimal128.New(int64(binary.LittleEndian.Uint64(raw[8:])), binary.LittleEndian.Uint64(raw[:]))
		}
	case arrow.DECIMAL256:
		var raw [32]byte
		if len(b) > 0 && bigEndian(raw[:], b) == nil {
			word := func(i int) uint64 { return binary.LittleEndian.Uint64(raw[i*8:]) }
			return decimal256.New(word(3), word(2), word(1), word(0))
		}
	}
	return nil
}

func intValue(t arrow.DataType, v int64, u uint64) any {
	switch x := t.(type) {
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
		return v
	case *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return u
	case *arrow.Date32Type:
		return time.Unix(v*86400, 0).UTC()
	case *arrow.Time32Type:
		return timeOfDay(v, x.Unit)
	case *arrow.Time64Type:
		return timeOfDay(v, x.Unit)
	case *arrow.TimestampType:
		loc, err := x.GetZone()
		if err != nil || loc == nil {
			loc = time.UTC
		}
		return unixIn(v, x.Unit).In(loc)
	case *arrow.DurationType:
		if m := int64(x.Unit.Multiplier()); v <= math.MaxInt64/m && v >= math.MinInt64/m {
			return time.Duration(v * m)
		}
	case *arrow.Decimal128Type:
		return decimal128.FromI64(v)
	}
	return nil
}

// timeOfDay returns a time of day on 1970-01-01, nil where it is none.
func timeOfDay(v int64, u arrow.TimeUnit) any {
	m := int64(u.Multiplier())
	if v < 0 || v > int64(24*time.Hour)/m {
		return nil
	}
	return time.Unix(0, v*m).UTC()
}

func unixIn(v int64, u arrow.TimeUnit) time.Time {
	switch u {
	case arrow.Second:
		return time.Unix(v, 0)
	case arrow.Millisecond:
		return time.UnixMilli(v)
	case arrow.Microsecond:
		return time.UnixMicro(v)
	}
	return time.Unix(0, v)
}

// less compares two values of one type that statValue gave; false where they have no order here.
func less(a, b any) bool {
	switch x := a.(type) {
	case int64:
		y, ok := b.(int64)
		return ok && x < y
	case uint64:
		y, ok := b.(uint64)
		return ok && x < y
	case string:
		y, ok := b.(string)
		return ok && x < y
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Compare(x, y) < 0
	case bool:
		y, ok := b.(bool)
		return ok && !x && y
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Before(y)
	case time.Duration:
		y, ok := b.(time.Duration)
		return ok && x < y
	case decimal128.Num:
		y, ok := b.(decimal128.Num)
		return ok && x.Less(y)
	case decimal256.Num:
		y, ok := b.(decimal256.Num)
		return ok && x.Less(y)
	}
	return false
}
