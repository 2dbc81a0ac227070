package parquetio

import (
	"os"
	"testing"
)

func BenchmarkDev(b *testing.B) {
	p := os.Getenv("DEV_FILE")
	if p == "" {
		b.Skip()
	}
	f, done, err := openPath(p)
	if err != nil {
		b.Fatal(err)
	}
	defer done()
	o := ReadOptions{KeepDictionaries: true}
	if os.Getenv("DEV_COLS") != "" {
		o.Columns = []int{1, 5, 11}
	}
	for b.Loop() {
		n, err := readAll(f, o, nil)
		if err != nil || n != f.NumRows() {
			b.Fatal(err)
		}
	}
}
