package parquetio

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// valueOrder is how the values of a leaf are compared for statistics.
type valueOrder uint8

const (
	orderNone     valueOrder = iota // no bounds
	orderSigned                     // integers
	orderUnsigned                   // integers
	orderFloat                      // without NaN
	orderBool
	orderBytes   // unsigned bytes
	orderDecimal // big-endian two's complement
)

// setType chooses physical type, annotation, conversion and order of a leaf of Arrow type t.
func (l *writeLeaf) setType(t arrow.DataType) *fault.Error {
	switch x := t.(type) {
	case arrow.ExtensionType:
		return l.setType(x.StorageType())
	case *arrow.DictionaryType:
		return l.setType(x.ValueType)
	case *arrow.RunEndEncodedType:
		return l.setType(x.Encoded())
	case *arrow.TimestampType:
		l.setTimestamp(x)
		return nil
	case *arrow.Time32Type:
		l.set(physInt32, logicalType{kind: logTime, unit: unitMillis}, convNone, orderSigned)
		if x.Unit == arrow.Second {
			l.conv, l.mul = writeScale32, 1000
		}
		return nil
	case *arrow.Time64Type:
		l.set(physInt64, logicalType{kind: logTime, unit: fileUnit(x.Unit)}, convNone, orderSigned)
		return nil
	case *arrow.FixedSizeBinaryType:
		if x.ByteWidth <= 0 || x.ByteWidth > maxFixedLen {
			return writeFault("Parquet has no fixed-size binary of %d bytes", x.ByteWidth)
		}
		l.set(physFixed, logicalType{}, convNone, orderBytes)
		l.elem.typeLen = int32(x.ByteWidth)
		return nil
	case arrow.DecimalType:
		return l.setDecimal(x.GetPrecision(), x.GetScale())
	}
	return l.setSimple(t)
}

func (l *writeLeaf) set(p physType, log logicalType, conv int32, order valueOrder) {
	l.elem.typ, l.elem.hasType, l.elem.logical, l.elem.conv, l.order = p, true, log, conv, order
}

// setSimple chooses for the types without parameters.
func (l *writeLeaf) setSimple(t arrow.DataType) *fault.Error {
	text := logicalType{kind: logString}
	switch t.ID() {
	case arrow.NULL:
		l.set(physInt32, logicalType{kind: logUnknown}, convNone, orderNone)
		l.conv = writeNull
	case arrow.BOOL:
		l.set(physBoolean, logicalType{}, convNone, orderBool)
	case arrow.INT8:
		l.setInt(8, true)
	case arrow.INT16:
		l.setInt(16, true)
	case arrow.INT32:
		l.set(physInt32, logicalType{}, convNone, orderSigned)
	case arrow.INT64, arrow.DURATION:
		l.set(physInt64, logicalType{}, convNone, orderSigned)
	case arrow.UINT8:
		l.setInt(8, false)
	case arrow.UINT16:
		l.setInt(16, false)
	case arrow.UINT32:
		l.setInt(32, false)
	case arrow.UINT64:
		l.setInt(64, false)
	case arrow.FLOAT16:
		l.set(physFixed, logicalType{kind: logFloat16}, convNone, orderNone)
		l.elem.typeLen = 2
	case arrow.FLOAT32:
		l.set(physFloat, logicalType{}, convNone, orderFloat)
	case arrow.FLOAT64:
		l.set(physDouble, logicalType{}, convNone, orderFloat)
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		l.set(physByteArray, text, convUTF8, orderBytes)
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		l.set(physByteArray, logicalType{}, convNone, orderBytes)
	case arrow.DATE32:
		l.set(physInt32, logicalType{kind: logDate}, convDate, orderSigned)
	case arrow.DATE64:
		l.set(physInt32, logicalType{kind: logDate}, convDate, orderSigned)
		l.conv, l.div = writeDays, millisPerDay
	default:
		return writeFault("Parquet cannot hold the type %s", t).WithHint("cast the column, or write Arrow IPC")
	}
	return nil
}

const millisPerDay = 86400e3

// setInt sets an annotated integer; converted types of signed and unsigned integers follow each other in the format.
func (l *writeLeaf) setInt(width int8, signed bool) {
	conv, order := int32(convUint8), orderUnsigned
	if signed {
		conv, order = convInt8, orderSigned
	}
	for w := int8(8); w < width; w *= 2 {
		conv++
	}
	phys := physInt32
	if width == 64 {
		phys = physInt64
	}
	l.set(phys, logicalType{kind: logInteger, bitWidth: width, signed: signed}, conv, order)
	if width < 32 {
		l.conv = writeWiden
	}
}

func fileUnit(u arrow.TimeUnit) int16 {
	switch u {
	case arrow.Microsecond:
		return unitMicros
	case arrow.Nanosecond:
		return unitNanos
	}
	return unitMillis
}

// setTimestamp: with a zone the values are instants in UTC, without one local times. The converted types mean instants, so that local
// times have none.
func (l *writeLeaf) setTimestamp(t *arrow.TimestampType) {
	conv := int32(convNone)
	if t.TimeZone != "" {
		switch t.Unit {
		case arrow.Second, arrow.Millisecond:
			conv = convTimestampMillis
		case arrow.Microsecond:
			conv = convTimestampMicros
		}
	}
	l.set(physInt64, logicalType{kind: logTimestamp, unit: fileUnit(t.Unit), utc: t.TimeZone != ""}, conv, orderSigned)
	if t.Unit == arrow.Second {
		l.conv, l.mul = writeScale64, 1000
	}
}

// setDecimal takes the smallest of int32, int64 and big-endian bytes that holds the precision.
func (l *writeLeaf) setDecimal(prec, scale int32) *fault.Error {
	if scale < 0 || scale > prec || prec < 1 {
		return writeFault("Parquet has no decimal(%d, %d)", prec, scale).WithHint("cast the column to a decimal with a scale from 0 to its precision")
	}
	log := logicalType{kind: logDecimal, prec: prec, scale: scale}
	switch {
	case prec <= 9:
		l.set(physInt32, log, convDecimal, orderSigned)
		l.conv = writeDec32
	case prec <= 18:
		l.set(physInt64, log, convDecimal, orderSigned)
		l.conv = writeDec64
	default:
		l.set(physFixed, log, convDecimal, orderDecimal)
		l.conv = writeDecimal
		l.elem.typeLen = decimalBytes(prec)
	}
	l.elem.prec, l.elem.scale = prec, scale
	return nil
}

// decimalBytes is how many bytes two's complement needs for so many decimal digits.
func decimalBytes(prec int32) int32 {
	return int32(math.Ceil((float64(prec)*math.Log2(10) + 1) / 8))
}

// compare compares two bounds as they are in the file.
func (l *writeLeaf) compare(a, b []byte) int {
	switch l.order {
	case orderSigned:
		if l.elem.typ == physInt32 {
			return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
		}
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	case orderUnsigned:
		if l.elem.typ == physInt32 {
			return cmp.Compare(binary.LittleEndian.Uint32(a), binary.LittleEndian.Uint32(b))
		}
		return cmp.Compare(binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b))
	case orderFloat:
		if l.elem.typ == physFloat {
			return cmp.Compare(math.Float32frombits(binary.LittleEndian.Uint32(a)), math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
		return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case orderDecimal:
		if c := cmp.Compare(int8(a[0]), int8(b[0])); c != 0 {
			return c
		}
	}
	return bytes.Compare(a, b)
}
