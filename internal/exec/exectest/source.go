package exectest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// Layout says how a Source gives its rows.
type Layout struct {
	// Splits is the number of splits; rows are dealt to them so that some are empty where there are several. 0: none at all, and no rows.
	Splits int
	// Batch is the number of rows a batch.
	Batch  int
	Sliced bool
	Text   Text
	// Clean makes what lies under nulls zero; else it is what the pool's last user left there.
	Clean bool
	// OnBatch, if set, is called before batch n of the whole source (counted from 1 in the order in which they are asked for) is given;
	// its error is the reader's.
	OnBatch func(n int64) error
}

// Source is a source of Data that keeps the letter of the contract: its batches come from the lent allocator and are freed at the next
// call, its splits are portable within the process, and it counts what is open. It leaves out no rows but those that the engine's filters do not want.
type Source struct {
	Data   *Data
	Layout Layout
	// Open counts readers that are open, Opened those ever opened, Asked the batches given.
	Open, Opened, Asked atomic.Int64

	id   uint64
	ends []int // the row after each split's last
}

const splitOp = "sheaf.exectest.split"

// sources finds the sources of splits that were encoded.
var sources struct {
	sync.Mutex
	all map[uint64]*Source
}

func init() {
	partition.RegisterSplit(splitOp, func(b []byte) (partition.Split, error) {
		if len(b) < 16 {
			return nil, fault.New(fault.Internal, "exectest", "a split of %d bytes", len(b))
		}
		sources.Lock()
		src := sources.all[binary.LittleEndian.Uint64(b)]
		sources.Unlock()
		at := binary.LittleEndian.Uint64(b[8:])
		if src == nil || at >= uint64(len(src.ends)) {
			return nil, fault.New(fault.Internal, "exectest", "no split %d", at)
		}
		s := &split{src: src, at: int(at)}
		for b = b[16:]; len(b) >= 8; b = b[8:] {
			col := binary.LittleEndian.Uint64(b)
			if col >= uint64(src.Data.Schema.NumFields()) {
				return nil, fault.New(fault.Internal, "exectest", "no column %d", col)
			}
			s.cols = append(s.cols, int(col))
		}
		return s, nil
	})
}

// NewSource returns a source of the data.
func NewSource(d *Data, l Layout) *Source {
	s := &Source{Data: d, Layout: l}
	for i := range l.Splits {
		// Square steps make the first splits small, empty ones among them, where there are more splits than a few.
		end := len(d.Rows) * (i + 1) * (i + 1) / (l.Splits * l.Splits)
		if i%5 == 3 && i+1 < l.Splits {
			end = s.ends[i-1]
		}
		s.ends = append(s.ends, end)
	}
	sources.Lock()
	defer sources.Unlock()
	if sources.all == nil {
		sources.all = map[uint64]*Source{}
	}
	s.id = uint64(len(sources.all))
	sources.all[s.id] = s
	return s
}

// String names the source in plans.
func (s *Source) String() string { return fmt.Sprintf("data %d", s.id) }

// Schema implements partition.Source.
func (s *Source) Schema() *arrow.Schema { return s.Data.Schema }

// Plan implements partition.Source.
func (s *Source) Plan(_ context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.Data.Schema, r.Columns)
	if err != nil {
		return nil, err
	}
	scan := &partition.Scan{Residual: r.Predicate}
	for i := range s.ends {
		scan.Splits = append(scan.Splits, &split{src: s, at: i, cols: cols})
	}
	return scan, nil
}

type split struct {
	src  *Source
	at   int
	cols []int
}

func (s *split) Op() string { return splitOp }

// MarshalBinary names source, split and columns.
func (s *split) MarshalBinary() ([]byte, error) {
	b := binary.LittleEndian.AppendUint64(nil, s.src.id)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.at))
	for _, c := range s.cols {
		b = binary.LittleEndian.AppendUint64(b, uint64(c))
	}
	return b, nil
}

func (s *split) rows() (from, to int) {
	if s.at > 0 {
		from = s.src.ends[s.at-1]
	}
	return from, s.src.ends[s.at]
}

// Stats says nothing, so that no rule knows the rows.
func (s *split) Stats() partition.Stats { return partition.Stats{} }

func (s *split) Open(_ context.Context, env *partition.Env) (partition.Reader, error) {
	s.src.Open.Add(1)
	s.src.Opened.Add(1)
	from, to := s.rows()
	return &reader{split: s, env: env, at: from, end: to}, nil
}

type reader struct {
	*split
	env     *partition.Env
	at, end int
	last    []arrow.Array
	unclaim func()

	filter       partition.RowFilter
	asked, given int
}

var leftOut atomic.Int64

// LeftOut is how many rows all sources together have left out for filters of the engine.
func LeftOut() int64 { return leftOut.Load() }

// SetFilter implements partition.FilteredReader: the reader leaves out every row that the filter does not want.
func (r *reader) SetFilter(f partition.RowFilter) { r.filter = f }

// filtered returns what the filter leaves of rows [from, to).
func (r *reader) filtered(alloc memory.Allocator, from, to int) (*Data, error) {
	d := &Data{Schema: r.src.Data.Schema, Rows: r.src.Data.Rows[from:to]}
	if r.filter == nil || !r.filter.Worth(r.asked, r.given) || to == from {
		r.asked, r.given = 0, 0
		return d, nil
	}
	var cols []arrow.Array
	for _, c := range r.filter.Columns() {
		arr := d.arrayOf(alloc, r.cols[c], 0, to-from, r.src.Layout.Text, r.src.Layout.Sliced)
		defer arr.Release()
		cols = append(cols, arr)
	}
	mask := make([]uint64, (to-from+63)/64)
	n, err := r.filter.Keep(cols, to-from, mask)
	if err != nil {
		return nil, err
	}
	kept := &Data{Schema: d.Schema}
	for i, row := range d.Rows {
		if mask[i/64]>>(i%64)&1 == 1 {
			kept.Rows = append(kept.Rows, row)
		}
	}
	if n != len(kept.Rows) {
		return nil, fault.New(fault.Internal, "exectest", "a filter keeps %d rows and says %d", len(kept.Rows), n)
	}
	r.asked, r.given = to-from, n
	leftOut.Add(int64(to - from - n))
	return kept, nil
}

func (r *reader) free() {
	for _, a := range r.last {
		a.Release()
	}
	if r.last = nil; r.unclaim != nil {
		r.unclaim()
		r.unclaim = nil
	}
}

func (r *reader) Next(ctx context.Context) (partition.Batch, error) {
	r.free()
	if r.at >= r.end {
		return partition.Batch{}, io.EOF
	}
	n := r.src.Asked.Add(1)
	if on := r.src.Layout.OnBatch; on != nil {
		if err := on(n); err != nil {
			return partition.Batch{}, err
		}
	}
	to := min(r.at+r.src.Layout.Batch, r.end)
	var err error
	if r.unclaim, err = r.env.Claim(int64(64 * len(r.cols))); err != nil { // buffers of a reader, whatever the rows
		return partition.Batch{}, err
	}
	alloc := r.env.Allocator()
	if r.src.Layout.Clean {
		alloc = zeroing{alloc}
	}
	d, err := r.filtered(alloc, r.at, to)
	if err != nil {
		return partition.Batch{}, err
	}
	if len(d.Rows) == 0 {
		r.at = to
		return r.Next(ctx)
	}
	for _, c := range r.cols {
		r.last = append(r.last, d.arrayOf(alloc, c, 0, len(d.Rows), r.src.Layout.Text, r.src.Layout.Sliced))
	}
	b := partition.Batch{Cols: r.last, Rows: len(d.Rows)}
	r.at = to
	return b, nil
}

// zeroing clears what it allocates.
type zeroing struct{ memory.Allocator }

func (z zeroing) Allocate(n int) []byte {
	b := z.Allocator.Allocate(n)
	clear(b[:cap(b)])
	return b
}

func (z zeroing) Reallocate(n int, b []byte) []byte {
	grown := z.Allocate(n)
	copy(grown, b)
	z.Free(b)
	return grown
}

func (r *reader) Close() error {
	r.free()
	r.src.Open.Add(-1)
	return nil
}
