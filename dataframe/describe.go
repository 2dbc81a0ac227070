package dataframe

import (
	"context"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// Describe summarises every column in one pass: a row for count (of values), null_count, mean, std (sample), min, the quartiles 25%, 50%
// and 75% (exact, interpolated) and max, a column for every column of the frame after the one that names the statistic. Columns of
// numbers give float64, all others text: text has count, min and max, timestamps and dates all but std, booleans count, min and max;
// what does not apply is null. The quartiles hold all values of a column, 8 bytes each, within the run's memory.
func (df *DataFrame) Describe(ctx context.Context, opts ...RunOption) (*Table, error) {
	summary := df.then("Describe", func(in plan.Node) (plan.Node, error) {
		aggs := []expr.Expr{expr.Count().As("rows")}
		for i, f := range in.Schema().Fields() {
			for _, s := range statistics {
				if s.make != nil && s.fits(f.Type) {
					aggs = append(aggs, s.make(s.value(f)).As(s.key(i)))
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
	// ticks says that the statistic of a point in time is that of its number of units.
	ticks bool
	// of is the name of the statistic that computes this one, with others, as a list, and at its place there; "" for none.
	of string
	at int
}

const quartiles = "quartiles"

var statistics = []statistic{
	{name: "count", make: expr.CountOf, fits: anyType},
	{name: "null_count", fits: anyType},
	{name: "mean", make: expr.Mean, fits: isAveraged, ticks: true},
	{name: "std", make: expr.Std, fits: isNumeric},
	{name: "min", make: expr.Min, fits: isOrdered},
	{name: quartiles, make: quartilesOf, fits: isAveraged, ticks: true},
	{name: "25%", of: quartiles, fits: isAveraged, ticks: true},
	{name: "50%", of: quartiles, at: 1, fits: isAveraged, ticks: true},
	{name: "75%", of: quartiles, at: 2, fits: isAveraged, ticks: true},
	{name: "max", make: expr.Max, fits: isOrdered},
}

func quartilesOf(e any) expr.Expr { return expr.Quantiles(e, 0.25, 0.5, 0.75) }

// value is what the statistic of a column is computed of.
func (s statistic) value(f arrow.Field) any {
	if s.ticks && !isNumeric(f.Type) {
		return expr.Col(f.Name).Cast(arrow.PrimitiveTypes.Int64)
	}
	return f.Name
}

// key names the statistic of column i in the aggregation.
func (s statistic) key(i int) string { return s.name + strconv.Itoa(i) }

func anyType(arrow.DataType) bool { return true }

// isNumeric says whether a column has a mean.
func isNumeric(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

// isAveraged says whether a column has a mean and quartiles: numbers, and points in time by their ticks.
func isAveraged(t arrow.DataType) bool {
	return isNumeric(t) || t.ID() == arrow.TIMESTAMP || t.ID() == arrow.DATE32 || t.ID() == arrow.DATE64
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
		if s.name == quartiles {
			continue
		}
		b.Field(0).(*array.StringBuilder).Append(s.name)
		for i, f := range schema.Fields() {
			value, ok := "", false
			if s.name == "null_count" {
				count, _ := sums.Value(0, statistics[0].key(i)).(int64)
				value, ok = strconv.FormatInt(rows-count, 10), true
			} else {
				value, ok = s.text(sums, i, f.Type)
			}
			appendStatistic(b.Field(i+1), value, ok)
		}
	}
	return newTable(out, []arrow.RecordBatch{b.NewRecordBatch()})
}

// text returns the statistic of column i, of type t, out of the row of aggregates; false for a null or where it does not apply.
func (s statistic) text(sums *Table, i int, t arrow.DataType) (string, bool) {
	if s.of != "" {
		list, _ := sums.Value(0, statistic{name: s.of}.key(i)).([]any)
		if s.at >= len(list) {
			return "", false
		}
		x, ok := list[s.at].(float64)
		return s.number(x, t), ok
	}
	c := sums.index(s.key(i))
	if c < 0 {
		return "", false
	}
	a := sums.batches[0].Column(c)
	if floats, ok := a.(*array.Float64); ok && a.IsValid(0) {
		return s.number(floats.Value(0), t), true
	}
	return valueText(a, 0), !isNull(a, 0)
}

// number writes a float with all its digits, or the point in time whose ticks it is.
func (s statistic) number(x float64, t arrow.DataType) string {
	if !s.ticks || isNumeric(t) || math.IsNaN(x) || math.Abs(x) >= 1<<62 {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	if t.ID() == arrow.DATE32 { // half a day is not lost
		if days := math.Trunc(x); days != x {
			x, t = math.Round(x*86400), &arrow.TimestampType{Unit: arrow.Second}
		}
	}
	b := array.NewBuilder(memory.DefaultAllocator, t)
	defer b.Release()
	ticks := int64(math.Round(x))
	switch b := b.(type) {
	case *array.Date32Builder:
		b.Append(arrow.Date32(ticks))
	case *array.Date64Builder:
		b.Append(arrow.Date64(ticks))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(ticks))
	default:
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return valueText(b.NewArray(), 0)
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
