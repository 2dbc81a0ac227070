package parquetio

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// sharedData returns a folder of the shared data, or skips the test.
func sharedData(t testing.TB, folder string) string {
	t.Helper()
	root := os.Getenv("SHEAF_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skip("shared data is not there: set SHEAF_DATA")
	}
	return dir
}

// openPath opens a file of the file system.
func openPath(path string) (*File, func(), error) {
	fd, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	st, err := fd.Stat()
	if err != nil {
		return nil, nil, err
	}
	f, err := Open(fd, st.Size(), filepath.Base(path))
	return f, func() { fd.Close() }, err
}

// readAll reads all row groups and calls each for every batch.
func readAll(f *File, o ReadOptions, each func(cols []arrow.Array, rows int)) (int64, error) {
	var total int64
	for g := range f.NumRowGroups() {
		o.RowGroup = g
		r, err := f.Read(o)
		if err != nil {
			return total, err
		}
		for {
			b, err := r.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				r.Close()
				return total, err
			}
			if each != nil {
				each(b.Cols, b.Rows)
			}
			total += int64(b.Rows)
		}
		r.Close()
	}
	return total, nil
}

func TestConformance(t *testing.T) {
	dir := sharedData(t, "parquet")
	files, _ := filepath.Glob(filepath.Join(dir, "*.parquet"))
	ok := 0
	for _, path := range files {
		f, done, err := openPath(path)
		if err == nil {
			var rows int64
			rows, err = readAll(f, ReadOptions{KeepDictionaries: true}, nil)
			if err == nil && rows != f.NumRows() {
				t.Errorf("%s: %d rows of %d", filepath.Base(path), rows, f.NumRows())
			}
			done()
		}
		if err != nil {
			var fe *fault.Error
			if !errors.As(err, &fe) {
				t.Errorf("%s: not a fault: %v", filepath.Base(path), err)
			}
			t.Logf("%s: %v", filepath.Base(path), err)
			continue
		}
		ok++
	}
	t.Logf("%d of %d files give rows", ok, len(files))
}
