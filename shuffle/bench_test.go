//go:build linux || darwin

package shuffle

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// cpu is the processor time of the process: what a benchmark costs whoever else runs on the machine.
func cpu() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchBatches is 64 batches of 8192 rows: an int64, a float64, and a text of 12 bytes.
func benchBatches() (batches []vec.Batch, hashes [][]uint64) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 64 {
		const n = 8192
		ints, floats, text := make([]int64, n), make([]float64, n), make([]vec.ViewHeader, n)
		h := make([]uint64, n)
		for i := range n {
			ints[i] = r.Int64N(1e6)
			floats[i] = math.Round(r.Float64()*1e6) / 100
			text[i] = vec.Inline(fmt.Appendf(nil, "id%010d", r.IntN(1e7)))
			h[i] = hash.Word(uint64(ints[i]))
		}
		batches = append(batches, vec.Batch{Rows: n, Cols: []vec.Vec{
			{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: n, Data: vec.Bytes(ints)},
			{Type: arrow.PrimitiveTypes.Float64, Phys: vec.Float64, Width: 8, Len: n, Data: vec.Bytes(floats)},
			{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: n, Data: vec.Bytes(text)},
		}})
		hashes = append(hashes, h)
	}
	return batches, hashes
}

var benchTypes = []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String}

// BenchmarkExchange writes and reads 10 M rows and reports processor time: ns a row of adding, of spilling and of reading in 32 parts,
// and the raw bytes a second of spilling and reading together.
func BenchmarkExchange(b *testing.B) {
	batches, hashes := benchBatches()
	const rows, parts = 10_000_000, 32
	for _, hashed := range []bool{false, true} {
		for _, spill := range []bool{false, true} {
			b.Run(fmt.Sprintf("hashed=%v/spilled=%v", hashed, spill), func(b *testing.B) {
				var add, write, read time.Duration
				for range b.N {
					s := NewSpace(mem.New("bench", 0), b.TempDir())
					at := cpu()
					w := s.Writer(Options{Name: "bench", Types: benchTypes, Hashed: hashed})
					for n, k := 0, 0; n < rows; k++ {
						i := k % len(batches)
						require.NoError(b, w.Add(batches[i].Cols, hashes[i], batches[i].Rows))
						n += batches[i].Rows
						if spill && k%64 == 63 {
							t := cpu()
							_, err := s.Spill(math.MaxInt64)
							require.NoError(b, err)
							write += cpu() - t
							at += cpu() - t
						}
					}
					out, err := w.Finish()
					require.NoError(b, err)
					add += cpu() - at
					at = cpu()
					benchRead(b, out, hashed, parts)
					read += cpu() - at
					if spill {
						b.ReportMetric(float64(out.Spilled())/float64(out.Bytes(0, Buckets)), "packed")
					}
					out.Free()
					require.NoError(b, s.Close())
				}
				each := func(d time.Duration) float64 { return float64(d) / float64(b.N) / rows }
				b.ReportMetric(each(add), "add-ns/row")
				b.ReportMetric(each(read), "read-ns/row")
				if spill {
					b.ReportMetric(each(write), "spill-ns/row")
					b.ReportMetric(32/(each(write)+each(read))*1000, "spill+read-MB/s")
				}
			})
		}
	}
}

func benchRead(b *testing.B, out *Output, hashed bool, parts int) {
	var batch vec.Batch
	total := 0
	for p := range parts {
		var r *Reader
		if hashed {
			r = NewReader([]*Output{out}, p*Buckets/parts, (p+1)*Buckets/parts)
		} else {
			r = NewRangeReader(out, int64(p)*out.Rows(0, 1)/int64(parts), int64(p+1)*out.Rows(0, 1)/int64(parts))
		}
		for {
			if _, err := r.Next(context.Background(), &batch); err == io.EOF {
				break
			} else {
				require.NoError(b, err)
			}
			total += batch.Rows
		}
		r.Close()
	}
	require.EqualValues(b, out.Rows(0, Buckets), total)
}
