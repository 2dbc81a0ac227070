package sorting

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// memoryPile is a run in memory with samples at a distance.
type memoryPile struct {
	run   *Run
	every int
}

func (p memoryPile) NumRows() int64                         { return int64(p.run.rows) }
func (p memoryPile) Samples() (*Run, int)                   { return p.run.Every(p.every), p.every }
func (p memoryPile) Window(from, to int64) (*Run, error)    { return p.run.Slice(int(from), int(to)), nil }
func (p memoryPile) input(from, to int64, window int) Input { return windows(p.run, from, to, window) }

// windows gives rows [from, to) of a run a few at a time.
func windows(r *Run, from, to int64, window int) Input {
	rows := to - from
	next := func() ([]vec.Vec, int, error) {
		n := min(int64(window), to-from)
		cols := make([]vec.Vec, len(r.cols))
		r.Batch(cols, int(from), int(n), nil)
		from += n
		return cols, int(n), nil
	}
	return Input{Next: next, Rows: rows, Stats: r.Stats()}
}

func numbered(t *testing.T, o Options, keys, rows []int64) *Run {
	s, err := NewSorter(o)
	require.NoError(t, err)
	cols := []vec.Vec{}
	for _, v := range [][]int64{keys, rows} {
		cols = append(cols, vec.Vec{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: len(v), Data: vec.Bytes(v)})
	}
	require.NoError(t, s.Add(cols, len(keys)))
	r, err := s.Finish()
	require.NoError(t, err)
	return r
}

// The parts that a Cutter makes are the merge of all runs, in its order, and about equally large, also where there are many short runs,
// equal keys and keys that come in the order of the runs.
func TestCutPartsAreTheMerge(t *testing.T) {
	o := Options{Types: []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int64}, Keys: []Key{{Col: 0}}}
	r := rand.New(rand.NewPCG(3, 4))
	for _, distinct := range []int64{1, 7, 1 << 40} {
		for _, shape := range []struct{ runs, rows, every int }{{1, 1000, 31}, {40, 300, 9}, {200, 64, 2}, {3, 5000, 156}} {
			var piles []Pile
			var all []*Run
			number := int64(0)
			for range shape.runs {
				keys, rows := make([]int64, shape.rows), make([]int64, shape.rows)
				for i := range keys {
					keys[i], rows[i] = r.Int64N(distinct), number
					number++
				}
				run := numbered(t, o, keys, rows)
				all, piles = append(all, run), append(piles, memoryPile{run, shape.every})
			}
			name := fmt.Sprintf("%d keys, %+v", distinct, shape)
			want := streamed(t, o, inMemory(all))
			const parts = 5
			cutter := NewCutter(o, piles)
			got := []int64{}
			for i := range parts {
				from, err := cutter.Part(i, parts)
				require.NoError(t, err)
				to, err := cutter.Part(i+1, parts)
				require.NoError(t, err)
				ins := make([]Input, len(piles))
				for p := range piles {
					require.LessOrEqual(t, from[p], to[p], name)
					ins[p] = piles[p].(memoryPile).input(from[p], to[p], 50)
				}
				part := streamed(t, o, ins)
				require.LessOrEqual(t, len(part), len(want)/parts*3/2+shape.every, name)
				got = append(got, part...)
			}
			require.Equal(t, want, got, name)
		}
	}
}

func inMemory(runs []*Run) []Input {
	ins := make([]Input, len(runs))
	for i, r := range runs {
		ins[i] = Input{Run: r}
	}
	return ins
}

// streamed returns the second column of a merge.
func streamed(t *testing.T, o Options, ins []Input) []int64 {
	m, err := NewStreamMerger(o, ins, -1)
	require.NoError(t, err)
	defer m.Release()
	out := []int64{}
	var scratch vec.Scratch
	cols := make([]vec.Vec, 2)
	for {
		scratch.Reset()
		n, err := m.Next(cols, 70, &scratch)
		require.NoError(t, err)
		if n == 0 {
			return out
		}
		out = append(out, vec.Of[int64](&cols[1])...)
	}
}
