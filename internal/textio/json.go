package textio

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/float16"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// others formats the types that are rare or nested, a value at a time.
func (c *column) others(v *vec.Vec, at, n int) error {
	for i := range n {
		if v.Valid != nil && !bitmap.Get(v.Valid, at+i) {
			continue
		}
		var err error
		if c.tmp, err = c.appendValue(c.tmp[:0], v, at+i, c.json || v.Phys == vec.List || v.Phys == vec.Struct); err != nil {
			return err
		}
		if c.json {
			c.putBytes(i, c.tmp)
		} else {
			c.putField(i, c.tmp)
		}
	}
	return nil
}

// AppendValue appends row i of a column as the text of a CSV field, without quotes; "null" for null.
func AppendValue(dst []byte, v *vec.Vec, i int) ([]byte, error) {
	c := column{typ: v.Type, words: floatWords{"NaN", "inf", "-inf"}}
	return c.appendValue(dst, v, i, false)
}

// appendValue appends row i as JSON, or as the text of a field.
func (c *column) appendValue(dst []byte, v *vec.Vec, i int, json bool) ([]byte, error) {
	if !v.ValidAt(i) {
		return append(dst, "null"...), nil
	}
	if v.Dict != nil {
		return c.appendValue(dst, &v.Dict.Values, int(v.Codes()[i]), json)
	}
	switch v.Phys {
	case vec.List:
		return c.appendList(dst, v, i)
	case vec.Struct:
		return c.appendStruct(dst, v, i)
	case vec.View:
		b := vec.Of[vec.ViewHeader](v)[i].Value(v.Bufs)
		if v.Type.ID() == arrow.BINARY && json {
			return appendBase64(dst, b), nil
		}
		if !utf8.Valid(b) {
			return dst, c.notUTF8(b, i)
		}
		if !json {
			return append(dst, b...), nil
		}
		return appendQuoted(dst, b), nil
	case vec.Bool:
		return strconv.AppendBool(dst, bitmap.Get(v.Bits(), i)), nil
	case vec.Dec128, vec.Dec256:
		return appendDecimal(dst, v, i), nil
	case vec.Fixed:
		return c.appendFixed(dst, v, i, json)
	}
	return c.appendScalar(dst, v, i, json), nil
}

// appendScalar appends a number, a date or a time.
func (c *column) appendScalar(dst []byte, v *vec.Vec, i int, json bool) []byte {
	var to cell
	words := &floatWords{"NaN", "Infinity", "-Infinity"}
	if !json {
		words = &c.words
	}
	var x int64
	switch v.Phys {
	case vec.Int8:
		x = int64(vec.Of[int8](v)[i])
	case vec.Int16:
		x = int64(vec.Of[int16](v)[i])
	case vec.Int32:
		x = int64(vec.Of[int32](v)[i])
	case vec.Int64:
		x = vec.Of[int64](v)[i]
	case vec.Uint8:
		x = int64(vec.Of[uint8](v)[i])
	case vec.Uint16:
		x = int64(vec.Of[uint16](v)[i])
	case vec.Uint32:
		x = int64(vec.Of[uint32](v)[i])
	case vec.Uint64:
		return strconv.AppendUint(dst, vec.Of[uint64](v)[i], 10)
	case vec.Float16:
		f := float16.FromBits(vec.Of[uint16](v)[i]).Float32()
		return append(dst, to[:putFloat(&to, float64(f), 32, words)]...)
	case vec.Float32:
		return append(dst, to[:putFloat(&to, float64(vec.Of[float32](v)[i]), 32, words)]...)
	case vec.Float64:
		return append(dst, to[:putFloat(&to, vec.Of[float64](v)[i], 64, words)]...)
	}
	switch v.Type.ID() {
	case arrow.DURATION:
		return appendDuration(dst, v.Type, x, json)
	case arrow.DATE32, arrow.DATE64, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP:
		end := c.moment(&to, 0, v.Type, x)
		if end < 0 {
			return c.appendFar(dst, v.Type, x, json)
		}
		if !json {
			return append(dst, to[:end]...)
		}
		return append(append(append(dst, '"'), to[:end]...), '"')
	}
	return strconv.AppendInt(dst, x, 10)
}

func (c *column) appendList(dst []byte, v *vec.Vec, i int) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for e := v.Offs[i]; e < v.Offs[i+1]; e++ {
		if e > v.Offs[i] {
			dst = append(dst, ',')
		}
		if dst, err = c.appendValue(dst, &v.Child[0], int(e), true); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (c *column) appendStruct(dst []byte, v *vec.Vec, i int) ([]byte, error) {
	fields := v.Type.(*arrow.StructType).Fields()
	var err error
	dst = append(dst, '{')
	for k, f := range fields {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, []byte(f.Name)), ':')
		if dst, err = c.appendValue(dst, &v.Child[k], i, true); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// appendFixed appends fixed-size binary as binary is written, and intervals as their parts.
func (c *column) appendFixed(dst []byte, v *vec.Vec, i int, json bool) ([]byte, error) {
	b := v.Data[i*v.Width : (i+1)*v.Width]
	if v.Type.ID() != arrow.FIXED_SIZE_BINARY {
		text := []byte(v.Text(i))
		if json {
			return appendQuoted(dst, text), nil
		}
		return append(dst, text...), nil
	}
	if json {
		return appendBase64(dst, b), nil
	}
	if !utf8.Valid(b) {
		return dst, c.notUTF8(b, i)
	}
	return append(dst, b...), nil
}

func appendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// appendQuoted appends a text as a string of JSON.
func appendQuoted(dst, b []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i, x := range b {
		if x >= 0x20 && x != '"' && x != '\\' {
			continue
		}
		dst = append(dst, b[from:i]...)
		from = i + 1
		switch x {
		case '"', '\\':
			dst = append(dst, '\\', x)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[x>>4], hex[x&15])
		}
	}
	return append(append(dst, b[from:]...), '"')
}

// appendDuration writes a duration as Go does, 1h2m3.5s, or in seconds where it is too long for that.
func appendDuration(dst []byte, t arrow.DataType, x int64, json bool) []byte {
	per := int64(t.(*arrow.DurationType).Unit.Multiplier())
	var text []byte
	if d := x * per; d/per == x {
		text = append(text, time.Duration(d).String()...)
	} else {
		text = append(strconv.AppendInt(text, x/(int64(time.Second)/per), 10), 's')
	}
	if json {
		return appendQuoted(dst, text)
	}
	return append(dst, text...)
}
