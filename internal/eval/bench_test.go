package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/stretchr/testify/require"
)

const benchRows = 8192

// benchBatch is like taxi trips: a third of the values of the nullable columns are null where nulls is set.
func benchBatch(t testing.TB, nulls float64) (*arrow.Schema, *vec.Batch) {
	r := rand.New(rand.NewPCG(1, 2))
	berlin := &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "Europe/Berlin"}
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	fields := []arrow.Field{{Name: "fare", Type: arrow.PrimitiveTypes.Float64}, {Name: "tip", Type: arrow.PrimitiveTypes.Float64},
		{Name: "a", Type: arrow.PrimitiveTypes.Int64}, {Name: "b", Type: arrow.PrimitiveTypes.Int64}, {Name: "at", Type: tsType},
		{Name: "off", Type: tsType}, {Name: "local", Type: berlin}, {Name: "s", Type: arrow.BinaryTypes.String}, {Name: "k", Type: dict},
		{Name: "dec", Type: &arrow.Decimal128Type{Precision: 15, Scale: 2}}}
	var arrs []arrow.Array
	for i := range fields {
		fields[i].Nullable = true
		bld := array.NewBuilder(memory.DefaultAllocator, fields[i].Type)
		for range benchRows {
			if r.Float64() < nulls {
				bld.AppendNull()
				continue
			}
			benchValue(r, bld)
		}
		arrs = append(arrs, bld.NewArray())
	}
	return arrow.NewSchema(fields, nil), batchOf(t, arrs...)
}

func benchValue(r *rand.Rand, b array.Builder) {
	switch b := b.(type) {
	case *array.Float64Builder:
		b.Append(float64(r.IntN(5000)) / 100)
	case *array.Int64Builder:
		b.Append(int64(r.IntN(1000)) + 1)
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(1704067200e6 + r.Int64N(31*86400e6)))
	case *array.StringBuilder:
		b.Append(fmt.Sprintf("text %d of some length", r.IntN(1000))[:4+r.IntN(16)])
	case *array.BinaryDictionaryBuilder:
		_ = b.AppendString(fmt.Sprintf("zone %d", r.IntN(260)))
	default:
		_ = b.AppendValueFromString(fmt.Sprintf("%d.%02d", r.IntN(100000), r.IntN(100)))
	}
}

func benchExprs() map[string]expr.Expr {
	c := expr.Col
	return map[string]expr.Expr{
		"fare>0": c("fare").Gt(0), "off<at": c("off").Lt(c("at")), "a==5": c("a").Eq(5), "between": c("a").Between(10, 500), "and": c("fare").Gt(10).And(c("tip").Lt(5)),
		"a+b": c("a").Add(c("b")), "a+1": c("a").Add(1), "a*b": c("a").Mul(c("b")), "tip/fare": c("tip").Div(c("fare")), "tip+fare": c("tip").Add(c("fare")),
		"a//b": c("a").FloorDiv(c("b")), "a%7": c("a").Mod(7), "if": expr.If(c("fare").Lt(10), 1, 0), "ifcols": expr.If(c("fare").Lt(10), c("a"), c("b")),
		"coalesce": expr.Coalesce(c("a"), 0), "isnull": c("a").IsNull(),
		"hour": c("at").Dt().Hour(), "weekday": c("at").Dt().Weekday(), "date": c("at").Dt().Date(), "month": c("at").Dt().Month(), "year": c("at").Dt().Year(),
		"trunc hour": c("at").Dt().Truncate("hour"), "trunc day": c("at").Dt().Truncate("day"), "trunc month": c("at").Dt().Truncate("month"),
		"local hour": c("local").Dt().Hour(), "local trunc day": c("local").Dt().Truncate("day"),
		"s==x": c("s").Eq("text 7"), "s<x": c("s").Lt("text 7"), "s contains": c("s").Str().Contains("7 o"), "s like": c("s").Str().Like("%7%of%"), "s match": c("s").Str().Match("[0-9]+ of"),
		"s upper": c("s").Str().Upper(), "s len": c("s").Str().Len(), "s slice": c("s").Str().Slice(0, 6), "s concat": c("s").Str().Concat("-x"),
		"k==x": c("k").Eq("zone 7"), "k upper": c("k").Str().Upper(), "a text": c("a").Cast(arrow.BinaryTypes.String), "a float": c("a").Cast(arrow.PrimitiveTypes.Float64),
		"in few": c("a").In(1, 2, 3), "in many": c("a").In(1, 2, 3, 4, 5, 6, 7, 8, 900), "dec mul": c("dec").Mul(expr.Lit(1).Sub(c("dec"))), "dec>": c("dec").Gt(500),
	}
}

// BenchmarkRun reports ns/row of one expression over a batch without nulls and with.
func BenchmarkRun(b *testing.B) {
	for _, nulls := range []float64{0, 0.3} {
		schema, batch := benchBatch(b, nulls)
		for name, e := range benchExprs() {
			b.Run(fmt.Sprintf("%s/%v", name, nulls), func(b *testing.B) {
				p, err := Compile([]expr.Expr{e}, schema)
				require.NoError(b, err)
				out := make([]vec.Vec, 1)
				b.ReportAllocs()
				for b.Loop() {
					if err := p.Run(context.Background(), batch, out); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
			})
		}
	}
}

// TestNoAllocation checks that a warm program serves a batch without allocating, but where big numbers or regular expressions do.
func TestNoAllocation(t *testing.T) {
	for _, nulls := range []float64{0, 0.3} {
		schema, batch := benchBatch(t, nulls)
		for name, e := range benchExprs() {
			if name == "s match" || name == "dec mul" {
				continue
			}
			p, err := Compile([]expr.Expr{e}, schema)
			require.NoError(t, err)
			out := make([]vec.Vec, 1)
			run := func() {
				if err := p.Run(context.Background(), batch, out); err != nil {
					t.Fatal(err)
				}
			}
			for range 5 {
				run()
			}
			require.LessOrEqual(t, testing.AllocsPerRun(5, run), 1.0, "%s, nulls %v", name, nulls)
		}
	}
}
