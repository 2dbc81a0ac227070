package csvio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"
)

// readColumn reads lines as a column of the type; an error ends it.
func readColumn(t testing.TB, lines []string, typ arrow.DataType, d Dialect) (arrs []arrow.Array, err error) {
	t.Helper()
	d = mustDialect(t, d)
	r, err := NewReader(Input{R: strings.NewReader(strings.Join(lines, "\n"))}, Config{Dialect: d, Width: 1, Columns: []Column{{Name: "c", Type: typ}}, Block: 64})
	require.NoError(t, err)
	for {
		cols, _, err := r.Next(context.Background())
		if err == io.EOF {
			return arrs, nil
		}
		if err != nil {
			return arrs, err
		}
		arrs = append(arrs, cols[0])
	}
}

// one reads a single field; ok is false where it does not parse.
func one(t testing.TB, text string, typ arrow.DataType) (arr arrow.Array, ok bool) {
	t.Helper()
	arrs, err := readColumn(t, []string{text}, typ, Dialect{Quote: '"'})
	if err != nil {
		return nil, false
	}
	require.Len(t, arrs, 1)
	return arrs[0], true
}

func TestIntsAgainstStrconv(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	alphabet := "0123456789"
	for range 4000 {
		var b strings.Builder
		if rng.IntN(3) == 0 {
			b.WriteByte("+-"[rng.IntN(2)])
		}
		for range 1 + rng.IntN(21) {
			b.WriteByte(alphabet[rng.IntN(10)])
		}
		if rng.IntN(10) == 0 {
			b.WriteByte("-+. x/:\x00\xb5"[rng.IntN(9)])
		}
		s := b.String()
		want, err := strconv.ParseInt(strings.Trim(s, " "), 10, 64)
		arr, ok := one(t, s, arrow.PrimitiveTypes.Int64)
		require.Equal(t, err == nil, ok, "%q", s)
		if ok {
			require.Equal(t, want, arr.(*array.Int64).Value(0), s)
		}
		small, err := strconv.ParseInt(strings.Trim(s, " "), 10, 8)
		arr, ok = one(t, s, arrow.PrimitiveTypes.Int8)
		require.Equal(t, err == nil, ok, "%q", s)
		if ok {
			require.Equal(t, int8(small), arr.(*array.Int8).Value(0), s)
		}
	}
}

func TestFloatsAgainstStrconv(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	check := func(s string) {
		want, err := strconv.ParseFloat(s, 64)
		arr, ok := one(t, s, arrow.PrimitiveTypes.Float64)
		valid := err == nil || math.IsInf(want, 0)
		require.Equal(t, valid && !strings.ContainsAny(s, "_xX"), ok, "%q", s)
		if ok {
			require.Equal(t, math.Float64bits(want), math.Float64bits(arr.(*array.Float64).Value(0)), s)
		}
	}
	for range 4000 {
		v := math.Float64frombits(rng.Uint64())
		if rng.IntN(2) == 0 {
			v = rng.NormFloat64() * math.Pow10(rng.IntN(12)-4)
		}
		check(strconv.FormatFloat(v, "efg"[rng.IntN(3)], rng.IntN(20)-1, 64))
	}
	for range 4000 {
		var b strings.Builder
		for range 1 + rng.IntN(24) {
			b.WriteByte("0123456789012345678901234567890123456789.-+e"[rng.IntN(44)])
		}
		check(b.String())
	}
	for range 8000 { // nine to seventeen characters, read as two words
		b := make([]byte, 8+rng.IntN(9))
		for i := range b {
			b[i] = byte('0' + rng.IntN(10))
		}
		if rng.IntN(8) > 0 {
			b[rng.IntN(len(b))] = '.'
		}
		if rng.IntN(8) == 0 {
			b[rng.IntN(len(b))] = ".-+e:/\x00\xb0"[rng.IntN(8)]
		}
		check([]string{"", "-"}[rng.IntN(2)] + string(b))
	}
	for _, s := range []string{".", "-", "-.", "1.", ".5", "-.5", "5.-", "1..2", "--1", "1e", "e5", "1e+", "0x10", "1_0", "inf", "-INF", "nan", "9007199254740993", "0.1e-22", "123456789012345678e22"} {
		check(s)
	}
}

func TestTimestampsAgainstTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	micro := &arrow.TimestampType{Unit: arrow.Microsecond}
	for range 4000 {
		at := time.Unix(rng.Int64N(253402300800+62135596800)-62135596800, int64(rng.IntN(1e6))*1000).UTC()
		for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05.000000", "2006/01/02 15:04", "2006-01-02", "2006-1-2 3:04:05 PM"} {
			s := at.Format(layout)
			want, err := time.Parse(layout, s)
			require.NoError(t, err)
			arr, ok := one(t, s, micro)
			require.True(t, ok, s)
			require.Equal(t, want.UnixMicro(), int64(arr.(*array.Timestamp).Value(0)), s)
		}
		arr, ok := one(t, at.Format("2006-01-02"), arrow.FixedWidthTypes.Date32)
		require.True(t, ok)
		require.Equal(t, at.Truncate(24*time.Hour), arr.(*array.Date32).Value(0).ToTime())
	}
	for _, s := range []string{"2020-02-30", "2021-02-29 00:00:00", "2020-13-01", "2020-00-10", "2020-01-01 24:00:00", "2020-01-01 00:60:00", "2020-01-01 00:00:60", "2020-01-01 00:00:0x",
		"2020-01-01x00:00:00", "2020-01-01 00-00-00", "20-01-01", "2020-01-01Z", "2020-01-01 00:00:00Z", "01/02/2020", "2020-01-01 1", "2020-01-01 00:00:00.1234567", "2020_01_01 00:00:00"} {
		_, ok := one(t, s, micro)
		require.False(t, ok, s)
	}
}

// The usual form with a fraction or a Z is read at once, and gives what the slow path gives, which a space in front leads to.
func TestTimestampFractions(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	units := []arrow.TimeUnit{arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond}
	good := 0
	for range 20000 {
		at := time.Unix(rng.Int64N(4e9)-2e9, int64(rng.IntN(1e9))).UTC()
		digits := rng.IntN(10)
		if keep := rng.IntN(10); keep < digits && rng.IntN(2) == 0 { // zeros at the end fit coarser units
			at = at.Truncate(time.Duration(math.Pow10(9 - keep)))
		}
		text := []byte(at.Format([]string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"}[rng.IntN(2)]))
		if digits > 0 {
			text = append(text, fmt.Sprintf(".%09d", at.Nanosecond())[:1+digits]...)
		}
		typ := &arrow.TimestampType{Unit: units[rng.IntN(4)]}
		if rng.IntN(3) == 0 {
			typ.TimeZone = "UTC"
			text = append(text, []string{"Z", "", "+00:00"}[rng.IntN(3)]...)
		}
		exact := rng.IntN(3) > 0
		if !exact {
			text[rng.IntN(len(text))] = "0123456789.:-TZ x"[rng.IntN(17)]
		}
		s := string(text)
		fast, ok := one(t, s, typ)
		slow, ok2 := one(t, " "+s, typ)
		require.Equal(t, ok2, ok, "%s as %s", s, typ)
		if !ok {
			continue
		}
		v := int64(fast.(*array.Timestamp).Value(0))
		require.Equal(t, int64(slow.(*array.Timestamp).Value(0)), v, "%s as %s", s, typ)
		if exact {
			good++
			want := at.Truncate(time.Duration(math.Pow10(9 - digits)))
			require.True(t, want.Equal(arrow.Timestamp(v).ToTime(typ.Unit)), "%s as %s", s, typ)
		}
	}
	require.Greater(t, good, 5000)
	for _, s := range []string{"2020-01-01 00:00:00.", "2020-01-01 00:00:00.Z", "2020-01-01 00:00:00Z", "2020-01-01 00:00:00.12345 ", "2020-01-01 00:00:00,5"} {
		_, ok := one(t, s, &arrow.TimestampType{Unit: arrow.Microsecond})
		_, ok2 := one(t, " "+s, &arrow.TimestampType{Unit: arrow.Microsecond})
		require.Equal(t, ok2, ok, s)
	}
}

func TestZones(t *testing.T) {
	ny := &arrow.TimestampType{Unit: arrow.Second, TimeZone: "America/New_York"}
	for s, want := range map[string]string{
		"2020-07-01 12:00:00": "2020-07-01T16:00:00Z", "2020-01-01 12:00:00": "2020-01-01T17:00:00Z", "2020-01-01T12:00:00+01:00": "2020-01-01T11:00:00Z",
		"2020-01-01 12:00 -0330": "2020-01-01T15:30:00Z", "2020-01-01 12:00:00 UTC": "2020-01-01T12:00:00Z", "2020-01-01 12:00:00+05": "2020-01-01T07:00:00Z",
	} {
		arr, ok := one(t, s, ny)
		require.True(t, ok, s)
		at, err := time.Parse(time.RFC3339, want)
		require.NoError(t, err)
		require.Equal(t, at.Unix(), int64(arr.(*array.Timestamp).Value(0)), s)
	}
}

func TestRareTypes(t *testing.T) {
	for _, c := range []struct {
		typ  arrow.DataType
		text string
		want string // "" is an error
	}{
		{arrow.PrimitiveTypes.Uint64, "18446744073709551615", "18446744073709551615"}, {arrow.PrimitiveTypes.Uint64, "18446744073709551616", ""}, {arrow.PrimitiveTypes.Uint8, "-1", ""},
		{arrow.PrimitiveTypes.Float32, "0.1", "0.1"}, {arrow.PrimitiveTypes.Float32, "1.00000017881393432617187499", "1.0000001"}, {arrow.PrimitiveTypes.Uint32, "4294967295", "4294967295"},
		{&arrow.Decimal128Type{Precision: 5, Scale: 2}, "-123.4", "-123.4"}, {&arrow.Decimal128Type{Precision: 5, Scale: 2}, "1234.5", ""}, {&arrow.Decimal128Type{Precision: 5, Scale: 2}, "1.234", ""},
		{&arrow.Decimal128Type{Precision: 5, Scale: 2}, "1.2300", "1.23"}, {&arrow.Decimal128Type{Precision: 5, Scale: 2}, "1.2e2", "120"}, {&arrow.Decimal256Type{Precision: 50, Scale: 0}, strings.Repeat("9", 50), strings.Repeat("9", 50)},
		{arrow.FixedWidthTypes.Time32ms, "10:11:12.5", "10:11:12.500"}, {arrow.FixedWidthTypes.Time64us, "10:11:12.5", "10:11:12.500000"}, {arrow.FixedWidthTypes.Time32s, "10:11:12.5", ""},
		{arrow.FixedWidthTypes.Date64, "2020-01-02", "2020-01-02"}, {arrow.FixedWidthTypes.Boolean, "Yes", "true"}, {arrow.FixedWidthTypes.Boolean, "maybe", ""},
		{arrow.PrimitiveTypes.Int64, " 12 ", "12"}, {arrow.PrimitiveTypes.Int64, "N/A", "(null)"}, {arrow.PrimitiveTypes.Float64, "\"1.5\"", "1.5"}, {arrow.PrimitiveTypes.Float64, "\"\"", "(null)"},
		{arrow.BinaryTypes.LargeString, "\"a\"\"b\"", "a\"b"}, {arrow.Null, "x", ""},
	} {
		arr, ok := one(t, c.text, c.typ)
		require.Equal(t, c.want != "", ok, "%s as %s", c.text, c.typ)
		if ok {
			require.Equal(t, c.want, arr.ValueStr(0), "%s as %s", c.text, c.typ)
		}
	}
}

// FuzzRead reads any bytes with inferred types: nothing panics, and cutting the file changes nothing.
func FuzzRead(f *testing.F) {
	f.Add([]byte("a,b,c,d\n1,2.5,x,2020-01-01 00:00:00\n,\"\",\"y\ny\",2020-01-02\n"), uint16(40), false)
	f.Add([]byte("\xff\xfe\x00\n\r\"\n,,,\n-,+,.,e\n"), uint16(3), true)
	f.Add([]byte("t,z\n10:00:00,2020-01-01T00:00:00Z\ntrue,NaN\n"), uint16(9), false)
	f.Fuzz(func(t *testing.T, data []byte, cut uint16, noHeader bool) {
		d := mustDialect(t, Dialect{Quote: '"', Ragged: RaggedSkip, ReplaceInvalid: true})
		h, err := ReadHead(data, true, d, HeadOptions{NoHeader: noHeader})
		if err != nil {
			return
		}
		s := NewSamples(h)
		require.NoError(t, s.File(bytes.NewReader(data), int64(len(data)), 0))
		var cols []Column
		for i, g := range s.Columns {
			typ, order := g.Type(&d)
			if typ.ID() == arrow.NULL {
				typ = arrow.BinaryTypes.String
			}
			cols = append(cols, Column{Name: fmt.Sprint(i), Field: i, Type: typ, Order: order})
		}
		size := int64(len(data))
		at := min(h.Start+int64(cut), size)
		file := bytes.NewReader(data)
		seams := NewSeams(h.Dialect, []int64{h.Start, at, size})
		read := func(from, to int64, block int) (out []string) {
			if from >= to {
				return nil
			}
			in := Input{R: io.NewSectionReader(file, from, size-from), Offset: from, Limit: to}
			r, err := NewReader(in, Config{Dialect: h.Dialect, Width: len(h.Names), Stride: h.Stride, Columns: cols, Block: block})
			require.NoError(t, err)
			for {
				arrs, n, err := r.Next(context.Background())
				if err == io.EOF {
					return out
				}
				require.NoError(t, err, "types come from all of the file")
				for i := range n {
					var row strings.Builder
					for _, a := range arrs {
						row.WriteString(a.ValueStr(i) + "|")
					}
					out = append(out, row.String())
				}
			}
		}
		whole := read(h.Start, size, 0)
		mid, err := seams.Start(context.Background(), file, 1)
		require.NoError(t, err)
		require.Equal(t, whole, append(read(h.Start, at, 16), read(mid, size, 50)...))
	})
}
