package agg

import (
	"fmt"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

func f64s(vals []float64) []vec.Vec {
	return []vec.Vec{column(arrow.PrimitiveTypes.Float64, vals, nil)}
}

// TestStability feeds values whose naive sums lose everything.
func TestStability(t *testing.T) {
	const n, far = 100_000, 1e9
	vals := make([]float64, n)
	gids := make([]uint32, n)
	for i := range vals {
		vals[i] = far + float64(i%2)
	}
	for _, by := range [][]uint32{nil, gids} {
		s := spec{op: "var_pop", in: arrow.PrimitiveTypes.Float64, out: arrow.PrimitiveTypes.Float64}
		a := run(t, s, []batch{{gids: by, args: f64s(vals), rows: n, groups: 1}, {gids: by, args: f64s(vals), rows: n, groups: 1}})
		v := result(t, a, 1)
		require.InDelta(t, 0.25, vec.Of[float64](&v)[0], 1e-7)

		s.op = "sum"
		big := []float64{1e16, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1e16}
		a = run(t, s, []batch{{gids: by, args: f64s(big), rows: len(big), groups: 1}})
		v = result(t, a, 1)
		require.Equal(t, 10.0, vec.Of[float64](&v)[0])

		tenth := make([]float64, n)
		for i := range tenth {
			tenth[i] = 0.1
		}
		var bs []batch
		for range 20 {
			bs = append(bs, batch{gids: by, args: f64s(tenth), rows: n, groups: 1})
		}
		a = run(t, s, bs)
		v = result(t, a, 1)
		require.InEpsilon(t, 0.1*20*n, vec.Of[float64](&v)[0], 1e-15)
	}
}

func TestSumOverflow(t *testing.T) {
	i64 := func(vals ...int64) []vec.Vec { return []vec.Vec{column(arrow.PrimitiveTypes.Int64, vals, nil)} }
	s := spec{op: "sum", in: arrow.PrimitiveTypes.Int64, out: arrow.PrimitiveTypes.Int64, column: "fare"}
	for _, gids := range [][]uint32{nil, {0, 0}} {
		a := run(t, s, []batch{{gids: gids, args: i64(math.MaxInt64, 1), rows: 2, groups: 1}})
		_, err := a.Result(1)
		require.ErrorContains(t, err, `"fare"`)
		b := run(t, s, []batch{{gids: gids, args: i64(-5, 0), rows: 2, groups: 1}})
		require.NoError(t, b.Merge(nil, a.State(), 1, 1), "what overflows on the way may come back")
		require.NoError(t, a.Update(gids, i64(-5, 0), nil, 2, 1))
		for _, x := range []acc{a, b} {
			v := result(t, x, 1)
			require.Equal(t, int64(math.MaxInt64-4), vec.Of[int64](&v)[0])
		}
		for range 3 {
			require.NoError(t, a.Update(gids, i64(math.MinInt64, math.MinInt64), nil, 2, 1))
		}
		_, err = a.Result(1)
		require.Error(t, err)
		for range 6 {
			require.NoError(t, a.Update(gids, i64(math.MaxInt64, 1), nil, 2, 1))
		}
		v := result(t, a, 1)
		require.Equal(t, int64(math.MaxInt64-4), vec.Of[int64](&v)[0])
	}

	dec := &arrow.Decimal128Type{Precision: 3}
	s = spec{op: "sum", in: dec, out: dec, column: "d"}
	a := run(t, s, []batch{{args: []vec.Vec{column[[2]uint64](dec, [][2]uint64{{999, 0}, {1, 0}}, nil)}, rows: 2, groups: 1}})
	_, err := a.Result(1)
	require.ErrorContains(t, err, `"d"`)

	wide := &arrow.Decimal256Type{Precision: 76}
	s = spec{op: "sum", in: wide, out: wide, column: "w"}
	most := [32]byte{31: 0x7f}
	b, err := build(s)
	require.NoError(t, err)
	require.ErrorContains(t, b.Update(nil, []vec.Vec{column[[32]byte](wide, [][32]byte{most, most}, nil)}, nil, 2, 1), `"w"`)
}

func TestMeanOfDurations(t *testing.T) {
	ty := arrow.FixedWidthTypes.Duration_ms
	s := spec{op: "mean", in: ty, out: ty}
	for _, c := range []struct {
		vals []int64
		want int64
	}{
		{[]int64{1, 2}, 2}, {[]int64{2, 3}, 2}, {[]int64{-1, -2}, -2}, {[]int64{-1, 0, 0}, 0}, {[]int64{7, 7, 8}, 7},
		{[]int64{math.MaxInt64, math.MaxInt64, math.MaxInt64 - 3}, math.MaxInt64 - 1}, {[]int64{math.MinInt64, math.MinInt64}, math.MinInt64},
	} {
		v := result(t, run(t, s, []batch{{args: []vec.Vec{column(ty, c.vals, nil)}, rows: len(c.vals), groups: 1}}), 1)
		require.Equal(t, c.want, vec.Of[int64](&v)[0], "%v", c.vals)
	}
}

// TestMergeIsDeterministic merges the same states twice: the bits are equal.
func TestMergeIsDeterministic(t *testing.T) {
	for _, op := range []string{"sum", "mean", "var", "std"} {
		s := spec{op: op, in: arrow.PrimitiveTypes.Float64, out: arrow.PrimitiveTypes.Float64}
		var got [2]vec.Vec
		for k := range got {
			g := rowtest.New(11)
			vals := make([]float64, 5000)
			for i := range vals {
				vals[i] = g.Rand.NormFloat64() * math.Pow10(g.Rand.IntN(12))
			}
			whole, err := build(s)
			require.NoError(t, err)
			for at := 0; at < len(vals); at += 500 {
				gids := make([]uint32, 500)
				for i := range gids {
					gids[i] = uint32(g.Rand.IntN(7))
				}
				part := run(t, s, []batch{{gids: gids, args: f64s(vals[at : at+500]), rows: 500, groups: 7}})
				require.NoError(t, whole.Merge([]uint32{0, 1, 2, 3, 4, 5, 6}, part.State(), 7, 7))
			}
			got[k] = result(t, whole, 7)
		}
		require.Equal(t, vec.Of[uint64](&got[0]), vec.Of[uint64](&got[1]), op)
	}
}

// TestTextGarbage lets the longest values lose again and again: memory follows what is live.
func TestTextGarbage(t *testing.T) {
	s := spec{op: "max", in: arrow.BinaryTypes.String, out: arrow.BinaryTypes.String}
	a, err := build(s)
	require.NoError(t, err)
	const n = 20_000
	for round := range 20 {
		heads := make([]vec.ViewHeader, n)
		gids := make([]uint32, n)
		var buf []byte
		for i := range heads {
			b := fmt.Appendf(nil, "%04d a text that grows in length %0*d", round, 10+5*round, i)
			heads[i] = vec.Long(b, 0, uint32(len(buf)))
			buf = append(buf, b...)
			gids[i] = uint32(i)
		}
		v := column(arrow.BinaryTypes.String, heads, nil)
		v.Bufs = [][]byte{buf}
		require.NoError(t, a.Update(gids, []vec.Vec{v}, nil, n, n))
	}
	v := result(t, a, n)
	require.Equal(t, fmt.Sprintf("%q", fmt.Sprintf("0019 a text that grows in length %0105d", 7)), rowtest.Text(&v, 7))
	require.Less(t, a.Bytes(), int64(4*n*140))
}

func TestWrongTypes(t *testing.T) {
	_, err := build(spec{op: "no_such", in: arrow.PrimitiveTypes.Int64})
	require.ErrorContains(t, err, "no_such")
	for _, op := range []string{"median", "approx_quantile", "corr"} {
		_, err := build(spec{op: op, in: arrow.BinaryTypes.String, ins: []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64}})
		require.ErrorContains(t, err, op)
	}
	_, err = build(spec{op: "min", in: arrow.ListOf(arrow.PrimitiveTypes.Int8)})
	require.Error(t, err)
	_, err = build(spec{op: "var", in: arrow.BinaryTypes.String})
	require.Error(t, err)
}
