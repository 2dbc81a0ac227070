package shuffle

import (
	"context"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

func TestContextCarriesTheSpace(t *testing.T) {
	s := newTestSpace(t, 0)
	require.Same(t, s, From(With(t.Context(), s)))
	b := mem.New("other process", 1<<20)
	ctx := mem.With(context.Background(), b)
	own := From(ctx)
	require.Same(t, own, From(ctx), "one of the budget")
	in := newGenerator(1).input([]arrow.DataType{arrow.PrimitiveTypes.Int64}, 1000, true)
	in.write(t, own, func() {})
	require.Positive(t, b.Used())
	b.Close()
	require.Zero(t, b.Used())
	require.Error(t, own.Writer(in.opts).Add(in.batches[0].Cols, in.hashes[0], 1), "closed with its budget")
}

// Small outputs take little memory: there may be many of them.
func TestSmallOutputsAreSmall(t *testing.T) {
	g := newGenerator(3)
	g.dicts = nil
	for _, hashed := range []bool{true, false} {
		for _, typ := range testTypes() {
			s := newTestSpace(t, 0)
			in := g.input([]arrow.DataType{typ, typ}, 50, hashed)
			out := in.write(t, s, func() {})
			require.LessOrEqual(t, s.budget.Used(), 2*out.Bytes(0, Buckets)+chunkOverhead+8<<10, "%s", typ)
			require.Positive(t, out.Bytes(0, Buckets))
		}
	}
}

// Wide rows make chunks of few rows, not large chunks.
func TestWideRows(t *testing.T) {
	s := newTestSpace(t, 0)
	text := []byte(strings.Repeat("wide", 100_000))
	const n = 300
	heads := make([]vec.ViewHeader, n)
	for i := range heads {
		heads[i] = vec.Long(text, 0, 0)
	}
	col := vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: n, Data: vec.Bytes(heads), Bufs: [][]byte{text}}
	w := s.Writer(Options{Name: "test_op", Types: []arrow.DataType{col.Type}})
	require.NoError(t, w.Add([]vec.Vec{col}, nil, 2))
	require.NoError(t, w.Add([]vec.Vec{col}, nil, n))
	out, err := w.Finish()
	require.NoError(t, err)
	for _, c := range out.chunks[2:] {
		require.LessOrEqual(t, c.used, int64(2*chunkBytes))
	}
	_, err = s.Spill(math.MaxInt64)
	require.NoError(t, err)
	got := mustCollect(t, NewReader([]*Output{out}, 0, Buckets))
	require.Equal(t, n+2, got.n)
	require.True(t, vec.EqualRows(&got.cols[0], n+1, &col, 0))
}

func TestMisuseIsAnError(t *testing.T) {
	s := newTestSpace(t, 0)
	in := newGenerator(1).input([]arrow.DataType{arrow.PrimitiveTypes.Int64}, 10, true)
	w := s.Writer(in.opts)
	require.Error(t, w.Add(nil, nil, 3))
	require.Error(t, w.Add(in.batches[0].Cols, nil, 3), "hashes are missing")
	require.NoError(t, w.Add(in.batches[0].Cols, in.hashes[0], in.batches[0].Rows))
	_, err := w.Finish()
	require.NoError(t, err)
	_, err = w.Finish()
	require.Error(t, err)
	require.Error(t, w.Add(in.batches[0].Cols, in.hashes[0], 1))
	r := NewReader(nil, 0, Buckets)
	r.Close()
	var b vec.Batch
	_, err = r.Next(t.Context(), &b)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = NewReader(nil, 0, 1).Next(ctx, &b)
	require.ErrorIs(t, err, context.Canceled)
}

// Two runs at once under one budget: both end, and neither exceeds what both may have by more than the chunks at hand.
func TestTwoRunsShareMemory(t *testing.T) {
	root := mem.New("process", 32<<20)
	var wg sync.WaitGroup
	base := t.TempDir()
	for run := range 2 {
		wg.Go(func() {
			b := root.Child("run", 0)
			s := NewSpace(b, base)
			in := newGenerator(uint64(run)).input([]arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64}, 800_000, true)
			out := in.write(t, s, func() {})
			total := 0
			for p := range 16 {
				got, err := collect(NewReader([]*Output{out}, p*16, p*16+16))
				assert.NoError(t, err)
				total += got.n
			}
			assert.Equal(t, 800_000, total)
			assert.Positive(t, out.Spilled())
			out.Free()
			assert.NoError(t, s.Close())
			b.Close()
		})
	}
	wg.Wait()
	require.Zero(t, root.Used())
	require.LessOrEqual(t, root.Peak(), int64(40<<20))
}

// Runs end while others have their rows written to make room: each byte is given back once.
func TestRunsEndWhileOthersSpillThem(t *testing.T) {
	root := mem.New("process", 8<<20)
	base := t.TempDir()
	in := newGenerator(1).input([]arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64}, 60_000, true)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 60 {
				b := root.Child("run", 0)
				s := NewSpace(b, base)
				out := in.write(t, s, func() {})
				out.Free()
				assert.NoError(t, s.Close())
				if !assert.Zero(t, b.Used()) {
					return
				}
				b.Close()
			}
		})
	}
	wg.Wait()
	require.Zero(t, root.Used())
}

// Files, folder and descriptors are gone, whatever way a run ends.
func TestNothingIsLeft(t *testing.T) {
	fds := func() int {
		list, _ := os.ReadDir("/proc/self/fd") // empty on other systems
		return len(list)
	}
	before, goroutines := fds(), runtime.NumGoroutine()
	base := t.TempDir()
	for end := range 3 {
		b := mem.New("test", 4<<20)
		s := NewSpace(b, base)
		in := newGenerator(1).input([]arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String}, 200_000, true)
		out := in.write(t, s, func() {})
		require.Positive(t, s.Spilled())
		w := s.Writer(in.opts)
		require.NoError(t, w.Add(in.batches[0].Cols, in.hashes[0], in.batches[0].Rows))
		r := NewReader([]*Output{out}, 0, 3)
		var batch vec.Batch
		_, err := r.Next(t.Context(), &batch)
		require.NoError(t, err)
		switch end {
		case 0: // in order
			r.Close()
			w.Abort()
			out.Free()
			s.spare.clear()
			require.Zero(t, b.Used())
			require.NoError(t, s.Close())
		case 1: // broken off: Close comes first
			require.NoError(t, s.Close())
			r.Close()
			w.Abort()
			out.Free()
		case 2: // and nobody cleans up
			require.NoError(t, s.Close())
		}
		require.Zero(t, b.Used())
		left, err := os.ReadDir(base)
		require.NoError(t, err)
		require.Empty(t, left)
	}
	require.Equal(t, before, fds())
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
}
