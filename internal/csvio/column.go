package csvio

import (
	"bytes"
	"strings"
	"time"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// Column is a column to read.
type Column struct {
	Name string
	// Field is the column's place among the fields of a row, from 0; −1 is nowhere: all its values are null.
	Field int
	// Type is the type to give. Text and binary come as views, whatever their declared layout.
	Type arrow.DataType
	// Order is the order of dates that do not begin with the year, as Inference finds it.
	Order uint8
	// Inferred says that nobody declared Type: an error then says how to.
	Inferred bool
}

// kind is what a column's values are stored and parsed as.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindInt8
	kindInt16
	kindInt32
	kindInt64
	kindUint8
	kindUint16
	kindUint32
	kindUint64
	kindFloat32
	kindFloat64
	kindDate32
	kindDate64
	kindTime32
	kindTime64
	kindTimestamp
	kindDecimal128
	kindDecimal256
	kindText
	kindBinary
)

var kindOf = map[arrow.Type]kind{
	arrow.NULL: kindNull, arrow.BOOL: kindBool, arrow.INT8: kindInt8, arrow.INT16: kindInt16, arrow.INT32: kindInt32, arrow.INT64: kindInt64,
	arrow.UINT8: kindUint8, arrow.UINT16: kindUint16, arrow.UINT32: kindUint32, arrow.UINT64: kindUint64,
	arrow.FLOAT32: kindFloat32, arrow.FLOAT64: kindFloat64, arrow.DATE32: kindDate32, arrow.DATE64: kindDate64,
	arrow.TIME32: kindTime32, arrow.TIME64: kindTime64, arrow.TIMESTAMP: kindTimestamp, arrow.DECIMAL128: kindDecimal128, arrow.DECIMAL256: kindDecimal256,
	arrow.STRING: kindText, arrow.LARGE_STRING: kindText, arrow.STRING_VIEW: kindText,
	arrow.BINARY: kindBinary, arrow.LARGE_BINARY: kindBinary, arrow.BINARY_VIEW: kindBinary,
}

// widths are the bytes of a value of each kind; a bool takes a bit.
var widths = [...]int{kindBool: 0, kindInt8: 1, kindUint8: 1, kindInt16: 2, kindUint16: 2, kindInt32: 4, kindUint32: 4, kindFloat32: 4, kindDate32: 4, kindTime32: 4,
	kindInt64: 8, kindUint64: 8, kindFloat64: 8, kindDate64: 8, kindTime64: 8, kindTimestamp: 8, kindDecimal128: 16, kindDecimal256: 32, kindText: 16, kindBinary: 16}

// CanRead says whether fields can be parsed as the type.
func CanRead(t arrow.DataType) bool {
	_, ok := kindOf[t.ID()]
	return ok
}

// column is a column being read: buffers for the values of one batch, reused by the next.
type column struct {
	Column
	kind kind
	d    *Dialect

	data  []uint64 // values, by the width of kind
	valid []uint64 // a bit a row, all set at the start of a batch
	nulls int

	// text
	arena     []byte // text that is not in the file as such: quotes undone, bytes replaced
	nullWords [][]byte
	likeNull  bool           // a spelling of null may read as a value, too: it goes first
	layout    arrow.DataType // the view type to give

	// time
	perSecond int64
	zone      *time.Location // nil: naive
	dateKey   [2]uint64      // the ten bytes of the last date read, in words that overlap, and
	dateDays  int32          // its days

	// numbers
	odd   bool // separators other than the usual ones
	plain []byte

	why string // why the last value did not parse, where there is more to say than its type
}

// noDate is no text's key: the words of one have bytes in common.
var noDate = [2]uint64{0, 1}

func newColumn(spec Column, d *Dialect, rows int) (*column, error) {
	c := &column{Column: spec, d: d, dateKey: noDate, odd: d.Decimal != '.' || d.Thousands != 0}
	k, ok := kindOf[spec.Type.ID()]
	if !ok {
		if spec.Field >= 0 {
			f := fault.New(fault.Plan, "CSV", "fields of a CSV file cannot be read as %s", spec.Type)
			f.Column = spec.Name
			return nil, f.WithHint("read the column as text and convert it")
		}
		k = kindNull
	}
	c.kind = k
	words := c.d.Nulls
	if words == nil && k != kindText && k != kindBinary {
		words = NullWords
	}
	for _, w := range words {
		c.nullWords = append(c.nullWords, []byte(w))
		_, number := parseFloat([]byte(w))
		_, boolean := d.boolWord([]byte(w))
		c.likeNull = c.likeNull || number || boolean || strings.ContainsAny(w, "0123456789")
	}
	if err := c.setTime(); err != nil {
		return nil, err
	}
	switch k {
	case kindText:
		c.layout = arrow.BinaryTypes.StringView
	case kindBinary:
		c.layout = arrow.BinaryTypes.BinaryView
	}
	if k != kindNull {
		c.data = make([]uint64, (rows*widths[k]+7)/8+(rows+63)/64)
		c.valid = make([]uint64, (rows+63)/64)
	}
	return c, nil
}

func (c *column) setTime() (err error) {
	unit := arrow.Second
	switch t := c.Type.(type) {
	case *arrow.TimestampType:
		unit = t.Unit
		if t.TimeZone != "" {
			if c.zone, err = t.GetZone(); err != nil {
				f := fault.New(fault.Plan, "CSV", "time zone %q: %w", t.TimeZone, err)
				f.Column = c.Name
				return f
			}
		}
	case *arrow.Time32Type:
		unit = t.Unit
	case *arrow.Time64Type:
		unit = t.Unit
	}
	c.perSecond = [...]int64{arrow.Second: 1, arrow.Millisecond: 1e3, arrow.Microsecond: 1e6, arrow.Nanosecond: 1e9}[unit]
	return nil
}

// begin starts a batch of at most rows rows.
func (c *column) begin() {
	c.nulls = 0
	c.arena = c.arena[:0]
	for i := range c.valid {
		c.valid[i] = ^uint64(0)
	}
}

// setNull makes row i null; its value is zero.
func (c *column) setNull(i int) {
	c.valid[i>>6] &^= 1 << (i & 63)
	c.nulls++
}

// truncate takes the rows from n on back.
func (c *column) truncate(n, rows int) {
	for i := n; i < rows; i++ {
		if c.valid != nil && c.valid[i>>6]>>(i&63)&1 == 0 {
			c.nulls--
		}
	}
}

// values returns the column's buffer as a slice of T.
func values[T any](c *column) []T {
	var z T
	size := int(unsafe.Sizeof(z))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(c.data))), len(c.data)*8/size)
}

// isNull says whether an unquoted field is spelled as null.
func (c *column) isNull(f []byte) bool {
	for _, w := range c.nullWords {
		if bytes.Equal(w, f) {
			return true
		}
	}
	return false
}

func wordBytes(w []uint64, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), len(w)*8)[:n]
}

// array returns the first rows values as an Arrow array over the column's buffers and, for text, the buffer that was parsed.
func (c *column) array(rows int, block []byte) arrow.Array {
	if c.kind == kindNull || c.Field < 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, viewOf(c.Type), rows)
	}
	buffers := []*memory.Buffer{nil, nil}
	if c.nulls > 0 {
		buffers[0] = memory.NewBufferBytes(wordBytes(c.valid, (rows+7)/8))
	}
	n := rows * widths[c.kind]
	if c.kind == kindBool {
		n = (rows + 7) / 8
	}
	buffers[1] = memory.NewBufferBytes(wordBytes(c.data, n))
	typ := c.Type
	if c.kind == kindText || c.kind == kindBinary {
		typ = c.layout
		buffers = append(buffers, memory.NewBufferBytes(block), memory.NewBufferBytes(c.arena))
	}
	data := array.NewData(typ, rows, buffers, nil, c.nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// viewOf returns the view type of text and binary types, other types as they are.
func viewOf(t arrow.DataType) arrow.DataType {
	switch kindOf[t.ID()] {
	case kindText:
		return arrow.BinaryTypes.StringView
	case kindBinary:
		return arrow.BinaryTypes.BinaryView
	}
	return t
}
