package readers

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/parquetio"
	"github.com/sheafdata/sheaf/partition"
)

// parquetSplit is rows of one file.
type parquetSplit struct {
	file      fileio.File
	fileIndex int
	// held is the parsed file where it was planned here; a decoded split finds or opens it.
	held    *sharedFile
	adapt   *adapter
	groups  []groupRanges
	rows    int64
	bytes   int64
	columns map[string]partition.ColumnStats
	// largePages is the option.
	largePages bool
}

// groupRanges are rows of one row group.
type groupRanges struct {
	group  int
	ranges []rowRange
}

// Stats are exact: a split gives all its rows, whatever the predicate was.
func (s *parquetSplit) Stats() partition.Stats {
	return partition.Stats{Exact: true, Rows: s.rows, Bytes: s.bytes, Columns: s.columns}
}

// Open opens the file; nothing is read where no column is.
func (s *parquetSplit) Open(ctx context.Context, env *partition.Env) (partition.Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	alloc := env.Allocator()
	r := &parquetReader{split: s, env: env, adapt: newAdapting(s.adapt, s.file.Path, alloc)}
	if len(s.adapt.read) == 0 {
		return r, nil
	}
	f := s.held
	if f == nil {
		var err error
		if f, err = footers.get(ctx, s.file); err != nil {
			return nil, named(err, "read_parquet")
		}
		if err := s.check(f); err != nil {
			return nil, err
		}
	}
	if err := f.acquire(ctx); err != nil {
		return nil, named(err, "read_parquet")
	}
	r.f = f
	return r, nil
}

// check compares a decoded split with the file: a worker may see another one under the name.
func (s *parquetSplit) check(f *sharedFile) error {
	for _, g := range s.groups {
		if g.group >= f.pq.NumRowGroups() {
			return changed(s.file.Path, "it has fewer row groups")
		}
		rows := f.pq.RowGroupRows(g.group)
		for _, r := range g.ranges {
			if r.to > rows {
				return changed(s.file.Path, "a row group has fewer rows")
			}
		}
	}
	for _, c := range s.adapt.read {
		if c >= f.pq.Schema().NumFields() {
			return changed(s.file.Path, "it has fewer columns")
		}
	}
	return nil
}

// parquetReader gives the batches of a split.
type parquetReader struct {
	split *parquetSplit
	env   *partition.Env
	f     *sharedFile // nil where no column is read
	adapt *adapting

	next int // in split.groups
	rd   *parquetio.Reader
	// first is the file's row that row group firstOf, the one at hand, begins with. at counts the rows given of it; left those to give
	// where no column is read.
	first, at, left int64
	firstOf         int
	last            []arrow.Array
	seq             int

	filter partition.RowFilter // nil: rows come all
	early  []int               // places in adapt.read of what the filter looks at
}

// Next decodes the next batch.
func (r *parquetReader) Next(ctx context.Context) (partition.Batch, error) {
	releaseAll(r.last)
	r.last = nil
	for {
		if err := ctx.Err(); err != nil {
			return partition.Batch{}, err
		}
		if r.f == nil {
			return r.count()
		}
		if r.rd == nil {
			if err := r.nextGroup(); err != nil {
				return partition.Batch{}, err
			}
		}
		b, err := r.rd.Next(ctx)
		if err == io.EOF {
			_ = r.rd.Close()
			r.rd = nil
			continue
		}
		if err != nil {
			return partition.Batch{}, named(err, "read_parquet")
		}
		if b.Rows == 0 {
			continue // the filter wanted none
		}
		return r.finish(b.Cols, b.Rows)
	}
}

func (r *parquetReader) finish(in []arrow.Array, rows int) (partition.Batch, error) {
	out, err := r.adapt.realise(in, rows, r.fileRow())
	if err != nil {
		return partition.Batch{}, named(err, "read_parquet")
	}
	r.last = out
	r.at += int64(rows)
	b := partition.Batch{Cols: out, Rows: rows, Seq: partition.MakeSeq(0, r.seq)}
	r.seq++
	return b, nil
}

// fileRow is the file's row that the next batch begins with, from 0.
func (r *parquetReader) fileRow() int64 {
	if r.f == nil || r.next == 0 {
		return 0
	}
	g := r.split.groups[r.next-1]
	row, at := r.first, r.at
	for _, rg := range g.ranges {
		if at < rg.to-rg.from {
			return row + rg.from + at
		}
		at -= rg.to - rg.from
	}
	return row
}

func (r *parquetReader) nextGroup() error {
	var g groupRanges
	for {
		if r.next == len(r.split.groups) {
			return io.EOF
		}
		g = r.split.groups[r.next]
		if g.ranges = r.wanted(&g); len(g.ranges) > 0 {
			break
		}
		r.next++
	}
	o := parquetio.ReadOptions{RowGroup: g.group, Columns: r.split.adapt.read, KeepDictionaries: true, LargePages: r.split.largePages}
	for _, x := range g.ranges {
		o.Ranges = append(o.Ranges, parquetio.RowRange{From: x.from, To: x.to})
	}
	if r.env != nil {
		o.Alloc, o.Reserve = r.env.Alloc, r.env.Reserve
	}
	r.filtered(&o)
	rd, err := r.f.pq.Read(o)
	if err != nil {
		return named(err, "read_parquet")
	}
	for ; r.firstOf < g.group; r.firstOf++ { // splits have their row groups in the order of the file
		r.first += r.f.pq.RowGroupRows(r.firstOf)
	}
	r.rd, r.at = rd, 0
	r.next++
	return nil
}

// count gives batches of rows without reading.
func (r *parquetReader) count() (partition.Batch, error) {
	for r.left == 0 {
		if r.next == len(r.split.groups) {
			return partition.Batch{}, io.EOF
		}
		for _, x := range r.split.groups[r.next].ranges {
			r.left += x.to - x.from
		}
		r.next++
	}
	rows := min(r.left, batchRows)
	r.left -= rows
	return r.finish(nil, int(rows))
}

// Close releases what the reader holds.
func (r *parquetReader) Close() error {
	releaseAll(r.last)
	r.last = nil
	r.adapt.release()
	if r.rd != nil {
		_ = r.rd.Close()
		r.rd = nil
	}
	if r.f != nil {
		r.f.release()
		r.f = nil
	}
	r.next, r.left = len(r.split.groups), 0
	return nil
}
