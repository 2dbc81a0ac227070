package parquetio

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// setType chooses the Arrow type of a leaf from its physical type and annotation, and with it layout and conversion. An
// annotation that does not fit its physical type, or that we do not know, is left out: the column then has its physical type.
func (l *leaf) setType() error {
	e := l.elem
	l.typeLen = int(e.typeLen)
	if e.typ == physFixed && (e.typeLen <= 0 || e.typeLen > maxFixedLen) {
		return fmt.Errorf("column %q has fixed length %d", l.path, e.typeLen)
	}
	a := annotationOf(e)
	if a.kind == logUnknown {
		l.set(arrow.Null, outNull, 0, convSame)
		return nil
	}
	switch e.typ {
	case physBoolean:
		l.set(arrow.FixedWidthTypes.Boolean, outBool, 0, convSame)
	case physInt32:
		l.setInt32(a)
	case physInt64:
		l.setInt64(a)
	case physInt96:
		l.set(&arrow.TimestampType{Unit: arrow.Nanosecond}, outFixed, 8, convInt96)
	case physFloat:
		l.set(arrow.PrimitiveTypes.Float32, outFixed, 4, convSame)
	case physDouble:
		l.set(arrow.PrimitiveTypes.Float64, outFixed, 8, convSame)
	case physByteArray:
		l.setBytes(a)
	case physFixed:
		l.setFixed(a)
	default:
		return fmt.Errorf("column %q has unknown physical type %d", l.path, int32(e.typ))
	}
	return nil
}

// maxFixedLen bounds the length of a fixed-length value, beyond any sensible file.
const maxFixedLen = 1 << 24

func (l *leaf) set(t arrow.DataType, out outKind, width int, conv convKind) {
	l.typ, l.out, l.width, l.conv = t, out, width, conv
}

func (l *leaf) setInt32(a logicalType) {
	switch a.kind {
	case logInteger:
		l.setInteger32(a)
		return
	case logDate:
		l.set(arrow.FixedWidthTypes.Date32, outFixed, 4, convSame)
		return
	case logTime:
		if a.unit == unitMillis {
			l.set(arrow.FixedWidthTypes.Time32ms, outFixed, 4, convSame)
			return
		}
	case logDecimal:
		if validDecimal(a, 9) {
			l.set(&arrow.Decimal128Type{Precision: a.prec, Scale: a.scale}, outFixed, 16, convDec128From32)
			return
		}
	}
	l.set(arrow.PrimitiveTypes.Int32, outFixed, 4, convSame)
}

func (l *leaf) setInteger32(a logicalType) {
	switch {
	case a.bitWidth == 8 && a.signed:
		l.set(arrow.PrimitiveTypes.Int8, outFixed, 1, convNarrow8)
	case a.bitWidth == 8:
		l.set(arrow.PrimitiveTypes.Uint8, outFixed, 1, convNarrow8)
	case a.bitWidth == 16 && a.signed:
		l.set(arrow.PrimitiveTypes.Int16, outFixed, 2, convNarrow16)
	case a.bitWidth == 16:
		l.set(arrow.PrimitiveTypes.Uint16, outFixed, 2, convNarrow16)
	case a.bitWidth == 32 && !a.signed:
		l.set(arrow.PrimitiveTypes.Uint32, outFixed, 4, convSame)
	default:
		l.set(arrow.PrimitiveTypes.Int32, outFixed, 4, convSame)
	}
}

var arrowUnits = map[int16]arrow.TimeUnit{unitMillis: arrow.Millisecond, unitMicros: arrow.Microsecond, unitNanos: arrow.Nanosecond}

func (l *leaf) setInt64(a logicalType) {
	unit, hasUnit := arrowUnits[a.unit]
	switch {
	case a.kind == logInteger && a.bitWidth == 64 && !a.signed:
		l.set(arrow.PrimitiveTypes.Uint64, outFixed, 8, convSame)
	case a.kind == logTimestamp && hasUnit:
		t := &arrow.TimestampType{Unit: unit}
		if a.utc {
			t.TimeZone = "UTC"
		}
		l.set(t, outFixed, 8, convSame)
	case a.kind == logTime && hasUnit && a.unit != unitMillis:
		l.set(&arrow.Time64Type{Unit: unit}, outFixed, 8, convSame)
	case a.kind == logDecimal && validDecimal(a, 18):
		l.set(&arrow.Decimal128Type{Precision: a.prec, Scale: a.scale}, outFixed, 16, convDec128From64)
	default:
		l.set(arrow.PrimitiveTypes.Int64, outFixed, 8, convSame)
	}
}

func validDecimal(a logicalType, maxPrec int32) bool {
	return a.prec > 0 && a.prec <= maxPrec && a.scale >= 0 && a.scale <= a.prec
}

func (l *leaf) setBytes(a logicalType) {
	switch a.kind {
	case logString, logEnum, logJSON:
		l.isUTF8 = true
		l.set(arrow.BinaryTypes.String, outView, 16, convSame)
	case logDecimal:
		if validDecimal(a, 38) {
			l.set(&arrow.Decimal128Type{Precision: a.prec, Scale: a.scale}, outFixed, 16, convDec128FromBytes)
			return
		}
		if validDecimal(a, 76) {
			l.set(&arrow.Decimal256Type{Precision: a.prec, Scale: a.scale}, outFixed, 32, convDec256FromBytes)
			return
		}
		fallthrough
	default:
		l.set(arrow.BinaryTypes.Binary, outView, 16, convSame)
	}
}

func (l *leaf) setFixed(a logicalType) {
	switch {
	case a.kind == logDecimal && validDecimal(a, 38):
		l.set(&arrow.Decimal128Type{Precision: a.prec, Scale: a.scale}, outFixed, 16, convDec128FromFixed)
	case a.kind == logDecimal && validDecimal(a, 76):
		l.set(&arrow.Decimal256Type{Precision: a.prec, Scale: a.scale}, outFixed, 32, convDec256FromFixed)
	case a.kind == logFloat16 && l.typeLen == 2:
		l.set(arrow.FixedWidthTypes.Float16, outFixed, 2, convSame)
	default:
		l.set(&arrow.FixedSizeBinaryType{ByteWidth: l.typeLen}, outFixed, l.typeLen, convSame)
	}
}

// annotationOf returns the logical type of an element, made from its converted type where it has none. Timestamps of converted
// types are instants in UTC, as the format says.
func annotationOf(e *schemaElement) logicalType {
	if e.logical.kind != logNone {
		return e.logical
	}
	switch e.conv {
	case convUTF8:
		return logicalType{kind: logString}
	case convEnum:
		return logicalType{kind: logEnum}
	case convJSON:
		return logicalType{kind: logJSON}
	case convBSON:
		return logicalType{kind: logBSON}
	case convDecimal:
		return logicalType{kind: logDecimal, scale: e.scale, prec: e.prec}
	case convDate:
		return logicalType{kind: logDate}
	case convTimeMillis:
		return logicalType{kind: logTime, unit: unitMillis, utc: true}
	case convTimeMicros:
		return logicalType{kind: logTime, unit: unitMicros, utc: true}
	case convTimestampMillis:
		return logicalType{kind: logTimestamp, unit: unitMillis, utc: true}
	case convTimestampMicros:
		return logicalType{kind: logTimestamp, unit: unitMicros, utc: true}
	case convUint8, convUint16, convUint32, convUint64:
		return logicalType{kind: logInteger, bitWidth: 8 << (e.conv - convUint8)}
	case convInt8, convInt16, convInt32, convInt64:
		return logicalType{kind: logInteger, bitWidth: 8 << (e.conv - convInt8), signed: true}
	}
	return logicalType{}
}

// physWidth is the bytes of a value in plain encoding; 0 where they vary or it is a bit.
func (l *leaf) physWidth() int {
	switch l.elem.typ {
	case physInt32, physFloat:
		return 4
	case physInt64, physDouble:
		return 8
	case physInt96:
		return 12
	case physFixed:
		return l.typeLen
	}
	return 0
}
