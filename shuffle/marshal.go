package shuffle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// An output on the wire is a head (mark, version, length, checksum; then name, hashed, shift, types as an Arrow schema, the writer's
// number, the sum of all hashes, and rows by chunk) and the frames of each chunk with rows in the order of adding.
const (
	wireMagic   = 0x4f484853 // "SHHO"
	wireVersion = 1
	wireFixed   = 16
)

// MarshalBinary returns the rows as frames, for another process. Decode returns an Output of them, in memory of the space.
func (o *Output) MarshalBinary() ([]byte, error) {
	head, err := o.wireHead()
	if err != nil {
		return nil, fault.New(fault.Internal, o.schema.Name, "the exchange's columns cannot be written for another process: %w", err)
	}
	le := binary.LittleEndian
	out := le.AppendUint32(nil, wireMagic)
	out = le.AppendUint32(out, wireVersion)
	out = le.AppendUint32(out, uint32(len(head)))
	out = le.AppendUint32(out, crc32.Checksum(head, castagnoli))
	out = append(out, head...)
	w := encoders.Get().(*spiller)
	defer encoders.Put(w)
	r := &cursor{}
	defer r.end()
	for _, c := range o.chunks {
		w.begin()
		if out, err = w.chunk(out, c, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// chunk appends the frames of a chunk in the order of adding.
func (w *spiller) chunk(out []byte, c *chunk, r *cursor) ([]byte, error) {
	if err := r.begin(c, 0, c.rows, true); err != nil {
		return nil, err
	}
	perFrame := int(max(1, min(rowFrame*int64(c.rows)/max(c.used, 1), maxFrameRows)))
	for first := 0; r.more(); {
		if err := r.fetch(); err != nil {
			return nil, err
		}
		n := min(r.ready(), perFrame)
		w.reset()
		hashes := r.show(&w.batch, n, &w.scratch)
		id := c.id
		id.first, id.rows = uint32(first), uint32(n)
		out = w.appendFrame(out, c.schema, id, w.batch.Cols, hashes, nil)
		first += n
	}
	r.end()
	return out, nil
}

func (o *Output) wireHead() ([]byte, error) {
	fields := make([]arrow.Field, len(o.schema.Types))
	for i, t := range o.schema.Types {
		fields[i] = arrow.Field{Name: strconv.Itoa(i), Type: t, Nullable: true}
	}
	var types bytes.Buffer
	if err := ipc.NewWriter(&types, ipc.WithSchema(arrow.NewSchema(fields, nil))).Close(); err != nil {
		return nil, err
	}
	_, sum := o.totals.of(0, Buckets)
	b := appendBytes(nil, []byte(o.schema.Name))
	hashed := byte(0)
	if o.schema.Hashed {
		hashed = 1
	}
	b = append(b, hashed)
	b = binary.AppendUvarint(b, uint64(o.schema.Shift))
	b = appendBytes(b, types.Bytes())
	b = binary.AppendUvarint(b, o.exchange)
	b = binary.LittleEndian.AppendUint64(b, sum)
	b = binary.AppendUvarint(b, uint64(len(o.chunks)))
	for _, c := range o.chunks {
		b = binary.AppendUvarint(b, uint64(c.rows))
	}
	return b, nil
}

func appendBytes(b, x []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(x))), x...) }

// wire is an output's head as it came.
type wire struct {
	Options
	exchange uint64
	sum      uint64
	chunks   []int // rows
}

// Decode returns an Output of the bytes that MarshalBinary gave, in memory of the space. Damaged bytes are an Internal fault.
func (s *Space) Decode(b []byte) (*Output, error) {
	h, frames, err := readWire(b)
	if err != nil {
		return nil, fault.New(fault.Internal, "shuffle", "the rows of an exchange were damaged on the way: %w", err)
	}
	w := s.Writer(h.Options)
	if err := w.decode(h, frames); err != nil {
		w.Abort()
		var f *fault.Error
		if !errors.As(err, &f) {
			err = damaged(w.schema, "%w", err)
		}
		return nil, err
	}
	return w.Finish()
}

// readWire reads the head and returns what follows it.
func readWire(b []byte) (h wire, frames []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // Arrow's reader panics on some schemas
			err = fmt.Errorf("%v", p)
		}
	}()
	le := binary.LittleEndian
	if len(b) < wireFixed || le.Uint32(b) != wireMagic || le.Uint32(b[4:]) != wireVersion {
		return h, nil, errors.New("they begin with other bytes than their mark")
	}
	n := int(le.Uint32(b[8:]))
	if n > len(b)-wireFixed {
		return h, nil, errors.New("the head is cut off")
	}
	head, frames := b[wireFixed:wireFixed+n], b[wireFixed+n:]
	if crc32.Checksum(head, castagnoli) != le.Uint32(b[12:]) {
		return h, nil, errors.New("the head's checksum is wrong")
	}
	if pad := -(wireFixed + n) & 7; pad <= len(frames) {
		frames = frames[pad:]
	}
	return h, frames, h.read(head)
}

func (h *wire) read(b []byte) error {
	r := wireReader{b: b}
	h.Name = string(r.bytes())
	h.Hashed = r.byte() == 1
	h.Shift = uint(min(r.number(), 64))
	types := r.bytes()
	h.exchange, h.sum = r.number(), r.word()
	n := r.number()
	if n > uint64(len(r.b)) {
		return errNodes
	}
	h.chunks = make([]int, n)
	for i := range h.chunks {
		rows := r.number()
		if rows > chunkRows {
			return fmt.Errorf("a chunk of %d rows", rows)
		}
		h.chunks[i] = int(rows)
	}
	if r.bad {
		return errNodes
	}
	in, err := ipc.NewReader(bytes.NewReader(types))
	if err != nil {
		return err
	}
	defer in.Release()
	for _, f := range in.Schema().Fields() {
		if _, _, ok := vec.PhysOf(f.Type); !ok {
			return fmt.Errorf("columns of type %s", f.Type)
		}
		h.Types = append(h.Types, f.Type)
	}
	return nil
}

// wireReader reads numbers and bytes; after the end it reads zeros and is bad.
type wireReader struct {
	b   []byte
	bad bool
}

func (r *wireReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *wireReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *wireReader) bytes() []byte { return r.take(r.number()) }

func (r *wireReader) byte() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *wireReader) word() uint64 {
	if b := r.take(8); len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// decode adds the frames' rows, chunk for chunk as they were.
func (w *Writer) decode(h wire, b []byte) error {
	var scratch vec.Scratch
	var f frame
	d := decoder{scratch: &scratch}
	w.begin()
	flags := uint32(0)
	if h.Hashed {
		flags = frameHashes
	}
	for number, rows := range h.chunks {
		for w.rows < rows {
			n, err := frameLen(b)
			if err != nil {
				return err
			}
			scratch.Reset()
			own := scratch.Alloc(n) // aligned
			copy(own, b)
			b = b[n:]
			if err := f.read(own, w.schema, &d); err != nil {
				return err
			}
			want := frameID{exchange: h.exchange, chunk: uint32(number), first: uint32(w.rows), rows: f.rows}
			if f.frameID != want || f.flags != flags || f.rows == 0 || int(f.rows) > rows-w.rows {
				return fmt.Errorf("a frame holds rows %+v where %+v were expected", f.frameID, want)
			}
			w.append(f.cols, f.hashes, 0, int(f.rows))
			if err := w.claim(); err != nil {
				return err
			}
		}
		if err := w.seal(); err != nil {
			return err
		}
	}
	if _, sum := w.totals.of(0, Buckets); sum != h.sum || len(b) > 0 {
		return fmt.Errorf("hash sums %#x and %#x, %d bytes left over", sum, h.sum, len(b))
	}
	return nil
}
