// Package kernel holds the typed loops of the engine: one small function an operation and shape, generic on the element type, over
// plain slices and bitmaps (words as in package bitmap). VV takes two columns, VS a column and a constant, SV the reverse.
//
// Kernels compute all lanes, also those under a null; callers combine validity word-wise. Operations that can fail say that some lane
// failed, or mark the lanes, and the caller looks which of them count. No interface, closure or method of a type parameter is used per row.
// dst, a and b are equally long; dst may be a or b. It imports bitmap only.
package kernel

// Signed, Unsigned and Float are the element types of arithmetic.
type (
	Signed interface {
		~int8 | ~int16 | ~int32 | ~int64
	}
	Unsigned interface {
		~uint8 | ~uint16 | ~uint32 | ~uint64
	}
	Float interface{ ~float32 | ~float64 }
)

// Int, Number and Ordered are their unions.
type (
	Int     interface{ Signed | Unsigned }
	Number  interface{ Signed | Unsigned | Float }
	Ordered = Number
)

// b2u is 1 for true; the compiler makes it a SETcc.
func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
