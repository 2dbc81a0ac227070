// Package rowenc writes rows of several columns, nested ones included, as byte strings that are equal exactly where the rows are:
// null equals null, NaN equals NaN, −0.0 equals 0.0, and dictionaries are written by value. The bytes say nothing about order; they
// can be read back (Decode). Tables of groups and joins use them for keys that are no fixed-width word.
//
// A row is its values in turn; a value is a byte 0 for null, or 1 and
//
//	bool, numbers, temporal, decimal, fixed binary   their bytes, little-endian (floats canonical)
//	text, binary                                     length as uvarint, bytes
//	list, map                                        number of elements as uvarint, elements
//	struct                                           fields
//
// rowenc knows vec and arrow types and nothing of expressions or plans.
package rowenc

import (
	"encoding/binary"
	"math"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Rows is encoded rows one after the other: row i is Data[Offs[i]:Offs[i+1]]. The memory is reused by the next Encode.
type Rows struct {
	Data []byte
	Offs []int64
	at   []int64 // per row, where its next column goes
}

// Len returns the number of rows.
func (r *Rows) Len() int { return max(len(r.Offs)-1, 0) }

// Row returns the bytes of row i, good until the next Encode.
func (r *Rows) Row(i int) []byte { return r.Data[r.Offs[i]:r.Offs[i+1]] }

// Encode replaces r by the first rows of cols. It measures every column first, then writes column by column.
func (r *Rows) Encode(cols []vec.Vec, rows int) {
	r.Offs = resize(r.Offs, rows+1)
	clear(r.Offs)
	sizes := r.Offs[1:]
	for c := range cols {
		addSizes(sizes, &cols[c])
	}
	for i := range sizes {
		sizes[i] += r.Offs[i]
	}
	r.Data = resize(r.Data, int(r.Offs[rows]))
	r.at = append(r.at[:0], r.Offs[:rows]...)
	for c := range cols {
		write(r.Data, r.at, &cols[c])
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// fixedSize is the bytes of a value of v after its null byte, or -1 where values differ in size.
func fixedSize(v *vec.Vec) int64 {
	switch v.Phys {
	case vec.Null:
		return 0
	case vec.Bool:
		return 1
	case vec.View, vec.List, vec.Struct:
		return -1
	}
	if v.Dict != nil {
		return int64(v.Dict.Values.Width)
	}
	return int64(v.Width)
}

func addSizes(sizes []int64, v *vec.Vec) {
	fixed := fixedSize(v)
	if fixed >= 0 && v.Valid == nil && v.Dict == nil && v.Phys != vec.Null {
		for i := range sizes {
			sizes[i] += 1 + fixed
		}
		return
	}
	for i := range sizes {
		sizes[i] += valueSize(v, i)
	}
}

// valueSize is the bytes that row i of v takes.
func valueSize(v *vec.Vec, i int) int64 {
	if !v.ValidAt(i) {
		return 1
	}
	if v.Dict != nil {
		return valueSize(&v.Dict.Values, int(v.Codes()[i]))
	}
	switch v.Phys {
	case vec.View:
		n := uint64(vec.Of[vec.ViewHeader](v)[i].Len)
		return 1 + uvarintLen(n) + int64(n)
	case vec.List:
		from, to := v.Offs[i], v.Offs[i+1]
		size := 1 + uvarintLen(uint64(to-from))
		for e := from; e < to; e++ {
			size += valueSize(&v.Child[0], int(e))
		}
		return size
	case vec.Struct:
		size := int64(1)
		for c := range v.Child {
			size += valueSize(&v.Child[c], i)
		}
		return size
	}
	return 1 + fixedSize(v)
}

func uvarintLen(x uint64) int64 {
	n := int64(1)
	for ; x >= 0x80; x >>= 7 {
		n++
	}
	return n
}

// write puts column v at each row's place and moves the places on.
func write(dst []byte, at []int64, v *vec.Vec) {
	if v.Valid == nil && v.Dict == nil && (v.Phys == vec.Int64 || v.Phys == vec.Uint64) {
		for i, x := range vec.Of[uint64](v)[:len(at)] {
			p := at[i]
			dst[p] = 1
			binary.LittleEndian.PutUint64(dst[p+1:], x)
			at[i] = p + 9
		}
		return
	}
	for i := range at {
		at[i] = writeValue(dst, at[i], v, i)
	}
}

// writeValue puts row i of v at p and returns the place behind it.
func writeValue(dst []byte, p int64, v *vec.Vec, i int) int64 {
	if !v.ValidAt(i) {
		dst[p] = 0
		return p + 1
	}
	if v.Dict != nil {
		return writeValue(dst, p, &v.Dict.Values, int(v.Codes()[i]))
	}
	dst[p] = 1
	p++
	switch v.Phys {
	case vec.Bool:
		dst[p] = byte(v.Bits()[i>>6] >> (uint(i) & 63) & 1)
		return p + 1
	case vec.Float16:
		binary.LittleEndian.PutUint16(dst[p:], canonHalf(vec.Of[uint16](v)[i]))
		return p + 2
	case vec.Float32:
		x := float32(math.Float64frombits(hash.FloatBits(float64(vec.Of[float32](v)[i]))))
		binary.LittleEndian.PutUint32(dst[p:], math.Float32bits(x))
		return p + 4
	case vec.Float64:
		binary.LittleEndian.PutUint64(dst[p:], hash.FloatBits(vec.Of[float64](v)[i]))
		return p + 8
	case vec.View:
		b := vec.Of[vec.ViewHeader](v)[i].Value(v.Bufs)
		p += int64(binary.PutUvarint(dst[p:p+uvarintLen(uint64(len(b)))], uint64(len(b))))
		return p + int64(copy(dst[p:], b))
	case vec.List:
		from, to := v.Offs[i], v.Offs[i+1]
		p += int64(binary.PutUvarint(dst[p:p+uvarintLen(uint64(to-from))], uint64(to-from)))
		for e := from; e < to; e++ {
			p = writeValue(dst, p, &v.Child[0], int(e))
		}
		return p
	case vec.Struct:
		for c := range v.Child {
			p = writeValue(dst, p, &v.Child[c], i)
		}
		return p
	}
	return p + int64(copy(dst[p:], v.Data[i*v.Width:(i+1)*v.Width]))
}

// canonHalf makes −0.0 and NaN of float16 one pattern each.
func canonHalf(h uint16) uint16 {
	switch {
	case h&0x7fff == 0:
		return 0
	case h&0x7c00 == 0x7c00 && h&0x03ff != 0:
		return 0x7e00
	}
	return h
}
