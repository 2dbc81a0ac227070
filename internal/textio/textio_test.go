package textio

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// encode writes the columns in batches of the given size.
func encode(t *testing.T, o Options, each int, names string, cols ...arrow.Array) string {
	t.Helper()
	out, err := tryEncode(o, each, names, cols...)
	require.NoError(t, err)
	return out
}

func tryEncode(o Options, each int, names string, cols ...arrow.Array) (string, error) {
	var fields []arrow.Field
	for i, name := range strings.Split(names, " ") {
		fields = append(fields, arrow.Field{Name: name, Type: cols[i].DataType(), Nullable: true})
	}
	e, err := New(arrow.NewSchema(fields, nil), o)
	if err != nil {
		return "", err
	}
	var scratch vec.Scratch
	out := bytes.Clone(e.Header())
	for at := 0; at < cols[0].Len(); at += each {
		scratch.Reset()
		b := vec.Batch{Rows: min(each, cols[0].Len()-at), Cols: make([]vec.Vec, len(cols))}
		for i, c := range cols {
			if err := vec.FromArrow(array.NewSlice(c, int64(at), int64(at+b.Rows)), &b.Cols[i], &scratch); err != nil {
				return "", err
			}
		}
		if out, err = e.Append(out, &b); err != nil {
			return "", err
		}
	}
	return string(out), nil
}

func fromJSON(t *testing.T, typ arrow.DataType, values string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(values))
	require.NoError(t, err)
	return a
}

// TestFloatsAreTheShortest compares with strconv, which is right, on numbers of every kind.
func TestFloatsAreTheShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	vals := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 0.3, 1e15, 1e16, 1e-4, 9.9999e-5, 1e-6, 5e-324, math.MaxFloat64, 1 << 53, 999999999.999999, 123456.7, 2.5, 0.000087,
		999999999, 1e9, 1e9 + 0.5, 4503599627370497.5}
	for range 200_000 {
		switch r.IntN(5) {
		case 0:
			vals = append(vals, math.Float64frombits(r.Uint64()))
		case 1:
			vals = append(vals, float64(r.Int64N(1e9))/100)
		case 2:
			vals = append(vals, math.Round(r.Float64()*1e8)/1e6)
		case 3:
			vals = append(vals, -float64(r.Int64N(1<<60)))
		case 4:
			f := float64(r.Int64N(1e12)) / 1e6
			vals = append(vals, math.Nextafter(f, f+float64(r.IntN(3)-1)))
		}
	}
	words := &floatWords{"NaN", "inf", "-inf"}
	for _, f := range vals {
		for _, size := range []int{64, 32} {
			x := f
			if size == 32 {
				x = float64(float32(f))
			}
			var c cell
			got := string(c[:putFloat(&c, x, size, words)])
			back, err := strconv.ParseFloat(got, size)
			require.NoError(t, err, "%v wrote %s", x, got)
			require.True(t, back == x || x != x, "%v reads back from %s as %v", x, got, back)
			if x != x || math.IsInf(x, 0) {
				continue
			}
			require.Equal(t, math.Signbit(x), got[0] == '-')
			require.True(t, strings.ContainsAny(got, ".e"), "%s must look like a float", got)
			short := strconv.FormatFloat(x, 'e', -1, size)
			require.Equal(t, digitsIn(short), digitsIn(got), "%v: %s has other digits than %s", x, got, short)
		}
	}
}

// digitsIn returns the significant digits of a number.
func digitsIn(s string) string {
	s, _, _ = strings.Cut(s, "e")
	s = strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(s), "0")
	return strings.TrimRight(s, "0")
}

func TestIntegers(t *testing.T) {
	vals := []int64{0, 9, 10, 99, 100, math.MaxInt64, math.MinInt64, -1, -10}
	for p := int64(1); p < 1e18; p *= 10 {
		vals = append(vals, p-1, p, p+1, -p)
	}
	for _, v := range vals {
		var c cell
		require.Equal(t, strconv.FormatInt(v, 10), string(c[:putInt(&c, 0, v)]))
		require.Equal(t, strconv.FormatUint(uint64(v), 10), string(c[:putUint(&c, 0, uint64(v))]))
	}
}

func TestDates(t *testing.T) {
	var d dates
	for day := int64(-800000); day < 3_200_000; day += 37 {
		var c cell
		got := string(c[:d.put(&c, 0, day)])
		at := time.Unix(day*86400, 0).UTC()
		if at.Year() < 0 || at.Year() > 9999 {
			require.True(t, got[0] == '-' || got[0] == '+', got)
			continue
		}
		require.Equal(t, at.Format("2006-01-02"), got)
		require.Equal(t, got, string(c[:d.put(&c, 0, day)]), "again")
	}
}

func TestTimestamps(t *testing.T) {
	units := map[arrow.TimeUnit]int64{arrow.Second: 1e9, arrow.Millisecond: 1e6, arrow.Microsecond: 1e3, arrow.Nanosecond: 1}
	r := rand.New(rand.NewPCG(3, 4))
	for unit, ns := range units {
		b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: unit, TimeZone: "America/New_York"})
		var want []time.Time
		for range 2000 {
			at := time.Unix(0, (r.Int64()-r.Int64())/ns*ns/int64(1+r.IntN(3)*999)/ns*ns).UTC()
			want = append(want, at)
			b.Append(arrow.Timestamp(at.UnixNano() / ns))
		}
		lines := strings.Split(encode(t, Options{}, 700, "t", b.NewArray()), "\n")
		for i, at := range want {
			got, err := time.Parse(time.RFC3339Nano, lines[i+1])
			require.NoError(t, err)
			require.True(t, got.Equal(at), "%s is not %s", lines[i+1], at)
		}
	}
}

// TestFarTimes writes the ends of what the types hold: they must not run over their cells.
func TestFarTimes(t *testing.T) {
	ends := []int64{math.MinInt64, math.MaxInt64, 0, -1}
	for _, typ := range []arrow.DataType{arrow.FixedWidthTypes.Timestamp_s, arrow.FixedWidthTypes.Timestamp_ns, arrow.FixedWidthTypes.Date64, arrow.FixedWidthTypes.Time64ns, arrow.FixedWidthTypes.Duration_s} {
		for _, json := range []bool{false, true} {
			data := array.NewData(typ, len(ends), []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(ends))}, nil, 0, 0)
			out := encode(t, Options{JSON: json}, 9, "t", array.MakeFromData(data))
			require.GreaterOrEqual(t, strings.Count(out, "\n"), 4, "%s: %q", typ, out)
			require.NotContains(t, out, "\x00")
		}
	}
}

func TestDecimals(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, scale := range []int32{0, 2, 19, 20, 38, -3} {
		typ := &arrow.Decimal128Type{Precision: 38, Scale: scale}
		b := array.NewDecimal128Builder(memory.DefaultAllocator, typ)
		var want []*big.Rat
		for i := range 500 {
			z := new(big.Int).SetUint64(r.Uint64() >> r.IntN(64))
			if i%3 == 0 {
				z.Mul(z, big.NewInt(r.Int64N(1<<60)))
			}
			if i%2 == 0 {
				z.Neg(z)
			}
			b.Append(decimal128.FromBigInt(z))
			unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil))
			if scale > 0 {
				unit.Inv(unit)
			}
			want = append(want, unit.Mul(unit, new(big.Rat).SetInt(z)))
		}
		lines := strings.Split(encode(t, Options{}, 100, "d", b.NewArray()), "\n")
		for i, w := range want {
			got, ok := new(big.Rat).SetString(lines[i+1])
			require.True(t, ok && got.Cmp(w) == 0, "scale %d: %q is not %s", scale, lines[i+1], w.FloatString(40))
		}
	}
}

// randomTexts are texts with everything in them that needs quoting, short and long.
func randomTexts(r *rand.Rand, n int) ([]string, arrow.Array) {
	alphabet := []string{"a", "Z", ",", `"`, "\n", "\r", " ", "ü", "💡", ";", "\t", "NA", "0", "text"}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	var want []string
	for range n {
		var s strings.Builder
		for range r.IntN(3) * r.IntN(20) {
			s.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		want = append(want, s.String())
		b.Append(s.String())
	}
	return want, b.NewArray()
}

// TestTextReadsBack has encoding/csv and encoding/json read what is written.
func TestTextReadsBack(t *testing.T) {
	want, texts := randomTexts(rand.New(rand.NewPCG(7, 8)), 5000)
	dict := array.NewDictionaryBuilder(memory.DefaultAllocator, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}).(*array.BinaryDictionaryBuilder)
	for _, s := range want {
		require.NoError(t, dict.AppendString(s))
	}
	for _, each := range []int{1, 3, 511, 512, 513, 4096} {
		for _, comma := range []rune{',', ';', '\t', 'ü'} {
			out := encode(t, Options{Comma: comma}, each, "a b", texts, dict.NewArray())
			for _, s := range want { // the builder is empty after NewArray
				require.NoError(t, dict.AppendString(s))
			}
			r := csv.NewReader(strings.NewReader(out))
			r.Comma = comma
			rows, err := r.ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, len(want)+1)
			for i, s := range want {
				s = strings.ReplaceAll(s, "\r\n", "\n") // which encoding/csv does
				require.Equal(t, []string{s, s}, rows[i+1])
			}
		}
		out := encode(t, Options{JSON: true}, each, "a", texts)
		d := json.NewDecoder(strings.NewReader(out))
		for _, s := range want {
			var row map[string]string
			require.NoError(t, d.Decode(&row))
			require.Equal(t, map[string]string{"a": s}, row)
		}
	}
}

func TestNullAndEmpty(t *testing.T) {
	ints := fromJSON(t, arrow.PrimitiveTypes.Int64, `[1, null, 3]`)
	texts := fromJSON(t, arrow.BinaryTypes.String, `[null, "", "NA"]`)
	require.Equal(t, "i,s\n1,\n,\"\"\n3,NA\n", encode(t, Options{}, 2, "i s", ints, texts))
	require.Equal(t, "i,s\n1,NA\nNA,\"\"\n3,\"NA\"\n", encode(t, Options{Null: "NA"}, 2, "i s", ints, texts))
	require.Equal(t, "i\n1\n\"\"\n3\n", encode(t, Options{}, 2, "i", ints), "an empty line is no row")
	require.Equal(t, "{\"i\":1,\"s\":null}\n{\"i\":null,\"s\":\"\"}\n{\"i\":3,\"s\":\"NA\"}\n", encode(t, Options{JSON: true}, 2, "i s", ints, texts))
	nulls := array.NewNull(3)
	require.Equal(t, "i,n\n1,\n,\n3,\n", encode(t, Options{}, 2, "i n", ints, nulls))
}

func TestNested(t *testing.T) {
	list := fromJSON(t, arrow.ListOf(arrow.PrimitiveTypes.Float64), `[[1.5, null], null, []]`)
	row := fromJSON(t, arrow.StructOf(arrow.Field{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}, arrow.Field{Name: "d", Type: arrow.FixedWidthTypes.Date32, Nullable: true}),
		`[{"a": "x\"y", "d": "2024-02-29"}, {"a": null, "d": null}, null]`)
	entries := fromJSON(t, arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), `[[{"key": "k", "value": 7}], [], null]`)
	require.Equal(t, `{"l":[1.5,null],"r":{"a":"x\"y","d":"2024-02-29"},"m":[{"key":"k","value":7}]}
{"l":null,"r":{"a":null,"d":null},"m":[]}
{"l":[],"r":null,"m":null}
`, encode(t, Options{JSON: true}, 2, "l r m", list, row, entries))
	require.Equal(t, `l,r,m
"[1.5,null]","{""a"":""x\""y"",""d"":""2024-02-29""}","[{""key"":""k"",""value"":7}]"
,"{""a"":null,""d"":null}",[]
[],,
`, encode(t, Options{}, 2, "l r m", list, row, entries))
}

func TestWhatCannotBeWritten(t *testing.T) {
	b := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
	b.Append([]byte("fine"))
	b.Append([]byte{0xff, 0})
	bin := b.NewArray()
	_, err := tryEncode(Options{}, 9, "x", bin)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Data, f.Kind)
	require.Equal(t, "x", f.Column)
	require.EqualValues(t, 2, f.Row)
	require.Equal(t, "{\"x\":\"ZmluZQ==\"}\n{\"x\":\"/wA=\"}\n", encode(t, Options{JSON: true}, 9, "x", bin))
	for _, o := range []Options{{Comma: '"'}, {Comma: '\n'}, {Null: "a,b"}, {Null: `"`}, {Null: strings.Repeat("n", 99)}} {
		_, err := tryEncode(o, 9, "x", bin)
		require.Error(t, err, "%+v", o)
	}
	_, err = New(arrow.NewSchema(nil, nil), Options{})
	require.Error(t, err)
}

// BenchmarkCSV writes the nine columns of a group-by benchmark's table.
func BenchmarkCSV(b *testing.B) {
	const rows = 8192
	r := rand.New(rand.NewPCG(9, 10))
	short, long := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	ints, floats := array.NewInt32Builder(memory.DefaultAllocator), array.NewFloat64Builder(memory.DefaultAllocator)
	for range rows {
		short.Append("id0" + strconv.Itoa(10+r.IntN(90)))
		long.Append("id00000" + strconv.Itoa(10000+r.IntN(90000)))
		ints.Append(r.Int32N(100000))
		floats.Append(math.Round(r.Float64()*1e8) / 1e6)
	}
	cols := []arrow.Array{short.NewArray(), long.NewArray(), ints.NewArray(), floats.NewArray()}
	fields := []arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}, {Name: "b", Type: arrow.BinaryTypes.String}, {Name: "c", Type: arrow.PrimitiveTypes.Int32}, {Name: "d", Type: arrow.PrimitiveTypes.Float64}}
	e, err := New(arrow.NewSchema(fields, nil), Options{})
	require.NoError(b, err)
	batch := vec.Batch{Rows: rows, Cols: make([]vec.Vec, len(cols))}
	for i, c := range cols {
		require.NoError(b, vec.FromArrow(c, &batch.Cols[i], nil))
	}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = e.Append(out[:0], &batch); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(out)))
}
