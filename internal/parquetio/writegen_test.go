package parquetio

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// valueGen makes arrays of random values for tests of the encoder.
type valueGen struct {
	rng *rand.Rand
	// distinct is about how many different values a column has; 0 is no limit.
	distinct int
	nulls    float64 // share of nulls
	runs     bool    // values repeat their predecessor often
	last     int64
	textLen  int // most, 0: 20
}

func newGen(seed uint64) *valueGen { return &valueGen{rng: rand.New(rand.NewPCG(seed, 7))} }

// number gives the number that the next value is made of.
func (g *valueGen) number() int64 {
	if g.runs && g.rng.IntN(20) > 0 {
		return g.last
	}
	switch {
	case g.distinct > 0:
		g.last = g.rng.Int64N(int64(g.distinct))
	case g.rng.IntN(50) == 0:
		g.last = [...]int64{0, -1, math.MinInt64, math.MaxInt64, 1 << 31, -1 << 31, 255, 65535}[g.rng.IntN(8)]
	default:
		g.last = int64(g.rng.Uint64())
	}
	return g.last
}

func (g *valueGen) text(n int64) string {
	most := max(g.textLen, 20)
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	k := rng.IntN(most)
	if rng.IntN(3) == 0 {
		return strings.Repeat("common prefix of all ", k/20+1) + fmt.Sprint(n)
	}
	var b strings.Builder
	for range k {
		b.WriteRune([]rune("abcdefghijklmnopé世\x00\U0010FFFFz")[rng.IntN(20)])
	}
	return b.String()
}

// array makes n values of the field's type.
func (g *valueGen) array(f arrow.Field, n int) arrow.Array {
	if d, ok := f.Type.(*arrow.DictionaryType); ok {
		return g.dictionary(d, f.Nullable, n)
	}
	b := array.NewBuilder(memory.DefaultAllocator, f.Type)
	for range n {
		g.append(b, f.Type, f.Nullable)
	}
	return b.NewArray()
}

// dictionary makes codes of a dictionary with more values than are used.
func (g *valueGen) dictionary(d *arrow.DictionaryType, nullable bool, n int) arrow.Array {
	values := g.array(arrow.Field{Type: d.ValueType}, 50)
	b := array.NewBuilder(memory.DefaultAllocator, d.IndexType)
	for range n {
		if nullable && g.rng.Float64() < g.nulls {
			b.AppendNull()
			continue
		}
		appendInt(b, int64(g.rng.IntN(40)))
	}
	return array.NewDictionaryArray(d, b.NewArray(), values)
}

func appendInt(b array.Builder, v int64) bool {
	switch b := b.(type) {
	case *array.Int8Builder:
		b.Append(int8(v))
	case *array.Int16Builder:
		b.Append(int16(v))
	case *array.Int32Builder:
		b.Append(int32(v))
	case *array.Int64Builder:
		b.Append(v)
	case *array.Uint8Builder:
		b.Append(uint8(v))
	case *array.Uint16Builder:
		b.Append(uint16(v))
	case *array.Uint32Builder:
		b.Append(uint32(v))
	case *array.Uint64Builder:
		b.Append(uint64(v))
	case *array.Date32Builder:
		b.Append(arrow.Date32(int32(v)))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(v))
	default:
		return false
	}
	return true
}

// append adds one value. Values are such that the file holds them exactly.
func (g *valueGen) append(b array.Builder, t arrow.DataType, nullable bool) {
	if nullable && g.rng.Float64() < g.nulls {
		b.AppendNull()
		return
	}
	if g.nested(b, t) {
		return
	}
	v := g.number()
	if appendInt(b, v) || g.appendText(b, v) || g.appendTime(b, t, v) {
		return
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(v&1 != 0)
	case *array.Float16Builder:
		b.Append(float16.New(float32(v % 1000)))
	case *array.Float32Builder:
		b.Append(float32(g.float(v)))
	case *array.Float64Builder:
		b.Append(g.float(v))
	case *array.Decimal32Builder, *array.Decimal64Builder:
		if err := b.AppendValueFromString(fmt.Sprint(v % 10000)); err != nil {
			panic(err)
		}
	case *array.Decimal128Builder:
		b.Append(g.decimal(t.(*arrow.Decimal128Type).Precision, v))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromDecimal128(g.decimal(min(38, t.(*arrow.Decimal256Type).Precision), v)))
	case *array.NullBuilder:
		b.AppendNull()
	default:
		panic(fmt.Sprintf("no values of %v", t))
	}
}

func (g *valueGen) float(v int64) float64 {
	switch v % 11 {
	case 3:
		return math.NaN()
	case 5:
		return math.Copysign(0, -1)
	case 7:
		return math.Inf(1)
	}
	return float64(v%100000) / 8
}

func (g *valueGen) decimal(prec int32, v int64) decimal128.Num {
	most := decimal128.GetScaleMultiplier(int(prec))
	n := decimal128.New(v>>2, uint64(v)*0x9E3779B97F4A7C15)
	_, n = n.Div(most)
	return n
}

func (g *valueGen) appendText(b array.Builder, v int64) bool {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(g.text(v))
	case *array.LargeStringBuilder:
		b.Append(g.text(v))
	case *array.StringViewBuilder:
		b.Append(g.text(v))
	case *array.BinaryViewBuilder:
		b.Append([]byte(g.text(v)))
	case *array.BinaryBuilder:
		b.Append([]byte(g.text(v) + "\xff\xfe"))
	case *array.FixedSizeBinaryBuilder:
		width := b.Type().(*arrow.FixedSizeBinaryType).ByteWidth
		b.Append([]byte(strings.Repeat(g.text(v)+fmt.Sprint(v), width+1))[:width])
	default:
		return false
	}
	return true
}

func (g *valueGen) appendTime(b array.Builder, t arrow.DataType, v int64) bool {
	const day = 86400
	switch b := b.(type) {
	case *array.Date64Builder:
		b.Append(arrow.Date64(v % 100000 * millisPerDay))
	case *array.Time32Builder:
		b.Append(arrow.Time32(uint64(v) % day))
	case *array.Time64Builder:
		b.Append(arrow.Time64(uint64(v) % (day * 1e6)))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v % 1e15))
	default:
		return false
	}
	return true
}

func (g *valueGen) nested(b array.Builder, t arrow.DataType) bool {
	switch b := b.(type) {
	case *array.StructBuilder:
		b.Append(true)
		for i, f := range t.(*arrow.StructType).Fields() {
			g.append(b.FieldBuilder(i), f.Type, f.Nullable)
		}
	case *array.MapBuilder:
		b.Append(true)
		m := t.(*arrow.MapType)
		for range g.rng.IntN(4) {
			g.append(b.KeyBuilder(), m.KeyType(), false)
			g.append(b.ItemBuilder(), m.ItemType(), m.ItemField().Nullable)
		}
	case array.ListLikeBuilder:
		n := g.rng.IntN(4)
		elem := t.(arrow.ListLikeType).ElemField()
		if f, ok := t.(*arrow.FixedSizeListType); ok {
			n = int(f.Len())
			b.(*array.FixedSizeListBuilder).Append(true)
		} else {
			b.(interface{ Append(bool) }).Append(true)
		}
		for range n {
			g.append(b.ValueBuilder(), elem.Type, elem.Nullable)
		}
	default:
		return false
	}
	return true
}
