package eval

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// decimals returns a column of values small and large, some at the edges of 64 bits and of the precision, some null.
func decimals(rng *rand.Rand, t *arrow.Decimal128Type, rows int, nulls bool) (vec.Vec, []*big.Int) {
	v := vec.Vec{Type: t, Phys: vec.Dec128, Width: 16, Len: rows, Data: make([]byte, 16*rows)}
	limit := pow10(t.Precision)
	values := make([]*big.Int, rows)
	if nulls {
		v.Valid = make([]uint64, bitmap.Words(rows))
	}
	for i := range rows {
		z := new(big.Int)
		switch rng.IntN(6) {
		case 0:
			for range 3 {
				z.Add(z.Lsh(z, 62), big.NewInt(rng.Int64()))
			}
		case 1:
			z.Sub(limit, big.NewInt(1+rng.Int64N(2)))
		case 2:
			z.Add(big.NewInt(math.MaxInt64), big.NewInt(rng.Int64N(5)-2))
		case 3:
			z.Add(big.NewInt(1<<53), big.NewInt(rng.Int64N(5)-2))
		default:
			z.SetInt64(rng.Int64N(1_000_000))
		}
		z.Mod(z, limit)
		if rng.IntN(2) == 0 {
			z.Neg(z)
		}
		putBig(&v, i, z)
		values[i] = z
		if nulls && rng.IntN(4) > 0 {
			bitmap.Set(v.Valid, i)
		}
	}
	return v, values
}

// TestDecimal128 compares what is done in words with big integers: sums, products, comparisons and casts of values at all edges.
func TestDecimal128(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, c := range []struct{ p1, s1, p2, s2 int32 }{{15, 2, 15, 2}, {38, 2, 38, 2}, {38, 0, 20, 5}, {18, 18, 38, 4}, {9, 1, 9, 8}, {38, 37, 38, 1}, {20, 3, 19, 3}} {
		ta, tb := &arrow.Decimal128Type{Precision: c.p1, Scale: c.s1}, &arrow.Decimal128Type{Precision: c.p2, Scale: c.s2}
		schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: ta, Nullable: true}, {Name: "b", Type: tb, Nullable: true}}, nil)
		for round := range 20 {
			const rows = 150
			a, x := decimals(rng, ta, rows, round%2 == 1)
			b, y := decimals(rng, tb, rows, round%3 == 1)
			batch := &vec.Batch{Cols: []vec.Vec{a, b}, Rows: rows}
			for op, e := range map[string]expr.Expr{"add": expr.Col("a").Add(expr.Col("b")), "sub": expr.Col("a").Sub(expr.Col("b")), "mul": expr.Col("a").Mul(expr.Col("b"))} {
				checkDecimals(t, schema, batch, op, e, x, y)
			}
			checkComparisons(t, schema, batch, x, y)
			checkConstants(t, schema, batch, x)
			checkFloats(t, schema, batch, x)
		}
	}
}

func run1(t *testing.T, schema *arrow.Schema, batch *vec.Batch, e expr.Expr) (vec.Vec, error) {
	bound, err := expr.Bind(e, schema)
	require.NoError(t, err)
	p, err := Compile([]expr.Expr{bound}, schema)
	require.NoError(t, err)
	out := make([]vec.Vec, 1)
	err = p.Run(context.Background(), batch, out)
	return out[0], err
}

func checkDecimals(t *testing.T, schema *arrow.Schema, batch *vec.Batch, op string, e expr.Expr, x, y []*big.Int) {
	bound, err := expr.Bind(e, schema)
	if err != nil {
		return // more digits than there are
	}
	typ := bound.Type().(arrow.DecimalType)
	want, fits := make([]*big.Int, batch.Rows), true
	s1, s2 := scaleOf(schema.Field(0).Type), scaleOf(schema.Field(1).Type)
	for i := range want {
		if !batch.Cols[0].ValidAt(i) || !batch.Cols[1].ValidAt(i) {
			continue
		}
		p := new(big.Int).Mul(x[i], pow10(max(0, typ.GetScale()-s1)))
		q := new(big.Int).Mul(y[i], pow10(max(0, typ.GetScale()-s2)))
		switch op {
		case "add":
			want[i] = p.Add(p, q)
		case "sub":
			want[i] = p.Sub(p, q)
		default:
			want[i] = new(big.Int).Mul(x[i], y[i])
		}
		fits = fits && want[i].CmpAbs(pow10(typ.GetPrecision())) < 0
	}
	got, err := run1(t, schema, batch, e)
	if !fits {
		require.Error(t, err, "%s of %s", op, schema)
		return
	}
	require.NoError(t, err)
	var z big.Int
	for i, w := range want {
		require.Equal(t, w != nil, got.ValidAt(i))
		if w != nil {
			bigAt(&z, &got, i)
			require.Zero(t, z.Cmp(w), "row %d: %s of %s and %s is %s, not %s", i, op, x[i], y[i], w, &z)
		}
	}
}

func checkComparisons(t *testing.T, schema *arrow.Schema, batch *vec.Batch, x, y []*big.Int) {
	s1, s2 := scaleOf(schema.Field(0).Type), scaleOf(schema.Field(1).Type)
	common := max(s1, s2)
	a, b := expr.Col("a"), expr.Col("b")
	for name, e := range map[string]expr.Expr{"<": a.Lt(b), "<=": a.Le(b), "=": a.Eq(b), "<>": a.Ne(b), ">": a.Gt(b), ">=": a.Ge(b), "< 7": a.Lt(7), "<= 7": a.Le(7), "= 7": a.Eq(7), "> -7": a.Gt(-7)} {
		got, err := run1(t, schema, batch, e)
		require.NoError(t, err)
		for i := range batch.Rows {
			if !got.ValidAt(i) {
				continue
			}
			o := new(big.Int).Mul(x[i], pow10(common-s1)).Cmp(new(big.Int).Mul(y[i], pow10(common-s2)))
			o7 := x[i].Cmp(new(big.Int).Mul(big.NewInt(7), pow10(s1)))
			oMinus7 := x[i].Cmp(new(big.Int).Mul(big.NewInt(-7), pow10(s1)))
			want := map[string]bool{"<": o < 0, "<=": o <= 0, "=": o == 0, "<>": o != 0, ">": o > 0, ">=": o >= 0, "< 7": o7 < 0, "<= 7": o7 <= 0, "= 7": o7 == 0, "> -7": oMinus7 > 0}[name]
			require.Equal(t, want, bitmap.Get(got.Bits(), i), "row %d: %s %s %s", i, x[i], name, y[i])
		}
	}
}

// checkConstants compares a column with constants: values of its own of both signs, and what is next to them.
func checkConstants(t *testing.T, schema *arrow.Schema, batch *vec.Batch, x []*big.Int) {
	typ, a := schema.Field(0).Type.(*arrow.Decimal128Type), expr.Col("a")
	for k := range 6 {
		y := new(big.Int).Set(x[k*7])
		if k%2 == 1 {
			y.Neg(y)
		}
		lit := expr.LitOf(typ, decimal128.FromBigInt(y))
		for name, e := range map[string]expr.Expr{"<": a.Lt(lit), "<=": a.Le(lit), "=": a.Eq(lit), "<>": a.Ne(lit), ">": a.Gt(lit), ">=": a.Ge(lit), "in": a.In(lit)} {
			got, err := run1(t, schema, batch, e)
			require.NoError(t, err)
			for i := range batch.Rows {
				if !got.ValidAt(i) {
					continue
				}
				o := x[i].Cmp(y)
				want := map[string]bool{"<": o < 0, "<=": o <= 0, "=": o == 0, "<>": o != 0, ">": o > 0, ">=": o >= 0, "in": o == 0}[name]
				require.Equal(t, want, bitmap.Get(got.Bits(), i), "row %d: %s %s %s", i, x[i], name, y)
			}
		}
	}
}

func checkFloats(t *testing.T, schema *arrow.Schema, batch *vec.Batch, x []*big.Int) {
	got, err := run1(t, schema, batch, expr.Col("a").Cast(arrow.PrimitiveTypes.Float64))
	require.NoError(t, err)
	for i := range batch.Rows {
		want, err := strconv.ParseFloat(x[i].String()+"e-"+strconv.Itoa(int(scaleOf(schema.Field(0).Type))), 64)
		require.NoError(t, err)
		if got.ValidAt(i) {
			require.Equal(t, want, vec.Of[float64](&got)[i], "row %d: %s", i, x[i])
		}
	}
}
