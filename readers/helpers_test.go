package readers

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/partition"
)

// shared returns the path of a shared data file; the test is skipped where it is absent.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("SHEAF_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	p := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no shared data: %v", err)
	}
	return p
}

// rowsOf reads all rows of a source as text, null as "∅", split by split.
func rowsOf(t testing.TB, src partition.Source, req partition.ScanRequest) [][]string {
	t.Helper()
	rows, err := tryRows(src, req)
	require.NoError(t, err)
	return rows
}

func tryRows(src partition.Source, req partition.ScanRequest) ([][]string, error) {
	ctx := context.Background()
	scan, err := src.Plan(ctx, req)
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, s := range scan.Splits {
		rows, err := splitRows(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

func splitRows(ctx context.Context, s partition.Split) ([][]string, error) {
	r, err := s.Open(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out [][]string
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Rows {
			row := make([]string, len(b.Cols))
			for c, a := range b.Cols {
				row[c] = "∅"
				if a.IsValid(i) {
					row[c] = strings.Clone(a.ValueStr(i)) // the text may lie in the batch
				}
			}
			out = append(out, row)
		}
	}
}

// arrayOf makes an array of Go values; nil is null.
func arrayOf(t testing.TB, typ arrow.DataType, texts ...any) arrow.Array {
	t.Helper()
	b := array.NewBuilder(memory.DefaultAllocator, typ)
	for _, v := range texts {
		if v == nil {
			b.AppendNull()
			continue
		}
		require.NoError(t, b.AppendValueFromString(v.(string)))
	}
	return b.NewArray()
}
