package dataframe

import (
	"context"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// Describe summarises every column in one pass: a row for count (of values), null_count, mean, std (sample), min and max, a column for
// every column of the frame after the one that names the statistic. Columns of numbers give float64, all others text; what does not
// apply to a column is null.
func (df *DataFrame) Describe(ctx context.Context, opts ...RunOption) (*Table, error) {
	summary := df.then("Describe", func(in plan.Node) (plan.Node, error) {
		aggs := []expr.Expr{expr.Count().As("rows")}
		for i, f := range in.Schema().Fields() {
			for _, s := range statistics {
				if s.make != nil && s.fits(f.Type) {
					aggs = append(aggs, s.make(expr.Col(f.Name)).As(s.key(i)))
				}
			}
		}
		return plan.NewAgg(in, nil, aggs, false)
	})
	q, err := newQuery(ctx, "Describe", []*DataFrame{summary}, opts)
	if err != nil {
		return nil, err
	}
	tables, _, err := q.tables(ctx)
	if err != nil {
		return nil, err
	}
	return described(df.Schema(), tables[0]), nil
}

// statistic is a row of Describe.
type statistic struct {
	name string
	make func(any) expr.Expr // nil: derived from others
	fits func(arrow.DataType) bool
}

var statistics = []statistic{
	{"count", expr.CountOf, anyType},
	{"null_count", nil, anyType},
	{"mean", expr.Mean, isNumeric},
	{"std", expr.Std, isNumeric},
	{"min", expr.Min, isOrdered},
	{"max", expr.Max, isOrdered},
}

// key names the statistic of column i in the aggregation.
func (s statistic) key(i int) string { return s.name + strconv.Itoa(i) }

func anyType(arrow.DataType) bool { return true }

// isNumeric says whether a column has a mean.
func isNumeric(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

// isOrdered says whether a column has extremes.
func isOrdered(t arrow.DataType) bool {
	return isNumeric(t) || isText(t) || isTemporal(t) || t.ID() == arrow.DURATION || t.ID() == arrow.BOOL
}

// described turns the one row of aggregates into a row a statistic.
func described(schema *arrow.Schema, sums *Table) *Table {
	fields := []arrow.Field{{Name: "statistic", Type: arrow.BinaryTypes.String}}
	for _, f := range schema.Fields() {
		t := arrow.DataType(arrow.BinaryTypes.String)
		if isNumeric(f.Type) {
			t = arrow.PrimitiveTypes.Float64
		}
		fields = append(fields, arrow.Field{Name: f.Name, Type: t, Nullable: true})
	}
	// A column may be named statistic as well; the first one is then told apart.
	for schema.HasField(fields[0].Name) {
		fields[0].Name += "_"
	}
	out := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, out)
	defer b.Release()
	rows, _ := sums.Value(0, "rows").(int64)
	for _, s := range statistics {
		b.Field(0).(*array.StringBuilder).Append(s.name)
		for i := range schema.Fields() {
			value, ok := "", false
			if s.name == "null_count" {
				count, _ := sums.Value(0, statistics[0].key(i)).(int64)
				value, ok = strconv.FormatInt(rows-count, 10), true
			} else if c := sums.index(s.key(i)); c >= 0 {
				value, ok = statisticText(sums.batches[0].Column(c))
			}
			appendStatistic(b.Field(i+1), value, ok)
		}
	}
	return newTable(out, []arrow.RecordBatch{b.NewRecordBatch()})
}

// statisticText returns the one value of a column in full, floats with all their digits; false for a null.
func statisticText(a arrow.Array) (string, bool) {
	if floats, ok := a.(*array.Float64); ok && a.IsValid(0) {
		return strconv.FormatFloat(floats.Value(0), 'g', -1, 64), true
	}
	return valueText(a, 0), !isNull(a, 0)
}

// appendStatistic appends a value as a number or as text.
func appendStatistic(b array.Builder, value string, ok bool) {
	f, err := 0.0, error(nil)
	numbers, isNumber := b.(*array.Float64Builder)
	if isNumber && ok {
		f, err = strconv.ParseFloat(value, 64)
	}
	switch {
	case !ok || err != nil:
		b.AppendNull()
	case isNumber:
		numbers.Append(f)
	default:
		b.(*array.StringBuilder).Append(value)
	}
}
