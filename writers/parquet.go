package writers

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/parquetio"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
)

// ParquetOptions are the options of Parquet; nil and zero fields are the defaults.
type ParquetOptions struct {
	// Mode says what to do where the output is there already.
	Mode Mode
	// PartitionBy makes key=value folders of these columns.
	PartitionBy []string
	// OneFile writes one part into the folder.
	OneFile bool
	// FileRows starts a new file after so many rows; 0 is one file a partition.
	FileRows int64
	// Compression is the codec of pages: "zstd" (the default), "snappy", "gzip", "lz4", "brotli", "none". Columns that the codec
	// cannot shrink are left as they are, which every reader understands.
	Compression string
	// RowGroupRows is how many rows a row group has at most; 0 is about a million. A part ends with a smaller one, and memory that is
	// short makes smaller ones.
	RowGroupRows int64
	// PageBytes is about how large a page is before compression; 0 is 1 MiB. Pages have at most 65,536 rows.
	PageBytes int
	// Bloom names columns that get a Bloom filter, with which readers skip row groups that a value is not in. It pays for columns of
	// many different values, unsorted, that are looked up by equality.
	Bloom []string
	// NoPageIndex leaves out the page index, the least and greatest value of each page.
	NoPageIndex bool
	// PlainOnly keeps to the encodings of Parquet's first version (plain and dictionary), for very old readers.
	PlainOnly bool
}

// Parquet writes Parquet files (.parquet), with statistics, page index and checksums, and with the Arrow schema in the metadata.
//
// Columns are dictionary-encoded where that is smaller. Types that Parquet does not have are written as the closest: seconds as
// milliseconds, durations as integers that readers of Arrow schemas give back as durations, date64 as dates, dictionaries as their
// values, decimals of up to 9 and 18 digits as integers. Unions and intervals cannot be written.
func Parquet(path string, opts *ParquetOptions) partition.Sink {
	if opts == nil {
		opts = &ParquetOptions{}
	}
	f := &parquetFormat{opts: parquetio.WriteOptions{Compression: opts.Compression, RowGroupRows: opts.RowGroupRows, PageBytes: opts.PageBytes,
		Bloom: slices.Clone(opts.Bloom), NoPageIndex: opts.NoPageIndex, PlainOnly: opts.PlainOnly}}
	return newSink(path, layout{opts.Mode, opts.PartitionBy, opts.OneFile, opts.FileRows}, f, f.opts.Check())
}

type parquetFormat struct {
	opts parquetio.WriteOptions
	// enc makes the encoder of all files of a write, whose memory goes from one to the next; nil: of no write.
	enc func(*arrow.Schema) (*parquetio.Encoder, error)
}

// ofWrite implements shared.
func (f *parquetFormat) ofWrite() format {
	var once sync.Once
	var e *parquetio.Encoder
	var err error
	return &parquetFormat{opts: f.opts, enc: func(s *arrow.Schema) (*parquetio.Encoder, error) {
		once.Do(func() { e, err = parquetio.NewEncoder(s, f.opts) })
		return e, err
	}}
}

func (f *parquetFormat) op() string     { return "write_parquet" }
func (f *parquetFormat) exts() []string { return []string{".parquet"} }

func (f *parquetFormat) wire() *wireFormat {
	extra, err := json.Marshal(f.opts)
	if err != nil {
		return nil
	}
	return &wireFormat{Op: f.op(), Extra: extra}
}

func decodeParquet(w *wireFormat) (format, error) {
	f := &parquetFormat{}
	if err := json.Unmarshal(w.Extra, &f.opts); err != nil {
		return nil, fault.New(fault.Internal, f.op(), "options from another process: %w", err)
	}
	return f, f.opts.Check()
}

func (f *parquetFormat) check(s *arrow.Schema) error {
	_, err := parquetio.NewEncoder(s, f.opts)
	return err
}

func (f *parquetFormat) open(out *fileio.OutFile, s *arrow.Schema) (outFile, error) {
	e, err := f.enc(s)
	if err != nil {
		return nil, err
	}
	if _, err := out.Append(e.Head()); err != nil {
		return nil, err
	}
	return &parquetFile{out: out, enc: e, groups: map[int][]parquetio.Placed{}}, nil
}

// parquetFile is a Parquet file. Parts write their row groups when they are full, in any order; the footer lists them in the order of
// the parts, so that no part waits for another.
type parquetFile struct {
	out *fileio.OutFile
	enc *parquetio.Encoder

	mu     sync.Mutex
	groups map[int][]parquetio.Placed // by part, of parts that are closed
}

func (t *parquetFile) part(i int) (partEncoder, error) { return &parquetPart{file: t, i: i}, nil }

func (t *parquetFile) finish(context.Context) error {
	parts := make([]int, 0, len(t.groups))
	for i := range t.groups {
		parts = append(parts, i)
	}
	slices.Sort(parts)
	var all []parquetio.Placed
	for _, i := range parts {
		all = append(all, t.groups[i]...)
	}
	foot, err := t.enc.Footer(all, t.out.Size())
	if err != nil {
		return err
	}
	_, err = t.out.Append(foot)
	return err
}

// parquetPart is a part of a parquetFile. What a try that failed has written stays in the file, without mention in the footer.
type parquetPart struct {
	file *parquetFile
	i    int
	g    *parquetio.RowGroup
	done []parquetio.Placed
	held *mem.Reservation
}

func (p *parquetPart) add(ctx context.Context, b *vec.Batch) error {
	if p.held == nil {
		p.held = mem.From(ctx).Reservation("write_parquet")
	}
	for at := 0; at < b.Rows; {
		if p.g == nil {
			p.g = p.file.enc.Begin(nil)
		}
		n := int(min(int64(b.Rows-at), p.g.Room()))
		rows := b
		if n < b.Rows {
			rows = sliceBatch(b, at, n)
		}
		if err := p.g.Add(rows.Cols, n); err != nil {
			return err
		}
		at += n
		// Where memory is short, the row group ends early.
		if short := p.held.Grow(p.g.Bytes()-p.held.Held()) != nil; short || p.g.Full() {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush ends the row group and writes it.
func (p *parquetPart) flush() error {
	if p.g == nil {
		return nil
	}
	g := p.g
	p.g = nil
	c, err := g.Finish()
	if err != nil {
		g.Discard()
		return err
	}
	defer c.Release()
	if c.Rows() == 0 {
		return nil
	}
	t := p.file
	t.mu.Lock() // a row group is several appends, which must stand together
	off := t.out.Size()
	_, err = c.WriteTo(t.out)
	t.mu.Unlock()
	if err != nil {
		return err
	}
	p.done = append(p.done, parquetio.Placed{Chunk: c, Offset: off})
	p.held.Free()
	return nil
}

func (p *parquetPart) close(context.Context) error {
	if err := p.flush(); err != nil {
		return err
	}
	p.file.mu.Lock()
	defer p.file.mu.Unlock()
	p.file.groups[p.i] = p.done
	return nil
}

func (p *parquetPart) abandon() {
	if p.g != nil {
		p.g.Discard()
		p.g = nil
	}
	if p.held != nil {
		p.held.Free()
	}
}
