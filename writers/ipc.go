package writers

import (
	"bufio"
	"context"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
)

// IPCOptions are the options of IPC; nil and zero fields are the defaults.
type IPCOptions struct {
	// Mode says what to do where the output is there already.
	Mode Mode
	// PartitionBy makes key=value folders of these columns.
	PartitionBy []string
	// OneFile writes one part into the folder.
	OneFile bool
	// FileRows starts a new file after so many rows; 0 is one file a partition.
	FileRows int64
	// Compression is that of the columns' buffers: "" is none, "lz4" or "zstd".
	Compression string
}

// IPC writes Arrow IPC files, also known as Feather v2 (.arrow, .feather, .ipc), with record batches of up to 64 Ki rows. Dictionary
// columns are written as their values: a file has one dictionary for all its batches, and they have one each.
func IPC(path string, opts *IPCOptions) partition.Sink {
	if opts == nil {
		opts = &IPCOptions{}
	}
	f := &ipcFormat{compression: opts.Compression}
	return newSink(path, layout{opts.Mode, opts.PartitionBy, opts.OneFile, opts.FileRows}, f, f.valid())
}

type ipcFormat struct{ compression string }

func (f *ipcFormat) valid() error {
	if !slices.Contains([]string{"", "none", "lz4", "zstd"}, f.compression) {
		return fault.New(fault.Plan, f.op(), "there is no compression %q", f.compression).WithHint(`"lz4" or "zstd"`)
	}
	return nil
}

func (f *ipcFormat) op() string     { return "write_ipc" }
func (f *ipcFormat) exts() []string { return []string{".arrow", ".feather", ".ipc"} }

func (f *ipcFormat) wire() *wireFormat { return &wireFormat{Op: f.op(), Null: f.compression} }

func decodeIPC(w *wireFormat) (format, error) {
	f := &ipcFormat{compression: w.Null}
	return f, f.valid()
}

func (f *ipcFormat) check(s *arrow.Schema) error {
	for _, field := range s.Fields() {
		_, _, ok := vec.PhysOf(field.Type)
		if t := plainType(field.Type); !ok || hasDictionary(t) {
			e := fault.New(fault.Plan, f.op(), "columns of type %s cannot be written", field.Type)
			e.Column = field.Name
			return e.WithHint("cast it")
		}
	}
	return nil
}

// plainType is the type without a dictionary.
func plainType(t arrow.DataType) arrow.DataType {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return t
}

func hasDictionary(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return true
	case arrow.NestedType:
		for _, f := range t.Fields() {
			if hasDictionary(f.Type) {
				return true
			}
		}
	}
	return false
}

func (f *ipcFormat) options(s *arrow.Schema) []ipc.Option {
	o := []ipc.Option{ipc.WithSchema(s)}
	switch f.compression {
	case "lz4":
		o = append(o, ipc.WithLZ4())
	case "zstd":
		o = append(o, ipc.WithZstd())
	}
	return o
}

func (f *ipcFormat) open(out *fileio.OutFile, s *arrow.Schema) (outFile, error) {
	fields := s.Fields()
	for i := range fields {
		fields[i].Type = plainType(fields[i].Type)
	}
	md := s.Metadata()
	t := &ipcFile{out: out, format: f, schema: arrow.NewSchema(fields, &md), turns: turns[*ipcPart]{parts: map[int]*ipcPart{}}}
	t.buf = bufio.NewWriterSize(out, flushBytes)
	var err error
	t.w, err = ipc.NewFileWriter(t.buf, f.options(t.schema)...)
	return t, err
}

// ipcFile is an IPC file. The first of the parts that are not finished goes to the file as it comes, the others wait.
type ipcFile struct {
	out    *fileio.OutFile
	buf    *bufio.Writer
	w      *ipc.FileWriter
	format *ipcFormat
	schema *arrow.Schema

	turns[*ipcPart]
	wait int64 // bytes in memory of parts that wait
}

// ipcPart is a part of an ipcFile.
type ipcPart struct {
	turn
	file   *ipcFile
	build  []*vec.Builder
	rows   int
	kept   []arrow.RecordBatch
	held   *mem.Reservation
	bytes  int64
	piece  *fileio.OutFile // holds a stream of what came before kept
	stream *ipc.Writer
	begun  bool
}

// ipcRows and ipcBytes are how much makes a record batch.
const (
	ipcRows  = 64 << 10
	ipcBytes = 32 << 20
)

func (t *ipcFile) part(i int) (partEncoder, error) {
	p := &ipcPart{turn: turn{i: i}, file: t}
	for _, f := range t.schema.Fields() {
		p.build = append(p.build, vec.NewBuilder(f.Type))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.parts[i]; i < t.next || old != nil && old.begun {
		return nil, fault.New(fault.Internal, "write", "part %d is written already", i)
	} else if old != nil {
		t.wait -= old.bytes
		old.abandon()
	}
	t.parts[i] = p
	return p, nil
}

func (p *ipcPart) add(ctx context.Context, b *vec.Batch) error {
	if p.held == nil {
		p.held = mem.From(ctx).Reservation("write")
	}
	bytes := int64(0)
	for i := range p.build {
		p.build[i].Append(&b.Cols[i])
		bytes += p.build[i].Bytes()
	}
	p.rows += b.Rows
	if p.rows < ipcRows && bytes < ipcBytes {
		return nil
	}
	return p.flush()
}

// flush makes a record batch of the rows that have gathered.
func (p *ipcPart) flush() error {
	if p.rows == 0 {
		return nil
	}
	cols := make([]arrow.Array, len(p.build))
	bytes := int64(0)
	for i, b := range p.build {
		v := b.Vec()
		a, err := vec.ToArrow(&v, p.file.schema.Field(i).Type)
		if err != nil {
			return err
		}
		cols[i] = a
		bytes += int64(a.Data().SizeInBytes())
		b.Reset()
	}
	rec := array.NewRecordBatch(p.file.schema, cols, int64(p.rows))
	p.rows = 0
	t := p.file
	t.mu.Lock()
	turn := t.next == p.i
	if !turn && t.wait+bytes <= maxWaiting && p.held.Grow(bytes) == nil {
		t.wait += bytes
		p.bytes += bytes
		p.kept = append(p.kept, rec)
		t.mu.Unlock()
		return nil
	}
	t.mu.Unlock()
	if turn {
		if err := p.writeKept(); err != nil {
			return err
		}
		return t.w.Write(rec)
	}
	return p.spill(rec)
}

// spill writes what is kept, and rec, to a file of its own.
func (p *ipcPart) spill(rec arrow.RecordBatch) error {
	t := p.file
	if p.piece == nil {
		var err error
		if p.piece, err = t.out.Sibling("piece-" + newID()); err != nil {
			return err
		}
		p.stream = ipc.NewWriter(p.piece, ipc.WithSchema(t.schema))
	}
	for _, r := range append(p.kept, rec) {
		if err := p.stream.Write(r); err != nil {
			return err
		}
	}
	p.forget()
	return nil
}

func (p *ipcPart) forget() {
	t := p.file
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wait -= p.bytes
	p.kept, p.bytes = nil, 0
	if p.held != nil {
		p.held.Free()
	}
}

// writeKept writes what waited. It is the part's turn.
func (p *ipcPart) writeKept() error {
	p.begun = true
	if p.piece != nil {
		if err := p.stream.Close(); err != nil {
			return err
		}
		r, err := ipc.NewReader(io.NewSectionReader(p.piece, 0, p.piece.Size()))
		if err != nil {
			return err
		}
		defer r.Release()
		for r.Next() {
			if err := p.file.w.Write(r.RecordBatch()); err != nil {
				return err
			}
		}
		if err := r.Err(); err != nil && err != io.EOF {
			return err
		}
		p.piece.Discard()
		p.piece = nil
	}
	for _, rec := range p.kept {
		if err := p.file.w.Write(rec); err != nil {
			return err
		}
	}
	p.forget()
	return nil
}

func (p *ipcPart) close(context.Context) error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.file.turns.close(p)
}

func (p *ipcPart) abandon() {
	if p.piece != nil {
		p.piece.Discard()
		p.piece = nil
	}
	p.kept = nil
	if p.held != nil {
		p.held.Free()
	}
}

func (t *ipcFile) abandon() {
	for _, p := range t.parts {
		p.abandon()
	}
}

func (t *ipcFile) finish(ctx context.Context) error {
	if err := t.turns.finish(ctx); err != nil {
		return err
	}
	if err := t.w.Close(); err != nil {
		return err
	}
	return t.buf.Flush()
}
