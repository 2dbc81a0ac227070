package agg

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sheafdata/sheaf/internal/vec"
)

var exactOps = []string{"sum", "mean", "var", "std", "var_pop", "std_pop", "cov", "corr"}

func exactSpec(op string, t arrow.DataType) spec {
	s := spec{op: op, in: t, ins: []arrow.DataType{t}, out: arrow.PrimitiveTypes.Float64, exact: true}
	if op == "cov" || op == "corr" {
		s.ins = append(s.ins, t)
	}
	return s
}

// floatsOf draws floats whose exponents lie anywhere, close together, or at the ends of the range.
func floatsOf(kind int) *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		b := rapid.Uint64().Draw(t, "bits")
		exponent := func(from, n uint64) float64 {
			return math.Float64frombits(b&(1<<63|1<<52-1) | (from+b>>52%n)<<52)
		}
		switch rapid.IntRange(0, 30).Draw(t, "special") {
		case 0:
			return 0
		case 1:
			return math.Copysign(0, -1)
		case 2:
			return math.SmallestNonzeroFloat64
		case 3:
			return -math.MaxFloat64
		}
		switch kind {
		case 0:
			return exponent(0, 2047) // all that are finite
		case 1:
			return exponent(1000, 40)
		case 2:
			return exponent(0, 3)
		case 3:
			return exponent(2040, 7)
		case 4:
			return exponent(900, 200)
		}
		return float64(int64(b)>>54) / 100
	})
}

func ratOf(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// pairOf is two values that come so many times.
type pairOf struct {
	x, y  float64
	times int64
}

// wantExact is the answer for finite pairs, computed in fractions.
func wantExact(op string, pairs []pairOf) (want float64, null bool) {
	n := int64(0)
	sx, sy, xx, yy, xy := new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat)
	for _, p := range pairs {
		n += p.times
		x, y, times := ratOf(p.x), ratOf(p.y), big.NewRat(p.times, 1)
		add := func(sum, a, b *big.Rat) {
			r := new(big.Rat).Mul(a, b)
			sum.Add(sum, r.Mul(r, times))
		}
		add(sx, x, big.NewRat(1, 1))
		add(sy, y, big.NewRat(1, 1))
		add(xx, x, x)
		add(yy, y, y)
		add(xy, x, y)
	}
	if n == 0 {
		return 0, true
	}
	spread := func(a, b, ab *big.Rat) *big.Rat { // n times the sum of products of distances
		r := new(big.Rat).Mul(ab, big.NewRat(n, 1))
		return r.Sub(r, new(big.Rat).Mul(a, b))
	}
	square := func(a, b int64) *big.Rat { return new(big.Rat).Mul(big.NewRat(a, 1), big.NewRat(b, 1)) }
	round := func(r *big.Rat) float64 { f, _ := r.Float64(); return f }
	switch op {
	case "sum":
		return round(sx), false
	case "mean":
		return round(sx) / float64(n), false
	case "var_pop", "std_pop":
		want = round(new(big.Rat).Quo(spread(sx, sx, xx), square(n, n)))
	case "corr":
		vx, vy := spread(sx, sx, xx), spread(sy, sy, yy)
		if vx.Sign() == 0 || vy.Sign() == 0 {
			return math.NaN(), false
		}
		f := func(r *big.Rat) *big.Float { return new(big.Float).SetPrec(300).SetRat(r) }
		root := new(big.Float).SetPrec(300).Sqrt(f(vx.Mul(vx, vy)))
		want, _ = root.Quo(f(spread(sx, sy, xy)), root).Float64()
		return want, false
	default:
		if n < 2 {
			return 0, true
		}
		b, ab := sx, xx
		if op == "cov" {
			b, ab = sy, xy
		}
		want = round(new(big.Rat).Quo(spread(sx, b, ab), square(n, n-1)))
	}
	if op == "std" || op == "std_pop" {
		want = math.Sqrt(want)
	}
	return want, false
}

func floatColumn(vals []float64) vec.Vec {
	return column(arrow.PrimitiveTypes.Float64, append([]float64{}, vals...), nil)
}

// near allows the last digits of what is smaller than all normal numbers: it is rounded twice.
func near(a, b, by float64) bool {
	return a == b || a != a && b != b || math.Abs(a-b) <= by*math.Abs(b) || math.Abs(a-b) <= math.SmallestNonzeroFloat64
}

// Exact aggregates are the answers in fractions, rounded once, in whatever order and however divided the rows come.
func TestExactAgainstFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom(exactOps).Draw(t, "op")
		gen := floatsOf(rapid.IntRange(0, 5).Draw(t, "kind"))
		groups := rapid.IntRange(1, 3).Draw(t, "groups")
		n := rapid.IntRange(0, 40).Draw(t, "rows")
		s := exactSpec(op, arrow.PrimitiveTypes.Float64)
		accs := make([]acc, rapid.IntRange(1, 4).Draw(t, "accs"))
		for i := range accs {
			var err error
			accs[i], err = build(s)
			require.NoError(t, err)
			require.IsType(t, &exact{}, accs[i])
		}
		pairs := make([][]pairOf, groups)
		for range n {
			g := rapid.IntRange(0, groups-1).Draw(t, "group")
			x, y := gen.Draw(t, "x"), gen.Draw(t, "y")
			times := 1
			if rapid.IntRange(0, 9).Draw(t, "often") == 0 { // as many as go through the sums by exponent
				times = rapid.IntRange(firstFrom, 5000).Draw(t, "times")
			}
			bx, by, gids := make([]float64, times), make([]float64, times), make([]uint32, times)
			for i := range bx {
				bx[i], by[i], gids[i] = x, y, uint32(g)
			}
			pairs[g] = append(pairs[g], pairOf{x, y, int64(times)})
			if g == 0 && rapid.Bool().Draw(t, "nil") {
				gids = nil
			}
			a := accs[rapid.IntRange(0, len(accs)-1).Draw(t, "acc")]
			require.NoError(t, a.Update(gids, []vec.Vec{floatColumn(bx), floatColumn(by)}[:len(s.ins)], nil, times, groups))
		}
		all := make([]uint32, groups)
		for g := range all {
			all[g] = uint32(g)
		}
		for _, a := range accs {
			require.NoError(t, a.Update(nil, make([]vec.Vec, 2), nil, 0, groups))
		}
		for _, a := range accs[1:] {
			require.NoError(t, accs[0].Merge(all, a.State(), groups, groups))
		}
		got, err := accs[0].Result(groups)
		require.NoError(t, err)
		for g := range groups {
			want, null := wantExact(op, pairs[g])
			require.Equal(t, !null, got.ValidAt(g), "group %d", g)
			if null {
				continue
			}
			f := vec.Of[float64](&got)[g]
			if op == "sum" || op == "mean" {
				require.Equal(t, fmt.Sprint(math.Float64bits(want), want), fmt.Sprint(math.Float64bits(f), f), "group %d of %v", g, pairs[g])
				continue
			}
			require.True(t, near(f, want, 4e-16), "group %d: %v, not %v", g, f, want)
		}
	})
}

// NaN and infinities are as in sums of floats, whatever comes first; of variances they make NaN.
func TestExactOfWhatIsNotFinite(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		vals []float64
		sum  float64
	}{
		{[]float64{1, inf, 2}, inf}, {[]float64{-inf, 1}, -inf}, {[]float64{inf, -inf}, nan}, {[]float64{nan, 1}, nan}, {[]float64{inf, nan}, nan},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, inf}, {[]float64{-math.MaxFloat64, -math.MaxFloat64}, -inf},
		{[]float64{math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64}, math.MaxFloat64},
	} {
		for _, many := range []int{1, firstFrom} {
			vals := append(make([]float64, many-1), c.vals...)
			for _, op := range exactOps {
				a, err := build(exactSpec(op, arrow.PrimitiveTypes.Float64))
				require.NoError(t, err)
				f := floatColumn(vals)
				require.NoError(t, a.Update(nil, []vec.Vec{f, f}, nil, len(vals), 1))
				got, err := a.Result(1)
				require.NoError(t, err)
				x := vec.Of[float64](&got)[0]
				switch {
				case op == "sum":
					require.True(t, near(x, c.sum, 0), "%v of %v", x, c.vals)
				case op == "mean":
					require.True(t, near(x, c.sum/float64(len(vals)), 0), "%v of %v", x, c.vals)
				case c.sum != c.sum || c.vals[0]-c.vals[0] != 0 || c.vals[1]-c.vals[1] != 0:
					require.True(t, math.IsNaN(x), "%s: %v of %v", op, x, c.vals)
				}
			}
		}
	}
}

// Nulls and rows left out are not pairs; integers and decimals have exact variances too.
func TestExactSkipsNulls(t *testing.T) {
	x, y := floatColumn([]float64{1, 2, 3, 4, 100}), floatColumn([]float64{2, 4, 99, 8, 100})
	x.Valid, y.Valid = []uint64{0b11111}, []uint64{0b11011}
	a, err := build(exactSpec("cov", arrow.PrimitiveTypes.Float64))
	require.NoError(t, err)
	require.NoError(t, a.Update(nil, []vec.Vec{x, y}, []uint64{0b01111}, 5, 1))
	got, err := a.Result(1)
	require.NoError(t, err)
	want, _ := wantExact("cov", []pairOf{{1, 2, 1}, {2, 4, 1}, {4, 8, 1}})
	require.Equal(t, want, vec.Of[float64](&got)[0])

	ints := column(arrow.PrimitiveTypes.Int64, []int64{1, 2, 3, 4}, nil)
	for _, op := range []string{"sum", "mean"} { // whose sums are exact anyway
		a, err := build(spec{op: op, in: arrow.PrimitiveTypes.Int64, out: outType(op, arrow.PrimitiveTypes.Int64), exact: true})
		require.NoError(t, err)
		require.NotEqual(t, fmt.Sprintf("%T", &exact{}), fmt.Sprintf("%T", a))
	}
	v, err := build(exactSpec("var", arrow.PrimitiveTypes.Int64))
	require.NoError(t, err)
	require.IsType(t, &exact{}, v)
	require.NoError(t, v.Update(nil, []vec.Vec{ints}, nil, 4, 1))
	got, err = v.Result(1)
	require.NoError(t, err)
	require.Equal(t, 5.0/3, vec.Of[float64](&got)[0])
}

// Values of one magnitude, whatever it is, leave sums small; only those far apart make them grow.
func TestExactStaysSmall(t *testing.T) {
	for _, scale := range []float64{1e-300, 1e-9, 1, 1e6, 1e300} {
		for _, op := range []string{"sum", "var", "corr"} {
			a, err := build(exactSpec(op, arrow.PrimitiveTypes.Float64))
			require.NoError(t, err)
			r := rand.New(rand.NewPCG(7, 8))
			vals := make([]float64, 4096)
			for range 200 {
				for i := range vals {
					vals[i] = scale * (0.001 + r.ExpFloat64())
				}
				f := floatColumn(vals)
				require.NoError(t, a.Update(nil, []vec.Vec{f, f}, nil, len(vals), 1))
			}
			for i := range a.(*exact).sums {
				require.Empty(t, a.(*exact).sums[i].wide, "%s of about %g", op, scale)
			}
		}
	}
}

// A sum that is added to itself again and again doubles until it leaves its 256 bits, and then float64.
func TestExactDoubles(t *testing.T) {
	for _, vals := range [][]float64{{1}, {-3}, {0.1, 1e-9}, {-1e300, 7}, {-5e-324}} {
		for _, op := range []string{"sum", "var_pop"} {
			a, err := build(exactSpec(op, arrow.PrimitiveTypes.Float64))
			require.NoError(t, err)
			require.NoError(t, a.Update(nil, []vec.Vec{floatColumn(vals)}, nil, len(vals), 1))
			pairs := []pairOf{}
			for _, x := range vals {
				pairs = append(pairs, pairOf{x, x, 1})
			}
			for range 58 { // their number stays far below 2^63
				require.NoError(t, a.Merge([]uint32{0}, a.State(), 1, 1))
				for i := range pairs {
					pairs[i].times *= 2
				}
				got, err := a.Result(1)
				require.NoError(t, err)
				want, _ := wantExact(op, pairs)
				require.Equal(t, want, vec.Of[float64](&got)[0], "%s of %v", op, pairs)
			}
			for range 60 {
				require.NoError(t, a.Merge([]uint32{0}, a.State(), 1, 1))
			}
			if op == "sum" {
				f, _ := wantExact(op, pairs)
				require.Equal(t, math.Ldexp(f, 60), a.(*exact).sums[0].value(0))
			}
		}
	}
}
