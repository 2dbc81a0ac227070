package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/stretchr/testify/require"
)

var tsType = &arrow.TimestampType{Unit: arrow.Microsecond}

// columns are the test columns, several of each kind; text comes plain and as a dictionary.
func columns(dict bool) []arrow.Field {
	p := arrow.PrimitiveTypes
	var text arrow.DataType = arrow.BinaryTypes.String
	if dict {
		text = &arrow.DictionaryType{IndexType: p.Int8, ValueType: text}
	}
	f := func(name string, t arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: t, Nullable: true}
	}
	return []arrow.Field{f("i8", p.Int8), f("i32", p.Int32), f("i64", p.Int64), f("j64", p.Int64), f("u16", p.Uint16), f("f", p.Float64), f("g", p.Float64),
		f("b", arrow.FixedWidthTypes.Boolean), f("c", arrow.FixedWidthTypes.Boolean), f("s", text), f("t", text),
		f("ts", tsType), f("us", tsType), f("d", arrow.FixedWidthTypes.Date32)}
}

var (
	textPool  = []string{"", "a", "ab", "Ab c", "12", "-7", "3.5", "true", "no", "2024-02-29", "2024-03-01 10:20:30", "größe", " trim me ", "a longer text than twelve", "a,b,,c", "ÀÉ%_"}
	intPool   = []int64{0, 1, -1, 2, 7, 100, -128, 127, 255, -32768, 65535, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1}
	floatPool = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, -2.5, 3, 1e16, 1e-5, math.Inf(1), math.Inf(-1), math.NaN(), 1 << 53, 9.3e18}
)

// randomColumn appends n random rows to a builder and returns them as the oracle sees them.
func randomColumn(r *rand.Rand, t arrow.DataType, n int, nulls float64) (arrow.Array, []any) {
	b := array.NewBuilder(memory.DefaultAllocator, t)
	rows := make([]any, n)
	for i := range n {
		if r.Float64() < nulls {
			b.AppendNull()
			continue
		}
		v := intPool[r.IntN(len(intPool))]
		if r.IntN(2) == 0 {
			v = r.Int64N(40) - 10
		}
		switch b := b.(type) {
		case *array.Int8Builder:
			b.Append(int8(v))
			rows[i] = int64(int8(v))
		case *array.Int32Builder:
			b.Append(int32(v))
			rows[i] = int64(int32(v))
		case *array.Int64Builder:
			b.Append(v)
			rows[i] = v
		case *array.Uint16Builder:
			b.Append(uint16(v))
			rows[i] = int64(uint16(v))
		case *array.Float64Builder:
			f := floatPool[r.IntN(len(floatPool))]
			b.Append(f)
			rows[i] = f
		case *array.BooleanBuilder:
			b.Append(v&1 == 0)
			rows[i] = v&1 == 0
		case *array.TimestampBuilder:
			v = r.Int64N(4e15) - 1e15
			b.Append(arrow.Timestamp(v))
			rows[i] = v
		case *array.Date32Builder:
			v = r.Int64N(60000) - 20000
			b.Append(arrow.Date32(v))
			rows[i] = v
		case *array.StringBuilder:
			rows[i] = textPool[r.IntN(len(textPool))]
			b.Append(rows[i].(string))
		case *array.BinaryDictionaryBuilder:
			rows[i] = textPool[r.IntN(len(textPool))]
			_ = b.AppendString(rows[i].(string))
		}
	}
	return b.NewArray(), rows
}

// gen makes random expressions of a kind: int, float, bool, text, time, date.
type gen struct{ r *rand.Rand }

func (g gen) pick(es ...func() expr.Expr) expr.Expr { return es[g.r.IntN(len(es))]() }

func (g gen) name(names ...string) func() expr.Expr {
	return func() expr.Expr { return expr.Col(names[g.r.IntN(len(names))]) }
}

func (g gen) int(d int) expr.Expr {
	leaf := g.name("i8", "i32", "i64", "j64", "u16")
	if d == 0 {
		return leaf()
	}
	x, y := func() expr.Expr { return g.int(d - 1) }, func() any { return g.int(d - 1) }
	if g.r.IntN(2) == 0 {
		y = func() any { return int(g.r.Int64N(7)) - 2 }
	}
	return g.pick(leaf,
		func() expr.Expr { return x().Add(y()) }, func() expr.Expr { return x().Sub(y()) }, func() expr.Expr { return x().Mul(y()) },
		func() expr.Expr { return x().FloorDiv(y()) }, func() expr.Expr { return x().Mod(y()) }, func() expr.Expr { return x().Abs() },
		func() expr.Expr { return x().Sign() },
		func() expr.Expr { return expr.If(g.bool(d-1), x(), y()) }, func() expr.Expr { return expr.Coalesce(x(), y()) },
		func() expr.Expr { return expr.Greatest(x(), x()) }, func() expr.Expr { return expr.Least(x(), g.int(d-1)) },
		func() expr.Expr { return g.text(d - 1).Str().Len() }, func() expr.Expr { return g.text(d - 1).Str().LenBytes() },
		func() expr.Expr { return g.text(d - 1).TryCast(arrow.PrimitiveTypes.Int64) },
		func() expr.Expr { return g.float(d - 1).TryCast(arrow.PrimitiveTypes.Int32) },
		func() expr.Expr { return x().TryCast(arrow.PrimitiveTypes.Int8) },
		func() expr.Expr { return g.text(d - 1).Str().Split(",").List().Len() },
		func() expr.Expr { return g.text(d - 1).Cast(arrow.PrimitiveTypes.Int16) },
		func() expr.Expr { return g.bool(d - 1).Cast(arrow.PrimitiveTypes.Int64) },
		func() expr.Expr {
			t := g.time(d - 1).Dt()
			return g.pick(t.Hour, t.Minute, t.Second, t.Year, t.Quarter, t.Month, t.Week, t.Day, t.YearDay, t.Weekday)
		},
		func() expr.Expr {
			t := g.date(d - 1).Dt()
			return g.pick(t.Year, t.Month, t.Week, t.YearDay, t.Weekday)
		})
}

func (g gen) float(d int) expr.Expr {
	leaf := g.name("f", "g")
	if d == 0 {
		return leaf()
	}
	x, y := func() expr.Expr { return g.float(d - 1) }, func() any { return g.float(d - 1) }
	switch g.r.IntN(3) {
	case 0:
		y = func() any { return floatPool[g.r.IntN(9)] }
	case 1:
		y = func() any { return g.int(d - 1) }
	}
	return g.pick(leaf,
		func() expr.Expr { return x().Add(y()) }, func() expr.Expr { return x().Sub(y()) }, func() expr.Expr { return x().Mul(y()) },
		func() expr.Expr { return x().Div(y()) }, func() expr.Expr { return g.int(d - 1).Div(y()) }, func() expr.Expr { return x().FloorDiv(y()) },
		func() expr.Expr { return x().Mod(y()) }, func() expr.Expr { return x().Neg() }, func() expr.Expr { return x().Sqrt() },
		func() expr.Expr { return x().Floor() }, func() expr.Expr { return x().Ceil() }, func() expr.Expr { return x().FillNaN(1.5) },
		func() expr.Expr { return expr.If(g.bool(d-1), x(), y()) }, func() expr.Expr { return expr.Coalesce(x(), y()) },
		func() expr.Expr { return g.text(d - 1).TryCast(arrow.PrimitiveTypes.Float64) }, func() expr.Expr { return x().Sign() },
		func() expr.Expr { return expr.Greatest(x(), x()) })
}

func (g gen) bool(d int) expr.Expr {
	leaf := g.name("b", "c")
	if d == 0 {
		return leaf()
	}
	compare := func(x expr.Expr, y any) expr.Expr {
		return g.pick(func() expr.Expr { return x.Eq(y) }, func() expr.Expr { return x.Ne(y) }, func() expr.Expr { return x.Lt(y) },
			func() expr.Expr { return x.Le(y) }, func() expr.Expr { return x.Gt(y) }, func() expr.Expr { return x.Ge(y) })
	}
	return g.pick(leaf,
		func() expr.Expr { return compare(g.int(d-1), g.int(d-1)) }, func() expr.Expr { return compare(g.int(d-1), int(g.r.Int64N(20))-5) },
		func() expr.Expr { return compare(g.float(d-1), g.float(d-1)) }, func() expr.Expr { return compare(g.float(d-1), 0.5) },
		func() expr.Expr { return compare(g.float(d-1), math.NaN()) }, func() expr.Expr { return compare(g.int(d-1), g.float(d-1)) },
		func() expr.Expr { return compare(g.int(d-1), 2.5) },
		func() expr.Expr { return compare(g.text(d-1), g.text(d-1)) }, func() expr.Expr { return compare(g.text(d-1), "ab") },
		func() expr.Expr { return compare(g.bool(d-1), g.bool(d-1)) }, func() expr.Expr { return compare(g.bool(d-1), true) },
		func() expr.Expr { return compare(g.time(d-1), g.time(d-1)) }, func() expr.Expr { return compare(g.date(d-1), "2001-01-01") },
		func() expr.Expr { return g.bool(d-1).And(g.bool(d-1), g.bool(d-1)) }, func() expr.Expr { return g.bool(d - 1).Or(g.bool(d - 1)) },
		func() expr.Expr { return g.bool(d - 1).Not() }, func() expr.Expr { return g.int(d - 1).IsNull() }, func() expr.Expr { return g.text(d - 1).NotNull() },
		func() expr.Expr { return g.float(d - 1).IsNaN() }, func() expr.Expr { return g.int(d-1).Between(-1, g.int(d-1)) },
		func() expr.Expr { return g.int(d-1).In(1, 2, 7, nil) }, func() expr.Expr { return g.int(d-1).In(1, 2, 3, 4, 5, 6, 7, 8, 100) },
		func() expr.Expr { return g.text(d-1).In("a", "12", "größe") },
		func() expr.Expr {
			return g.text(d-1).In("a", "12", "größe", "b", "c", "d", "e", "f", "a longer text than twelve")
		},
		func() expr.Expr { return g.text(d - 1).Str().Contains("a") }, func() expr.Expr { return g.text(d - 1).Str().StartsWith("a") },
		func() expr.Expr { return g.text(d - 1).Str().EndsWith("e") }, func() expr.Expr { return g.text(d - 1).Str().Like("a%e_t%") },
		func() expr.Expr { return g.text(d - 1).Str().Like("%r%") }, func() expr.Expr { return g.text(d - 1).Str().Like("_r%e") },
		func() expr.Expr { return expr.If(g.bool(d-1), g.bool(d-1), g.bool(d-1)) }, func() expr.Expr { return expr.Coalesce(g.bool(d-1), false) },
		func() expr.Expr { return g.text(d - 1).TryCast(arrow.FixedWidthTypes.Boolean) })
}

func (g gen) text(d int) expr.Expr {
	leaf := g.name("s", "t", "s")
	if d == 0 {
		return leaf()
	}
	x := func() expr.Expr { return g.text(d - 1) }
	return g.pick(leaf, func() expr.Expr { return x().Str().Lower() }, func() expr.Expr { return x().Str().Upper() }, func() expr.Expr { return x().Str().Trim() },
		func() expr.Expr { return x().Str().Slice(g.r.IntN(8)-4, g.r.IntN(6)) }, func() expr.Expr { return x().Str().Replace("a", "<long replacement>") },
		func() expr.Expr { return x().Str().Concat("-", g.text(d-1)) }, func() expr.Expr { return expr.If(g.bool(d-1), x(), "otherwise, a long text") },
		func() expr.Expr { return expr.If(g.bool(d-1), x(), g.text(d-1)) }, func() expr.Expr { return expr.Coalesce(x(), g.text(d-1), "none") },
		func() expr.Expr { return g.int(d - 1).Cast(arrow.BinaryTypes.String) }, func() expr.Expr { return g.float(d - 1).Cast(arrow.BinaryTypes.String) },
		func() expr.Expr { return g.date(d - 1).Cast(arrow.BinaryTypes.String) }, func() expr.Expr { return g.time(d - 1).Cast(arrow.BinaryTypes.String) },
		func() expr.Expr { return g.time(d - 1).Dt().Format("Jan 2 2006 15:04") }, func() expr.Expr { return expr.Greatest(x(), g.text(d-1)) },
		func() expr.Expr { return x().Str().Split(",").List().Get(g.r.IntN(5) - 2) })
}

func (g gen) time(d int) expr.Expr {
	leaf := g.name("ts", "us")
	if d == 0 {
		return leaf()
	}
	x := func() expr.Expr { return g.time(d - 1) }
	return g.pick(leaf, func() expr.Expr {
		return x().Dt().Truncate([]string{"hour", "15m", "day", "week", "month", "quarter", "year"}[g.r.IntN(7)])
	}, func() expr.Expr { return x().Dt().AddMonths(g.r.IntN(30) - 15) }, func() expr.Expr { return expr.If(g.bool(d-1), x(), x()) },
		func() expr.Expr { return g.text(d - 1).TryCast(tsType) }, func() expr.Expr { return g.date(d - 1).Cast(tsType) },
		func() expr.Expr { return x().Add(x().Sub(x())) })
}

func (g gen) date(d int) expr.Expr {
	leaf := g.name("d")
	if d == 0 {
		return leaf()
	}
	return g.pick(leaf, func() expr.Expr { return g.time(d - 1).Dt().Date() }, func() expr.Expr { return g.date(d - 1).Dt().AddMonths(1) },
		func() expr.Expr { return g.date(d - 1).Dt().Truncate("quarter") }, func() expr.Expr { return g.text(d - 1).TryCast(arrow.FixedWidthTypes.Date32) },
		func() expr.Expr { return expr.Coalesce(g.date(d-1), g.date(d-1)) })
}

// goValue is row i of a result as the oracle has it.
func goValue(v *vec.Vec, i int) any {
	if !v.ValidAt(i) {
		return nil
	}
	var one vec.Vec
	vec.Slice(&one, v, i, 1, nil)
	vec.Decode(&one, &one, nil)
	p, ok := physical(&one)
	if !ok {
		return nil
	}
	if u, ok := p.(uint64); ok {
		return int64(u)
	}
	return p
}

func sameValue(a, b any) bool {
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if ok1 && ok2 {
		return x == y || x != x && y != y
	}
	return a == b
}

// TestRandom compares programs with the oracle: random expressions over random batches of several lengths, sliced, with text plain and as
// dictionaries, run twice to see that nothing of the first batch is left in the second.
func TestRandom(t *testing.T) {
	seeds := 2500
	if testing.Short() {
		seeds = 500
	}
	failed, passed := 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 5))
		g := gen{r}
		depth := 1 + r.IntN(3)
		e := g.pick(func() expr.Expr { return g.int(depth) }, func() expr.Expr { return g.float(depth) }, func() expr.Expr { return g.bool(depth) },
			func() expr.Expr { return g.text(depth) }, func() expr.Expr { return g.time(depth) }, func() expr.Expr { return g.date(depth) })
		fields := columns(seed%2 == 1)
		schema := arrow.NewSchema(fields, nil)
		bound, err := expr.Bind(e, schema)
		if err != nil {
			continue // the generator mixes types that do not go together
		}
		p, err := Compile([]expr.Expr{bound}, schema)
		require.NoError(t, err, "seed %d: %s", seed, bound)
		lengths := []int{[]int{0, 1, 3, 63}[r.IntN(4)], []int{64, 65, 130}[r.IntN(3)]}
		if seed%250 == 0 {
			lengths = append(lengths, 8192)
		}
		for _, n := range lengths {
			if runRandom(t, r, seed, p, bound, fields, n) {
				passed++
			} else {
				failed++
			}
		}
	}
	require.Greater(t, passed, seeds/2)
	require.Greater(t, failed, seeds/100, "the generator must reach errors too")
}

func runRandom(t *testing.T, r *rand.Rand, seed int, p *Program, e expr.Expr, fields []arrow.Field, n int) bool {
	nulls := []float64{0, 0.2, 1}[r.IntN(3)]
	off := r.IntN(5)
	b := &vec.Batch{Rows: n, Cols: make([]vec.Vec, len(fields))}
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{}
	}
	for c, f := range fields {
		arr, vals := randomColumn(r, f.Type, n+off, nulls)
		require.NoError(t, vec.FromArrow(array.NewSlice(arr, int64(off), int64(off+n)), &b.Cols[c], nil))
		for i := range rows {
			rows[i][f.Name] = vals[off+i]
		}
	}
	want, errs := make([]any, n), map[int64]bool{}
	for i := range rows {
		var err error
		if want[i], err = oracle(e, rows[i]); err != nil {
			errs[int64(i)+1] = true
		}
	}
	out := make([]vec.Vec, 1)
	err := p.Run(context.Background(), b, out)
	place := fmt.Sprintf("seed %d, %d rows: %s", seed, n, e)
	if len(errs) > 0 {
		var f *fault.Error
		require.True(t, errors.As(err, &f), "%s: no error", place)
		require.Equal(t, fault.Data, f.Kind, place)
		require.True(t, errs[f.Row], "%s: row %d is no error: %s", place, f.Row, err)
		return false
	}
	require.NoError(t, err, place)
	require.Equal(t, n, out[0].Len, place)
	require.True(t, arrow.TypeEqual(vec.Logical(e.Type()), out[0].Type), "%s: %s", place, out[0].Type)
	for i := range want {
		if got := goValue(&out[0], i); !sameValue(got, want[i]) {
			require.Failf(t, "wrong value", "%s\nrow %d: got %v, want %v\n%v", place, i, got, want[i], rows[i])
		}
	}
	checkFilter(t, place, e, fields, b, want)
	return true
}

// checkFilter runs a boolean expression as a filter.
func checkFilter(t *testing.T, place string, e expr.Expr, fields []arrow.Field, b *vec.Batch, want []any) {
	if e.Type().ID() != arrow.BOOL {
		return
	}
	p, err := Compile([]expr.Expr{e}, arrow.NewSchema(fields, nil))
	require.NoError(t, err)
	bits, count, err := p.Filter(context.Background(), b)
	require.NoError(t, err, place)
	k := 0
	for i, w := range want {
		require.Equal(t, w == true, bitmap.Get(bits, i), "%s: row %d", place, i)
		if w == true {
			k++
		}
	}
	require.Equal(t, k, count, place)
}
