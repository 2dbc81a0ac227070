package parquetio

import (
	"errors"
	"fmt"
)

// The structs of the footer, of page headers and of the page index, with the fields that reading needs. They are our own and not
// those of a library because a missing null count must differ from zero, and because decoding must stay bounded on hostile files.
// Names and numbers follow parquet.thrift of the Parquet format.

type physType int32

const (
	physBoolean physType = iota
	physInt32
	physInt64
	physInt96
	physFloat
	physDouble
	physByteArray
	physFixed
)

var physNames = [...]string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}

func (t physType) String() string {
	if t >= 0 && int(t) < len(physNames) {
		return physNames[t]
	}
	return fmt.Sprintf("type %d", int32(t))
}

const (
	repRequired = 0
	repOptional = 1
	repRepeated = 2
)

type encoding int32

const (
	encPlain           encoding = 0
	encPlainDict       encoding = 2
	encRLE             encoding = 3
	encBitPacked       encoding = 4
	encDeltaBinary     encoding = 5
	encDeltaLength     encoding = 6
	encDeltaByteArray  encoding = 7
	encRLEDict         encoding = 8
	encByteStreamSplit encoding = 9
)

func (e encoding) isDict() bool { return e == encPlainDict || e == encRLEDict }

// Converted types, the annotations before logical types.
const (
	convNone            = -1
	convUTF8            = 0
	convMap             = 1
	convMapKeyValue     = 2
	convList            = 3
	convEnum            = 4
	convDecimal         = 5
	convDate            = 6
	convTimeMillis      = 7
	convTimeMicros      = 8
	convTimestampMillis = 9
	convTimestampMicros = 10
	convUint8           = 11
	convUint16          = 12
	convUint32          = 13
	convUint64          = 14
	convInt8            = 15
	convInt16           = 16
	convInt32           = 17
	convInt64           = 18
	convJSON            = 19
	convBSON            = 20
	convInterval        = 21
)

// Logical types, by their number in the union.
const (
	logNone      = 0
	logString    = 1
	logMap       = 2
	logList      = 3
	logEnum      = 4
	logDecimal   = 5
	logDate      = 6
	logTime      = 7
	logTimestamp = 8
	logInteger   = 10
	logUnknown   = 11
	logJSON      = 12
	logBSON      = 13
	logUUID      = 14
	logFloat16   = 15
)

// Time units of logical types, by their number in the union.
const (
	unitMillis = 1
	unitMicros = 2
	unitNanos  = 3
)

type logicalType struct {
	kind     int16
	scale    int32 // decimal
	prec     int32 // decimal
	unit     int16 // time, timestamp
	utc      bool  // time, timestamp
	bitWidth int8  // integer
	signed   bool  // integer
}

type schemaElement struct {
	name     string
	typ      physType
	hasType  bool
	typeLen  int32
	rep      int32
	children int32
	conv     int32
	scale    int32
	prec     int32
	fieldID  int32
	logical  logicalType
}

type statistics struct {
	has          bool
	hasNulls     bool
	nulls        int64
	max, min     []byte // deprecated, of signed order
	maxV, minV   []byte
	hasMaxOld    bool
	hasMinOld    bool
	hasMax       bool
	hasMin       bool
	nanCount     int64
	hasNaNCounts bool
}

// columnChunk is a column of a row group.
type columnChunk struct {
	external  bool // in another file
	encrypted bool
	hasMeta   bool
	typ       physType
	codec     int32
	numValues int64
	// compressed is the bytes of all pages with their headers; uncompressed counts them decompressed.
	compressed, uncompressed int64
	// textBytes is the bytes of all variable-length values without encoding, by the size statistics; 0 where there are none.
	textBytes        int64
	dataOff, dictOff int64
	offsetIdxOff     int64
	offsetIdxLen     int32
	columnIdxOff     int64
	columnIdxLen     int32
	bloomOff         int64
	bloomLen         int32
	stats            statistics
	encodings        uint32 // a bit per encoding
	// dictPages and plainPages count data pages by the encoding statistics; both 0 where there are none.
	dictPages, plainPages int64
}

type rowGroup struct {
	rows     int64
	cols     []columnChunk
	bytes    int64
	startRow int64 // in the file
}

type keyValue struct{ key, value string }

type fileMeta struct {
	schema    []schemaElement
	rows      int64
	groups    []rowGroup
	kv        []keyValue
	createdBy string
	// orders has the column order of each leaf: 0 unknown, 1 by type, 2 IEEE total order.
	orders    []uint8
	encrypted bool
}

// each calls f for every field of a struct, and skips those that f does not take.
func (r *thriftReader) each(f func(id int16, typ byte) bool) {
	var id int16
	for {
		typ, ok := r.field(&id)
		if !ok {
			return
		}
		if !f(id, typ) {
			r.skip(typ)
		}
	}
}

// elems calls f for every element of a list field of structs. It and the functions below answer false for a field of another wire
// type than theirs, which is then skipped, as thrift readers do: some writers put their own fields under the numbers of others.
func (r *thriftReader) elems(typ byte, start func(n int), f func()) bool {
	if typ != tList {
		return false
	}
	t, n := r.list()
	if n > 0 && t != tStruct {
		r.fail(errThriftBad)
		return true
	}
	start(n)
	for ; n > 0 && r.err == nil; n-- {
		f()
	}
	return true
}

func (r *thriftReader) fi32(typ byte, dst *int32) bool {
	if typ == tI32 {
		*dst = r.i32()
	}
	return typ == tI32
}

func (r *thriftReader) fi64(typ byte, dst *int64) bool {
	if typ == tI64 {
		*dst = r.i64()
	}
	return typ == tI64
}

func (r *thriftReader) fbytes(typ byte, dst *[]byte) bool {
	if typ == tBinary {
		*dst = r.bytes()
	}
	return typ == tBinary
}

func (r *thriftReader) fstring(typ byte, dst *string) bool {
	if typ == tBinary {
		*dst = r.string()
	}
	return typ == tBinary
}

func (r *thriftReader) fbool(typ byte, dst *bool) bool {
	if typ == tTrue {
		*dst = r.boolean
	}
	return typ == tTrue
}

// maxFooterHint is how many elements are allocated at once before any is decoded; more are grown into.
const maxFooterHint = 1024

func decodeFileMeta(b []byte) (*fileMeta, error) {
	r := &thriftReader{b: b}
	m := &fileMeta{}
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 2:
			return r.elems(typ, func(n int) { m.schema = make([]schemaElement, 0, min(n, maxFooterHint)) },
				func() { m.schema = append(m.schema, decodeSchemaElement(r)) })
		case 3:
			return r.fi64(typ, &m.rows)
		case 4:
			return r.elems(typ, func(n int) { m.groups = make([]rowGroup, 0, min(n, maxFooterHint)) },
				func() { m.groups = append(m.groups, decodeRowGroup(r)) })
		case 5:
			return r.elems(typ, func(int) {}, func() { m.kv = append(m.kv, decodeKeyValue(r)) })
		case 6:
			return r.fstring(typ, &m.createdBy)
		case 7:
			return r.elems(typ, func(n int) { m.orders = make([]uint8, 0, min(n, maxFooterHint)) },
				func() { m.orders = append(m.orders, decodeColumnOrder(r)) })
		case 8:
			m.encrypted = true
		}
		return false
	})
	return m, r.err
}

func decodeColumnOrder(r *thriftReader) uint8 {
	var order uint8
	r.each(func(id int16, _ byte) bool {
		if id == 1 || id == 2 {
			order = uint8(id)
		}
		return false
	})
	return order
}

func decodeKeyValue(r *thriftReader) keyValue {
	var kv keyValue
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			return r.fstring(typ, &kv.key)
		case 2:
			return r.fstring(typ, &kv.value)
		}
		return false
	})
	return kv
}

func decodeSchemaElement(r *thriftReader) schemaElement {
	e := schemaElement{conv: convNone, fieldID: -1}
	named := false
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			e.hasType = typ == tI32
			return r.fi32(typ, (*int32)(&e.typ))
		case 2:
			return r.fi32(typ, &e.typeLen)
		case 3:
			return r.fi32(typ, &e.rep)
		case 4:
			named = typ == tBinary
			return r.fstring(typ, &e.name)
		case 5:
			return r.fi32(typ, &e.children)
		case 6:
			return r.fi32(typ, &e.conv)
		case 7:
			return r.fi32(typ, &e.scale)
		case 8:
			return r.fi32(typ, &e.prec)
		case 9:
			return r.fi32(typ, &e.fieldID)
		case 10:
			if typ == tStruct {
				e.logical = decodeLogicalType(r)
			}
			return typ == tStruct
		}
		return false
	})
	if !named {
		r.fail(errors.New("metadata has a schema element without a name"))
	}
	return e
}

func decodeLogicalType(r *thriftReader) logicalType {
	var l logicalType
	r.each(func(id int16, typ byte) bool {
		l.kind = id
		if typ != tStruct {
			return false
		}
		switch id {
		case logDecimal:
			r.each(func(id int16, typ byte) bool {
				switch id {
				case 1:
					return r.fi32(typ, &l.scale)
				case 2:
					return r.fi32(typ, &l.prec)
				}
				return false
			})
		case logTime, logTimestamp:
			r.each(func(id int16, typ byte) bool {
				switch {
				case id == 1:
					return r.fbool(typ, &l.utc)
				case id == 2 && typ == tStruct:
					r.each(func(id int16, _ byte) bool { l.unit = id; return false })
					return true
				}
				return false
			})
		case logInteger:
			r.each(func(id int16, typ byte) bool {
				switch {
				case id == 1 && typ == tByte:
					l.bitWidth = int8(r.byte())
					return true
				case id == 2:
					return r.fbool(typ, &l.signed)
				}
				return false
			})
		default:
			return false
		}
		return true
	})
	return l
}

func decodeRowGroup(r *thriftReader) rowGroup {
	var g rowGroup
	rows := false
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			return r.elems(typ, func(n int) { g.cols = make([]columnChunk, 0, min(n, maxFooterHint)) },
				func() { g.cols = append(g.cols, decodeColumnChunk(r)) })
		case 2:
			return r.fi64(typ, &g.bytes)
		case 3:
			rows = typ == tI64
			return r.fi64(typ, &g.rows)
		}
		return false
	})
	if !rows {
		r.fail(errors.New("metadata has a row group without a number of rows"))
	}
	return g
}

func decodeColumnChunk(r *thriftReader) columnChunk {
	var c columnChunk
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			c.external = typ == tBinary && len(r.bytes()) > 0
			return typ == tBinary
		case 3:
			if typ == tStruct {
				decodeColumnMeta(r, &c)
			}
			return typ == tStruct
		case 4:
			return r.fi64(typ, &c.offsetIdxOff)
		case 5:
			return r.fi32(typ, &c.offsetIdxLen)
		case 6:
			return r.fi64(typ, &c.columnIdxOff)
		case 7:
			return r.fi32(typ, &c.columnIdxLen)
		case 8, 9:
			c.encrypted = true
		}
		return false
	})
	if !c.hasMeta && !c.encrypted {
		r.fail(errors.New("metadata has a column chunk without column metadata"))
	}
	return c
}

func decodeColumnMeta(r *thriftReader, c *columnChunk) {
	c.hasMeta = true
	c.typ, c.codec, c.numValues = -1, -1, -1
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			return r.fi32(typ, (*int32)(&c.typ))
		case 2:
			return decodeEncodings(r, typ, c)
		case 4:
			return r.fi32(typ, &c.codec)
		case 5:
			return r.fi64(typ, &c.numValues)
		case 6:
			return r.fi64(typ, &c.uncompressed)
		case 7:
			return r.fi64(typ, &c.compressed)
		case 9:
			return r.fi64(typ, &c.dataOff)
		case 11:
			return r.fi64(typ, &c.dictOff)
		case 12:
			if typ == tStruct {
				c.stats = decodeStatistics(r)
			}
			return typ == tStruct
		case 13:
			return r.elems(typ, func(int) {}, func() { decodeEncodingStats(r, c) })
		case 14:
			return r.fi64(typ, &c.bloomOff)
		case 15:
			return r.fi32(typ, &c.bloomLen)
		case 16:
			if typ == tStruct {
				r.each(func(id int16, typ byte) bool { return id == 1 && r.fi64(typ, &c.textBytes) })
			}
			return typ == tStruct
		}
		return false
	})
	if r.err == nil && (c.typ < 0 || c.codec < 0 || c.numValues < 0) {
		r.fail(errors.New("metadata has a column chunk without type, codec or number of values"))
	}
}

func decodeEncodings(r *thriftReader, typ byte, c *columnChunk) bool {
	if typ != tList {
		return false
	}
	t, n := r.list()
	if n > 0 && t != tI32 {
		r.fail(errThriftBad)
	}
	for ; n > 0 && r.err == nil; n-- {
		if e := r.i32(); e >= 0 && e < 32 {
			c.encodings |= 1 << uint(e)
		}
	}
	return true
}

func decodeEncodingStats(r *thriftReader, c *columnChunk) {
	var page, enc, count int32
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			return r.fi32(typ, &page)
		case 2:
			return r.fi32(typ, &enc)
		case 3:
			return r.fi32(typ, &count)
		}
		return false
	})
	if page != pageData && page != pageDataV2 {
		return
	}
	if encoding(enc).isDict() {
		c.dictPages += int64(count)
	} else {
		c.plainPages += int64(count)
	}
}

func decodeStatistics(r *thriftReader) statistics {
	s := statistics{has: true}
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			s.hasMaxOld = typ == tBinary
			return r.fbytes(typ, &s.max)
		case 2:
			s.hasMinOld = typ == tBinary
			return r.fbytes(typ, &s.min)
		case 3:
			s.hasNulls = typ == tI64
			return r.fi64(typ, &s.nulls)
		case 5:
			s.hasMax = typ == tBinary
			return r.fbytes(typ, &s.maxV)
		case 6:
			s.hasMin = typ == tBinary
			return r.fbytes(typ, &s.minV)
		case 9:
			if typ == tI64 {
				s.hasNaNCounts = true
				return r.fi64(typ, &s.nanCount)
			}
		}
		return false
	})
	return s
}
