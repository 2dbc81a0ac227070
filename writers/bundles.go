package writers

import (
	"context"
	"maps"
	"slices"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// bundles are the rows of closed parts of a PartitionBy that are not in files yet: a file a part and key would be many small ones where
// there are thousands of keys. When enough have come together those of neighbouring parts go into a file a key. It is a part of write, whose
// mu guards it.
type bundles struct {
	waiting map[int]*keyed
	bytes   int64
	merged  map[int]bool // parts whose rows are in files
	err     error        // of a merge: its rows are lost, and the write with them
}

const (
	// mostBundled is how much waits at most; a small budget allows an eighth of what it has.
	mostBundled  = 256 << 20
	leastBundled = 4 << 20
	// smallFile is how many bytes of rows, in memory, make a file that is worth its while: a part that has so many for each of its keys
	// writes its own files, at once with the other parts.
	smallFile = 1 << 20
)

func waitingRoom(ctx context.Context) int64 {
	if soft := mem.From(ctx).Soft(); soft > 0 {
		return min(mostBundled, max(soft/8, leastBundled))
	}
	return mostBundled
}

// hand takes over the rows of a closed part; k is nil where they are in files of its own. A later try replaces an earlier one whose
// rows still wait; rows that are in files stay, they are the same. After Commit or Abort no rows are taken.
func (w *write) hand(i int, d partDone, k *keyed) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := &w.bundles
	if w.ready != nil { // nobody would write or free the rows
		k.free()
		return fault.New(fault.Internal, "write", "%w", w.ready)
	}
	if b.merged[i] || b.err != nil {
		k.free()
		return b.err
	}
	if old := b.waiting[i]; old != nil {
		b.bytes -= old.held.Held()
		old.free()
		delete(b.waiting, i)
	}
	w.done[i] = d
	if k != nil {
		if b.waiting == nil {
			b.waiting, b.merged = map[int]*keyed{}, map[int]bool{}
		}
		b.waiting[i] = k
		b.bytes += k.held.Held()
	}
	return nil
}

// mergeBundles writes waiting rows to files until no more than most bytes wait, the longest rows of neighbours first.
func (w *write) mergeBundles(ctx context.Context, most int64) error {
	for {
		first, run := w.takeRun(most)
		if len(run) == 0 {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.bundles.err
		}
		files, err := w.writeRun(ctx, first, run)
		for _, k := range run {
			k.free()
		}
		w.mu.Lock()
		if err != nil {
			w.bundles.err = err
			w.mu.Unlock()
			return err
		}
		d := w.done[first]
		d.Files = files
		w.done[first] = d
		w.mu.Unlock()
	}
}

// takeRun takes the neighbouring parts that hold most out of the waiting ones, where they are too many.
func (w *write) takeRun(most int64) (first int, run []*keyed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := &w.bundles
	if b.bytes <= most && (most > 0 || len(b.waiting) == 0) {
		return 0, nil
	}
	var from, to int // the best [from, to)
	var bytes, best int64
	start, last := -1, -2
	for _, i := range slices.Sorted(maps.Keys(b.waiting)) {
		if i != last+1 {
			start, bytes = i, 0
		}
		last = i
		if bytes += b.waiting[i].held.Held(); bytes >= best {
			from, to, best = start, i+1, bytes
		}
	}
	for i := from; i < to; i++ {
		k := b.waiting[i]
		delete(b.waiting, i)
		b.merged[i] = true
		b.bytes -= k.held.Held()
		run = append(run, k)
	}
	return from, run
}

// dropBundles frees what waits.
func (w *write) dropBundles() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range w.bundles.waiting {
		k.free()
	}
	w.bundles.waiting, w.bundles.bytes = nil, 0
	w.bundles.err = fault.New(fault.Internal, "write", "the write was given up")
}

// piece is the rows of a key in a bundle.
type piece struct {
	of   int
	rows []uint32
}

// writeRun writes the rows of neighbouring parts, a file a key, in the order in which the keys come.
func (w *write) writeRun(ctx context.Context, first int, run []*keyed) ([]fileDone, error) {
	var dirs []string
	pieces := map[string][]piece{}
	cols := make([][]vec.Vec, len(run))
	for i, k := range run {
		for _, b := range k.build {
			cols[i] = append(cols[i], b.Vec())
		}
		rows := k.byKey()
		for at := 0; at < len(rows); {
			end := at + 1
			for end < len(rows) && k.codes[rows[end]] == k.codes[rows[at]] {
				end++
			}
			dir := k.dirs[k.codes[rows[at]]]
			if pieces[dir] == nil {
				dirs = append(dirs, dir)
			}
			pieces[dir] = append(pieces[dir], piece{i, rows[at:end]})
			at = end
		}
	}
	p := newPart(w, first)
	p.keys = nil
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.writePieces(ctx, dir, pieces[dir], cols); err != nil {
			return nil, named(err, w.sink.format.op(), w.sink.path)
		}
	}
	return p.files, nil
}

// writePieces writes the file of a key, or several where FileRows says so.
func (p *part) writePieces(ctx context.Context, dir string, pieces []piece, cols [][]vec.Vec) error {
	var f *openFile
	for _, x := range pieces {
		for rows := range slices.Chunk(x.rows, takeRows) {
			p.pool.Reset()
			p.batch.Rows, p.batch.Cols = len(rows), resize(p.batch.Cols, len(cols[x.of]))
			for i := range p.batch.Cols {
				vec.Take(&p.batch.Cols[i], &cols[x.of][i], rows, &p.pool)
			}
			if err := p.addTo(ctx, &f, dir, &p.batch); err != nil {
				p.discardFile(f)
				return err
			}
		}
	}
	if f == nil {
		return nil
	}
	return p.closeFile(ctx, f)
}
