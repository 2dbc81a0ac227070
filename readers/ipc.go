package readers

import (
	"context"
	"errors"
	"fmt"
	"github.com/sheafdata/sheaf/dataframe"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// IPC returns the frame of Arrow IPC files, IPC streams and Feather files of version 2, with compressed bodies and dictionaries. The
// path is a file, a glob, a folder (of .arrow, .feather, .ipc and .arrows files) or "-". The schemas are read now, unless the options
// have one.
func IPC(path string, opts *IPCOptions) *dataframe.DataFrame {
	src, err := newIPCSource(path, opts.file())
	return newFrame(src, err)
}

type ipcSource struct{ set *fileSet }

func newIPCSource(path string, o fileOptions) (partition.Source, error) {
	files, err := o.resolve(path, ".arrow", ".feather", ".ipc", ".arrows")
	if err != nil {
		return nil, err
	}
	var schemas []fileSchema
	if o.schema == nil {
		for _, f := range files {
			in, err := openIPC(o.ctx(), f, memory.DefaultAllocator, ipcPart{})
			if err != nil {
				return nil, named(err, o.op)
			}
			schemas = append(schemas, fileSchema{file: f.Path, schema: in.schema()})
			in.close()
		}
	}
	set, err := newFileSet(o, files, schemas)
	if err != nil {
		return nil, err
	}
	return &ipcSource{set: set}, nil
}

func (s *ipcSource) Schema() *arrow.Schema { return s.set.schema }

// Plan makes a split of each stream, and of each run of a file's batches.
func (s *ipcSource) Plan(ctx context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.set.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	var total int64
	for _, f := range s.set.files {
		total += max(f.Size, 0)
	}
	scan := &partition.Scan{Residual: r.Predicate}
	size := splitBytes(r.SplitBytes, total)
	for i, f := range s.set.files {
		if s.set.excluded(i, r.Predicate) {
			continue
		}
		in, err := openIPC(ctx, f, memory.DefaultAllocator, ipcPart{})
		if err != nil {
			return nil, named(err, s.set.opts.op)
		}
		m, err := s.set.mapOf(i, in.schema())
		batches, isFile := in.batches, in.isFile
		in.close()
		if err != nil {
			return nil, err
		}
		split := ipcSplit{file: f, adapt: s.set.adapter(i, m, cols)}
		for _, part := range split.divide(batches, isFile, size) {
			scan.Splits = append(scan.Splits, portable(part, f))
		}
	}
	return scan, nil
}

// ipcSplit is a stream, or batches [from, to) of a file.
type ipcSplit struct {
	file     fileio.File
	adapt    *adapter
	from, to int // 0, 0: all of a stream
	bytes    int64
}

// divide makes splits of a file of so many batches, 0 of a stream; batches count as equally large.
func (s *ipcSplit) divide(batches int, isFile bool, size int64) []*ipcSplit {
	if batches == 0 && isFile {
		return nil
	}
	if batches == 0 {
		one := *s
		one.bytes = max(s.file.Size, 0)
		return []*ipcSplit{&one}
	}
	parts := int(min(max(s.file.Size/size, 1), int64(batches)))
	var out []*ipcSplit
	for i := range parts {
		p := *s
		p.from, p.to = batches*i/parts, batches*(i+1)/parts
		p.bytes = s.file.Size * int64(p.to-p.from) / int64(batches)
		out = append(out, &p)
	}
	return out
}

// Stats knows only the bytes.
func (s *ipcSplit) Stats() partition.Stats { return partition.Stats{Bytes: s.bytes} }

func (s *ipcSplit) Open(ctx context.Context, env *partition.Env) (partition.Reader, error) {
	in, err := openIPC(ctx, s.file, env.Allocator(), ipcPart{s.from, s.to})
	if err != nil {
		return nil, named(err, opReadIPC)
	}
	for _, c := range s.adapt.read {
		if c >= in.schema().NumFields() {
			in.close()
			return nil, fault.New(fault.Input, opReadIPC, "the file changed between planning and reading: it has fewer columns")
		}
	}
	return &ipcReader{split: s, in: in, adapt: newAdapting(s.adapt, s.file.Path, env.Allocator())}, nil
}

// ipcInput is an open file or stream.
type ipcInput struct {
	name   string
	closer io.Closer
	rd     *ipc.Reader
	isFile bool
	// batches is the number of batches of a file, 0 of a stream.
	batches int
}

// Memory that reading a file may take beside what the engine holds: in proportion to the file, since a few bytes may claim gigabytes.
const (
	ipcBaseBytes    = 32 << 20
	ipcBytesPerByte = 10
)

const opReadIPC = "read_ipc"

func (in *ipcInput) schema() *arrow.Schema { return in.rd.Schema() }

func (in *ipcInput) panicked(p any) error {
	if over, ok := p.(overLimit); ok {
		return over
	}
	return fmt.Errorf("the file is damaged: %v", p)
}

func (in *ipcInput) fail(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := fault.New(fault.Input, opReadIPC, "%w", err)
	e.File = in.name
	if strings.Contains(err.Error(), overLimitText) {
		e.Hint = "write it in smaller batches if it is meant to be so"
	}
	return e
}

// read returns the next batch; io.EOF at the end. The batch is the caller's to release.
func (in *ipcInput) read() (rec arrow.RecordBatch, err error) {
	defer func() {
		if p := recover(); p != nil {
			rec, err = nil, in.panicked(p)
		}
	}()
	rec, err = in.rd.Read()
	if err == nil {
		rec.Retain()
	}
	return rec, err
}

func (in *ipcInput) close() {
	defer func() { _ = recover() }() // a damaged file may leave the library's counts of references wrong
	if in.closer != nil {
		_ = in.closer.Close()
		in.closer = nil
	}
	if in.rd != nil {
		in.rd.Release()
		in.rd = nil
	}
}

// overLimitText marks the error; the library gives its text on, not the error.
const overLimitText = "are in proportion to its size"

// overLimit is what the allocator panics with; it comes back as an error.
type overLimit struct{ want, limit int64 }

func (o overLimit) Error() string {
	return fmt.Sprintf("the file claims %d bytes of memory where %d "+overLimitText, o.want, o.limit)
}

// limitAllocator bounds the bytes that are allocated at one time. It is used by one goroutine.
type limitAllocator struct {
	memory.Allocator
	live, limit int64
}

func newLimitAllocator(a memory.Allocator, limit int64) *limitAllocator {
	return &limitAllocator{Allocator: a, limit: limit}
}

func (a *limitAllocator) claim(n int64) {
	if n < 0 || a.live+n > a.limit {
		panic(overLimit{want: a.live + n, limit: a.limit})
	}
	a.live += n
}

func (a *limitAllocator) Allocate(size int) []byte {
	a.claim(int64(size))
	return a.Allocator.Allocate(size)
}

func (a *limitAllocator) Reallocate(size int, b []byte) []byte {
	if grow := int64(size) - int64(len(b)); grow > 0 {
		a.claim(grow)
	} else {
		a.live += grow
	}
	return a.Allocator.Reallocate(size, b)
}

func (a *limitAllocator) Free(b []byte) {
	a.live -= int64(len(b))
	a.Allocator.Free(b)
}
