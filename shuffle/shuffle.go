// Package shuffle moves rows between the tasks of a run: every task writes its rows to a Writer, which makes an Output; the tasks of
// the next stage read from all Outputs the hash buckets (Reader) or the range of rows (RangeReader) that are theirs. A broadcast is
// an Output that several tasks read whole.
//
// Rows wait in memory while the run's budget has room, and in files of its spill folder where it has not. Which of the two never
// shows in what a reader gets, nor in its order. Every exchange counts rows and adds up key hashes, out = in, and every spilled frame
// carries a checksum: what is lost, doubled or damaged is an Internal fault and never an answer.
//
// Rows are held in chunks of some MiB: columns, hashes and, where rows are hashed, the order of buckets, so that what a reader wants of a
// chunk is one piece. A chunk that is written to a file becomes frames of whole buckets, each with its checksum, in one extent of a file.
//
//	s := shuffle.NewSpace(budget, dir)
//	defer s.Close()
//	w := s.Writer(shuffle.Options{Name: "group_by", Types: types, Hashed: true})
//	defer w.Abort()
//	err := w.Add(cols, hashes, rows) // again and again
//	out, err := w.Finish()
//	defer out.Free()
//	r := shuffle.NewReader([]*shuffle.Output{out}, 0, 16)
//	defer r.Close()
//	for { hashes, err := r.Next(ctx, &batch); … }
//
// It must not know plans, expressions or operators. It imports mem, fault, internal/{vec,bitmap}, arrow and s2 only.
package shuffle

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/mem"
)

const (
	// HashBits is how many bits of a row's hash name its bucket.
	HashBits = 8
	// Buckets is the number of hash buckets of an exchange.
	Buckets = 1 << HashBits
)

// Space is where the exchanges of one run keep their rows. It is safe for concurrent use.
type Space struct {
	budget     *mem.Budget
	unregister func()
	store      *store
	spare      spare
	list       list
	spilled    atomic.Int64
	held       atomic.Int64 // bytes of the budget
	closed     atomic.Bool
}

// exchanges numbers the writers of the process.
var exchanges atomic.Uint64

// NewSpace returns the space of a run: memory of budget and files below dir (SpillDir of the options, "" for the system's temporary
// folder), made when first needed. The space is a spiller of the budget.
func NewSpace(budget *mem.Budget, dir string) *Space {
	s := &Space{budget: budget, store: newStore(dir)}
	s.spare.space = s
	s.unregister = budget.Register(s)
	return s
}

// Close frees all that is left: memory, files, the folder. No task may be running. It may be called several times.
func (s *Space) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.unregister() // another run may have chunks written at this moment
	s.list.clear()
	s.spare.clear()
	s.budget.Release(s.held.Swap(0))
	return s.store.close()
}

// Spilled returns the bytes written to files so far.
func (s *Space) Spilled() int64 { return s.spilled.Load() }

// want claims n bytes after the budget's spillers, the space among them, were asked for room.
func (s *Space) want(n int64) error {
	if s.closed.Load() {
		return fault.New(fault.Internal, "shuffle", "rows are written to a space that is closed")
	}
	if err := s.budget.Want(n); err != nil {
		return err
	}
	s.held.Add(n)
	return nil
}

func (s *Space) must(n int64) {
	s.budget.Must(n)
	s.held.Add(n)
}

// release gives n bytes back, unless Close did.
func (s *Space) release(n int64) {
	if s.closed.Load() {
		return
	}
	s.held.Add(-n)
	s.budget.Release(n)
}

type spaceKey struct{}

// With returns a context whose tasks exchange rows in the space.
func With(ctx context.Context, s *Space) context.Context {
	return context.WithValue(ctx, spaceKey{}, s)
}

// From returns the context's space. Where there is none (a task in another process) it is one of the process, in the context's budget,
// which closes it.
func From(ctx context.Context) *Space {
	if s, ok := ctx.Value(spaceKey{}).(*Space); ok {
		return s
	}
	b := mem.From(ctx)
	return b.Attached(spaceKey{}, func() io.Closer { return NewSpace(b, "") }).(*Space)
}
