package expr_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
)

// typed prints a bound tree with its types.
func typed(e expr.Expr) string {
	var b strings.Builder
	if v, ok := e.Literal(); ok {
		fmt.Fprintf(&b, "%v", v)
	} else if name, ok := e.ColumnName(); ok {
		b.WriteString(name)
	} else {
		b.WriteString(e.Op())
	}
	b.WriteString(":" + e.Type().String())
	if e.NumArgs() > 0 {
		args := make([]string, e.NumArgs())
		for i := range args {
			args[i] = typed(e.Arg(i))
		}
		b.WriteString("(" + strings.Join(args, ", ") + ")")
	}
	return b.String()
}

func TestBindTypes(t *testing.T) {
	var out strings.Builder
	used := map[string]bool{}
	for _, e := range sound() {
		b, err := expr.Bind(e, table)
		require.NoError(t, err, e.String())
		f := expr.Field(b)
		flags := ""
		if f.Nullable {
			flags += " null"
		}
		if b.CanFail() {
			flags += " fails"
		}
		fmt.Fprintf(&out, "%s\n    %s %s%s\n    %s\n", e, f.Name, f.Type, flags, typed(b))
		for _, x := range []expr.Expr{e, b} {
			expr.Walk(x, func(x expr.Expr) bool { used[x.Op()] = true; return true })
		}
	}
	for _, op := range expr.Ops() {
		if info, _ := expr.OpInfo(op); info.Kind != expr.KeyModifier {
			require.True(t, used[op], "no expression uses %s", op)
		}
	}
	golden(t, "types.txt", out.String())
}

// TestRebind: binding what is bound changes nothing.
func TestRebind(t *testing.T) {
	for _, e := range sound() {
		once, err := expr.Bind(e, table)
		require.NoError(t, err)
		twice, err := expr.Bind(once, table)
		require.NoError(t, err, e.String())
		require.True(t, expr.Equal(once, twice), "%s: %s then %s", e, typed(once), typed(twice))
		require.Equal(t, once.Name(), twice.Name())
		require.Equal(t, expr.Field(once), expr.Field(twice))
		require.Equal(t, once.CanFail(), twice.CanFail())
	}
}

// TestBoundTypes checks what Bind promises of the operands.
func TestBoundTypes(t *testing.T) {
	same := map[string]bool{"eq": true, "ne": true, "lt": true, "le": true, "gt": true, "ge": true, "between": true, "in": true, "coalesce": true, "greatest": true, "least": true, "fill_nan": true, "pow": true}
	for _, e := range sound() {
		b, err := expr.Bind(e, table)
		require.NoError(t, err)
		expr.Walk(b, func(x expr.Expr) bool {
			require.NotNil(t, x.Type(), "%s in %s", x, e)
			require.True(t, arrow.TypeEqual(x.Type(), expr.ValueType(x.Type())), "%s in %s", x, e)
			if same[x.Op()] {
				for _, a := range x.Args()[1:] {
					checkPair(t, e, x.Arg(0).Type(), a.Type())
				}
			}
			if len(x.Args()) == 2 && x.Arg(0).Op() == "lit" && same[x.Op()] && x.Op() != "pow" {
				require.Equal(t, "lit", x.Arg(1).Op(), "%s: the literal is not last", x)
			}
			return true
		})
	}
}

func checkPair(t *testing.T, e expr.Expr, a, b arrow.DataType) {
	ta, okA := a.(*arrow.TimestampType)
	tb, okB := b.(*arrow.TimestampType)
	wide := func(t arrow.DataType) bool { return t.ID() == arrow.INT64 || t.ID() == arrow.UINT64 }
	switch {
	case okA && okB:
		require.Equal(t, ta.Unit, tb.Unit, e.String())
		require.Equal(t, ta.TimeZone == "", tb.TimeZone == "", e.String())
	case wide(a) && b.ID() == arrow.FLOAT64, wide(b) && a.ID() == arrow.FLOAT64:
	default:
		require.True(t, arrow.TypeEqual(a, b), "%s: %s and %s", e, a, b)
	}
}

func TestLiteralAdapts(t *testing.T) {
	day := time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC)
	ny, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for _, tc := range []struct {
		e    expr.Expr
		want any
	}{
		{c("i32").Eq(5), int64(5)},
		{c("u64").Eq(5), uint64(5)},
		{c("f").Eq(5), float64(5)},
		{expr.Lit(5).Eq(c("f32")), float64(5)},
		{c("f32").Eq(0.1), float64(float32(0.1))},
		{c("d").Eq("2024-01-31"), day},
		{c("d").Eq(day), day},
		{c("ts").Eq("2024-01-31"), day},
		{c("tz").Eq("2024-01-31"), time.Date(2024, 1, 31, 0, 0, 0, 0, ny)},
		{c("tz").Eq(day), day.In(ny)},
		{c("dur").Eq(1500 * time.Millisecond), 1500 * time.Millisecond},
		{c("cat").Eq("x"), "x"},
		{c("bin").Eq([]byte("x")), []byte("x")},
		{c("s").Eq(nil), nil},
	} {
		b, err := expr.Bind(tc.e, table)
		require.NoError(t, err)
		v, ok := b.Arg(1).Literal()
		require.True(t, ok)
		require.Equal(t, tc.want, v, tc.e.String())
	}
}

func TestNames(t *testing.T) {
	for want, e := range map[string]expr.Expr{
		"a": c("a").Add(c("b")), "b": expr.Lit(1).Sub(c("b")), "x": c("a").As("x"), "then": expr.If(c("a").Gt(1), c("then"), c("other")),
		"tip": expr.Sum("tip").Div(expr.Sum("fare")), "count": expr.Count(), "row_number": expr.RowNumber().Over("s"), "literal": expr.Lit(5), "n": expr.Sum("v").Where(c("w").Gt(1)).As("n"),
		"v": expr.Sum("v").Where(c("w").Gt(1)), "other": expr.If(c("a").Gt(1), 1, c("other")),
	} {
		require.Equal(t, want, e.Name(), e.String())
	}
	b, err := expr.Bind(c("i64").Add(1), table)
	require.NoError(t, err)
	require.Equal(t, "i64", b.WithArgs(expr.LitOf(arrow.PrimitiveTypes.Int64, 1), b.Arg(1)).Name(), "a bound name does not change")
}

func TestSharedNodesStayCheap(t *testing.T) {
	e := c("f")
	for range 200 {
		e = e.Add(e)
	}
	b, err := expr.Bind(e, table)
	require.NoError(t, err)
	require.Equal(t, []string{"f"}, b.Columns())
	require.Less(t, len(b.String()), 5000)
	data, err := expr.Marshal(b)
	require.NoError(t, err)
	require.Less(t, len(data), 10000)
	back, err := expr.Unmarshal(data)
	require.NoError(t, err)
	require.Equal(t, expr.Hash(b), expr.Hash(back))
	deep := c("b")
	for range 10000 {
		deep = deep.Not()
	}
	require.ErrorContains(t, deep.Err(), "nested")
}

func TestTransformSame(t *testing.T) {
	for _, e := range sound() {
		out, err := expr.Transform(e, func(x expr.Expr) (expr.Expr, error) { return x, nil })
		require.NoError(t, err)
		require.True(t, expr.Same(e, out))
	}
	out, err := expr.Transform(expr.Sum(c("a")).Where(c("a").Gt(1)).OrderBy("a").Over("a"), func(x expr.Expr) (expr.Expr, error) {
		if _, ok := x.ColumnName(); ok {
			return c("z"), nil
		}
		return x, nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"z"}, out.Columns())
}

func TestEqual(t *testing.T) {
	all, again := sound(), sound()
	for i := range all {
		for j := range again {
			same := expr.Equal(all[i], again[j])
			if i == j {
				require.True(t, same, all[i].String())
			} else if same {
				t.Errorf("%s equals %s", all[i], again[j])
			}
		}
		require.Equal(t, expr.Hash(all[i]), expr.Hash(again[i]))
		require.True(t, expr.Equal(all[i], all[i].As("other")), "names do not count")
	}
}

func TestConjuncts(t *testing.T) {
	a, b, d := c("a").Gt(1), c("b").Gt(2), c("d").IsNull()
	require.Len(t, a.And(b).And(d.And(a)).Conjuncts(), 4)
	require.Len(t, a.Or(b).Conjuncts(), 1)
	require.Empty(t, expr.Expr{}.Conjuncts())
	require.True(t, expr.And().IsZero())
	require.True(t, expr.Same(a, expr.And(expr.Expr{}, a)))
	require.True(t, expr.Equal(a.And(b), expr.And(a, b)))
}

func BenchmarkBuild(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c("fare_amount").Gt(0)
	}
}

func BenchmarkBind(b *testing.B) {
	b.ReportAllocs()
	e := c("f").Mul(c("i64")).Gt(0).And(c("s").Eq("x"))
	for b.Loop() {
		if _, err := expr.Bind(e, table); err != nil {
			b.Fatal(err)
		}
	}
}
