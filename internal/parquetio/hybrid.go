package parquetio

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// hybrid decodes the RLE / bit-packing hybrid of levels, dictionary codes and booleans as a stream: each call takes the next
// values, so that a batch is decoded where it goes and no page is ever expanded.
type hybrid struct {
	b     []byte // what follows the current run
	width uint
	left  int // values left in the current run
	// value is that of an RLE run; packed are the bits of a bit-packed run, idx the next value in it.
	rle    bool
	value  uint32
	packed []byte
	idx    int
}

var (
	errRunsShort = errors.New("the runs end before the page's values do")
	errBadRun    = errors.New("a run is damaged")
	errBadWidth  = errors.New("a bit width is above 32")
	errBadCode   = errors.New("a dictionary code is beyond the dictionary")
	errBadLevel  = errors.New("a level is above its maximum")
)

func (h *hybrid) reset(b []byte, width uint) { *h = hybrid{b: b, width: width} }

// resetPacked makes h one bit-packed run.
func (h *hybrid) resetPacked(b []byte, width uint, n int) {
	*h = hybrid{width: width, packed: b, left: n}
}

// next reads the header of the next run.
func (h *hybrid) next() error {
	for h.left == 0 {
		header, n := uint64(0), 1
		if len(h.b) > 0 && h.b[0] < 0x80 { // most runs are short
			header = uint64(h.b[0])
		} else if header, n = binary.Uvarint(h.b); n <= 0 {
			return errRunsShort
		}
		if header > 1<<32 {
			return errBadRun
		}
		h.b = h.b[n:]
		count := int(header >> 1)
		if header&1 == 0 {
			if err := h.nextRLE(count); err != nil {
				return err
			}
			continue
		}
		bytes := count * int(h.width)
		h.left = count * 8
		if bytes > len(h.b) { // some writers cut the last group short
			bytes = len(h.b)
			h.left = min(h.left, bytes*8/int(h.width))
		}
		h.rle, h.packed, h.idx = false, h.b, 0 // beyond the run too, so that loads of words do not end with it
		h.b = h.b[bytes:]
	}
	return nil
}

func (h *hybrid) nextRLE(count int) error {
	bytes := int(h.width+7) / 8
	if bytes > len(h.b) {
		return errRunsShort
	}
	var v uint32
	for i := bytes - 1; i >= 0; i-- {
		v = v<<8 | uint32(h.b[i])
	}
	if h.width < 32 && v>>h.width != 0 {
		return errBadRun
	}
	h.b = h.b[bytes:]
	h.rle, h.value, h.left = true, v, count
	return nil
}

// skip passes over n values.
func (h *hybrid) skip(n int) error {
	for n > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return err
			}
		}
		k := min(n, h.left)
		h.left -= k
		h.idx += k
		n -= k
	}
	return nil
}

// ones takes the next n values if they are in one run of ones, else it takes nothing.
func (h *hybrid) ones(n int) bool {
	if h.left == 0 && h.next() != nil || !h.rle || h.left < n || h.value != 1 {
		return false // bits meets the error again and returns it
	}
	h.left -= n
	return true
}

// bits writes the next n values of width 1 as bits of dst from pos and returns how many are 1. It may overwrite the bits of dst that follow.
func (h *hybrid) bits(dst []byte, pos, n int) (ones int, err error) {
	for n > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return ones, err
			}
		}
		k := min(n, h.left)
		if k <= shortRun && pos>>3+8 <= len(dst) {
			some, took, err := h.shortBits(dst, pos, n)
			if err != nil {
				return ones, err
			}
			ones, pos, n = ones+some, pos+took, n-took
			continue
		}
		if h.rle {
			fillBits(dst, pos, k, h.value == 1)
			ones += k * int(h.value)
		} else {
			ones += copyBits(dst, pos, h.packed, h.idx, k)
		}
		h.left -= k
		h.idx += k
		pos += k
		n -= k
	}
	return ones, nil
}

// shortRun is the longest run that shortBits takes: its bits and up to 7 before them are a word.
const shortRun = 56

// shortBits is bits for short runs, as they are where a few values are null: their bits are gathered in a word. It takes fewer than n values
// where it meets a long run or the end of dst is near.
func (h *hybrid) shortBits(dst []byte, pos, n int) (ones, took int, err error) {
	at, have := pos>>3, uint(pos)&7
	word := uint64(dst[at]) & (1<<have - 1)
	for took < n {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return ones, took, err
			}
		}
		k := min(n-took, h.left)
		if k > shortRun || at+8 > len(dst) {
			break
		}
		run := -uint64(h.value)
		if !h.rle {
			run = load64(h.packed, h.idx>>3) >> (uint(h.idx) & 7)
		}
		run &= 1<<(uint(k)&63) - 1
		ones += bits.OnesCount64(run)
		word |= run << (have & 63)
		have += uint(k)
		binary.LittleEndian.PutUint64(dst[at:], word)
		word >>= have &^ 7 & 63
		at += int(have >> 3)
		have &= 7
		h.left -= k
		h.idx += k
		took += k
	}
	return ones, took, nil
}

// levels fills dst with the next values, none of which may be above most.
func (h *hybrid) levels(dst []uint8, most uint8) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return err
			}
		}
		k := min(len(dst), h.left)
		d := dst[:k]
		if h.rle {
			if h.value > uint32(most) {
				return errBadLevel
			}
			fill(d, uint8(h.value))
		} else {
			unpackLevels(d, h.packed, h.idx, h.width)
			for _, l := range d {
				if l > most {
					return errBadLevel
				}
			}
		}
		h.left -= k
		h.idx += k
		dst = dst[k:]
	}
	return nil
}

// codes fills dst with the next values, all of which must be below limit.
func (h *hybrid) codes(dst []uint32, limit int) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return err
			}
		}
		k := min(len(dst), h.left)
		d := dst[:k]
		if h.rle {
			if int(h.value) >= limit {
				return errBadCode
			}
			fill(d, h.value)
		} else if !unpackCodes(d, h.packed, h.idx, h.width, limit) {
			return errBadCode
		}
		h.left -= k
		h.idx += k
		dst = dst[k:]
	}
	return nil
}

// gather fills dst with the dictionary's values under the next codes of h.
func gather[T fixed](h *hybrid, dst, dict []T) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return err
			}
		}
		k := min(len(dst), h.left)
		if h.rle {
			if int(h.value) >= len(dict) {
				return errBadCode
			}
			fill(dst[:k], dict[h.value])
		} else if !gatherPacked(dst[:k], dict, h.packed, h.idx, h.width) {
			return errBadCode
		}
		h.left -= k
		h.idx += k
		dst = dst[k:]
	}
	return nil
}

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}
