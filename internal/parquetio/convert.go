package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"unsafe"
)

// Conversions of physical values to Arrow values, whole slices at a time.

func asInt32(b []byte) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

func asInt64(b []byte) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

func asUint64(s []int64) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// convert turns physical values of fixed width in src into Arrow values in dst.
func (l *leaf) convert(dst, src []byte) error {
	switch l.conv {
	case convSame:
		copy(dst, src)
	case convNarrow8:
		for i := range dst {
			dst[i] = src[i*4]
		}
	case convNarrow16:
		for i := 0; i+2 <= len(dst); i += 2 {
			dst[i], dst[i+1] = src[i*2], src[i*2+1]
		}
	case convDec128From32:
		for i := 0; i+4 <= len(src); i += 4 {
			putDec128(dst[i*4:], int64(int32(binary.LittleEndian.Uint32(src[i:]))))
		}
	case convDec128From64:
		for len(src) >= 8 && len(dst) >= 16 {
			v := binary.LittleEndian.Uint64(src)
			binary.LittleEndian.PutUint64(dst, v)
			binary.LittleEndian.PutUint64(dst[8:], uint64(int64(v)>>63))
			src, dst = src[8:], dst[16:]
		}
	case convDec128FromFixed, convDec256FromFixed:
		w := l.typeLen
		for i := 0; i < len(src)/w; i++ {
			if err := bigEndian(dst[i*l.width:(i+1)*l.width], src[i*w:(i+1)*w]); err != nil {
				return err
			}
		}
	case convInt96:
		for i := 0; i < len(src)/12; i++ {
			v, err := int96(src[i*12:])
			if err != nil {
				return err
			}
			binary.LittleEndian.PutUint64(dst[i*8:], uint64(v))
		}
	}
	return nil
}

func putDec128(dst []byte, v int64) {
	binary.LittleEndian.PutUint64(dst, uint64(v))
	binary.LittleEndian.PutUint64(dst[8:], uint64(v>>63))
}

var errWideDecimal = errors.New("a decimal value has more bytes than its type")

// bigEndian writes the big-endian two's complement src as little-endian of len(dst) bytes.
func bigEndian(dst, src []byte) error {
	var sign byte
	if len(src) > 0 && src[0] >= 0x80 {
		sign = 0xff
	}
	for len(src) > len(dst) {
		if src[0] != sign {
			return errWideDecimal
		}
		src = src[1:]
		if len(src) == len(dst) && src[0]^sign >= 0x80 {
			return errWideDecimal
		}
	}
	n := len(src)
	for i, c := range src {
		dst[n-1-i] = c
	}
	for i := n; i < len(dst); i++ {
		dst[i] = sign
	}
	return nil
}

// convertBytes turns n length-prefixed values of src into fixed-width values of dst and returns the bytes they took.
func convertBytes(l *leaf, dst, src []byte, n int) (int, error) {
	pos := 0
	for i := range n {
		if len(src)-pos < 4 {
			return pos, errValuesShort
		}
		k := int(binary.LittleEndian.Uint32(src[pos:]))
		pos += 4
		if k > len(src)-pos {
			return pos, errValuesShort
		}
		if err := bigEndian(dst[i*l.width:(i+1)*l.width], src[pos:pos+k]); err != nil {
			return pos, err
		}
		pos += k
	}
	return pos, nil
}

const (
	julianEpoch = 2440588 // the Julian day of 1970-01-01
	nanosPerDay = 86400e9
)

// int96 returns the nanoseconds since 1970 of 8 bytes of nanoseconds within the day and 4 bytes of Julian day.
func int96(b []byte) (int64, error) {
	nanos := int64(binary.LittleEndian.Uint64(b))
	day := int64(binary.LittleEndian.Uint32(b[8:])) - julianEpoch
	hi, lo := bits.Mul64(uint64(abs64(day)), nanosPerDay)
	if hi != 0 || lo > math.MaxInt64 {
		return 0, int96Range(day, nanos)
	}
	v := int64(lo)
	if day < 0 {
		v = -v
	}
	sum := v + nanos
	if (sum > v) != (nanos > 0) && nanos != 0 {
		return 0, int96Range(day, nanos)
	}
	return sum, nil
}

func abs64(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

func int96Range(day, nanos int64) error {
	return fmt.Errorf("the INT96 time of day %d since 1970 and %d ns does not fit timestamp[ns]", day, nanos)
}
