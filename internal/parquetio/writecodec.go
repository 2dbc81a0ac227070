package parquetio

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// writeCodecs are the names of WriteOptions.Compression.
var writeCodecs = map[string]int32{
	"": codecZstd, "zstd": codecZstd, "snappy": codecSnappy, "gzip": codecGzip, "lz4": codecLZ4Raw, "brotli": codecBrotli, "none": codecNone,
}

// newZstd returns an encoder that makes no goroutines. Pages carry a checksum of their own.
func newZstd() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
}

var (
	gzipWriters   = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}
	brotliWriters = sync.Pool{New: func() any { return brotli.NewWriterLevel(io.Discard, 4) }}
	lz4Writers    = sync.Pool{New: func() any { return new(lz4.Compressor) }}
)

// compress returns src compressed, over dst where it fits.
func (e *Encoder) compress(dst, src []byte) ([]byte, error) {
	switch e.codec {
	case codecSnappy:
		return s2.EncodeSnappy(dst[:cap(dst)], src), nil
	case codecZstd:
		z, ok := e.zstds.take()
		if !ok {
			var err error
			if z, err = newZstd(); err != nil {
				return nil, err
			}
		}
		dst = z.EncodeAll(src, dst[:0])
		e.zstds.put(z)
		return dst, nil
	case codecGzip:
		w := gzipWriters.Get().(*gzip.Writer)
		defer gzipWriters.Put(w)
		return compressStream(w, dst, src)
	case codecBrotli:
		w := brotliWriters.Get().(*brotli.Writer)
		defer brotliWriters.Put(w)
		return compressStream(w, dst, src)
	case codecLZ4Raw:
		c := lz4Writers.Get().(*lz4.Compressor)
		defer lz4Writers.Put(c)
		if n := lz4.CompressBlockBound(len(src)); n > cap(dst) {
			dst = make([]byte, n)
		}
		n, err := c.CompressBlock(src, dst[:cap(dst)])
		return dst[:n], err
	}
	return append(dst[:0], src...), nil
}

// streamWriter is what gzip and brotli writers have in common.
type streamWriter interface {
	io.WriteCloser
	Reset(io.Writer)
}

func compressStream(w streamWriter, dst, src []byte) ([]byte, error) {
	b := bytes.NewBuffer(dst[:0])
	w.Reset(b)
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// appendStored appends src in the codec's form for data that is not compressed, and says whether the codec has one.
func appendStored(codec int32, dst, src []byte) ([]byte, bool) {
	switch codec {
	case codecNone:
		return append(dst, src...), true
	case codecSnappy:
		const most = 1 << 16
		dst = binary.AppendUvarint(dst, uint64(len(src)))
		for len(src) > 0 {
			n := min(len(src), most)
			dst = append(dst, 61<<2, byte(n-1), byte((n-1)>>8)) // a literal whose length has two bytes
			dst, src = append(dst, src[:n]...), src[n:]
		}
		return dst, true
	case codecZstd:
		const most = 128 << 10                          // bytes of a block
		dst = append(dst, 0x28, 0xB5, 0x2F, 0xFD, 0xA0) // magic; a single segment with its size in 4 bytes
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(src)))
		for {
			n := min(len(src), most)
			head := uint32(n) << 3 // a raw block
			if n == len(src) {
				head |= 1 // the last
			}
			dst = append(dst, byte(head), byte(head>>8), byte(head>>16))
			dst, src = append(dst, src[:n]...), src[n:]
			if head&1 != 0 {
				return dst, true
			}
		}
	}
	return dst, false
}
