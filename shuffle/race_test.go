package shuffle

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Writers, readers, a spiller and those who free, all at once, under a budget that is too small.
func TestManyAtOnce(t *testing.T) {
	s := newTestSpace(t, 12<<20)
	types := []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String}
	var ins []input
	for i := range 4 {
		ins = append(ins, newGenerator(uint64(i)).input(types, 20_000+i*30_000, true))
	}
	for round := range 3 {
		outs := make([]*Output, len(ins))
		stop := make(chan struct{})
		var spilling, wg sync.WaitGroup
		spilling.Go(func() {
			r := rand.New(rand.NewPCG(uint64(round), 1))
			for {
				select {
				case <-stop:
					return
				default:
					_, err := s.Spill(int64(r.IntN(3 << 20)))
					assert.NoError(t, err)
				}
			}
		})
		for i, in := range ins {
			wg.Go(func() { outs[i] = in.write(t, s, func() {}) })
		}
		wg.Wait()
		const parts = 8
		got := make([]int, parts)
		for p := range parts {
			wg.Go(func() {
				lo, hi := p*Buckets/parts, (p+1)*Buckets/parts
				rows, err := collect(NewReader(outs, lo, hi))
				assert.NoError(t, err)
				got[p] = rows.n
				for i, in := range ins {
					one, err := collect(NewReader(outs[i:i+1], lo, lo+1))
					assert.NoError(t, err)
					in.all(lo, lo+1).equal(t, one)
				}
			})
		}
		wg.Wait()
		total, want := 0, 0
		for p := range parts {
			total += got[p]
		}
		for i, o := range outs {
			want += int(o.Rows(0, Buckets))
			wg.Go(func() { // some are read while they are freed: rows or an error, nothing else
				rows, err := collect(NewReader(outs[i:i+1], 0, Buckets))
				if err == nil {
					assert.EqualValues(t, o.Rows(0, Buckets), rows.n)
				}
			})
			wg.Go(o.Free)
		}
		wg.Wait()
		require.Equal(t, want, total)
		close(stop)
		spilling.Wait()
		require.Zero(t, s.store.bytes())
	}
	require.Positive(t, s.Spilled())
}

// Merges of many passes write as much again and again, and the files do not grow.
func TestFilesAreUsedAgain(t *testing.T) {
	s := newTestSpace(t, 0)
	files := memFiles(s, 0, false)
	in := newGenerator(1).input([]arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String}, 200_000, false)
	spill := func() {
		_, err := s.Spill(math.MaxInt64)
		require.NoError(t, err)
	}
	size := func() (n int) {
		for _, f := range *files {
			n += len(f.b)
		}
		return n
	}
	old := in.write(t, s, spill)
	once := size()
	for range 8 {
		next := in.write(t, s, spill)
		old.Free()
		old = next
	}
	require.LessOrEqual(t, size(), 3*once)
	require.LessOrEqual(t, len(*files), maxFiles)
	old.Free()
	require.Zero(t, size(), "room at the end goes back to the disk")
}
