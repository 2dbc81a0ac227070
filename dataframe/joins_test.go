package dataframe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/fault"
)

type trade struct {
	Sym *string
	At  time.Time
	N   int64
}

type quote struct {
	Sym *string
	T   time.Time
	Bid float64
}

func second(n int) time.Time { return time.Date(2024, 5, 1, 10, 0, n, 0, time.UTC) }

func trades() (left, right *dataframe.DataFrame) {
	a, b := ptr("a"), ptr("b")
	left = dataframe.FromStructs([]trade{{a, second(10), 1}, {b, second(11), 2}, {nil, second(12), 3}, {a, second(30), 4}, {a, second(1), 5}})
	right = dataframe.FromStructs([]quote{{a, second(20), 1.5}, {a, second(9), 2.5}, {b, second(11), 3.5}, {a, second(9), 4.5}, {b, second(13), 5.5}})
	return left, right
}

// The nearest row in each direction: of equal ones the last (Backward) or the first (Forward).
func TestAsOfJoin(t *testing.T) {
	left, right := trades()
	bids := func(opts ...dataframe.JoinOption) []string {
		return lines(t, left.Join(right, opts...).Select("N", "Bid"))
	}
	require.Equal(t, []string{"1,4.5", "2,3.5", "4,1.5"}, bids(dataframe.Using("Sym"), dataframe.AsOf("At", "T", dataframe.Backward)))
	require.Equal(t, []string{"1,1.5", "2,3.5", "3,<nil>", "4,<nil>", "5,2.5"}, bids(dataframe.Using("Sym"), dataframe.AsOf("At", "T", dataframe.Forward), dataframe.Left))
	require.Equal(t, []string{"1,4.5", "2,3.5", "4,1.5", "5,2.5"}, bids(dataframe.On("Sym", "Sym"), dataframe.AsOf("At", "T", dataframe.Nearest)))
	require.Equal(t, []string{"1,4.5", "2,3.5"}, bids(dataframe.Using("Sym"), dataframe.AsOf("At", "T", dataframe.Nearest), dataframe.Within(time.Second)))
	require.Equal(t, []string{"1,4.5", "2,3.5", "3,3.5", "4,1.5"}, bids(dataframe.AsOf("At", "T", dataframe.Backward)))
	require.Equal(t, "Sym At N T Bid", names(left.Join(right, dataframe.Using("Sym"), dataframe.AsOf("At", "T", dataframe.Backward))))
}

func TestAsOfFaults(t *testing.T) {
	left, right := trades()
	asOf := dataframe.AsOf("At", "T", dataframe.Backward)
	for what, df := range map[string]*dataframe.DataFrame{
		"cannot be an as-of join": left.Join(right, asOf, dataframe.Full),
		"has no distances":        left.Join(right, dataframe.AsOf("Sym", "Sym", dataframe.Backward)),
		"is a number":             left.Join(right, asOf, dataframe.Within(3)),
		"is a duration":           left.Join(left, dataframe.AsOf("N", "N", dataframe.Forward), dataframe.Within(time.Second)),
		"is negative":             left.Join(right, asOf, dataframe.Within(-time.Second)),
		"one AsOf":                left.Join(right, asOf, asOf),
		"there is no AsOf":        left.Join(right, dataframe.Using("Sym"), dataframe.Within(1)),
		"do not compare":          left.Join(right, dataframe.AsOf("At", "Bid", dataframe.Backward)),
		"does not go with AsOf":   left.Join(right, asOf, dataframe.OnExpr(col("N").Gt(1))),
		"neither a number":        left.Join(right, asOf, dataframe.Within("1")),
	} {
		_, err := df.Collect(ctx)
		f := asFault(t, err)
		require.Equal(t, fault.Plan, f.Kind, what)
		require.Contains(t, f.Error(), what)
		require.Contains(t, f.At, "joins_test.go:", what)
	}
}

// Keys of Using that both sides of a Right or Full join may give are coalesced, in their common type.
func TestOuterJoinsCoalesceKeys(t *testing.T) {
	type l struct {
		K int32
		A string
	}
	type r struct {
		K int64
		B string
	}
	left := dataframe.FromStructs([]l{{1, "l0"}, {2, "l1"}, {2, "l2"}})
	right := dataframe.FromStructs([]r{{3, "r0"}, {2, "r1"}, {1 << 40, "r2"}})
	using := dataframe.Using("K")
	full := left.Join(right, using, dataframe.Full)
	require.Equal(t, "int64", full.Schema().Field(0).Type.String())
	require.Equal(t, []string{"1,l0,<nil>", "2,l1,r1", "2,l2,r1", "3,<nil>,r0", "1099511627776,<nil>,r2"}, lines(t, full))
	require.Equal(t, []string{"2,l1,r1", "2,l2,r1", "3,<nil>,r0", "1099511627776,<nil>,r2"}, lines(t, left.Join(right, using, dataframe.Right)))
	onExpr := left.Join(right.Rename("K", "RK"), dataframe.OnExpr(col("K").Lt(col("RK")), col("B").Ne("r2")), dataframe.Full)
	require.Equal(t, []string{"1,l0,3,r0", "1,l0,2,r1", "2,l1,3,r0", "2,l2,3,r0", "<nil>,<nil>,1099511627776,r2"}, lines(t, onExpr))
	anti := left.Join(right, using, dataframe.OnExpr(col("A").Eq("l1")), dataframe.Anti)
	require.Equal(t, []string{"1,l0", "2,l2"}, lines(t, anti))
	require.Len(t, lines(t, left.Join(right.Rename("K", "RK"), dataframe.Cross)), 9)
}
