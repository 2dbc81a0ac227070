package exectest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/internal/ref"
)

// Data is a table in memory, as rows.
type Data struct {
	Schema *arrow.Schema
	Rows   []ref.Row
}

// Schema has a column of each kind that operators treat differently: few and many different values, short and long text, floats with
// NaN, both zeros and both infinities (w) and without (f, whose sums are exact).
var Schema = arrow.NewSchema([]arrow.Field{
	nullable("k", arrow.PrimitiveTypes.Int64), nullable("i", arrow.PrimitiveTypes.Int32), nullable("u", arrow.PrimitiveTypes.Uint8),
	nullable("f", arrow.PrimitiveTypes.Float64), nullable("w", arrow.PrimitiveTypes.Float64), nullable("h", arrow.PrimitiveTypes.Float32),
	nullable("s", arrow.BinaryTypes.String), nullable("t", arrow.BinaryTypes.String), nullable("b", arrow.FixedWidthTypes.Boolean),
	nullable("ts", &arrow.TimestampType{Unit: arrow.Microsecond}), nullable("d", arrow.FixedWidthTypes.Date32),
	nullable("q", arrow.PrimitiveTypes.Uint64), nullable("y", arrow.BinaryTypes.Binary),
}, nil)

func nullable(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// Random returns rows of the schema; nulls is the share of nulls. Columns of one type differ in how many different values they have, by
// their place.
func Random(r *rand.Rand, s *arrow.Schema, rows int, nulls float64) *Data {
	d := &Data{Schema: s}
	for range rows {
		row := make(ref.Row, s.NumFields())
		for c, f := range s.Fields() {
			if r.Float64() >= nulls {
				row[c] = randomValue(r, f)
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

var (
	words = []string{"", "a", "b", "ab", "größe", "exactly12byt", "thirteen byte"}
	wild  = []float64{0, math.Copysign(0, -1), 1.5, -2.25, math.NaN(), math.Inf(1), math.Inf(-1)}
)

func randomValue(r *rand.Rand, f arrow.Field) any {
	switch f.Type.ID() {
	case arrow.BOOL:
		return r.IntN(2) == 0
	case arrow.INT8, arrow.INT16, arrow.INT64:
		return int64(r.IntN(9) - 4)
	case arrow.INT32:
		return int64(r.IntN(2000) - 1000)
	case arrow.UINT8, arrow.UINT16, arrow.UINT32:
		return uint64(r.IntN(5))
	case arrow.UINT64:
		return uint64(math.MaxUint64) - uint64(r.IntN(40))
	case arrow.FLOAT64, arrow.FLOAT32:
		if f.Name == "w" {
			return wild[r.IntN(len(wild))]
		}
		return float64(r.IntN(400)-200) / 4
	case arrow.STRING:
		if f.Name == "t" {
			return fmt.Sprintf("a text longer than a view, number %d", r.IntN(300))
		}
		return words[r.IntN(len(words))]
	case arrow.BINARY:
		return ref.Binary(words[r.IntN(len(words))])
	case arrow.DATE32:
		return int64(r.IntN(1000) + 19000)
	case arrow.TIMESTAMP:
		return (int64(r.IntN(1000)) + 1_700_000_000) * 1_000_000
	}
	panic("exectest: no random values of " + f.Type.String())
}

// Text is the form in which text columns come.
type Text uint8

// The forms of text.
const (
	Plain Text = iota
	View
	Dictionary
)

// arrayOf makes rows [from, to) of a column an array of the form, with unrelated rows around if sliced.
func (d *Data) arrayOf(mem memory.Allocator, col, from, to int, form Text, sliced bool) arrow.Array {
	t := d.Schema.Field(col).Type
	if t.ID() == arrow.STRING {
		switch form {
		case View:
			t = arrow.BinaryTypes.StringView
		case Dictionary:
			t = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: t}
		}
	}
	b := array.NewBuilder(mem, t)
	defer b.Release()
	pad := 0
	if sliced {
		pad = 3
		appendValue(b, nil)
		appendValue(b, d.Rows[0][col])
		appendValue(b, nil)
	}
	for _, r := range d.Rows[from:to] {
		appendValue(b, r[col])
	}
	if !sliced {
		return b.NewArray()
	}
	appendValue(b, d.Rows[0][col])
	whole := b.NewArray()
	defer whole.Release()
	return array.NewSlice(whole, int64(pad), int64(pad+to-from))
}

func appendValue(b array.Builder, v any) {
	if v == nil {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.Int8Builder:
		b.Append(int8(v.(int64)))
	case *array.Int16Builder:
		b.Append(int16(v.(int64)))
	case *array.Int32Builder:
		b.Append(int32(v.(int64)))
	case *array.Int64Builder:
		b.Append(v.(int64))
	case *array.Uint8Builder:
		b.Append(uint8(v.(uint64)))
	case *array.Uint16Builder:
		b.Append(uint16(v.(uint64)))
	case *array.Uint32Builder:
		b.Append(uint32(v.(uint64)))
	case *array.Uint64Builder:
		b.Append(v.(uint64))
	case *array.Float32Builder:
		b.Append(float32(v.(float64)))
	case *array.Float64Builder:
		b.Append(v.(float64))
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.StringViewBuilder:
		b.Append(v.(string))
	case *array.BinaryBuilder:
		b.Append([]byte(v.(ref.Binary)))
	case *array.BinaryDictionaryBuilder:
		if err := b.AppendString(v.(string)); err != nil {
			panic(err)
		}
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.(int64)))
	case *array.Date32Builder:
		b.Append(arrow.Date32(v.(int64)))
	default:
		panic(fmt.Sprintf("exectest: cannot build %s", b.Type()))
	}
}
