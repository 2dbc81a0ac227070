package shuffle

import (
	"encoding/binary"
	"unsafe"

	"github.com/sheafdata/sheaf/internal/vec"
)

// Numbers of a small range are stored as the differences from the least, in as few bytes as the largest needs: it costs a tenth of what
// general compression does, which finds little in numbers.

// ints says how the numbers of a buffer are read, 0 for no numbers.
type ints uint8

const (
	noInts ints = iota
	ints16
	ints32
	ints64
)

func intsOf(p vec.Phys) ints {
	switch p {
	case vec.Int16, vec.Uint16:
		return ints16
	case vec.Int32, vec.Uint32:
		return ints32
	case vec.Int64, vec.Uint64:
		return ints64
	}
	return noInts
}

// narrowHead is the bytes before the differences: the least number.
const narrowHead = 8

// narrowTo returns the numbers of b in fewer bytes, appended to out, and how many each takes; 0 where it does not pay. Unsigned numbers
// may be taken for signed ones: differences are the same.
func narrowTo(out, b []byte, kind ints) ([]byte, int) {
	switch kind {
	case ints16:
		return narrowInts(out, view[int16](b))
	case ints32:
		return narrowInts(out, view[int32](b))
	case ints64:
		return narrowInts(out, view[int64](b))
	}
	return out, 0
}

type signed interface{ ~int16 | ~int32 | ~int64 }

func view[T signed | ~uint8 | ~uint16 | ~uint32](b []byte) []T {
	var z T
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))
}

func narrowInts[T signed](out []byte, vals []T) ([]byte, int) {
	if len(vals) == 0 {
		return out, 0
	}
	lo, hi := vals[0], vals[0]
	for _, v := range vals {
		lo, hi = min(lo, v), max(hi, v)
	}
	var z T
	width := 0
	switch span := uint64(hi) - uint64(lo); {
	case span < 1<<8:
		width = 1
	case span < 1<<16:
		width = 2
	case span < 1<<32:
		width = 4
	}
	if width == 0 || width >= int(unsafe.Sizeof(z)) {
		return out, 0
	}
	at := len(out)
	out = binary.LittleEndian.AppendUint64(out, uint64(lo))
	out = append(out, make([]byte, width*len(vals))...)
	switch dst := out[at+narrowHead:]; width {
	case 1:
		subtract(dst, vals, lo)
	case 2:
		subtract(view[uint16](dst), vals, lo)
	case 4:
		subtract(view[uint32](dst), vals, lo)
	}
	return out, width
}

func subtract[D uint8 | uint16 | uint32, T signed](dst []D, vals []T, lo T) {
	dst = dst[:len(vals)]
	for i, v := range vals {
		dst[i] = D(v - lo)
	}
}

// widenFrom is the other way: it fills dst, numbers of so many bytes, from what narrowTo made with width bytes each. It says whether the
// lengths agree.
func widenFrom(dst, b []byte, size, width int) bool {
	n := len(dst) / size
	if len(dst)%size != 0 || len(b) != narrowHead+n*width {
		return false
	}
	lo := binary.LittleEndian.Uint64(b)
	b = b[narrowHead:]
	switch size {
	case 2:
		return add(view[int16](dst), b, int16(lo), width)
	case 4:
		return add(view[int32](dst), b, int32(lo), width)
	case 8:
		return add(view[int64](dst), b, int64(lo), width)
	}
	return false
}

func add[T signed](dst []T, b []byte, lo T, width int) bool {
	switch width {
	case 1:
		addTo(dst, b, lo)
	case 2:
		addTo(dst, view[uint16](b), lo)
	case 4:
		addTo(dst, view[uint32](b), lo)
	default:
		return false
	}
	return true
}

func addTo[T signed, S uint8 | uint16 | uint32](dst []T, src []S, lo T) {
	src = src[:len(dst)]
	for i, s := range src {
		dst[i] = T(s) + lo
	}
}
