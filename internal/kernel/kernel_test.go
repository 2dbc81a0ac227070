package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var sizes = []int{0, 1, 3, 63, 64, 65, 200}

func words(n int) []uint64 { return make([]uint64, (n+63)/64) }

func bit(b []uint64, i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// ints are random integers with the edges among them.
func ints[T Int](r *rand.Rand, n int) []T {
	out := make([]T, n)
	for i := range out {
		switch r.IntN(4) {
		case 0:
			out[i] = T(r.Uint64())
		case 1:
			out[i] = T(r.IntN(5))
		case 2:
			out[i] = T(0) - 1
		default:
			out[i] = T(r.IntN(1<<7)) << (r.IntN(8) * 8)
		}
	}
	return out
}

func toBig[T Int](x T) *big.Int {
	if x < 0 {
		return big.NewInt(int64(x))
	}
	return new(big.Int).SetUint64(uint64(x))
}

// checkInt compares a checked kernel with big integers, a lane at a time.
func checkInt[T Int](t *testing.T, r *rand.Rand, run func(dst, a, b []T) bool, op func(z, x, y *big.Int) *big.Int) {
	for range 400 {
		a, b := ints[T](r, 1), ints[T](r, 1)
		dst := make([]T, 1)
		bad := run(dst, a, b)
		want := op(new(big.Int), toBig(a[0]), toBig(b[0]))
		require.Equal(t, toBig(dst[0]).Cmp(want) != 0, bad, "%d %d", a[0], b[0])
	}
}

func TestCheckedInts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	add, sub, mul := (*big.Int).Add, (*big.Int).Sub, (*big.Int).Mul
	checkInt(t, r, AddSignedVV[int8], add)
	checkInt(t, r, AddSignedVV[int64], add)
	checkInt(t, r, SubSignedVV[int32], sub)
	checkInt(t, r, SubSignedVV[int64], sub)
	checkInt(t, r, AddUnsignedVV[uint8], add)
	checkInt(t, r, AddUnsignedVV[uint64], add)
	checkInt(t, r, SubUnsignedVV[uint16], sub)
	checkInt(t, r, MulNarrowVV[int8], mul)
	checkInt(t, r, MulNarrowVV[int32], mul)
	checkInt(t, r, MulNarrowVV[uint16], mul)
	checkInt(t, r, MulUint32VV[uint32], mul)
	checkInt(t, r, MulUint64VV[uint64], mul)
	checkInt(t, r, func(dst, a, b []int64) bool { return AddSignedVS(dst, a, b[0]) }, add)
	checkInt(t, r, func(dst, a, b []int64) bool { return SubSignedVS(dst, a, b[0]) }, sub)
	checkInt(t, r, func(dst, a, b []int64) bool { return SubSignedSV(dst, a[0], b) }, sub)
	checkInt(t, r, func(dst, a, b []uint32) bool { return AddUnsignedVS(dst, a, b[0]) }, add)
	checkInt(t, r, func(dst, a, b []uint32) bool { return SubUnsignedVS(dst, a, b[0]) }, sub)
	checkInt(t, r, func(dst, a, b []uint32) bool { return SubUnsignedSV(dst, a[0], b) }, sub)
	checkInt(t, r, func(dst, a, b []int64) bool {
		maybe := MulInt64VV(dst, a, b)
		exact := MulOverflows(a[0], b[0])
		require.True(t, maybe || !exact)
		return exact
	}, mul)
}

func TestFloorDivMod(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := ints[int8](r, 1), ints[int8](r, 1)
		q, m, zero := make([]int8, 1), make([]int8, 1), words(1)
		over := FloorDivSignedVV(q, a, b, zero)
		require.Equal(t, b[0] == 0, zero[0] == 1)
		FloorModSignedVV(m, a, b, zero)
		if b[0] == 0 {
			continue
		}
		want := math.Floor(float64(a[0]) / float64(b[0]))
		require.Equal(t, want > 127, over)
		if !over {
			require.Equal(t, int8(want), q[0])
		}
		require.Equal(t, int64(a[0])-int64(want)*int64(b[0]), int64(m[0]))
	}
}

func floats(r *rand.Rand, n int) []float64 {
	pool := []float64{0, math.Copysign(0, -1), 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), 2.5}
	out := make([]float64, n)
	for i := range out {
		out[i] = pool[r.IntN(len(pool))]
	}
	return out
}

// order is the total order: −1, 0, 1; NaN equals itself and is the greatest.
func order(x, y float64) int {
	switch {
	case x != x && y != y, x == y:
		return 0
	case x != x || x > y:
		return 1
	}
	return -1
}

func TestCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range sizes {
		a, b := floats(r, n), floats(r, n)
		eq, lt, nan := words(n), words(n), words(n)
		EqFloatVV(eq, a, b)
		LtFloatVV(lt, a, b)
		IsNaN(nan, a)
		for i := range a {
			require.Equal(t, order(a[i], b[i]) == 0, bit(eq, i))
			require.Equal(t, order(a[i], b[i]) < 0, bit(lt, i))
			require.Equal(t, math.IsNaN(a[i]), bit(nan, i))
		}
		for _, x := range []float64{0, 1, -1, math.Inf(1), math.Inf(-1)} {
			le := words(n)
			EqVS(eq, a, x)
			LtVS(lt, a, x)
			LeVS(le, a, x)
			for i := range a {
				require.Equal(t, order(a[i], x) == 0, bit(eq, i))
				require.Equal(t, order(a[i], x) < 0, bit(lt, i))
				require.Equal(t, order(a[i], x) <= 0, bit(le, i))
			}
		}
		p, q := ints[int16](r, n), ints[int16](r, n)
		EqVV(eq, p, q)
		LtVV(lt, p, q)
		for i := range p {
			require.Equal(t, p[i] == q[i], bit(eq, i))
			require.Equal(t, p[i] < q[i], bit(lt, i))
		}
	}
}

func TestSelect(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range sizes {
		for _, m := range []uint64{0, ^uint64(0), r.Uint64()} {
			mask := words(n)
			for i := range mask {
				mask[i] = m
			}
			a, b := ints[int64](r, n), ints[int64](r, n)
			vv, vs, ss := make([]int64, n), make([]int64, n), make([]int64, n)
			SelectVV(vv, mask, a, b)
			SelectVS(vs, mask, a, 7)
			SelectSS(ss, mask, 5, 7)
			for i := range a {
				if bit(mask, i) {
					require.Equal(t, []int64{a[i], a[i], 5}, []int64{vv[i], vs[i], ss[i]})
				} else {
					require.Equal(t, []int64{b[i], 7, 7}, []int64{vv[i], vs[i], ss[i]})
				}
			}
		}
	}
}

// TestCalendar compares with the time package: every day of two eras, and random days far away.
func TestCalendar(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	days := []int64{}
	for d := int64(-200000); d < 100000; d++ {
		days = append(days, d)
	}
	for range 10000 {
		days = append(days, r.Int64N(1<<32)-1<<31)
	}
	out := make([]int64, 1)
	part := func(fn func(dst, days []int64), d int64) int64 {
		fn(out, []int64{d})
		return out[0]
	}
	for _, d := range days {
		at := time.Unix(d*86400, 0).UTC()
		y, m, day := Civil(d)
		_, week := at.ISOWeek()
		got := []int64{y, int64(m), int64(day), DaysOf(y, int64(m), int64(day)), part(YearDay, d), part(Week, d), (part(Weekday, d)) % 7, part(Quarter, d)}
		want := []int64{int64(at.Year()), int64(at.Month()), int64(at.Day()), d, int64(at.YearDay()), int64(week), int64(at.Weekday()), int64(at.Month()-1)/3 + 1}
		if !equal(got, want) {
			require.Equal(t, want, got, "day %d %s", d, at)
		}
		MonthStart(out, []int64{d}, 3)
		require.Equal(t, time.Date(at.Year(), (at.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC).Unix()/86400, out[0])
	}
}

func equal(a, b []int64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestClock(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, u := range []Unit{Second, Milli, Micro, Nano} {
		per := u.PerSecond()
		for range 5000 {
			x := r.Int64N(4e18/1e9*per/2) - 1e18/1e9*per
			at := time.Unix(floorDiv(x, per), floorMod(x, per)*(1e9/per)).UTC()
			h, m, s, d, w := make([]int64, 1), make([]int64, 1), make([]int64, 1), make([]int64, 1), make([]int64, 1)
			Hour(h, []int64{x}, u)
			Minute(m, []int64{x}, u)
			SecondOf(s, []int64{x}, u)
			DayOf(d, []int64{x}, u)
			WeekdayOf(w, []int64{x}, u)
			require.Equal(t, []int64{int64(at.Hour()), int64(at.Minute()), int64(at.Second()), int64(at.Weekday())}, []int64{h[0], m[0], s[0], w[0] % 7})
			require.Equal(t, floorDiv(at.Unix(), 86400), d[0])
		}
	}
}

func TestAddMonths(t *testing.T) {
	day := func(y int, m time.Month, d int) int64 { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400 }
	out := make([]int64, 1)
	for _, c := range []struct {
		from int64
		n    int64
		want int64
	}{
		{day(2024, 1, 31), 1, day(2024, 2, 29)}, {day(2023, 1, 31), 1, day(2023, 2, 28)}, {day(2024, 2, 29), 12, day(2025, 2, 28)},
		{day(2024, 3, 31), -1, day(2024, 2, 29)}, {day(2024, 12, 15), 1, day(2025, 1, 15)}, {day(2024, 1, 15), -13, day(2022, 12, 15)},
	} {
		AddMonths(out, []int64{c.from}, c.n)
		require.Equal(t, c.want, out[0])
	}
}

func TestConversions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a := ints[int64](r, 1)
		d := make([]uint8, 1)
		require.Equal(t, a[0] < 0 || a[0] > 255, ConvertInt(d, a))
		u := make([]uint64, 1)
		require.Equal(t, a[0] < 0, ConvertInt(u, a))
		b := ints[uint64](r, 1)
		i := make([]int64, 1)
		require.Equal(t, b[0] > math.MaxInt64, ConvertInt(i, b))
	}
	i := make([]int64, 1)
	for x, bad := range map[float64]bool{1: false, 1.5: true, math.NaN(): true, 1 << 63: true, -1 << 63: false, math.Inf(-1): true, math.Copysign(0, -1): false} {
		require.Equal(t, bad, FloatToInt(i, []float64{x}, -1<<63, 1<<63), x)
	}
}
