package readers

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files of one frame may have different delimiters, compressed or not.
func TestCSVGuessesTheDelimiterOfEachFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		var b bytes.Buffer
		if filepath.Ext(name) == ".gz" {
			z := gzip.NewWriter(&b)
			_, err := z.Write([]byte(text))
			require.NoError(t, err)
			require.NoError(t, z.Close())
		} else {
			b.WriteString(text)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600))
	}
	write("a.csv", "x;y\n1;2,5\n")
	write("b.csv.gz", "x|y\n2|z\n")
	write("c.csv", "x,y\n3,w\n")
	df := CSV(dir, nil)
	require.NoError(t, df.Err())
	table, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, table.NumRows())
	for i, want := range []string{"2,5", "z", "w"} {
		require.EqualValues(t, i+1, table.Value(int64(i), "x"))
		require.Equal(t, want, table.Value(int64(i), "y"))
	}
	one := CSV(filepath.Join(dir, "a.csv"), &CSVOptions{Comma: ','})
	require.Equal(t, 1, one.Schema().NumFields())
	require.Equal(t, "x;y", one.Schema().Field(0).Name)
}
