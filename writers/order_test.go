package writers_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/writers"
)

// TestLaterPartsWait writes the parts of one file in an order that makes most of them wait, with and without room in memory for them:
// rows stand in the order of the parts, what waits without room goes to the disk, and the budget gets all back.
func TestLaterPartsWait(t *testing.T) {
	const parts, batches, rows = 4, 40, 1000
	want := lines(t, frame(parts*batches*rows).Select("i"))
	each(t, func(t *testing.T, k kind) {
		for _, room := range []int64{256 << 20, 1 << 20} {
			if room < 2<<20 && k.name == "parquet" {
				continue // it needs its row groups in memory
			}
			budget := mem.New("test", room)
			ctx := mem.With(context.Background(), budget)
			dir := t.TempDir()
			path := filepath.Join(dir, "one"+k.ext)
			w, err := k.write(path, options{}).Open(ctx, rowsSchema, parts)
			require.NoError(t, err)
			pieces := 0
			for _, i := range []int{3, 1, 0, 2} {
				p, err := w.Part(ctx, i)
				require.NoError(t, err)
				for b := range batches {
					require.NoError(t, p.Write(ctx, batchOf(rowsFrom((i*batches+b)*rows, rows))))
				}
				require.NoError(t, p.Close())
				for _, n := range namesBelow(t, dir) {
					if strings.Contains(n, "piece-") {
						pieces++
					}
				}
			}
			require.Equal(t, room == 1<<20, pieces > 0, "%d bytes", room)
			rep, err := w.Commit(ctx)
			require.NoError(t, err)
			require.EqualValues(t, parts*batches*rows, rep.Rows)
			require.Zero(t, budget.Used())
			require.Equal(t, want, lines(t, k.read(path, rowsSchema, false).Select(expr.Col("i"))))
		}
	})
}

// TestAPartIsWrittenAgain: a second try replaces the first, also what that has written to the file.
func TestAPartIsWrittenAgain(t *testing.T) {
	ctx := context.Background()
	for _, k := range kinds[1:5] {
		path := filepath.Join(t.TempDir(), "one"+k.ext)
		w, err := k.write(path, options{}).Open(ctx, rowsSchema, 2)
		require.NoError(t, err)
		for try := range 2 {
			p, err := w.Part(ctx, 0)
			require.NoError(t, err)
			for b := range 40 {
				require.NoError(t, p.Write(ctx, batchOf(rowsFrom(b*1000, 1000))))
			}
			if try == 0 {
				p.(interface{ Abandon() }).Abandon()
			} else {
				require.NoError(t, p.Close())
			}
		}
		_, err = w.Commit(ctx)
		require.NoError(t, err)
		require.Equal(t, lines(t, frame(40_000)), lines(t, k.read(path, rowsSchema, false)), k.name)
	}
}

// TestStandardOutput copies the finished file there.
func TestStandardOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stdout")
	f, err := os.Create(path)
	require.NoError(t, err)
	old := os.Stdout
	os.Stdout = f
	_, err = frame(3).Select("i").Write(context.Background(), writers.CSV("-", nil))
	os.Stdout = old
	require.NoError(t, err)
	require.NoError(t, f.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "i\n0\n1\n2\n", string(b))
}
