package parquetio

import "unsafe"

// Pages of numbers compress to literals of a few bytes, each followed by a copy of a few. What costs is to wait for the length of an element
// before the next one is known, to guess a branch wrong, and to read what was written a moment ago in pieces. So a short literal is 16 bytes
// copied whatever its length is: what is too much is overwritten by the next element. The format is format_description.txt of
// github.com/google/snappy.

const (
	snappyWide   = 16                 // the longest literal that is short
	snappyMost   = 64                 // the longest copy
	snappySource = 1 + snappyWide + 4 // bytes that two short elements may read, and write
	snappyTarget = snappyWide + snappyMost + 8
)

// snappyBlock expands the elements of src, without the length before them, to exactly fill dst. It returns false where they do not; dst is
// then unspecified.
func snappyBlock(dst, src []byte) bool {
	s, d := 0, 0
	for {
		if s < len(src)-snappySource && d < len(dst)-snappyTarget {
			s, d = snappyShort(dst, src, s, d)
		}
		if s >= len(src) {
			return s == len(src) && d == len(dst)
		}
		var ok bool
		if s, d, ok = snappyElement(dst, src, s, d); !ok {
			return false
		}
	}
}

// snappyElement expands the element at s to d, and returns what follows both.
func snappyElement(dst, src []byte, s, d int) (int, int, bool) {
	tag := src[s]
	s++
	literal := tag&3 == 0
	extra, n, off := 0, int(tag>>2)+1, 0 // bytes that follow the tag, length and offset as far as the tag has them
	switch tag & 3 {
	case 0:
		extra = max(n-60, 0)
	case 1:
		extra, n, off = 1, 4+int(tag>>2&7), int(tag>>5)<<8
	case 2:
		extra = 2
	case 3:
		extra = 4
	}
	if extra > len(src)-s {
		return s, d, false
	}
	more := 0
	for i := range extra {
		more |= int(src[s+i]) << (8 * i)
	}
	s += extra
	if literal {
		if extra > 0 {
			n = more + 1
		}
		if n > len(src)-s || n > len(dst)-d {
			return s, d, false
		}
		copy(dst[d:], src[s:s+n])
		return s + n, d + n, true
	}
	if off += more; off == 0 || off > d || n > len(dst)-d {
		return s, d, false
	}
	for p, end := d-off, d+n; d < end; { // what is copied may be what was just written: whole periods, twice as many each time
		d += copy(dst[d:end], dst[p:d])
	}
	return s, d, true
}

// snappyShort expands short elements while neither end is near, and returns where it stopped: before an element that snappyElement is to
// see. It calls nothing, so that all stays in registers.
//
// A copy of 8 bytes or fewer reads what it wants and no more, in two halves: to read on into the literal just written would make the
// processor wait until both stores have reached the cache.
func snappyShort(dst, src []byte, s, d int) (int, int) {
	from, to := unsafe.Pointer(unsafe.SliceData(src)), unsafe.Pointer(unsafe.SliceData(dst))
	sEnd, dEnd := len(src)-snappySource, len(dst)-snappyTarget
	for s < sEnd && d < dEnd {
		word := uint(*(*uint32)(unsafe.Add(from, s)))
		if word&3 == 0 {
			n := int(word>>2&63) + 1
			if n > snappyWide {
				break
			}
			*(*[snappyWide]byte)(unsafe.Add(to, d)) = *(*[snappyWide]byte)(unsafe.Add(from, s+1))
			s, d = s+1+n, d+n
			word = uint(*(*uint32)(unsafe.Add(from, s)))
		}
		var n, off uint
		next := s + 2
		switch word & 3 {
		case 0:
			continue
		case 1:
			n, off = 4+word>>2&7, word>>8&0xff|word<<3&0x700
		case 2:
			n, off = 1+word>>2&63, word>>8&0xffff
			next = s + 3
		default:
			return s, d
		}
		if off < 8 || off > uint(d) || n-4 > snappyMost-4 {
			break
		}
		p, q := unsafe.Add(to, d), unsafe.Add(to, d-int(off))
		if n <= 8 {
			lo, hi := *(*uint32)(q), *(*uint32)(unsafe.Add(q, n-4))
			*(*uint64)(p) = uint64(lo) | uint64(hi)<<((n-4)*8&63)
		} else {
			for k := uint(0); k < n; k += 8 {
				*(*uint64)(unsafe.Add(p, k)) = *(*uint64)(unsafe.Add(q, k))
			}
		}
		s = next
		d += int(n)
	}
	return s, d
}
