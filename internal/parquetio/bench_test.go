package parquetio

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// taxiRow has the shapes of a taxi file: times that do not fit a dictionary, and numbers and flags that do, many of them nullable.
type taxiRow struct {
	Vendor    int64    `parquet:"vendor,dict"`
	Pickup    int64    `parquet:"pickup,timestamp(microsecond)"`
	Dropoff   int64    `parquet:"dropoff,timestamp(microsecond)"`
	Count     *float64 `parquet:"count,optional,dict"`
	Distance  float64  `parquet:"distance,dict"`
	Rate      *float64 `parquet:"rate,optional,dict"`
	Flag      *string  `parquet:"flag,optional,dict"`
	From      int32    `parquet:"from,dict"`
	To        int32    `parquet:"to,dict"`
	Payment   int64    `parquet:"payment,dict"`
	Fare      *float64 `parquet:"fare,optional,dict"`
	Tip       *float64 `parquet:"tip,optional,dict"`
	Surcharge *float64 `parquet:"surcharge,optional,dict"`
}

const taxiRows = 400_000

func taxiFile(b *testing.B) []byte {
	b.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	maybe := func(v float64) *float64 {
		if rng.IntN(20) == 0 {
			return nil
		}
		return &v
	}
	flags := []string{"N", "Y"}
	rows := make([]taxiRow, taxiRows)
	for i := range rows {
		at := int64(1_700_000_000_000_000) + int64(i)*6_000_000
		rows[i] = taxiRow{
			Vendor: int64(1 + rng.IntN(2)), Pickup: at, Dropoff: at + rng.Int64N(3600)*1_000_000, Count: maybe(float64(rng.IntN(7))),
			Distance: float64(rng.IntN(3000)) / 100, Rate: maybe(float64(1 + rng.IntN(6))), From: int32(rng.IntN(265)), To: int32(rng.IntN(265)),
			Payment: int64(1 + rng.IntN(4)), Fare: maybe(float64(rng.IntN(1500)) / 10), Tip: maybe(float64(rng.IntN(2000)) / 100), Surcharge: maybe(2.5),
		}
		if rng.IntN(20) > 0 {
			rows[i].Flag = &flags[rng.IntN(100)/99]
		}
	}
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[taxiRow](&buf, parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1), parquet.PageBufferSize(1<<20))
	if _, err := w.Write(rows); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

func benchmarkRead(b *testing.B, o ReadOptions, rows int64) {
	file := newMemFile(taxiFile(b))
	f, err := Open(file, int64(len(file.b)), "taxi")
	if err != nil {
		b.Fatal(err)
	}
	o.KeepDictionaries = true
	b.ReportAllocs()
	for b.Loop() {
		n, err := readAll(f, o, nil)
		if err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkTaxi(b *testing.B) { benchmarkRead(b, ReadOptions{}, taxiRows) }
func BenchmarkTaxiColumns(b *testing.B) {
	benchmarkRead(b, ReadOptions{Columns: []int{1, 7, 10}}, taxiRows)
}

// BenchmarkTaxiMiddle reads a hundredth from the middle of the row group, which should cost a few hundredths at most.
func BenchmarkTaxiMiddle(b *testing.B) {
	benchmarkRead(b, ReadOptions{Ranges: []RowRange{{200_000, 204_000}}}, 4000)
}
