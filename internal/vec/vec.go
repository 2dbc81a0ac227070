// Package vec holds the engine's columns: typed values in plain slices with a validity bitmap, made for loops.
//
// A Vec is a view. Who makes it says how long its memory lives: within a pipeline a Vec lives until the operator that made it is
// pushed the next batch, so whoever keeps rows copies them (Builder). Nothing here is counted or released.
//
// vec knows arrow types and arrays (FromArrow, ToArrow) and nothing of expressions or plans.
package vec

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
)

// Phys is how values lie in memory.
type Phys uint8

// The physical kinds. Temporal and decimal types share the kind of their storage.
const (
	Null Phys = iota // no data: every row is null
	Bool             // a bit a row, in words
	Int8
	Int16
	Int32 // also date32, time32, month interval
	Int64 // also date64, time64, timestamp, duration
	Uint8
	Uint16
	Uint32
	Uint64
	Float16 // as its bits
	Float32
	Float64
	Dec128 // 16 bytes, little-endian two's complement (arrow decimal128; decimal32 and 64 widen to it)
	Dec256 // 32 bytes
	Fixed  // fixed-size binary and the day-time and month-day-nano intervals: Width bytes a row
	View   // utf8 and binary of every layout: 16-byte headers
	List   // list and large list (offsets narrowed per batch), fixed-size list, map
	Struct
)

// Vec is a column of Len rows.
type Vec struct {
	// Type is the logical type of the values, never a dictionary, run-end or view type: those are encodings.
	Type arrow.DataType
	Phys Phys
	// Width is the bytes a row takes in Data; 0 for Null, Bool, List and Struct.
	Width int
	Len   int
	// Valid has a bit a row, 1 for a value; nil means that no row is null. Bits beyond Len are unspecified.
	Valid []uint64
	// Data holds the values in order, aligned for the element type (8 bytes for Bool and for all wider than 8, but ViewHeader's
	// 4 suffices for views); the value under a null is unspecified but readable.
	Data []byte
	// Bufs are the buffers that long views point into; a view's buffer index is a place in it.
	Bufs [][]byte
	// Offs are Len+1 offsets into Child[0] of a List, not necessarily from 0.
	Offs []int32
	// Child is the elements of a List (a map's are a Struct of key and value), or the fields of a Struct.
	Child []Vec
	// Dict is set for a dictionary-encoded column: Data then holds a uint32 code a row (Width 4), and Type and Phys describe
	// the values. Codes under a null are unspecified but within the dictionary, or 0 where it is empty.
	Dict *Dict
}

// Dict is the values that codes stand for. Values may hold equal entries and nulls; a row is null where its bit is 0 or its
// dictionary entry is null. The pointer is the dictionary's identity: caches of code → anything hold while it is the same.
type Dict struct {
	Values Vec
}

// Batch is rows as columns of equal length.
type Batch struct {
	Cols []Vec
	Rows int
	// Seq is the batch's place in its frame, as in partition.Batch.
	Seq uint64
}

// Element lists the fixed-width element types of Data.
type Element interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64 | [16]byte | [32]byte | ViewHeader | [2]uint64
}

// Of returns the values of a fixed-width Vec as a slice of its Len elements over the same memory.
func Of[T Element](v *Vec) []T {
	if v.Len == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Data))), v.Len)
}

// Bits returns the words of a Bool Vec, ⌈Len/64⌉ of them.
func (v *Vec) Bits() []uint64 {
	if v.Len == 0 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(v.Data))), (v.Len+63)/64)
}

// Codes returns the codes of a dictionary-encoded Vec.
func (v *Vec) Codes() []uint32 {
	if v.Len == 0 {
		return nil
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(v.Data))), v.Len)
}

// Bytes returns the memory of a slice of fixed-width values, for use as Data.
func Bytes[T Element](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	var z T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(z)))
}

// ValidAt says whether row i has a value. It is for edges and tests: loops use the words.
func (v *Vec) ValidAt(i int) bool {
	if v.Phys == Null {
		return false
	}
	if v.Valid != nil && v.Valid[i>>6]>>(uint(i)&63)&1 == 0 {
		return false
	}
	return v.Dict == nil || v.Dict.Values.ValidAt(int(v.Codes()[i]))
}
