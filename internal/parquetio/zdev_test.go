package parquetio

import (
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"path/filepath"
)

func TestDevIPC(t *testing.T) {
	glob := os.Getenv("DEV_GLOB")
	if glob == "" {
		t.Skip()
	}
	files, _ := filepath.Glob(glob)
	for _, p := range files {
		f, done, err := openPath(p)
		if err != nil {
			t.Log(err)
			continue
		}
		fields := f.Schema().Fields()
		ff := make([]arrow.Field, len(fields))
		for i := range fields {
			ff[i] = fields[i]
			ff[i].Type = f.tree.columns[i].arrayType()
		}
		sc := arrow.NewSchema(ff, nil)
		out, _ := os.Create("/tmp/parquetio/ipc/" + filepath.Base(p) + ".arrows")
		w := ipc.NewWriter(out, ipc.WithSchema(sc))
		br := 1000
		if os.Getenv("DEV_BR") != "" {
			br = 7
		}
		_, err = readAll(f, ReadOptions{LargePages: true, BatchRows: br}, func(cols []arrow.Array, rows int) {
			rec := array.NewRecord(sc, cols, int64(rows))
			if err := w.Write(rec); err != nil {
				t.Log(p, err)
			}
		})
		if err != nil {
			t.Log(p, err)
		}
		w.Close()
		out.Close()
		done()
	}
}
