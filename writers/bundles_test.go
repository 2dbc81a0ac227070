package writers_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
)

var keySchema = arrow.NewSchema([]arrow.Field{{Name: "k", Type: arrow.PrimitiveTypes.Int64}, {Name: "i", Type: arrow.PrimitiveTypes.Int64}}, nil)

func keyRows(first, n, keys int) partition.Batch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, keySchema)
	for i := first; i < first+n; i++ {
		b.Field(0).(*array.Int64Builder).Append(int64(i * i % keys))
		b.Field(1).(*array.Int64Builder).Append(int64(i))
	}
	return batchOf(b.NewRecordBatch())
}

// TestKeysOfManyParts: parts of many keys share the files of their keys, whatever order they end in; a part that is written again counts
// once; a small budget makes more files. The rows of each key stand in order, and the budget gets all back.
func TestKeysOfManyParts(t *testing.T) {
	const parts, rows, keys = 9, 700, 150
	each(t, func(t *testing.T, k kind) {
		for _, c := range []struct {
			room     int64
			fileRows int64
			files    func(n, used int) bool
		}{
			{256 << 20, 0, func(n, used int) bool { return n == used }},
			{256 << 20, 3, func(n, used int) bool { return n > used }},
			{24 << 10, 0, func(n, used int) bool { return n > used }},
		} {
			if c.fileRows > 0 && (k.name == "csv gzip" || k.name == "json zstd") {
				continue // a compressor for each of thousands of files takes long
			}
			budget := mem.New("test", c.room)
			ctx := mem.With(context.Background(), budget)
			path := filepath.Join(t.TempDir(), "out")
			w, err := k.write(path, options{by: []string{"k"}, rows: c.fileRows}).Open(ctx, keySchema, parts)
			require.NoError(t, err)
			for _, i := range []int{4, 1, 0, 8, 2, 1, 7, 3, 5, 6, 8} {
				p, err := w.Part(ctx, i)
				require.NoError(t, err)
				for at := 0; at < rows; at += 100 {
					require.NoError(t, p.Write(ctx, keyRows(i*rows+at, 100, keys)))
				}
				require.NoError(t, p.Close())
			}
			rep, err := w.Commit(ctx)
			require.NoError(t, err)
			require.EqualValues(t, parts*rows, rep.Rows)
			require.Zero(t, budget.Used())

			want, got := map[string][]string{}, map[string][]string{}
			for i := range parts * rows {
				key := fmt.Sprint(i * i % keys)
				want[key] = append(want[key], fmt.Sprint(i))
			}
			for _, l := range lines(t, k.read(path, nil, true)) {
				fields := strings.Split(strings.TrimSuffix(l, "|"), "|")
				i, key := strings.TrimPrefix(fields[0], "i="), strings.TrimPrefix(fields[1], "k=")
				got[key] = append(got[key], i)
			}
			require.Equal(t, want, got, "%d bytes, %d rows a file", c.room, c.fileRows)
			require.True(t, c.files(len(rep.Files), len(want)), "%d files for %d keys, %d bytes", len(rep.Files), len(want), c.room)
		}
	})
}

// TestBundlesAfterTheCommit: a try that ends when the write is over is refused, and its memory comes back.
func TestBundlesAfterTheCommit(t *testing.T) {
	budget := mem.New("test", 64<<20)
	ctx := mem.With(context.Background(), budget)
	w, err := kinds[0].write(filepath.Join(t.TempDir(), "out"), options{by: []string{"k"}}).Open(ctx, keySchema, 2)
	require.NoError(t, err)
	tries := make([]partition.Writer, 2)
	for i := range tries {
		tries[i], err = w.Part(ctx, i)
		require.NoError(t, err)
		require.NoError(t, tries[i].Write(ctx, keyRows(i*100, 100, 10)))
	}
	require.NoError(t, tries[0].Close())
	rep, err := w.Commit(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 100, rep.Rows)
	require.ErrorContains(t, tries[1].Close(), "committed or aborted")
	require.Zero(t, budget.Used())
}

// TestBundlesUnderTheContextOfTheRows: Close writes what has waited, unless the context of the rows has ended.
func TestBundlesUnderTheContextOfTheRows(t *testing.T) {
	budget := mem.New("test", 32<<20) // an eighth of it may wait
	ctx, cancel := context.WithCancel(mem.With(context.Background(), budget))
	dir := t.TempDir()
	w, err := kinds[0].write(filepath.Join(dir, "out"), options{by: []string{"k"}}).Open(ctx, keySchema, 1)
	require.NoError(t, err)
	p, err := w.Part(ctx, 0)
	require.NoError(t, err)
	for i := range 60 {
		require.NoError(t, p.Write(ctx, keyRows(i*10_000, 10_000, 150)))
	}
	cancel()
	require.ErrorIs(t, p.Close(), context.Canceled)
	require.NoError(t, w.Abort(context.Background()))
	require.Zero(t, budget.Used())
	require.Empty(t, namesBelow(t, dir))
}

// TestBundlesOfAnAbortedWriteAreFreed: nothing of what waited is left, neither on disk nor in the budget.
func TestBundlesOfAnAbortedWriteAreFreed(t *testing.T) {
	budget := mem.New("test", 64<<20)
	ctx := mem.With(context.Background(), budget)
	dir := t.TempDir()
	w, err := kinds[0].write(filepath.Join(dir, "out"), options{by: []string{"k"}}).Open(ctx, keySchema, 3)
	require.NoError(t, err)
	late, err := w.Part(ctx, 2)
	require.NoError(t, err)
	for i := range 2 {
		p, err := w.Part(ctx, i)
		require.NoError(t, err)
		require.NoError(t, p.Write(ctx, keyRows(i*100, 100, 10)))
		require.NoError(t, p.Close())
	}
	require.Positive(t, budget.Used())
	require.NoError(t, late.Write(ctx, keyRows(200, 100, 10)))
	require.NoError(t, w.Abort(ctx))
	require.Error(t, late.Close())
	require.Zero(t, budget.Used())
	require.Empty(t, namesBelow(t, dir))
}
