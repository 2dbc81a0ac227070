package writers

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// joinOp names the decoder of sinks that join a write of another process.
const joinOp = "sheaf.writers.join"

func init() { partition.RegisterSink(joinOp, decodeJoin) }

// wireFormat is a format on the wire: what any of them needs.
type wireFormat struct {
	Op    string   `json:"op"`
	Exts  []string `json:"exts,omitempty"`
	Codec uint8    `json:"codec,omitempty"`
	JSON  bool     `json:"json,omitempty"`
	Comma rune     `json:"comma,omitempty"`
	Null  string   `json:"null,omitempty"`
	// Extra is a format's own.
	Extra json.RawMessage `json:"extra,omitempty"`
}

// decodeFormat returns the format that wire described.
func decodeFormat(w *wireFormat) (format, error) {
	switch w.Op {
	case "write_csv", "write_json":
		return decodeText(w)
	case "write_ipc":
		return decodeIPC(w)
	case "write_parquet":
		return decodeParquet(w)
	}
	return nil, fault.New(fault.Internal, "write", "there is no format %q", w.Op)
}

// joinSink is a sink that writes parts of a write which another process has begun, on a file system that both see.
type joinSink struct {
	Path   string      `json:"path"`
	Stage  string      `json:"stage"`
	By     []string    `json:"by,omitempty"`
	Rows   int64       `json:"rows,omitempty"`
	One    bool        `json:"one,omitempty"`
	Format *wireFormat `json:"format"`
	Schema []byte      `json:"schema"`

	format format
	schema *arrow.Schema
}

// Remote implements partition.PortableWriter.
func (w *write) Remote() (partition.PortableSink, bool) {
	f := w.sink.format.wire()
	if f == nil {
		return nil, false
	}
	if _, joins := w.one.(joiner); w.one != nil && !joins && pieces.check(w.rest) != nil {
		return nil, false
	}
	stage, err := filepath.Abs(w.stage)
	if err != nil {
		return nil, false
	}
	return &joinSink{Path: w.sink.path, Stage: stage, By: w.sink.by, Rows: w.sink.fileRows, One: w.one != nil, Format: f, Schema: encodeSchema(w.schema)}, true
}

func encodeSchema(s *arrow.Schema) []byte {
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(s))
	if w.Close() != nil {
		return nil
	}
	return b.Bytes()
}

// Op implements partition.PortableSink.
func (s *joinSink) Op() string { return joinOp }

// MarshalBinary implements partition.PortableSink.
func (s *joinSink) MarshalBinary() ([]byte, error) { return json.Marshal(s) }

func decodeJoin(b []byte) (partition.Sink, error) {
	bad := func(err error) (partition.Sink, error) {
		return nil, fault.New(fault.Internal, "write", "a sink from another process: %w", err)
	}
	s := &joinSink{}
	if err := json.Unmarshal(b, s); err != nil {
		return bad(err)
	}
	if s.Format == nil || !strings.HasPrefix(filepath.Base(s.Stage), fileio.StagePrefix) {
		return bad(fault.New(fault.Internal, "", "it is not complete"))
	}
	var err error
	if s.format, err = decodeFormat(s.Format); err != nil {
		return bad(err)
	}
	if s.schema, err = decodeSchema(s.Schema); err != nil {
		return bad(err)
	}
	return s, nil
}

// decodeSchema reads a schema; what Arrow's reader does not stand is an error.
func decodeSchema(b []byte) (s *arrow.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "write", "the schema is damaged: %v", p)
		}
	}()
	r, err := ipc.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

// Open implements partition.Sink.
func (s *joinSink) Open(_ context.Context, schema *arrow.Schema, _ int) (partition.PartitionedWriter, error) {
	if schema == nil {
		schema = s.schema
	}
	keys, rest, err := splitSchema(schema, s.By)
	if err != nil {
		return nil, err
	}
	to := &sink{path: s.Path, layout: layout{by: s.By, fileRows: s.Rows, oneFile: s.One}, format: s.format}
	return &joinWrite{write{sink: to, format: formatOfWrite(s.format), schema: schema, rest: rest, keys: keys, stage: s.Stage, done: map[int]partDone{}}}, nil
}

// joinWrite writes parts only.
type joinWrite struct{ write }

// Part implements partition.PartitionedWriter.
func (w *joinWrite) Part(ctx context.Context, i int) (partition.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := newPart(&w.write, i)
	p.finish = func(i int, d partDone) error { return writeManifest(w.stage, i, d, w.sink.path) }
	if !w.sink.oneFile {
		return p, nil
	}
	out, err := fileio.CreateIn(w.stage, "piece-"+p.id, w.sink.path)
	if err != nil {
		return nil, named(err, w.sink.format.op(), w.sink.path)
	}
	made, err := openPiece(w.sink.format, out, w.rest)
	if err == nil {
		p.enc, err = made.part(0)
	}
	if err != nil {
		out.Discard()
		return nil, named(err, w.sink.format.op(), w.sink.path)
	}
	p.finish = func(i int, d partDone) error {
		if err := made.finish(ctx); err != nil {
			return err
		}
		if err := out.Finish(); err != nil {
			return err
		}
		d.Piece = "piece-" + p.id
		return writeManifest(w.stage, i, d, w.sink.path)
	}
	return p, nil
}

// Commit implements partition.PartitionedWriter: it is the business of the process that began the write.
func (w *joinWrite) Commit(context.Context) (partition.Report, error) {
	return partition.Report{}, fault.New(fault.Internal, w.sink.format.op(), "this sink writes parts only: the process that began the write commits it")
}

// Abort implements partition.PartitionedWriter.
func (w *joinWrite) Abort(context.Context) error { return nil }

// pieces is the format of what other processes write of one file whose format cannot join encoded parts: the process that began the
// write reads their rows, and encodes them when it commits.
var pieces = &ipcFormat{compression: "lz4"}

// openPiece begins a file that holds a part of the one file.
func openPiece(f format, out *fileio.OutFile, s *arrow.Schema) (outFile, error) {
	if t, ok := f.(*textFormat); ok {
		return t.openPiece(out, s)
	}
	return pieces.open(out, s)
}

// takePiece encodes the rows of a piece.
func (w *write) takePiece(ctx context.Context, i int, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := ipc.NewFileReader(f)
	if err != nil {
		return err
	}
	defer r.Close()
	p := newPart(w, i)
	if p.enc, err = w.one.part(i); err != nil {
		return err
	}
	for n := range r.NumRecords() {
		rec, err := r.RecordBatchAt(n)
		if err == nil {
			err = p.Write(ctx, partition.Batch{Cols: rec.Columns(), Rows: int(rec.NumRows())})
			rec.Release()
		}
		if err != nil {
			p.Abandon()
			return err
		}
	}
	return p.enc.close(ctx)
}
