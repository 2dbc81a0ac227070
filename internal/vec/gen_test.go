package vec

import (
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// allTypes is a type of every kind that a Vec can hold.
func allTypes() []arrow.DataType {
	str := arrow.BinaryTypes.String
	dict := func(ix arrow.DataType, v arrow.DataType) arrow.DataType {
		return &arrow.DictionaryType{IndexType: ix, ValueType: v}
	}
	i8, i16, i32, i64 := arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64
	u8, u16, u32, u64 := arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64
	return []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean, i8, i16, i32, i64, u8, u16, u32, u64,
		arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64, arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time64us,
		&arrow.TimestampType{Unit: arrow.Microsecond}, &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"},
		arrow.FixedWidthTypes.Duration_ms, arrow.FixedWidthTypes.MonthInterval, arrow.FixedWidthTypes.DayTimeInterval,
		arrow.FixedWidthTypes.MonthDayNanoInterval,
		&arrow.Decimal32Type{Precision: 7, Scale: 2}, &arrow.Decimal64Type{Precision: 15, Scale: 2},
		&arrow.Decimal128Type{Precision: 30, Scale: 3}, &arrow.Decimal256Type{Precision: 60, Scale: 4},
		&arrow.FixedSizeBinaryType{ByteWidth: 5},
		str, arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.LargeBinary,
		arrow.BinaryTypes.StringView, arrow.BinaryTypes.BinaryView,
		dict(i8, str), dict(u8, str), dict(i16, str), dict(u16, str), dict(i32, str), dict(u32, str), dict(i64, str), dict(u64, str),
		dict(i16, i64), dict(i8, &arrow.TimestampType{Unit: arrow.Second}),
		arrow.ListOf(i32), arrow.LargeListOf(str), arrow.ListOf(arrow.BinaryTypes.StringView), arrow.ListViewOf(i64), arrow.LargeListViewOf(str),
		arrow.FixedSizeListOf(3, i16), arrow.FixedSizeListOf(2, str), arrow.ListOf(arrow.ListOf(str)),
		arrow.MapOf(str, i64),
		arrow.StructOf(arrow.Field{Name: "a", Type: i64, Nullable: true}, arrow.Field{Name: "b", Type: str, Nullable: true},
			arrow.Field{Name: "c", Type: arrow.ListOf(i8), Nullable: true}, arrow.Field{Name: "d", Type: dict(i8, str), Nullable: true}),
		arrow.ListOf(arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true})),
		arrow.RunEndEncodedOf(i32, str), arrow.RunEndEncodedOf(i16, i64),
		extensions.NewUUIDType(),
	}
}

// text is random text, short, long and not ASCII.
func text(r *rand.Rand) string {
	words := []string{"", "a", "elf", "twelve bytes", "thirteen byte", "größer", strings.Repeat("long and longer ", 3)}
	return words[r.IntN(len(words))] + string(rune('a' + r.IntN(4)))[:r.IntN(2)]
}

// fill appends n random values to b; nulls is the share of nulls.
func fill(r *rand.Rand, b array.Builder, n int, nulls float64) {
	for range n {
		if r.Float64() < nulls {
			b.AppendNull()
			continue
		}
		one(r, b, nulls)
	}
}

func one(r *rand.Rand, b array.Builder, nulls float64) {
	switch b := b.(type) {
	case *array.NullBuilder:
		b.AppendNull()
	case *array.BooleanBuilder:
		b.Append(r.IntN(2) == 0)
	case *array.Int8Builder:
		b.Append(int8(r.Uint64()))
	case *array.Int16Builder:
		b.Append(int16(r.Uint64()))
	case *array.Int32Builder:
		b.Append(int32(r.Uint64()))
	case *array.Int64Builder:
		b.Append(int64(r.Uint64()))
	case *array.Uint8Builder:
		b.Append(uint8(r.Uint64()))
	case *array.Uint16Builder:
		b.Append(uint16(r.Uint64()))
	case *array.Uint32Builder:
		b.Append(uint32(r.Uint64()))
	case *array.Uint64Builder:
		b.Append(r.Uint64())
	case *array.Float16Builder:
		b.Append(float16.New(float32(r.IntN(100))))
	case *array.Float32Builder:
		b.Append(r.Float32())
	case *array.Float64Builder:
		b.Append(r.Float64())
	case *array.Date32Builder:
		b.Append(arrow.Date32(r.IntN(30000)))
	case *array.Date64Builder:
		b.Append(arrow.Date64(r.IntN(30000) * 86400000))
	case *array.Time32Builder:
		b.Append(arrow.Time32(r.IntN(86400)))
	case *array.Time64Builder:
		b.Append(arrow.Time64(r.IntN(86400)))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(r.IntN(1 << 40)))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(r.IntN(1 << 40)))
	case *array.MonthIntervalBuilder:
		b.Append(arrow.MonthInterval(r.IntN(100)))
	case *array.DayTimeIntervalBuilder:
		b.Append(arrow.DayTimeInterval{Days: int32(r.IntN(9)), Milliseconds: int32(r.IntN(9))})
	case *array.MonthDayNanoIntervalBuilder:
		b.Append(arrow.MonthDayNanoInterval{Months: 1, Days: int32(r.IntN(9)), Nanoseconds: int64(r.IntN(9))})
	default:
		oneMore(r, b, nulls)
	}
}

func oneMore(r *rand.Rand, b array.Builder, nulls float64) {
	switch b := b.(type) {
	case *array.Decimal32Builder:
		b.Append(decimal.Decimal32(r.IntN(2000) - 1000))
	case *array.Decimal64Builder:
		b.Append(decimal.Decimal64(r.IntN(1<<40) - 1<<39))
	case *array.Decimal128Builder:
		b.Append(decimal128.New(int64(r.IntN(100)-50), r.Uint64()))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromI64(int64(r.Uint64())).Mul(decimal256.FromI64(1 << 50)))
	case *array.FixedSizeBinaryBuilder:
		b.Append([]byte("abcdefghi")[r.IntN(4):][:5])
	case array.StringLikeBuilder:
		b.Append(text(r))
	case *array.BinaryBuilder:
		b.Append([]byte(text(r)))
	case *array.BinaryViewBuilder:
		b.Append([]byte(text(r)))
	case *array.BinaryDictionaryBuilder:
		_ = b.AppendString(text(r))
	case *array.Int64DictionaryBuilder:
		_ = b.Append(int64(r.IntN(50)))
	case *array.TimestampDictionaryBuilder:
		_ = b.Append(arrow.Timestamp(r.IntN(50)))
	case *array.MapBuilder:
		b.Append(true)
		k := r.IntN(4)
		fill(r, b.KeyBuilder(), k, 0)
		fill(r, b.ItemBuilder(), k, nulls)
	case *array.FixedSizeListBuilder:
		b.Append(true)
		fill(r, b.ValueBuilder(), int(b.Type().(*arrow.FixedSizeListType).Len()), nulls)
	case array.VarLenListLikeBuilder:
		k := r.IntN(4)
		b.AppendWithSize(true, k)
		fill(r, b.ValueBuilder(), k, nulls)
	case *array.StructBuilder:
		b.Append(true)
		for i := range b.NumField() {
			fill(r, b.FieldBuilder(i), 1, nulls)
		}
	case *array.RunEndEncodedBuilder:
		b.Append(1)
		fill(r, b.ValueBuilder(), 1, nulls)
	case *extensions.UUIDBuilder:
		var u [16]byte
		u[0], u[15] = byte(r.IntN(256)), byte(r.IntN(256))
		b.AppendBytes(u)
	default:
		panic("no generator for " + b.Type().String())
	}
}

// randomArray is n random rows of type t with the share of nulls.
func randomArray(r *rand.Rand, t arrow.DataType, n int, nulls float64) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, t)
	fill(r, b, n, nulls)
	return b.NewArray()
}
