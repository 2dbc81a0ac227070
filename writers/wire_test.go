package writers_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/writers"
)

// remote returns the wire form of an open write, and the write.
func remote(t testing.TB, s partition.Sink) (partition.PortableSink, []byte, partition.PartitionedWriter) {
	w, err := s.Open(context.Background(), rowsSchema, 2)
	require.NoError(t, err)
	sink, ok := w.(partition.PortableWriter).Remote()
	require.True(t, ok)
	b, err := sink.MarshalBinary()
	require.NoError(t, err)
	return sink, b, w
}

// TestPartsOfAnotherProcess writes some parts through the decoded sink and some here, some of them twice.
func TestPartsOfAnotherProcess(t *testing.T) {
	ctx := context.Background()
	each(t, func(t *testing.T, k kind) {
		for name, o := range map[string]options{"out": {}, "one" + k.ext: {}, "keys": {by: []string{"b"}}} {
			path := filepath.Join(t.TempDir(), name)
			sink, b, w := remote(t, k.write(path, o))
			there, err := partition.DecodeSink(sink.Op(), b)
			require.NoError(t, err)
			far, err := there.Open(ctx, rowsSchema, 0)
			require.NoError(t, err)
			put := func(w partition.PartitionedWriter, i int) {
				p, err := w.Part(ctx, i)
				require.NoError(t, err)
				require.NoError(t, p.Write(ctx, batchOf(rowsFrom(100*i, 100))))
				require.NoError(t, p.Close())
			}
			put(far, 0)
			put(far, 1)
			put(far, 1) // a try whose answer got lost
			if o.by == nil && name == "out" {
				put(w, 2)
			} else {
				put(far, 2)
			}
			_, err = far.Commit(ctx)
			require.Error(t, err, "it writes parts only")
			require.NoError(t, far.Abort(ctx))
			rep, err := w.Commit(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 300, rep.Rows)
			schema := rowsSchema
			if o.by != nil {
				schema = nil
			}
			got := lines(t, k.read(path, schema, true).Sort("i").Select("i"))
			require.Equal(t, lines(t, frame(300).Select("i")), got)
		}
	})
}

// FuzzRemoteSink decodes what may come from another process.
func FuzzRemoteSink(f *testing.F) {
	dir := f.TempDir()
	for _, s := range []partition.Sink{writers.CSV(filepath.Join(dir, "a.csv"), nil), writers.IPC(filepath.Join(dir, "b"), nil), writers.Parquet(filepath.Join(dir, "c"), nil)} {
		sink, b, w := remote(f, s)
		require.Equal(f, "sheaf.writers.join", sink.Op())
		require.True(f, json.Valid(b))
		f.Add(b)
		require.NoError(f, w.Abort(context.Background()))
	}
	f.Add([]byte(`{"format":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := partition.DecodeSink("sheaf.writers.join", b)
		require.True(t, (s == nil) == (err != nil))
	})
}
