// Package parquetio reads and writes Parquet files. It turns a file, a row group, a range of its rows and some columns into batches of
// Arrow arrays, and says what the file's statistics know; the other way it turns batches of columns into a file (files write*.go).
//
// It decodes every page itself, straight into pooled buffers, because files are hostile: whatever the bytes are, the outcome is
// batches or a *fault.Error with file, row group, column and page, never a panic or memory out of proportion. Strings come as
// views over the pages and as dictionaries where the pages are dictionary-encoded; numbers come as plain arrays.
//
// It must not open files, plan scans or evaluate predicates, and starts no goroutine. It imports partition, mem, fault,
// internal/{vec,hash}, arrow and the codecs, and is the only package that may import github.com/parquet-go/parquet-go (its tests make
// files with it, and read its own).
//
//	f, err := parquetio.Open(r, size, "a.parquet")
//	rd, err := f.Read(parquetio.ReadOptions{RowGroup: 0, Columns: []int{0, 3}})
//	defer rd.Close()
//	for {
//		b, err := rd.Next(ctx) // io.EOF at the end
//	}
package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// op is the operation named in errors.
const op = "read_parquet"

// BytesReader is what an io.ReaderAt over memory may offer beside ReadAt: n bytes from off without copying. They must not change
// and must stay valid as long as the File and all arrays read from it are in use. It returns false where the range is not there.
type BytesReader interface {
	Bytes(off int64, n int) ([]byte, bool)
}

// File is an open Parquet file: its footer, checked. It is safe for concurrent use when its io.ReaderAt is, and is released by
// forgetting it; whoever opened the io.ReaderAt closes it.
type File struct {
	r      io.ReaderAt
	mapped BytesReader // nil where r offers no bytes
	size   int64
	name   string
	// dataEnd is where the footer starts: pages and indexes lie before it.
	dataEnd  int64
	meta     *fileMeta
	tree     *schemaTree
	schema   *arrow.Schema
	declared *arrow.Schema

	mu sync.Mutex
	// dirs caches the page directories of chunks by row group and leaf, for ranges that start within a chunk.
	dirs map[[2]int]*pageDirectory
}

// RowGroupInfo describes a row group.
type RowGroupInfo struct {
	Rows int64
	// CompressedBytes is the bytes of all pages in the file.
	CompressedBytes int64
	// ColumnBytes is the compressed bytes of each top-level column, DecodedBytes the uncompressed ones.
	ColumnBytes, DecodedBytes []int64
	// ArrayBytes is what each top-level column takes as arrays, about: codes and runs are expanded, and text counts where the file
	// tells how long it is. It may be wrong in a damaged file.
	ArrayBytes []int64
}

const (
	magic          = "PAR1"
	magicEncrypted = "PARE"
	tailLen        = 8
	// firstRead is how many bytes of the file's end are read at first: most footers fit.
	firstRead = 64 << 10
	// maxFooter bounds the footer; real ones of very wide files reach some 100 MB.
	maxFooter = 512 << 20
)

// Open reads and checks the footer of a Parquet file of size bytes. name serves messages. Errors are *fault.Error of Kind Input.
func Open(r io.ReaderAt, size int64, name string) (f *File, err error) {
	f = &File{r: r, size: size, name: name, dirs: map[[2]int]*pageDirectory{}}
	f.mapped, _ = r.(BytesReader)
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, f.fail(fmt.Errorf("the footer is damaged: %v", p))
		}
	}()
	footer, err := f.readFooter()
	if err != nil {
		return nil, f.fail(err)
	}
	if f.meta, err = decodeFileMeta(footer); err != nil {
		return nil, f.fail(fmt.Errorf("the footer is damaged: %w", err))
	}
	if f.meta.encrypted {
		return nil, f.fail(errEncrypted).WithHint("decrypt the file with the program that wrote it")
	}
	if f.tree, err = buildSchema(f.meta.schema); err != nil {
		return nil, f.fail(err)
	}
	if err := f.checkGroups(); err != nil {
		return nil, f.fail(err)
	}
	f.applyArrowSchema()
	f.schema = f.tree.arrow()
	f.declared = f.schema
	fields, changed := f.schema.Fields(), false
	for i, c := range f.tree.columns {
		if c.declared != nil {
			fields[i].Type, changed = c.declared, true
		}
	}
	if changed {
		md := f.schema.Metadata()
		f.declared = arrow.NewSchema(fields, &md)
	}
	return f, nil
}

var errEncrypted = errors.New("the file is encrypted, which is not supported")

// fail makes err an error of the file.
func (f *File) fail(err error) *fault.Error {
	var fe *fault.Error
	if errors.As(err, &fe) {
		return fe
	}
	return &fault.Error{Kind: fault.Input, Op: op, File: f.name, Err: err}
}

func (f *File) readFooter() ([]byte, error) {
	if f.size < int64(len(magic))+tailLen {
		return nil, fmt.Errorf("not a Parquet file: it has %d bytes", f.size)
	}
	tail, err := f.readAt(f.size-min(f.size, firstRead), int(min(f.size, firstRead)))
	if err != nil {
		return nil, err
	}
	end := tail[len(tail)-tailLen:]
	switch string(end[4:]) {
	case magic:
	case magicEncrypted:
		return nil, errEncrypted
	default:
		return nil, errors.New("not a Parquet file: it does not end with PAR1 (is the download complete?)")
	}
	n := int64(binary.LittleEndian.Uint32(end))
	if n > f.size-tailLen-int64(len(magic)) || n > maxFooter {
		return nil, fmt.Errorf("the footer's length %d does not fit a file of %d bytes", n, f.size)
	}
	f.dataEnd = f.size - tailLen - n
	if n+tailLen <= int64(len(tail)) {
		footer := tail[int64(len(tail))-tailLen-n : len(tail)-tailLen]
		if 2*n < int64(len(tail)) { // its texts live on: not with what else was read
			footer = bytes.Clone(footer)
		}
		return footer, nil
	}
	return f.readAt(f.dataEnd, int(n))
}

// readAt returns n bytes of the file from off, which the caller has checked to be within it, as a fresh slice or a mapped one.
func (f *File) readAt(off int64, n int) ([]byte, error) {
	if f.mapped != nil {
		if b, ok := f.mapped.Bytes(off, n); ok {
			return b, nil
		}
	}
	b := make([]byte, n)
	return b, f.readInto(b, off)
}

func (f *File) readInto(b []byte, off int64) error {
	n, err := f.r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at %d: %w", len(b), off, err)
}

// checkGroups checks the row groups against the schema and the file's size.
func (f *File) checkGroups() error {
	var rows int64
	for i := range f.meta.groups {
		g := &f.meta.groups[i]
		if len(g.cols) != len(f.tree.leaves) {
			return fmt.Errorf("row group %d has %d columns, the schema has %d", i, len(g.cols), len(f.tree.leaves))
		}
		if g.rows < 0 || g.rows > maxRows-rows {
			return fmt.Errorf("row group %d has %d rows", i, g.rows)
		}
		g.startRow = rows
		rows += g.rows
		for j := range g.cols {
			if err := f.checkChunk(&g.cols[j], f.tree.leaves[j]); err != nil {
				return &fault.Error{Kind: fault.Input, Op: op, File: f.name, Column: f.tree.leaves[j].path, Err: fmt.Errorf("row group %d: %w", i, err)}
			}
		}
	}
	f.meta.rows = rows // some writers leave the footer's own count at 0
	return nil
}

// maxRows bounds the rows of a file, so that sums of rows cannot overflow.
const maxRows = 1 << 53

// checkChunk checks what would make offsets wrap or leave the file. A chunk in another file or encrypted is an error only when
// it is read.
func (f *File) checkChunk(c *columnChunk, l *leaf) error {
	if c.encrypted || c.external {
		return nil
	}
	if c.typ != l.elem.typ {
		return fmt.Errorf("the column chunk has type %v, the schema has %v", c.typ, l.elem.typ)
	}
	start, end := c.span()
	if start < 0 || end < start || end > f.dataEnd || c.compressed < 0 || c.uncompressed < 0 {
		return fmt.Errorf("the column chunk at %d, %d bytes long, lies outside the file's %d bytes of data", start, c.compressed, f.dataEnd)
	}
	return nil
}

// span returns where the chunk's pages lie in the file.
func (c *columnChunk) span() (start, end int64) {
	start = c.dataOff
	if c.dictOff > 0 && c.dictOff < start {
		start = c.dictOff
	}
	return start, start + c.compressed
}

// Name returns the name given to Open.
func (f *File) Name() string { return f.name }

// Schema returns the file's columns with the Arrow types that users see: utf8 for strings in whatever layout the arrays are. Names
// are as in the file and may repeat.
func (f *File) Schema() *arrow.Schema { return f.schema }

// Declared is Schema with the types of the Arrow schema that the file's writer had, where all values fit them as far as the footer tells:
// lists of a fixed size, which are read as lists, and decimals of 32 and 64 bits, which are read as decimal128.
func (f *File) Declared() *arrow.Schema { return f.declared }

// NumRows returns the rows of the file.
func (f *File) NumRows() int64 { return f.meta.rows }

// RowGroupRows returns the rows of row group i.
func (f *File) RowGroupRows(i int) int64 { return f.meta.groups[i].rows }

// NumRowGroups returns the number of row groups.
func (f *File) NumRowGroups() int { return len(f.meta.groups) }

// CreatedBy returns the name of the program that wrote the file, as it put it.
func (f *File) CreatedBy() string { return f.meta.createdBy }

// Metadata returns the value of the file's key-value metadata under key.
func (f *File) Metadata(key string) (string, bool) {
	for _, kv := range f.meta.kv {
		if kv.key == key {
			return kv.value, true
		}
	}
	return "", false
}

// RowGroup describes row group i.
func (f *File) RowGroup(i int) RowGroupInfo {
	g := &f.meta.groups[i]
	n := len(f.tree.columns)
	info := RowGroupInfo{Rows: g.rows, ColumnBytes: make([]int64, n), DecodedBytes: make([]int64, n), ArrayBytes: make([]int64, n)}
	for j, c := range f.tree.columns {
		c.walkLeaves(func(lc *column) {
			chunk := &g.cols[lc.leaf.index]
			info.ColumnBytes[j] += chunk.compressed
			info.DecodedBytes[j] += chunk.uncompressed
			info.ArrayBytes[j] = saturated(info.ArrayBytes[j], max(chunk.numValues, g.rows), int64(lc.leaf.width)+1, chunk.textBytes)
		})
		info.CompressedBytes += info.ColumnBytes[j]
	}
	return info
}

// saturated is sum + values×width + extra, all of them at least 0, without overflow.
func saturated(sum, values, width, extra int64) int64 {
	const most = 1 << 60
	if extra < 0 || extra > most || values > most/max(width, 1) {
		return most
	}
	return min(sum+values*width+extra, most)
}
