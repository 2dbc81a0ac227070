package parquetio

import (
	"bytes"
	"encoding/base64"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
)

func FuzzOpen(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkHostile(t, b, 3) })
}

// FuzzMutate spends the fuzzer's bytes on the seeds' pages: as edits at places, which whole files rarely survive.
func FuzzMutate(f *testing.F) {
	all := seeds(f)
	f.Add(uint8(0), uint64(1))
	f.Add(uint8(3), uint64(77))
	f.Fuzz(func(t *testing.T, seed uint8, n uint64) {
		checkHostile(t, mutate(rand.New(rand.NewPCG(n, 1)), all[int(seed)%len(all)]), 3)
	})
}

// FuzzDelta checks that what decodes once decodes the same in other steps, and that deltaEnd agrees with decoding.
func FuzzDelta(f *testing.F) {
	f.Add(encodeDelta([]int64{1, 2, 3, math.MaxInt64, math.MinInt64}, 128, 4), uint8(3))
	f.Add(encodeDelta(make([]int64, 200), 64, 2), uint8(50))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		const most = 5000
		var whole, parts deltaDecoder
		if _, err := whole.open(b, most); err != nil {
			return
		}
		_, err := parts.open(b, most)
		require.NoError(t, err)
		want := make([]int64, whole.left)
		wantErr := decodeDelta(&whole, want)
		end, endErr := deltaEnd(b, most)
		if wantErr == nil && len(want) > 1 {
			require.NoError(t, endErr)
			require.LessOrEqual(t, end, len(b))
		}
		got := make([]int64, len(want))
		for at := 0; at < len(got); {
			k := min(len(got)-at, int(step)+1)
			if err := decodeDelta(&parts, got[at:at+k]); err != nil {
				require.Error(t, wantErr)
				return
			}
			at += k
		}
		require.NoError(t, wantErr)
		require.Equal(t, want, got)
	})
}

// FuzzRLE checks all ways of reading the hybrid against each other.
func FuzzRLE(f *testing.F) {
	f.Add(append(rleRun(9, 5, 3), packedRun(5, 1, 2, 3, 4, 5, 6, 7, 8)...), uint8(5), uint8(7))
	f.Add(packedRun(1, 1, 0, 1, 0, 1, 1, 1, 1), uint8(1), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, width, step uint8) {
		w := uint(width % 13)
		const n = 3000
		var h hybrid
		h.reset(b, w)
		want := make([]uint32, n)
		have := 0
		for have < n && h.codes(want[have:have+1], 1<<w) == nil {
			have++
		}
		want = want[:have]
		dict := make([]uint32, 1<<w)
		for i := range dict {
			dict[i] = uint32(i)
		}
		h.reset(b, w)
		got := make([]uint32, have)
		for at := 0; at < have; {
			k := min(have-at, int(step)+1)
			require.NoError(t, gather(&h, got[at:at+k], dict))
			at += k
		}
		require.Equal(t, want, got)
		h.reset(b, w)
		require.NoError(t, h.skip(have))
		if w == 1 {
			h.reset(b, w)
			bits := make([]byte, n/8+8)
			ones, err := h.bits(bits, 0, have)
			require.NoError(t, err)
			for i, v := range want {
				require.Equal(t, byte(v), bits[i/8]>>(i%8)&1)
				ones -= int(v)
			}
			require.Zero(t, ones)
		}
	})
}

func FuzzPageHeader(f *testing.F) {
	p := testPage{typ: pageDataV2, values: 7, rows: 7, enc: encPlain}
	f.Add(p.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		var h pageHeader
		n, err := decodePageHeader(b, &h)
		if err == nil {
			require.LessOrEqual(t, n, len(b))
			require.GreaterOrEqual(t, h.compressed, int32(0))
		}
	})
}

// FuzzDecompress checks that no codec writes beyond its page, with every length of page.
func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x05\x10hello"), uint8(codecSnappy), uint16(5))
	f.Add([]byte{0, 0, 0, 5, 0, 0, 0, 6, 0x50, 'h', 'e', 'l', 'l', 'o'}, uint8(codecLZ4), uint16(5))
	f.Fuzz(func(t *testing.T, b []byte, codec uint8, size uint16) {
		buf := bytes.Repeat([]byte{0x5a}, int(size)+64)
		_ = decompress(int32(codec%9), buf[:size], b)
		require.Equal(t, bytes.Repeat([]byte{0x5a}, 64), buf[size:])
	})
}

var hintedSchema = arrow.NewSchema([]arrow.Field{
	{Name: "a", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "America/New_York"}},
	{Name: "b", Type: arrow.FixedWidthTypes.Duration_us},
	{Name: "c", Type: arrow.StructOf(arrow.Field{Name: "d", Type: arrow.BinaryTypes.LargeString})},
}, nil)

func FuzzArrowSchema(f *testing.F) {
	f.Add(emptyMessage(f, hintedSchema))
	f.Fuzz(func(t *testing.T, b []byte) {
		var count func([]arrowHint) int
		count = func(h []arrowHint) int {
			n := len(h)
			for i := range h {
				n += count(h[i].children)
			}
			return n
		}
		require.LessOrEqual(t, count(decodeArrowSchema(b)), len(b)/8)
		// Whatever the message says of a file, its columns are declared as something that their values fit.
		file := declaredFile(t, base64.StdEncoding.EncodeToString(b))
		for i, field := range file.Declared().Fields() {
			if own := file.Schema().Field(i).Type; !arrow.TypeEqual(own, field.Type) {
				require.Contains(t, []string{"fixed_size_list<item: int32, nullable>[2]", "decimal32(7, 2)", "decimal64(7, 2)"}, field.Type.String())
			}
		}
	})
}

// declaredFile opens a file of lists of two elements and of a decimal whose metadata have the text as Arrow schema.
func declaredFile(t testing.TB, text string) *File {
	schema := arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true},
		{Name: "d", Type: &arrow.Decimal128Type{Precision: 7, Scale: 2}, Nullable: true}}, nil)
	e, err := NewEncoder(schema, WriteOptions{})
	require.NoError(t, err)
	e.tree.arrowSchema = text
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"l": [1, 2], "d": "1.50"}, {"l": [3, null], "d": null}]`))
	require.NoError(t, err)
	g := e.Begin(nil)
	require.NoError(t, g.AddArrays(rec.Columns(), 2))
	c, err := g.Finish()
	require.NoError(t, err)
	var out bytes.Buffer
	out.Write(e.Head())
	_, err = c.WriteTo(&out)
	require.NoError(t, err)
	foot, err := e.Footer([]Placed{{c, int64(len(e.Head()))}}, int64(out.Len()))
	require.NoError(t, err)
	out.Write(foot)
	f, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), "x.parquet")
	require.NoError(t, err)
	return f
}

// TestDeclaredTypes: what the Arrow schema says of lists and decimals counts where it fits the file, and else for nothing.
func TestDeclaredTypes(t *testing.T) {
	i32 := arrow.PrimitiveTypes.Int32
	for _, c := range []struct {
		list, dec arrow.DataType
		want      string
	}{
		{arrow.FixedSizeListOf(2, i32), &arrow.Decimal32Type{Precision: 7, Scale: 2}, "fixed_size_list<item: int32, nullable>[2] decimal32(7, 2)"},
		{arrow.ListOf(i32), &arrow.Decimal64Type{Precision: 7, Scale: 2}, "list<item: int32, nullable> decimal64(7, 2)"},
		{arrow.FixedSizeListOf(1, i32), &arrow.Decimal64Type{Precision: 8, Scale: 2}, "list<item: int32, nullable> decimal(7, 2)"},
		{arrow.FixedSizeListOf(4, i32), &arrow.Decimal32Type{Precision: 7, Scale: 3}, "list<item: int32, nullable> decimal(7, 2)"},
		{arrow.FixedSizeListOf(1<<30, i32), &arrow.Decimal256Type{Precision: 7, Scale: 2}, "list<item: int32, nullable> decimal(7, 2)"},
		{arrow.BinaryTypes.String, arrow.FixedSizeListOf(2, i32), "list<item: int32, nullable> decimal(7, 2)"},
	} {
		s := arrow.NewSchema([]arrow.Field{{Name: "l", Type: c.list}, {Name: "d", Type: c.dec}}, nil)
		f := declaredFile(t, base64.StdEncoding.EncodeToString(emptyMessage(t, s)))
		require.Equal(t, c.want, f.Declared().Field(0).Type.String()+" "+f.Declared().Field(1).Type.String())
	}
	for _, text := range []string{"", "!", "AAAA", strings.Repeat("/////w", 40)} {
		f := declaredFile(t, text)
		require.True(t, f.Schema().Equal(f.Declared()), "%q", text)
	}
}

// emptyMessage is the metadata that Arrow writers add for a schema, and the end of its stream.
func emptyMessage(t testing.TB, s *arrow.Schema) []byte {
	var b bytes.Buffer
	require.NoError(t, ipc.NewWriter(&b, ipc.WithSchema(s)).Close())
	return b.Bytes()
}

func TestArrowSchema(t *testing.T) {
	hints := decodeArrowSchema(emptyMessage(t, hintedSchema))
	require.Len(t, hints, 3)
	require.Equal(t, "a", string(hints[0].name))
	require.Equal(t, "America/New_York", hints[0].zone)
	require.Equal(t, byte(arrowDuration), hints[1].typ)
	require.Equal(t, int16(arrow.Microsecond), hints[1].unit)
	require.Equal(t, byte(arrowLargeUTF8), hints[2].children[0].typ)
}
