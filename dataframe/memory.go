package dataframe

import (
	"context"
	"io"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/partition"
)

// memorySource is a frame over record batches in memory. Its splits are local: values in memory do not travel.
type memorySource struct {
	schema *arrow.Schema
	recs   []arrow.RecordBatch
	rows   int64
}

func newMemorySource(schema *arrow.Schema, recs []arrow.RecordBatch) *memorySource {
	s := &memorySource{schema: schema, recs: recs}
	for _, r := range recs {
		s.rows += r.NumRows()
	}
	return s
}

// Schema implements partition.Source.
func (s *memorySource) Schema() *arrow.Schema { return s.schema }

// Stats says how many rows there are.
func (s *memorySource) Stats() partition.Stats { return partition.Stats{Exact: true, Rows: s.rows} }

const (
	// memorySplitRows is the fewest rows worth a task of their own.
	memorySplitRows = 64 << 10
	// memorySplitsPerWorker keeps the workers evenly busy to the end.
	memorySplitsPerWorker = 8
)

// Plan implements partition.Source: splits of even row counts, cut inside record batches where these are large.
func (s *memorySource) Plan(_ context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	scan := &partition.Scan{Residual: r.Predicate}
	target := max(memorySplitRows, s.rows/int64(memorySplitsPerWorker*runtime.GOMAXPROCS(0)))
	split := &memorySplit{cols: cols}
	flush := func() {
		if split.rows > 0 {
			scan.Splits = append(scan.Splits, split)
		}
		split = &memorySplit{cols: cols}
	}
	for _, rec := range s.recs {
		for from := int64(0); from < rec.NumRows(); {
			to := min(rec.NumRows(), from+target-split.rows)
			split.recs = append(split.recs, sliceRecord(rec, from, to))
			split.rows += to - from
			from = to
			if split.rows >= target {
				flush()
			}
		}
	}
	flush()
	return scan, nil
}

type memorySplit struct {
	cols []int
	recs []arrow.RecordBatch
	rows int64
}

// Stats implements partition.Split.
func (s *memorySplit) Stats() partition.Stats { return partition.Stats{Exact: true, Rows: s.rows} }

// Open implements partition.Split.
func (s *memorySplit) Open(context.Context, *partition.Env) (partition.Reader, error) {
	return &memoryReader{split: s}, nil
}

type memoryReader struct {
	split *memorySplit
	next  int
}

func (r *memoryReader) Next(ctx context.Context) (partition.Batch, error) {
	if err := ctx.Err(); err != nil {
		return partition.Batch{}, err
	}
	if r.next == len(r.split.recs) {
		return partition.Batch{}, io.EOF
	}
	rec := r.split.recs[r.next]
	r.next++
	return partition.Batch{Rows: int(rec.NumRows()), Cols: memoryArrays(rec, r.split.cols)}, nil
}

func (r *memoryReader) Close() error { return nil }
