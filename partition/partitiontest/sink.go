package partitiontest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/partition"
)

// TestSink checks the life of a sink: make gives a new sink at a place where nothing is, and says how many rows are visible there. It
// writes batch in several parts, from one goroutine and from several, commits, aborts, cancels, and counts the rows that are visible
// after each.
func TestSink(t *testing.T, schema *arrow.Schema, batch partition.Batch, make func(t *testing.T) (sink partition.Sink, visible func() int64)) {
	t.Helper()
	k := &sinkKit{schema: schema, batch: batch, make: make}
	t.Run("commit", k.commit)
	t.Run("parts at once", k.atOnce)
	t.Run("parts without rows", k.empty)
	t.Run("no parts", k.none)
	t.Run("slices", k.slices)
	t.Run("abort", k.abort)
	t.Run("abort in the middle", k.abortInTheMiddle)
	t.Run("commit and then abort", k.commitAndAbort)
	t.Run("cancel", k.cancel)
}

type sinkKit struct {
	schema *arrow.Schema
	batch  partition.Batch
	make   func(t *testing.T) (partition.Sink, func() int64)
}

const sinkParts = 3

// open begins a write.
func (k *sinkKit) open(t *testing.T, ctx context.Context) (partition.PartitionedWriter, func() int64) {
	t.Helper()
	s, visible := k.make(t)
	w, err := s.Open(ctx, k.schema, sinkParts)
	if err != nil {
		t.Fatal(err)
	}
	return w, visible
}

// part writes a part of the batches and closes it.
func part(w partition.PartitionedWriter, i int, batches ...partition.Batch) error {
	ctx := context.Background()
	p, err := w.Part(ctx, i)
	if err != nil {
		return err
	}
	for n, b := range batches {
		b.Seq = partition.MakeSeq(i, n)
		if err := p.Write(ctx, b); err != nil {
			return errors.Join(err, p.Close())
		}
	}
	return p.Close()
}

// commitAs commits and checks what is visible then.
func (k *sinkKit) commitAs(t *testing.T, w partition.PartitionedWriter, visible func() int64, want int64) {
	t.Helper()
	if n := visible(); n != 0 {
		t.Errorf("%d rows are visible before Commit", n)
	}
	rep, err := w.Commit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if rep.Rows != want || visible() != want {
		t.Errorf("the report says %d rows, %d are visible, %d were written", rep.Rows, visible(), want)
	}
}

func (k *sinkKit) commit(t *testing.T) {
	w, visible := k.open(t, context.Background())
	for i := range sinkParts {
		if err := part(w, i, k.batch); err != nil {
			t.Fatalf("part %d: %v", i, err)
		}
	}
	k.commitAs(t, w, visible, int64(sinkParts*k.batch.Rows))
}

func (k *sinkKit) atOnce(t *testing.T) {
	w, visible := k.open(t, context.Background())
	const parts = 8
	var all sync.WaitGroup
	errs := [parts]error{}
	for _, i := range []int{7, 3, 1, 0, 6, 2, 5, 4} {
		all.Go(func() { errs[i] = part(w, i, slices.Repeat([]partition.Batch{k.batch}, i)...) })
	}
	all.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	k.commitAs(t, w, visible, int64(parts*(parts-1)/2*k.batch.Rows))
}

func (k *sinkKit) empty(t *testing.T) {
	w, visible := k.open(t, context.Background())
	none := partition.Batch{Cols: make([]arrow.Array, len(k.batch.Cols))}
	for i, c := range k.batch.Cols {
		none.Cols[i] = array.NewSlice(c, 0, 0)
	}
	if err := errors.Join(part(w, 0), part(w, 1, none), part(w, 2, none, k.batch, none)); err != nil {
		t.Fatal(err)
	}
	k.commitAs(t, w, visible, int64(k.batch.Rows))
}

func (k *sinkKit) none(t *testing.T) {
	w, visible := k.open(t, context.Background())
	k.commitAs(t, w, visible, 0)
}

func (k *sinkKit) slices(t *testing.T) {
	if k.batch.Rows < 2 {
		t.Skip("the batch has fewer than two rows")
	}
	w, visible := k.open(t, context.Background())
	cut := partition.Batch{Cols: make([]arrow.Array, len(k.batch.Cols)), Rows: k.batch.Rows - 1}
	for i, c := range k.batch.Cols {
		cut.Cols[i] = array.NewSlice(c, 1, int64(k.batch.Rows))
	}
	if err := part(w, 0, cut, cut); err != nil {
		t.Fatal(err)
	}
	k.commitAs(t, w, visible, int64(2*cut.Rows))
}

func (k *sinkKit) abortAs(t *testing.T, w partition.PartitionedWriter, visible func() int64) {
	t.Helper()
	if err := w.Abort(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := visible(); n != 0 {
		t.Errorf("%d rows are visible after Abort", n)
	}
}

func (k *sinkKit) abort(t *testing.T) {
	w, visible := k.open(t, context.Background())
	for i := range sinkParts {
		if err := part(w, i, k.batch); err != nil {
			t.Fatal(err)
		}
	}
	k.abortAs(t, w, visible)
}

func (k *sinkKit) abortInTheMiddle(t *testing.T) {
	w, visible := k.open(t, context.Background())
	if err := part(w, 1, k.batch); err != nil {
		t.Fatal(err)
	}
	p, err := w.Part(context.Background(), 0)
	if err == nil {
		err = p.Write(context.Background(), k.batch)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Close() // what the engine does where it cannot go on
	k.abortAs(t, w, visible)
}

func (k *sinkKit) commitAndAbort(t *testing.T) {
	w, visible := k.open(t, context.Background())
	if err := part(w, 0, k.batch); err != nil {
		t.Fatal(err)
	}
	k.commitAs(t, w, visible, int64(k.batch.Rows))
	_ = w.Abort(context.Background())
	if n := visible(); n != int64(k.batch.Rows) {
		t.Errorf("%d rows are visible after an Abort that came too late, %d were committed", n, k.batch.Rows)
	}
}

func (k *sinkKit) cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w, visible := k.open(t, ctx)
	if err := part(w, 0, k.batch); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := w.Commit(ctx); err == nil {
		t.Error("a cancelled context commits")
	}
	if n := visible(); n != 0 {
		t.Errorf("%d rows are visible after a Commit that failed", n)
	}
}
