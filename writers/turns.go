package writers

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/sheafdata/sheaf/fault"
)

// turns is the parts of one file whose bytes must stand in the order of the parts: the first that is not closed goes to the file as it
// comes, the others wait.
type turns[P waiting] struct {
	mu    sync.Mutex // also of what the parts share
	next  int        // the part whose turn it is
	parts map[int]P  // not yet written whole
}

// waiting is a part of such a file.
type waiting interface {
	comparable
	number() int
	// isClosed says whether the part has all its rows; setClosed says so of it.
	isClosed() bool
	setClosed()
	// writeKept writes what waited. It is the part's turn.
	writeKept() error
}

// turnOf says whether it is the turn of part i.
func (t *turns[P]) turnOf(i int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next == i
}

// close marks a part as closed and, where it was its turn, writes those after it that have waited for it.
func (t *turns[P]) close(p P) error {
	t.mu.Lock()
	p.setClosed()
	for t.next == p.number() {
		t.mu.Unlock()
		if err := p.writeKept(); err != nil {
			return err
		}
		t.mu.Lock()
		t.next++
		delete(t.parts, p.number())
		q, ok := t.parts[t.next]
		if !ok || !q.isClosed() {
			break
		}
		p = q
	}
	t.mu.Unlock()
	return nil
}

// finish writes the parts that are left: their numbers have gaps. Nobody else may be writing.
func (t *turns[P]) finish(ctx context.Context) error {
	for _, i := range slices.Sorted(maps.Keys(t.parts)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := t.parts[i]
		if !p.isClosed() {
			return fault.New(fault.Internal, "write", "part %d was not closed", i)
		}
		if err := p.writeKept(); err != nil {
			return err
		}
	}
	t.parts = nil
	return nil
}

// turn is what every waiting part has.
type turn struct {
	i      int
	closed bool
}

func (t *turn) number() int    { return t.i }
func (t *turn) isClosed() bool { return t.closed }
func (t *turn) setClosed()     { t.closed = true }
