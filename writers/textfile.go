package writers

import (
	"context"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/textio"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// textFile is a file of lines. Its parts are encoded at once; the first of those not finished goes to the file as it comes, the others
// wait in memory, and in files of their own where there is too much of them.
type textFile struct {
	out   *fileio.OutFile
	codec fileio.Codec
	opts  textio.Options
	shape *arrow.Schema

	turns[*textPart]
	waiting int64 // bytes in memory of parts that wait
	mem     *textMemory
}

// textMemory is buffers and encoders for the files of a write, which go from one to the next.
type textMemory struct {
	mu   sync.Mutex
	free [][]byte
	encs []*textio.Encoder
}

// encoder returns an encoder of the shape that all files of the write have.
func (m *textMemory) encoder(s *arrow.Schema, o textio.Options) (*textio.Encoder, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.encs); n > 0 {
		e := m.encs[n-1]
		m.encs = m.encs[:n-1]
		return e, nil
	}
	return textio.New(s, o)
}

func (m *textMemory) recycle(e *textio.Encoder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.encs) < runtime.GOMAXPROCS(0) {
		m.encs = append(m.encs, e)
	}
}

const (
	// flushBytes is how much text gathers before it goes on: large writes, and few of them. A buffer has room for some rows more.
	flushBytes = bufferBytes - 64<<10
	// bufferBytes is the size of buffers.
	bufferBytes = 1 << 20
)

// maxWaiting is how much text of one file may wait in memory: small parts whole. Of large ones, whose text does not fit whatever the bound
// is, all but the end goes to files anyway (4 GB of CSV from two workers: 64 MiB took no less time than 16).
var maxWaiting = int64(max(16<<20, runtime.GOMAXPROCS(0)*(4<<20)))

func newTextFile(out *fileio.OutFile, codec fileio.Codec, s *arrow.Schema, o textio.Options, m *textMemory) (*textFile, error) {
	enc, err := m.encoder(s, o)
	if err != nil {
		return nil, err
	}
	defer m.recycle(enc)
	t := &textFile{mem: m, out: out, codec: codec, opts: o, shape: s, turns: turns[*textPart]{parts: map[int]*textPart{}}}
	if head := enc.Header(); len(head) > 0 {
		packed, err := fileio.Compress(codec, nil, head)
		if err != nil {
			return nil, err
		}
		if _, err := out.Append(packed); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// textPart is a part of a textFile.
type textPart struct {
	turn
	file *textFile
	enc  *textio.Encoder
	pack *fileio.Packer // compresses; nil for plain text

	buf   []byte   // encoded, not yet flushed
	kept  [][]byte // flushed while other parts go first
	bytes int64    // of kept
	held  *mem.Reservation
	piece *fileio.OutFile // kept before the bytes in memory
	path  string          // a file of another process, in place of all that
	start int64           // where the part begins in the file, once it does
	begun bool
}

func (t *textFile) part(i int) (partEncoder, error) {
	enc, err := t.mem.encoder(t.shape, t.opts)
	if err != nil {
		return nil, err
	}
	p := &textPart{turn: turn{i: i}, file: t, enc: enc}
	if p.pack, err = fileio.NewPacker(t.codec); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i < t.next {
		return nil, fault.New(fault.Internal, "write", "part %d was closed before", i)
	}
	if old := t.parts[i]; old != nil {
		if old.begun { // what the first try wrote goes
			if err := t.out.Truncate(old.start); err != nil {
				return nil, err
			}
		}
		t.waiting -= old.bytes
		old.drop()
	}
	t.parts[i] = p
	return p, nil
}

// take implements joiner.
func (t *textFile) take(i int, path string) {
	t.parts[i] = &textPart{turn: turn{i, true}, file: t, path: path}
}

func (p *textPart) add(ctx context.Context, b *vec.Batch) (err error) {
	if p.held == nil {
		p.held = mem.From(ctx).Reservation("write")
	}
	if err := p.enc.Begin(b); err != nil {
		return err
	}
	for at := 0; at < b.Rows; {
		if p.buf == nil {
			p.buf = p.file.mem.buffer()
		}
		if p.buf, at, err = p.enc.AppendFrom(p.buf, at, flushBytes); err != nil {
			return err
		}
		if len(p.buf) < flushBytes {
			return nil
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
	return nil
}

// buffer returns an empty buffer.
func (m *textMemory) buffer() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.free); n > 0 {
		b := m.free[n-1]
		m.free = m.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, bufferBytes)
}

// maxFree is how many buffers are kept for later: all of a part that has waited, which the next one needs.
var maxFree = int(maxWaiting / bufferBytes)

func (m *textMemory) keep(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) < maxFree && cap(b) <= 2*bufferBytes {
		m.free = append(m.free, b)
	}
}

// flush sends the encoded bytes on: to the file where it is this part's turn, else to where they wait.
func (p *textPart) flush() error {
	if p.pack != nil {
		packed, err := p.pack.Add(p.file.mem.buffer(), p.buf)
		if err != nil {
			return err
		}
		p.buf = p.buf[:0]
		if len(packed) == 0 {
			return nil
		}
		return p.send(packed)
	}
	b := p.buf
	p.buf = nil
	return p.send(b)
}

// send takes the buffer over.
func (p *textPart) send(b []byte) error {
	t := p.file
	if !t.turnOf(p.i) {
		return p.keep(b)
	}
	if err := p.writeKept(); err != nil {
		return err
	}
	if _, err := t.out.Append(b); err != nil {
		return err
	}
	t.mem.keep(b)
	return nil
}

// keep holds bytes until it is the part's turn: in memory, or where that is short in a file.
func (p *textPart) keep(b []byte) error {
	t := p.file
	t.mu.Lock()
	full := t.waiting+int64(cap(b)) > maxWaiting
	if !full {
		full = p.held.Grow(int64(cap(b))) != nil
	}
	if !full {
		t.waiting += int64(cap(b))
		p.bytes += int64(cap(b))
		p.kept = append(p.kept, b)
	}
	t.mu.Unlock()
	if !full {
		return nil
	}
	if p.piece == nil {
		var err error
		if p.piece, err = t.out.Sibling("piece-" + newID()); err != nil {
			return err
		}
	}
	for _, k := range append(p.kept, b) {
		if _, err := p.piece.Append(k); err != nil {
			return err
		}
	}
	p.forget()
	return nil
}

// forget drops what is kept in memory.
func (p *textPart) forget() {
	t := p.file
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting -= p.bytes
	for _, k := range p.kept {
		t.mem.keep(k)
	}
	p.kept, p.bytes = nil, 0
	if p.held != nil {
		p.held.Free()
	}
}

// writeKept writes what waited. It is the part's turn.
func (p *textPart) writeKept() error {
	t := p.file
	if !p.begun {
		p.begun, p.start = true, t.out.Size()
	}
	if p.path != "" {
		f, err := os.Open(p.path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.CopyBuffer(struct{ io.Writer }{t.out}, f, make([]byte, flushBytes))
		return err
	}
	if p.piece != nil {
		_, err := io.CopyBuffer(struct{ io.Writer }{t.out}, io.NewSectionReader(p.piece, 0, p.piece.Size()), make([]byte, flushBytes))
		if err != nil {
			return err
		}
		p.piece.Discard() // its name goes with the stage
		p.piece = nil
	}
	for _, k := range p.kept {
		if _, err := t.out.Append(k); err != nil {
			return err
		}
	}
	p.forget()
	return nil
}

func (p *textPart) close(context.Context) error {
	if p.pack != nil {
		packed, err := p.pack.Add(p.file.mem.buffer(), p.buf)
		if err == nil {
			packed, err = p.pack.Close(packed)
		}
		if err != nil {
			return err
		}
		p.buf = packed
	}
	if len(p.buf) > 0 {
		b := p.buf
		p.buf = nil
		if err := p.send(b); err != nil {
			return err
		}
	}
	p.file.mem.recycle(p.enc)
	p.enc = nil
	return p.file.turns.close(p)
}

func (p *textPart) abandon() { p.drop() }

func (p *textPart) drop() {
	if p.piece != nil {
		p.piece.Discard()
		p.piece = nil
	}
	p.buf = nil
	if p.kept != nil && p.held != nil {
		p.held.Free()
	}
	p.kept = nil
}

// abandon frees what all parts hold. Nobody may be writing.
func (t *textFile) abandon() {
	for _, p := range t.parts {
		p.drop()
	}
}
