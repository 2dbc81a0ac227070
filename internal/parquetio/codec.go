package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codecs, by their number in the format.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecLZO    = 3
	codecBrotli = 4
	codecLZ4    = 5 // Hadoop's framing, or a frame, or a raw block, depending on the writer
	codecZstd   = 6
	codecLZ4Raw = 7
)

var codecNames = [...]string{"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"}

func codecName(c int32) string {
	if c >= 0 && int(c) < len(codecNames) {
		return codecNames[c]
	}
	return fmt.Sprintf("codec %d", c)
}

// maxRatio is how far each codec can shrink data, so that a page that claims more is refused before its buffer is made. The
// codecs without a bound here are bounded by the reader's memory limit.
func maxRatio(codec int32) int64 {
	switch codec {
	case codecNone:
		return 1
	case codecSnappy: // 64 bytes from a copy of 3, with room for tiny inputs
		return 24
	case codecLZ4, codecLZ4Raw: // 255 bytes from each byte of a match length
		return 256
	case codecGzip:
		return 1040
	}
	return 1 << 31
}

var (
	errCodecSize = errors.New("the decompressed page has another size than its header says")
	errLZ4       = errors.New("the page is not valid LZ4 of any known framing")
)

// decompress fills dst, which has exactly the size that the page header says, from src.
func decompress(codec int32, dst, src []byte) error {
	switch codec {
	case codecNone:
		if len(src) != len(dst) {
			return errCodecSize
		}
		copy(dst, src)
		return nil
	case codecSnappy:
		return decompressSnappy(dst, src)
	case codecGzip:
		return decompressGzip(dst, src)
	case codecBrotli:
		return readExactly(dst, brotli.NewReader(bytes.NewReader(src)))
	case codecZstd:
		return decompressZstd(dst, src)
	case codecLZ4Raw:
		return lz4Block(dst, src)
	case codecLZ4:
		return decompressLZ4(dst, src)
	}
	return fmt.Errorf("the compression %s is not supported", codecName(codec))
}

func decompressSnappy(dst, src []byte) error {
	n, err := s2.DecodedLen(src)
	if err != nil {
		return err
	}
	if n != len(dst) {
		return errCodecSize
	}
	if _, head := binary.Uvarint(src); snappyBlock(dst, src[max(head, 0):]) {
		return nil
	}
	out, err := s2.Decode(dst, src) // it says what is wrong
	if err == nil && (len(out) != len(dst) || n > 0 && &out[0] != &dst[0]) {
		return errCodecSize
	}
	return err
}

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

func decompressGzip(dst, src []byte) error {
	r := gzipReaders.Get().(*gzip.Reader)
	defer gzipReaders.Put(r)
	if err := r.Reset(bytes.NewReader(src)); err != nil {
		return err
	}
	return readExactly(dst, r)
}

// readExactly fills dst from r, which must end there.
func readExactly(dst []byte, r io.Reader) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return errCodecSize
		}
		return err
	}
	var one [1]byte
	switch n, err := io.ReadFull(r, one[:]); {
	case n > 0:
		return errCodecSize
	case err != io.EOF:
		return err
	}
	return nil
}

// zstdDecoders are decoders that make no goroutines and keep no more than a page needs.
var zstdDecoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return err
	}
	return d
}}

func decompressZstd(dst, src []byte) error {
	switch d := zstdDecoders.Get().(type) {
	case *zstd.Decoder:
		defer zstdDecoders.Put(d)
		out, err := d.DecodeAll(src, dst[:0:len(dst)])
		if err == nil && len(out) != len(dst) {
			return errCodecSize
		}
		return err
	case error:
		return d
	}
	return nil
}

func lz4Block(dst, src []byte) error {
	if len(src) == 0 && len(dst) == 0 {
		return nil
	}
	n, err := lz4.UncompressBlock(src, dst)
	if err == nil && n != len(dst) {
		return errCodecSize
	}
	return err
}

// decompressLZ4 reads the deprecated LZ4 codec: Hadoop's framing, the LZ4 frame format, or a raw block, which writers all stored
// under the same number.
func decompressLZ4(dst, src []byte) error {
	if lz4Hadoop(dst, src) {
		return nil
	}
	if len(src) >= 4 && binary.LittleEndian.Uint32(src) == 0x184D2204 {
		if readExactly(dst, lz4.NewReader(bytes.NewReader(src))) == nil {
			return nil
		}
	}
	if lz4Block(dst, src) == nil {
		return nil
	}
	return errLZ4
}

// lz4Hadoop reads Hadoop's framing: blocks of decompressed length, compressed length (both big-endian) and a raw block, where the
// decompressed length may cover several compressed pieces.
func lz4Hadoop(dst, src []byte) bool {
	for len(src) >= 8 {
		n := int(binary.BigEndian.Uint32(src))
		src = src[4:]
		if n > len(dst) {
			return false
		}
		for n > 0 {
			if len(src) < 4 {
				return false
			}
			c := int(binary.BigEndian.Uint32(src))
			src = src[4:]
			if c > len(src) {
				return false
			}
			m, err := lz4.UncompressBlock(src[:c], dst[:n])
			if err != nil || m <= 0 {
				return false
			}
			src, dst, n = src[c:], dst[m:], n-m
		}
	}
	return len(src) == 0 && len(dst) == 0
}
