package parquetio

import (
	"context"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
)

// RowFilter says which rows are wanted by some of their columns, which are decoded before the others. It is used by one goroutine.
type RowFilter interface {
	// Worth is told of how many rows the last call of Keep was about, and how many of them were given, both 0 at first, and says whether
	// to ask for the next rows. Where it says no, these come all.
	Worth(asked, given int) bool
	// Keep sets the bits of the rows that are wanted in mask, which is cleared, and returns how many they are. The arrays are those of
	// ReadOptions.Early; they live until it returns.
	Keep(cols []arrow.Array, rows int, mask []uint64) (int, error)
}

// late reads the columns that the filter looks at first, and of the others only what lies about the rows that it wants: pages
// without such a row are not even decompressed.
type late struct {
	filter       RowFilter
	early        []int // places in Reader.cols
	first, other []*leafReader
	null         []*leafReader // columns without values
	cols         []arrow.Array
	mask         []uint64
	runs         []slotRun
	asked, given int
}

// slotRun is n rows of a window from row at on.
type slotRun struct{ at, n int }

const (
	// lateGap is the least distance of two wanted rows that are read apart: below it, passing over rows costs more than decoding them.
	lateGap = 32
	// latePages is how many pages a batch may keep for the texts of its rows: rows that are far apart have a page each.
	latePages = 4
)

// setFilter makes the reader ask the options' filter, where that can leave work out: its columns are flat, and there are others.
func (r *Reader) setFilter(o *ReadOptions) {
	if o.Filter == nil || len(o.Early) == 0 {
		return
	}
	l := &late{filter: o.Filter, early: o.Early, cols: make([]arrow.Array, len(o.Early))}
	isFirst := map[*leafReader]bool{}
	for _, i := range o.Early {
		if i < 0 || i >= len(r.cols) {
			return
		}
		leaf := r.cols[i].c.leaf
		if leaf == nil || r.asm.leaves[leaf.index] == nil {
			return
		}
		lr := r.asm.leaves[leaf.index]
		if lr.nested || lr.unread() {
			return
		}
		isFirst[lr] = true
	}
	for _, lr := range r.leaves {
		switch {
		case isFirst[lr]:
			l.first = append(l.first, lr)
		case lr.unread():
			l.null = append(l.null, lr)
		default:
			l.other = append(l.other, lr)
		}
	}
	if len(l.other) > 0 {
		r.late = l
	}
}

// worth says whether the next rows are read through the filter.
func (l *late) worth() bool {
	if l == nil {
		return false
	}
	asked, given := l.asked, l.given
	l.asked, l.given = 0, 0
	return l.filter.Worth(asked, given)
}

// fillLate reads wanted rows until half a batch is there, the ranges end, or the filter is not worth asking any more.
func (r *Reader) fillLate(ctx context.Context) (n int, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return n, &fault.Error{Kind: fault.Canceled, Op: op, File: r.f.name, Err: err}
		}
		to := r.ranges[0].To
		m := int(min(int64(r.rows-n), to-r.row))
		kept, err := r.window(n, m)
		if err != nil {
			return n, err
		}
		n += kept
		if r.row += int64(m); r.row == to {
			if r.ranges = r.ranges[1:]; len(r.ranges) > 0 {
				r.row = r.ranges[0].From
			}
		}
		if n >= r.rows/2 || len(r.ranges) == 0 || n > 0 && r.keepsPages() || !r.late.worth() {
			return n, nil
		}
	}
}

// keepsPages says whether the batch keeps many pages for its texts.
func (r *Reader) keepsPages() bool {
	for _, l := range r.leaves {
		if len(l.pinned) >= latePages {
			return true
		}
	}
	return false
}

// window adds what is wanted of the next m rows to the batch, which has n, and returns how many rows it has added.
func (r *Reader) window(n, m int) (int, error) {
	l := r.late
	for _, lr := range l.first {
		if err := lr.readMixed(r.row, m); err != nil {
			return 0, lr.fail(err)
		}
	}
	for i, c := range l.early {
		arr, err := r.asm.array(r.cols[c].c, r.cols[c].t, n+m)
		if err != nil {
			return 0, err
		}
		if n > 0 {
			arr = array.NewSlice(arr, int64(n), int64(n+m))
		}
		l.cols[i] = arr
	}
	if words := bitmap.Words(m); cap(l.mask) < words {
		l.mask = make([]uint64, words)
	} else {
		l.mask = l.mask[:words]
		clear(l.mask)
	}
	count, err := l.filter.Keep(l.cols, m, l.mask)
	if err != nil {
		return 0, err
	}
	kept := l.cover(m, count)
	l.asked, l.given = l.asked+m, l.given+kept
	for _, lr := range l.other {
		for _, run := range l.runs {
			if err := lr.readMixed(r.row+int64(run.at), run.n); err != nil {
				return 0, lr.fail(err)
			}
		}
	}
	for _, lr := range l.null {
		lr.out.n += kept
	}
	if kept < m {
		for _, lr := range l.first {
			lr.compact(n, l.runs)
		}
	}
	return kept, nil
}

// cover makes runs of the wanted rows of a window, of which there are count, and of those between them that are as well read as passed
// over. It returns their rows.
func (l *late) cover(m, count int) (kept int) {
	l.runs = l.runs[:0]
	if count > m-lateGap {
		l.runs = append(l.runs, slotRun{0, m})
		return m
	}
	end := -lateGap
	for w, word := range l.mask {
		for word != 0 {
			i := w<<6 + bits.TrailingZeros64(word)
			word &= word - 1
			if i-end >= lateGap {
				l.runs = append(l.runs, slotRun{at: i})
			}
			run := &l.runs[len(l.runs)-1]
			end = i + 1
			run.n = end - run.at
		}
	}
	for _, run := range l.runs {
		kept += run.n
	}
	if kept > m-m/4 { // moving what was decoded costs more
		l.runs = append(l.runs[:0], slotRun{0, m})
		return m
	}
	return kept
}

// readMixed reads n rows from row on. Where the pages of the batch are not all dictionary-encoded, its codes become values.
func (r *leafReader) readMixed(row int64, n int) error {
	if err := r.seek(row); err != nil {
		return err
	}
	if r.keepDict {
		codes, m, err := r.alike(n)
		switch {
		case err != nil:
			return err
		case m == n && (r.out.n == 0 || codes == r.out.codes):
			r.out.codes = codes
		default:
			if err := r.spellOut(); err != nil {
				return err
			}
		}
	}
	return r.read(n)
}

// spellOut makes values of the batch's codes, and of those that follow in it.
func (r *leafReader) spellOut() error {
	o := &r.out
	r.keepDict, r.spelt = false, true
	if !o.codes || o.n == 0 {
		o.codes = false
		return nil
	}
	o.codes = false
	out, err := r.mem.get(o.n * 16)
	if err != nil {
		return err
	}
	r.dictBuf()
	dst, codes, values := as[viewHeader](out), as[uint32](o.data)[:o.n], as[viewHeader](r.dict.data)[:r.dict.n]
	for i, c := range codes {
		if int(c) < len(values) { // what stands under a null may be no code
			dst[i] = values[c]
		} else {
			dst[i] = viewHeader{}
		}
	}
	r.mem.put(o.data)
	o.data = out
	return nil
}

// compact leaves out of the slots from base on all but those of the runs.
func (r *leafReader) compact(base int, runs []slotRun) {
	o := &r.out
	w := r.leaf.width
	if o.codes {
		w = 4
	}
	to := base
	for _, run := range runs {
		from := base + run.at
		if from != to {
			switch r.leaf.out {
			case outBool:
				copyBits(o.data, to, o.data, from, run.n)
			default:
				copy(o.data[to*w:(to+run.n)*w], o.data[from*w:(from+run.n)*w])
			}
			if !o.dense {
				copyBits(o.valid, to, o.valid, from, run.n)
			}
		}
		to += run.n
	}
	o.n = to
	if o.nulls > 0 {
		o.nulls = to - countBits(o.valid, to)
	}
}

// countBits counts the ones of the first n bits.
func countBits(b []byte, n int) int {
	ones := 0
	for at := 0; at < n; at += 64 {
		ones += bits.OnesCount64(load64Bits(b, at, min(64, n-at)))
	}
	return ones
}
