package parquetio

import (
	"errors"
	"fmt"
	"hash/crc32"
)

// source reads the bytes of one column chunk: views of mapped memory where the file has them, else through a window that moves
// forward in large reads.
type source struct {
	f        *File
	mem      *arena
	off, end int64 // the next page header, and where the chunk ends
	stop     int64 // where the pages that are wanted end: nothing beyond is read ahead
	win      []byte
	winOff   int64
	winSize  int
}

// Sizes of windows. A read of 1 MiB costs little more than the copy; many columns share 32 MiB.
const (
	maxWindow     = 1 << 20
	minWindow     = 16 << 10
	allWindows    = 32 << 20
	headerGuess   = 256
	maxHeader     = 16 << 20
	chunkEndSlack = 128 // old writers left a dictionary page's header out of the chunk's size
)

// view returns n bytes from off, good until the next call.
func (s *source) view(off int64, n int) ([]byte, error) {
	if off < 0 || n < 0 || off > s.f.dataEnd || int64(n) > s.f.dataEnd-off {
		return nil, fmt.Errorf("%d bytes at %d lie outside the file's data", n, off)
	}
	if s.f.mapped != nil {
		if b, ok := s.f.mapped.Bytes(off, n); ok {
			return b, nil
		}
	}
	if off >= s.winOff && off+int64(n) <= s.winOff+int64(len(s.win)) {
		i := int(off - s.winOff)
		return s.win[i : i+n : i+n], nil
	}
	return s.fillWindow(off, n)
}

// fillWindow moves the window to off, keeping what it has from there on, and reads at least n bytes.
func (s *source) fillWindow(off int64, n int) ([]byte, error) {
	want := max(n, int(min(int64(s.winSize), s.f.dataEnd-off, max(s.stop-off, 0))))
	var keep []byte
	if off >= s.winOff && off < s.winOff+int64(len(s.win)) {
		keep = s.win[off-s.winOff:]
	}
	if want > cap(s.win)-bufSlack {
		b, err := s.mem.get(want)
		if err != nil {
			return nil, err
		}
		copy(b, keep)
		s.mem.put(s.win)
		s.win = b
	} else {
		s.win = s.win[:want]
		copy(s.win, keep)
	}
	s.winOff = off
	if err := s.f.readInto(s.win[len(keep):], off+int64(len(keep))); err != nil {
		s.win = s.win[:0]
		return nil, err
	}
	return s.win[:n:n], nil
}

// header decodes the page header at off and returns its length.
func (s *source) header(off int64, h *pageHeader) (int, error) {
	limit := min(s.end+chunkEndSlack, s.f.dataEnd)
	if off >= limit {
		return 0, errChunkEnds
	}
	for n := int64(headerGuess); ; n *= 4 {
		n = min(n, limit-off)
		b, err := s.view(off, int(n))
		if err != nil {
			return 0, err
		}
		l, err := decodePageHeader(b, h)
		if err == nil {
			if int64(h.compressed) > limit-off-int64(l) {
				return 0, fmt.Errorf("the page at %d, %d bytes long, leaves its column chunk", off, h.compressed)
			}
			return l, nil
		}
		if err != errThriftShort || n == limit-off || n > maxHeader {
			return 0, fmt.Errorf("the page header at %d is damaged: %w", off, err)
		}
	}
}

var errChunkEnds = errors.New("the column chunk ends before its rows do")

// payload returns the stored bytes of the page whose header of length l is at off, and checks their checksum where there is one.
func (s *source) payload(off int64, l int, h *pageHeader) ([]byte, error) {
	b, err := s.view(off+int64(l), int(h.compressed))
	if err != nil {
		return nil, err
	}
	if h.hasCRC {
		if got := crc32.ChecksumIEEE(b); got != uint32(h.crc) {
			return nil, fmt.Errorf("the page's checksum is %08x, its header says %08x: the file is damaged", got, uint32(h.crc))
		}
	}
	return b, nil
}

// expand returns the page's bytes decompressed, without the levels of a v2 page, which precede them uncompressed. owned says that
// the bytes are a buffer of the arena; otherwise they are part of b.
func (s *source) expand(codec int32, b []byte, size int) (out []byte, owned bool, err error) {
	if codec == codecNone {
		if len(b) != size {
			return nil, false, errCodecSize
		}
		if s.f.mapped != nil {
			return b, false, nil
		}
	} else if int64(size) > int64(len(b))*maxRatio(codec)+64 {
		return nil, false, fmt.Errorf("the page claims %d bytes from %d, more than %s can give", size, len(b), codecName(codec))
	}
	out, err = s.mem.get(size)
	if err != nil {
		return nil, false, err
	}
	if err := decompress(codec, out, b); err != nil {
		s.mem.put(out)
		return nil, false, err
	}
	clear(out[size : size+bufSlack])
	return out, true, nil
}
