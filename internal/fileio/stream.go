package fileio

import (
	"bufio"
	"compress/bzip2"
	"context"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/sheafdata/sheaf/fault"
)

// StreamOptions bound what a stream may give.
type StreamOptions struct {
	// MaxRatio is how many bytes may come out for each compressed byte, beyond the first 64 MiB: a guard against decompression
	// bombs. 0 is DefaultMaxRatio, negative is none.
	MaxRatio int64
	// MaxBytes is how many bytes may come out at all; 0 is no limit.
	MaxBytes int64
}

// DefaultMaxRatio stands well above what text compresses to (gzip cannot exceed 1032) and below what zstd bombs reach (over 30,000).
const DefaultMaxRatio = 2000

// freeBytes may come out of any stream before the ratio counts: small inputs compress oddly.
const freeBytes = 64 << 20

// OpenStream opens the file for reading from its beginning, decompressed by its first bytes or its extension. Reads end with the
// context's error once it is done. The caller closes the stream, from the goroutine that reads.
func (f File) OpenStream(ctx context.Context) (io.ReadCloser, error) {
	return f.OpenStreamWith(ctx, StreamOptions{})
}

// OpenStreamWith is OpenStream with bounds.
func (f File) OpenStreamWith(ctx context.Context, o StreamOptions) (io.ReadCloser, error) {
	h, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	src := &source{ctx: ctx, r: io.NewSectionReader(h, 0, h.Size()), close: h.Close}
	raw := bufio.NewReaderSize(src, 256<<10)
	head, err := raw.Peek(HeadLen)
	if err != nil && err != io.EOF {
		_ = h.Close()
		return nil, f.fail("read", err)
	}
	codec := CodecOf(f.Path, head)
	s := &stream{file: f, codec: codec, src: src, opts: o}
	if s.r, s.end, err = decompress(codec, raw, h.Size()); err != nil {
		_ = h.Close()
		return nil, s.fail(err)
	}
	return s, nil
}

// decompress wraps raw; end, where it is not nil, frees the decompressor. Every decompressor runs in the reader's goroutine.
func decompress(c Codec, raw io.Reader, size int64) (r io.Reader, end func(), err error) {
	switch c {
	case Plain:
		return raw, nil, nil
	case Gzip:
		r, err = gzip.NewReader(raw)
		return r, nil, err
	case Zstd:
		d, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow(size)))
		if err != nil {
			return nil, nil, err
		}
		return d, d.Close, nil
	case Bzip2:
		return bzip2.NewReader(raw), nil, nil
	case LZ4:
		return lz4.NewReader(raw), nil, nil
	case Snappy:
		return s2.NewReader(raw), nil, nil
	}
	return nil, nil, fault.New(fault.Input, "read", "%s compression is not supported", c).WithHint("decompress the file, or compress it with gzip or zstd")
}

// maxWindow bounds the memory of a zstd window by the file's size: a few bytes may otherwise claim gigabytes.
func maxWindow(size int64) uint64 {
	return uint64(min(max(size*8, 16<<20), 512<<20))
}

// source is the compressed side: it counts bytes and stops with the context.
type source struct {
	ctx   context.Context
	r     io.Reader
	n     int64
	close func() error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	return n, err
}

// stream is the decompressed side.
type stream struct {
	file  File
	codec Codec
	r     io.Reader
	src   *source
	opts  StreamOptions
	out   int64
	end   func()
	err   error
}

func (s *stream) Read(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	if err := s.src.ctx.Err(); err != nil {
		return 0, err
	}
	defer func() {
		if x := recover(); x != nil {
			n, err = 0, s.fail(fault.New(fault.Panic, "read", "the %s decoder panicked: %v", s.codec, x))
			s.err = err
		}
	}()
	n, err = s.r.Read(p)
	s.out += int64(n)
	if err != nil && err != io.EOF {
		err = s.fail(err)
	}
	if bomb := s.bomb(); bomb != nil {
		err = bomb
	}
	s.err = err
	return n, err
}

func (s *stream) bomb() error {
	if s.opts.MaxBytes > 0 && s.out > s.opts.MaxBytes {
		return s.fail(fault.New(fault.Input, "read", "more than %d bytes come out of the %s file", s.opts.MaxBytes, s.codec))
	}
	ratio := s.opts.MaxRatio
	if ratio == 0 {
		ratio = DefaultMaxRatio
	}
	if s.codec == Plain || ratio < 0 || s.out < freeBytes || (s.out-freeBytes)/ratio <= s.src.n {
		return nil
	}
	return s.fail(fault.New(fault.Input, "read", "%d bytes came out of %d compressed ones: this looks like a decompression bomb", s.out, s.src.n).
		WithHint("decompress the file first if it is meant to be so"))
}

func (s *stream) fail(err error) error {
	if cerr := s.src.ctx.Err(); cerr != nil {
		return cerr
	}
	e, ok := err.(*fault.Error)
	if !ok {
		what := "cannot read"
		if s.codec != Plain {
			what = "the " + s.codec.String() + " data is damaged"
		}
		e = fault.New(fault.Input, "read", "%s: %w", what, err)
		if s.codec != Plain {
			e = e.WithHint("is the file whole, and compressed as its name says?")
		}
	}
	e.File = s.file.Path
	return e
}

func (s *stream) Close() error {
	if s.end != nil {
		s.end()
		s.end = nil
	}
	return s.src.close()
}
