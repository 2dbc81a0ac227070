package fileio

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sheafdata/sheaf/fault"
)

// Packer compresses a stream of bytes to a unit of its own: a member of a gzip file, frames of a zstd file. Files of several units one
// after another are files of that codec. It is used by one goroutine.
type Packer struct {
	to  bytes.Buffer
	w   io.WriteCloser
	any bool
}

// NewPacker returns a Packer of the codec, nil for Plain, and a fault for codecs that are only read.
func NewPacker(c Codec) (*Packer, error) {
	p := &Packer{}
	var err error
	switch c {
	case Plain:
		return nil, nil
	case Gzip:
		p.w = gzip.NewWriter(&p.to)
	case Zstd:
		p.w, err = zstd.NewWriter(&p.to, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	default:
		return nil, fault.New(fault.Plan, "write", "files are not written with %s compression", c).WithHint("gzip and zstd are")
	}
	return p, err
}

// Add compresses b and appends to dst what has come of the stream so far.
func (p *Packer) Add(dst, b []byte) ([]byte, error) {
	if len(b) == 0 {
		return dst, nil
	}
	p.any = true
	p.to = *bytes.NewBuffer(dst)
	_, err := p.w.Write(b)
	return p.to.Bytes(), err
}

// Close ends the unit and appends the rest of it to dst. A Packer that was given nothing makes no unit.
func (p *Packer) Close(dst []byte) ([]byte, error) {
	if !p.any {
		return dst, nil
	}
	p.to = *bytes.NewBuffer(dst)
	err := p.w.Close()
	return p.to.Bytes(), err
}

// Compress appends b, compressed as one unit, to dst.
func Compress(c Codec, dst, b []byte) ([]byte, error) {
	p, err := NewPacker(c)
	if err != nil || p == nil {
		return append(dst, b...), err
	}
	if dst, err = p.Add(dst, b); err != nil {
		return dst, err
	}
	return p.Close(dst)
}
