package group

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// wordsOf is a column of 8 bytes a value; null says which rows are null.
func wordsOf(t arrow.DataType, vals []uint64, null func(int) bool) vec.Vec {
	p, w, _ := vec.PhysOf(t)
	v := vec.Vec{Type: t, Phys: p, Width: w, Len: len(vals), Data: vec.Bytes(vals)}
	if null != nil {
		v.Valid = make([]uint64, (len(vals)+63)/64)
		for i := range vals {
			if !null(i) {
				v.Valid[i>>6] |= 1 << (uint(i) & 63)
			}
		}
	}
	return v
}

// TestFewKeys interns batches of few wide values, and of values that become many, and compares with the oracle.
func TestFewKeys(t *testing.T) {
	float := arrow.PrimitiveTypes.Float64
	odd := []float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0x7ff8000000000123), math.Inf(1), 1, 2, 1.5, -1, 1e300}
	for _, c := range []struct {
		name string
		typ  arrow.DataType
		keys int
		of   func(k int) uint64
		kept bool
	}{
		{"whole floats", float, 9, func(k int) uint64 { return math.Float64bits(float64(k)) }, true},
		{"odd floats", float, len(odd), func(k int) uint64 { return math.Float64bits(odd[k]) }, true},
		{"wide integers", arrow.PrimitiveTypes.Int64, 30, func(k int) uint64 { return uint64(k) << 57 }, true},
		{"instants", &arrow.TimestampType{Unit: arrow.Microsecond}, 20, func(k int) uint64 { return uint64(k) * 86_400_000_000 }, true},
		{"as many as there may be", float, fewKeys, func(k int) uint64 { return math.Float64bits(1 / float64(k+1)) }, true},
		{"too many", float, fewKeys + 1, func(k int) uint64 { return math.Float64bits(1 / float64(k+1)) }, false},
		{"far too many", float, 5000, func(k int) uint64 { return math.Float64bits(1 / float64(k+1)) }, false},
	} {
		for name, null := range map[string]func(int) bool{
			"": nil, "with nulls": func(i int) bool { return i%13 == 5 }, "nulls last": func(i int) bool { return i >= 2000 }, "all null": func(int) bool { return true },
		} {
			t.Run(c.name+" "+name, func(t *testing.T) {
				tab, err := New([]arrow.DataType{c.typ}, Options{})
				require.NoError(t, err)
				o := &oracle{ids: map[string]uint32{}}
				rng := rand.New(rand.NewPCG(3, 4))
				for batch, rows := range []int{1, 700, 3000, 0, 63, 64, 2500, 513} {
					vals := make([]uint64, rows)
					for i := range vals {
						k := rng.IntN(c.keys)
						if batch < 2 {
							k %= 3 // the others come when the first are known
						}
						vals[i] = c.of(k)
					}
					cols := []vec.Vec{wordsOf(c.typ, vals, null)}
					gids := make([]uint32, rows)
					require.NoError(t, tab.Intern(cols, rows, gids))
					want, first := o.intern(cols, rows)
					require.Equal(t, want, append([]uint32(nil), gids...))
					require.Equal(t, len(first), len(tab.FirstRows()))
					if len(first) > 0 {
						require.Equal(t, first, tab.FirstRows())
					}
				}
				require.Equal(t, len(o.keys), tab.Len())
				if own, ok := tab.(*table); ok && name != "all null" {
					require.Equal(t, c.kept, own.few != nil && !own.few.off && own.few.n > 0, "looked up by the raw values")
				}
			})
		}
	}
}
