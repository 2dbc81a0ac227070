package partitiontest

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/partition"
)

// TestSink checks the life of a sink: make gives a new sink at a place where nothing is, and says how many rows are visible there.
// It writes batch in several parts, commits, aborts, and compares the rows.
func TestSink(t *testing.T, schema *arrow.Schema, batch partition.Batch, make func(t *testing.T) (sink partition.Sink, visible func() int64)) {
	t.Helper()
	const parts = 3
	write := func(t *testing.T, s partition.Sink) partition.PartitionedWriter {
		t.Helper()
		ctx := context.Background()
		w, err := s.Open(ctx, schema, parts)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parts {
			p, err := w.Part(ctx, i)
			if err == nil {
				err = p.Write(ctx, batch)
			}
			if err == nil {
				err = p.Close()
			}
			if err != nil {
				t.Fatalf("part %d: %v", i, err)
			}
		}
		return w
	}
	t.Run("commit", func(t *testing.T) {
		s, visible := make(t)
		w := write(t, s)
		if n := visible(); n != 0 {
			t.Errorf("%d rows are visible before Commit", n)
		}
		rep, err := w.Commit(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(parts * batch.Rows); rep.Rows != want || visible() != want {
			t.Errorf("the report says %d rows, %d are visible, %d were written", rep.Rows, visible(), want)
		}
	})
	t.Run("abort", func(t *testing.T) {
		s, visible := make(t)
		if err := write(t, s).Abort(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := visible(); n != 0 {
			t.Errorf("%d rows are visible after Abort", n)
		}
	})
}
