package parquetio

import (
	"encoding/binary"
	"errors"
	"math"
)

// thriftReader decodes the thrift compact protocol over bytes in memory. It is written for hostile input: it never reads beyond
// the slice, never allocates (values are views of the input), bounds the depth of what it skips, and keeps the first error, after
// which every call answers zero so that callers check once.
//
// The wire form is that of the thrift compact protocol specification.
type thriftReader struct {
	b   []byte
	pos int
	err error
	// boolean holds the value of a bool field, which the protocol puts into the field header.
	boolean bool
}

// Wire types of the compact protocol.
const (
	tStop   = 0
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tI16    = 4
	tI32    = 5
	tI64    = 6
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
	tUUID   = 13
)

// maxThriftDepth bounds the nesting of skipped values; Parquet metadata is at most about 6 deep.
const maxThriftDepth = 32

var (
	errThriftShort = errors.New("metadata ends in the middle of a value")
	errThriftBad   = errors.New("metadata is not valid thrift")
)

func (r *thriftReader) fail(err error) {
	if r.err == nil {
		r.err = err
		r.pos = len(r.b)
	}
}

func (r *thriftReader) byte() byte {
	if r.pos >= len(r.b) {
		r.fail(errThriftShort)
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

func (r *thriftReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b[r.pos:])
	if n <= 0 {
		if n == 0 {
			r.fail(errThriftShort)
		} else {
			r.fail(errThriftBad)
		}
		return 0
	}
	r.pos += n
	return v
}

func (r *thriftReader) i64() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *thriftReader) i32() int32 {
	v := r.i64()
	if v < math.MinInt32 || v > math.MaxInt32 {
		r.fail(errThriftBad)
		return 0
	}
	return int32(v)
}

// take returns the next n bytes without copying, nil where there are fewer.
func (r *thriftReader) take(n int) []byte {
	if n < 0 || n > len(r.b)-r.pos {
		r.fail(errThriftShort)
		return nil
	}
	s := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return s
}

// bytes returns a binary value, a view of the input and not nil when there is one.
func (r *thriftReader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)-r.pos) {
		r.fail(errThriftShort)
		return nil
	}
	return r.take(int(n))
}

func (r *thriftReader) string() string { return string(r.bytes()) }

// field reads the next field header of a struct. It returns false at the end of the struct or after an error.
func (r *thriftReader) field(id *int16) (typ byte, ok bool) {
	h := r.byte()
	if r.err != nil || h == tStop {
		return 0, false
	}
	typ = h & 15
	if delta := h >> 4; delta != 0 {
		*id += int16(delta)
	} else {
		v := r.i64()
		if v < math.MinInt16 || v > math.MaxInt16 {
			r.fail(errThriftBad)
			return 0, false
		}
		*id = int16(v)
	}
	if typ == tTrue || typ == tFalse {
		r.boolean = typ == tTrue
		typ = tTrue
	}
	return typ, r.err == nil
}

// list reads a list header and returns the element type and count, which is never more than the bytes left: no element is empty.
func (r *thriftReader) list() (typ byte, n int) {
	h := r.byte()
	typ = h & 15
	count := uint64(h >> 4)
	if count == 15 {
		count = r.uvarint()
	}
	if count > uint64(len(r.b)-r.pos) {
		r.fail(errThriftShort)
		return 0, 0
	}
	return typ, int(count)
}

// bool reads a bool element of a list.
func (r *thriftReader) bool() bool { return r.byte() == tTrue }

// skip passes over a value of the type.
func (r *thriftReader) skip(typ byte) { r.skipDepth(typ, 0) }

func (r *thriftReader) skipDepth(typ byte, depth int) {
	if depth > maxThriftDepth {
		r.fail(errThriftBad)
	}
	if r.err != nil {
		return
	}
	switch typ {
	case tTrue, tFalse: // in the field header
	case tByte:
		r.byte()
	case tI16, tI32, tI64:
		r.uvarint()
	case tDouble:
		r.take(8)
	case tBinary:
		r.bytes()
	case tUUID:
		r.take(16)
	case tList, tSet:
		t, n := r.list()
		for ; n > 0 && r.err == nil; n-- {
			r.skipElem(t, depth)
		}
	case tMap:
		r.skipMap(depth)
	case tStruct:
		var id int16
		for {
			t, ok := r.field(&id)
			if !ok {
				return
			}
			r.skipDepth(t, depth+1)
		}
	default:
		r.fail(errThriftBad)
	}
}

// skipElem passes over an element of a list, set or map, where a bool takes a byte.
func (r *thriftReader) skipElem(t byte, depth int) {
	if t == tTrue || t == tFalse {
		r.byte()
		return
	}
	r.skipDepth(t, depth+1)
}

func (r *thriftReader) skipMap(depth int) {
	n := r.uvarint()
	if n == 0 {
		return
	}
	kv := r.byte()
	if n > uint64(len(r.b)-r.pos) {
		r.fail(errThriftShort)
		return
	}
	for ; n > 0 && r.err == nil; n-- {
		r.skipElem(kv>>4, depth)
		r.skipElem(kv&15, depth)
	}
}
