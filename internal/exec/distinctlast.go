package exec

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/group"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// distinctLastStep keeps the last row of each key, in its place. Which rows those are is known at the end, so it holds them, and now
// and then forgets those that have been followed by another of their key. Run over the rows that several tasks kept, in their order,
// it keeps the last of all.
type distinctLastStep struct {
	link
	table group.Table
	keys  []int // columns of the input
	live  []int
	cols  []vec.Vec
	gids  []uint32
	last  []uint32 // of each key: its last row in build
	build []*vec.Builder
	rows  int
	most  int // rows from which to forget
	held  *mem.Reservation
	bytes int64
}

// forgetFrom is the number of rows up to which all are held.
const forgetFrom = 64 << 10

func newDistinctLastStep(l link, in *arrow.Schema, keys, live []int, held *mem.Reservation) (*distinctLastStep, error) {
	types := make([]arrow.DataType, len(keys))
	for i, k := range keys {
		types[i] = vec.Logical(in.Field(k).Type)
	}
	table, err := group.New(types, group.Options{Reserve: held.Grow})
	if err != nil {
		return nil, err
	}
	s := &distinctLastStep{link: l, table: table, keys: keys, live: live, cols: make([]vec.Vec, len(keys)), most: forgetFrom, held: held}
	for _, f := range in.Fields() {
		s.build = append(s.build, vec.NewBuilder(f.Type))
	}
	return s, nil
}

func (s *distinctLastStep) push(_ context.Context, b *vec.Batch) error {
	for i, c := range s.keys {
		s.cols[i] = b.Cols[c]
	}
	s.gids = growTo(s.gids, b.Rows)
	if err := s.table.Intern(s.cols, b.Rows, s.gids); err != nil {
		return err
	}
	for len(s.last) < s.table.Len() {
		s.last = append(s.last, 0)
	}
	for i, g := range s.gids[:b.Rows] {
		s.last[g] = uint32(s.rows + i)
	}
	for _, c := range s.live {
		s.build[c].AppendRange(&b.Cols[c], 0, b.Rows)
	}
	s.rows += b.Rows
	if s.rows >= s.most {
		s.forget()
		s.most = max(forgetFrom, 2*s.rows)
	}
	return s.account()
}

// kept lists the last rows, ascending.
func (s *distinctLastStep) kept() []uint32 {
	bits := make([]uint64, bitmap.Words(s.rows))
	for _, r := range s.last {
		bitmap.Set(bits, int(r))
	}
	idx := make([]uint32, len(s.last)+bitmap.IndexRoom)
	return idx[:bitmap.Indices(idx, bits, s.rows)]
}

// forget drops the rows that are no longer the last of their key.
func (s *distinctLastStep) forget() {
	idx := s.kept()
	if len(idx) == s.rows {
		return
	}
	for _, c := range s.live {
		all := s.build[c].Vec()
		b := vec.NewBuilder(s.build[c].Type())
		b.AppendTake(&all, idx)
		s.build[c] = b
	}
	// The rows move to their place among those kept.
	at := make([]uint32, s.rows)
	for k, r := range idx {
		at[r] = uint32(k)
	}
	for g, r := range s.last {
		s.last[g] = at[r]
	}
	s.rows = len(idx)
}

func (s *distinctLastStep) account() error {
	now := int64(cap(s.last)) * 4
	for _, c := range s.live {
		now += s.build[c].Bytes()
	}
	delta := now - s.bytes
	s.bytes = now
	return s.held.Grow(delta)
}

func (s *distinctLastStep) finish(ctx context.Context) error {
	s.forget()
	out := vec.Batch{Cols: make([]vec.Vec, len(s.build)), Rows: s.rows}
	for _, c := range s.live {
		out.Cols[c] = s.build[c].Vec()
	}
	if s.rows == 0 {
		return s.link.finish(ctx)
	}
	return s.link.finishAfter(ctx, s.link.pushAll(ctx, &out))
}
