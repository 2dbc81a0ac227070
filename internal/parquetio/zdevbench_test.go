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
	b.ReportAllocs()
	for b.Loop() {
		n, err := readAll(f, ReadOptions{KeepDictionaries: true}, nil)
		if err != nil || n != f.NumRows() {
			b.Fatal(err)
		}
	}
}
