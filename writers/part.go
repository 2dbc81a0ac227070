package writers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/partition"
)

func newID() string {
	var b [6]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// part writes the rows of one part: into the one file of the write, into files of its own, or into a file for each key.
type part struct {
	w  *write
	i  int
	id string // tells this try from others

	enc  partEncoder // of the one file
	own  *openFile   // the file under way
	keys *keyed      // of PartitionBy
	err  error

	rows  int64
	files []fileDone
	count int // files begun

	pool  vec.Scratch
	batch vec.Batch
	over  bool
	// finish notes that the part is complete; nil in the process that commits the write.
	finish func(i int, d partDone) error
}

func newPart(w *write, i int) *part {
	p := &part{w: w, i: i, id: newID()}
	if len(w.keys) > 0 {
		p.keys = newKeyed(p)
	}
	return p
}

// openFile is a file of its own, under way.
type openFile struct {
	out  *fileio.OutFile
	name string // in the stage
	dir  string // key=value/…, or ""
	made outFile
	enc  partEncoder
	rows int64
}

// Write implements partition.Writer.
func (p *part) Write(ctx context.Context, b partition.Batch) error {
	if len(b.Cols) != p.w.schema.NumFields() {
		return p.failed(fault.New(fault.Internal, "write", "a batch has %d columns, the schema %d", len(b.Cols), p.w.schema.NumFields()))
	}
	p.pool.Reset()
	p.batch.Rows = b.Rows
	p.batch.Cols = resize(p.batch.Cols, len(b.Cols))
	for i, c := range b.Cols {
		if c.Len() != b.Rows {
			return p.failed(fault.New(fault.Internal, "write", "a column has %d rows in a batch of %d", c.Len(), b.Rows))
		}
		if err := vec.FromArrow(c, &p.batch.Cols[i], &p.pool); err != nil {
			return p.failed(err)
		}
	}
	return p.WriteVec(ctx, &p.batch)
}

// WriteVec is Write for the engine, which has rows as vec.Batch. The batch is good until it returns.
func (p *part) WriteVec(ctx context.Context, b *vec.Batch) error {
	switch {
	case p.err != nil:
		return p.err
	case p.over:
		return p.failed(fault.New(fault.Internal, "write", "the part was closed before"))
	}
	if err := ctx.Err(); err != nil {
		return p.failed(err)
	}
	if b.Rows == 0 {
		return nil
	}
	var err error
	switch {
	case p.enc != nil:
		err = p.enc.add(ctx, b)
	case p.keys != nil:
		err = p.keys.add(ctx, b)
	default:
		err = p.addTo(ctx, &p.own, "", b)
	}
	if err != nil {
		return p.failed(rowOf(err, p.rows))
	}
	p.rows += int64(b.Rows)
	return nil
}

// rowOf makes the row of an error one of the part.
func rowOf(err error, before int64) error {
	if f, ok := err.(*fault.Error); ok && f.Row > 0 {
		c := *f
		c.Row += before
		return &c
	}
	return err
}

// failed keeps the first error and frees what is open.
func (p *part) failed(err error) error {
	if p.err != nil {
		return p.err
	}
	p.err = named(err, p.w.sink.format.op(), p.w.sink.path)
	if f, ok := p.err.(*fault.Error); ok && f.Partition == 0 {
		f.Partition = p.i + 1
	}
	p.drop()
	return p.err
}

// drop frees what is open.
func (p *part) drop() {
	if p.enc != nil {
		p.enc.abandon()
	}
	p.discardFile(p.own)
	p.own = nil
	if p.keys != nil {
		p.keys.discard()
	}
}

// Close implements partition.Writer. After an error it returns that error.
func (p *part) Close() error {
	if p.err != nil || p.over {
		return p.err
	}
	ctx := context.Background()
	if p.keys != nil && p.keys.ctx != nil {
		ctx = p.keys.ctx
	}
	var err error
	switch {
	case p.enc != nil:
		err = p.enc.close(ctx)
	case p.keys != nil && p.bundled():
		return p.handOver(ctx)
	case p.keys != nil:
		err = p.keys.close(ctx)
	case p.own != nil:
		err = p.closeFile(ctx, p.own)
		p.own = nil
	}
	if err != nil {
		return p.failed(err)
	}
	p.over = true
	finish := p.finish
	if finish == nil {
		finish = p.w.closed
	}
	if err := finish(p.i, partDone{Rows: p.rows, Files: p.files}); err != nil {
		return p.failed(err)
	}
	return nil
}

// bundled says whether the rows wait for those of neighbouring parts: files of this part alone would be small, all rows are in memory, and
// this process commits them.
func (p *part) bundled() bool {
	k := p.keys
	return p.finish == nil && !k.flushed && len(k.codes) > 0 && k.held.Held() < int64(len(k.dirs))*smallFile
}

// handOver gives the rows to the write.
func (p *part) handOver(ctx context.Context) error {
	k, room := p.keys, p.keys.room
	p.over, p.keys = true, nil
	k.seal()
	if err := p.w.hand(p.i, partDone{Rows: p.rows}, k); err != nil {
		return p.failed(err)
	}
	if err := p.w.mergeBundles(ctx, room); err != nil {
		return p.failed(err)
	}
	return nil
}

// addTo writes a batch to a file that is begun when it is needed, and to further ones after FileRows.
func (p *part) addTo(ctx context.Context, to **openFile, dir string, b *vec.Batch) error {
	limit := p.w.sink.fileRows
	for at := 0; at < b.Rows; {
		if *to == nil {
			f, err := p.openFile(dir)
			if err != nil {
				return err
			}
			*to = f
		}
		f, n := *to, b.Rows-at
		if limit > 0 {
			n = int(min(int64(n), limit-f.rows))
		}
		rows := b
		if n < b.Rows {
			rows = sliceBatch(b, at, n)
		}
		if err := f.enc.add(ctx, rows); err != nil {
			return rowOf(err, int64(at))
		}
		f.rows += int64(n)
		at += n
		if limit > 0 && f.rows == limit {
			*to = nil
			if err := p.closeFile(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func sliceBatch(b *vec.Batch, at, n int) *vec.Batch {
	out := &vec.Batch{Cols: make([]vec.Vec, len(b.Cols)), Rows: n}
	for i := range b.Cols {
		vec.Slice(&out.Cols[i], &b.Cols[i], at, n, nil)
	}
	return out
}

// openFile begins a file of the part.
func (p *part) openFile(dir string) (*openFile, error) {
	f := &openFile{name: fmt.Sprintf("%06d-%05d-%s", p.i, p.count, p.id), dir: dir}
	p.count++
	var err error
	if f.out, err = fileio.CreateIn(p.w.stage, f.name, p.w.sink.path); err != nil {
		return nil, err
	}
	if f.made, err = p.w.format.open(f.out, p.w.rest); err == nil {
		f.enc, err = f.made.part(0)
	}
	if err != nil {
		f.out.Discard()
		return nil, err
	}
	return f, nil
}

// closeFile finishes a file.
func (p *part) closeFile(ctx context.Context, f *openFile) error {
	err := f.enc.close(ctx)
	if err == nil {
		err = f.made.finish(ctx)
	}
	if err != nil {
		f.enc.abandon()
		f.out.Discard()
		return err
	}
	bytes := f.out.Size()
	if p.finish != nil { // another process commits
		err = f.out.Finish()
	} else {
		err = p.w.out.Finish(f.out)
	}
	if err != nil {
		return err
	}
	name := p.w.partName()
	if f.dir != "" {
		name = f.dir + "/" + name
	}
	p.files = append(p.files, fileDone{File: f.name, Name: name, Bytes: bytes})
	return nil
}

func (p *part) discardFile(f *openFile) {
	if f != nil {
		f.enc.abandon()
		f.out.Discard()
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Abandon gives the part up: what made its rows failed.
func (p *part) Abandon() {
	if p.err == nil && !p.over {
		p.err = fault.New(fault.Internal, "write", "the part was given up")
		p.drop()
	}
}
