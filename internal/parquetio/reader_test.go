package parquetio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// seedSub and seedRow have what parquet-go can write: encodings, levels and nesting.
type seedSub struct {
	A int32   `parquet:"a"`
	B *string `parquet:"b,optional"`
}

type seedRow struct {
	ID    int64              `parquet:"id"`
	Delta int32              `parquet:"delta,delta"`
	Name  string             `parquet:"name,dict"`
	Maybe *string            `parquet:"maybe,optional,dict"`
	Text  string             `parquet:"text"`
	DText string             `parquet:"dtext,delta"`
	Opt   *float64           `parquet:"opt,optional"`
	OptD  *int64             `parquet:"optd,optional,dict"`
	Flag  bool               `parquet:"flag"`
	Split float64            `parquet:"split,split"`
	Tags  []string           `parquet:"tags,list"`
	Rep   []int32            `parquet:"rep"`
	Deep  [][]int64          `parquet:"deep,list"`
	Attr  map[string]int64   `parquet:"attr"`
	Sub   *seedSub           `parquet:"sub,optional"`
	Subs  []seedSub          `parquet:"subs,list"`
	Fixed [4]byte            `parquet:"fixed"`
	Small uint8              `parquet:"small"`
	Lists map[string][]int32 `parquet:"lists"`
}

func seedRows(n int) []seedRow {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]seedRow, n)
	text := func(most int) string {
		return strings.Repeat("añb0", rng.IntN(most))[:0] + strings.Repeat("xyz", rng.IntN(most))
	}
	for i := range rows {
		r := &rows[i]
		r.ID, r.Delta = rng.Int64()-rng.Int64(), int32(i*7+rng.IntN(100)-1000)
		r.Name, r.Text, r.DText = fmt.Sprintf("name %d", rng.IntN(9)), text(9), fmt.Sprintf("prefix-%06d", i)
		if rng.IntN(5) > 0 {
			s, f := fmt.Sprintf("some longer name %d", i%11), rng.NormFloat64()
			r.Maybe, r.Opt = &s, &f
		}
		if i > n/2 && rng.IntN(3) > 0 {
			v := int64(i % 300)
			r.OptD = &v
		}
		r.Flag, r.Split, r.Small = rng.IntN(2) == 0, rng.Float64(), uint8(rng.IntN(256))
		for range rng.IntN(4) {
			r.Tags, r.Rep = append(r.Tags, text(5)), append(r.Rep, int32(i))
			r.Deep = append(r.Deep, make([]int64, rng.IntN(3)))
			r.Subs = append(r.Subs, seedSub{A: int32(i), B: r.Maybe})
		}
		r.Attr = map[string]int64{}
		if rng.IntN(2) == 0 {
			r.Attr["k"] = int64(i)
			r.Sub = &seedSub{A: int32(i), B: r.Maybe}
			r.Lists = map[string][]int32{"l": {1, 2, int32(i)}}
		}
		r.Fixed = [4]byte{byte(i), 1, 2, 3}
	}
	return rows
}

// writeSeed writes rows with parquet-go.
func writeSeed(t testing.TB, rows []seedRow, opts ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[seedRow](&b, opts...)
	_, err := w.Write(rows)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// rowsOf formats the rows of a batch.
func rowsOf(cols []arrow.Array, rows int) []string {
	out := make([]string, rows)
	for i := range out {
		for _, c := range cols {
			out[i] += valueOf(c, i) + "|"
		}
	}
	return out
}

func valueOf(c arrow.Array, i int) string {
	if c.IsNull(i) {
		return "∅"
	}
	if d, ok := c.(*array.Dictionary); ok {
		return valueOf(d.Dictionary(), d.GetValueIndex(i))
	}
	b, err := json.Marshal(c.GetOneForMarshal(i))
	if err != nil {
		return c.ValueStr(i)
	}
	return string(b)
}

func readRows(t testing.TB, f *File, o ReadOptions) []string {
	t.Helper()
	var rows []string
	_, err := readAll(f, o, func(cols []arrow.Array, n int) { rows = append(rows, rowsOf(cols, n)...) })
	require.NoError(t, err)
	return rows
}

// wantRows formats rows as rowsOf does.
func wantRows(rows []seedRow) []string {
	out := make([]string, len(rows))
	for i := range rows {
		r := &rows[i]
		sub := func(s *seedSub) any {
			if s == nil {
				return nil
			}
			return map[string]any{"a": s.A, "b": s.B}
		}
		list := func(v any, n int) any {
			if n == 0 {
				return []int{}
			}
			return v
		}
		entries := func(n int, k string, v any) any {
			if n == 0 {
				return []int{}
			}
			return []map[string]any{{"key": k, "value": v}}
		}
		subs := make([]any, len(r.Subs))
		for j := range r.Subs {
			subs[j] = sub(&r.Subs[j])
		}
		deep := make([]any, len(r.Deep))
		for j, d := range r.Deep {
			deep[j] = list(d, len(d))
		}
		for _, v := range []any{r.ID, r.Delta, r.Name, r.Maybe, r.Text, r.DText, r.Opt, r.OptD, r.Flag, r.Split, list(r.Tags, len(r.Tags)),
			list(r.Rep, len(r.Rep)), deep, entries(len(r.Attr), "k", r.Attr["k"]), sub(r.Sub), subs, r.Fixed[:], r.Small,
			entries(len(r.Lists), "l", r.Lists["l"])} {
			b, _ := json.Marshal(v)
			if string(b) == "null" {
				b = []byte("∅")
			}
			out[i] += string(b) + "|"
		}
	}
	return out
}

func seedOptions() map[string][]parquet.WriterOption {
	return map[string][]parquet.WriterOption{
		"plain v1":  {parquet.DataPageVersion(1), parquet.PageBufferSize(700)},
		"plain v2":  {parquet.DataPageVersion(2), parquet.PageBufferSize(900)},
		"snappy v1": {parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1)},
		"zstd v2":   {parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(5000)},
		"gzip":      {parquet.Compression(&parquet.Gzip), parquet.MaxRowsPerRowGroup(333)},
		"brotli":    {parquet.Compression(&parquet.Brotli)},
		"lz4":       {parquet.Compression(&parquet.Lz4Raw), parquet.PageBufferSize(2000)},
	}
}

func TestRoundTrip(t *testing.T) {
	rows := seedRows(1500)
	want := wantRows(rows)
	for name, opts := range seedOptions() {
		t.Run(name, func(t *testing.T) {
			b := writeSeed(t, rows, opts...)
			for _, o := range []ReadOptions{{}, {BatchRows: 7}, {KeepDictionaries: true, BatchRows: 100}} {
				require.Equal(t, want, readRows(t, mustOpen(t, b), o))
			}
			mem := newMemFile(b)
			f, err := Open(mem, int64(len(b)), "mem")
			require.NoError(t, err)
			require.Equal(t, want, readRows(t, f, ReadOptions{KeepDictionaries: true}), "over mapped bytes")
		})
	}
}

// TestRanges checks that any ranges give the rows that they name.
func TestRanges(t *testing.T) {
	rows := seedRows(1500)
	for name, opts := range seedOptions() {
		t.Run(name, func(t *testing.T) {
			f := mustOpen(t, writeSeed(t, rows, opts...))
			checkRanges(t, f, 12)
		})
	}
}

func checkRanges(t *testing.T, f *File, tries int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	for g := range f.NumRowGroups() {
		var all []string
		n := f.RowGroup(g).Rows
		collect := func(o ReadOptions) (out []string) {
			o.RowGroup = g
			r, err := f.Read(o)
			require.NoError(t, err)
			defer r.Close()
			for {
				b, err := r.Next(context.Background())
				if err == io.EOF {
					return out
				}
				require.NoError(t, err)
				require.Positive(t, b.Rows)
				out = append(out, rowsOf(b.Cols, b.Rows)...)
			}
		}
		all = collect(ReadOptions{})
		require.Len(t, all, int(n))
		for range tries {
			var ranges []RowRange
			var want []string
			for at := rng.Int64N(n + 1); at < n; {
				to := at + rng.Int64N(min(n-at, 400)+1)
				ranges = append(ranges, RowRange{at, to})
				want = append(want, all[at:to]...)
				at = to + rng.Int64N(300)
			}
			if ranges == nil {
				ranges = []RowRange{}
			}
			o := ReadOptions{Ranges: ranges, BatchRows: 1 + rng.IntN(500), KeepDictionaries: rng.IntN(2) == 0}
			require.Equal(t, want, collect(o), "%+v", o)
		}
	}
}

func TestColumns(t *testing.T) {
	f := mustOpen(t, writeSeed(t, seedRows(100)))
	r, err := f.Read(ReadOptions{Columns: []int{8, 0, 8}})
	require.NoError(t, err)
	b, err := r.Next(context.Background())
	require.NoError(t, err)
	require.Len(t, b.Cols, 3)
	require.Equal(t, 100, b.Rows)
	require.IsType(t, &array.Boolean{}, b.Cols[0])
	require.True(t, array.Equal(b.Cols[0], b.Cols[2]))
	require.NoError(t, r.Close())
	_, err = r.Next(context.Background())
	require.Error(t, err, "after Close")

	r, err = f.Read(ReadOptions{Columns: []int{}, BatchRows: 30, Ranges: []RowRange{{10, 75}}})
	require.NoError(t, err)
	var counts []int
	for {
		b, err := r.Next(context.Background())
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.Empty(t, b.Cols)
		require.Equal(t, len(counts), b.Seq.Batch())
		counts = append(counts, b.Rows)
	}
	require.Equal(t, []int{30, 30, 5}, counts)
	_, err = f.Read(ReadOptions{Columns: []int{99}})
	require.Error(t, err)
	_, err = f.Read(ReadOptions{Ranges: []RowRange{{5, 10}, {3, 4}}})
	require.Error(t, err)
	_, err = f.Read(ReadOptions{RowGroup: 1})
	require.Error(t, err)
}

func TestCanceled(t *testing.T) {
	f := mustOpen(t, writeSeed(t, seedRows(10)))
	r, err := f.Read(ReadOptions{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = r.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// fallbackFile has a string column whose pages are dictionary-encoded at first and plain later, beside a column of numbers.
func fallbackFile() []byte {
	codes := append([]byte{1}, packedRun(1, 0, 1, 0, 1, 1, 1, 0, 0)...)
	s := testColumn{name: "s", typ: physByteArray, conv: testUTF8, nulls: -1, pages: []testPage{
		{typ: pageDict, values: 2, body: plainStrings("alpha", "a value too long to be inline")},
		{typ: pageData, values: 8, enc: encRLEDict, body: codes},
		{typ: pageData, values: 3, enc: encPlainDict, body: append([]byte{1}, rleRun(3, 1, 1)...)},
		{typ: pageData, values: 3, enc: encPlain, body: plainStrings("p0", "another plain value, also long", "p2")},
		{typ: pageData, values: 2, enc: encRLEDict, body: append([]byte{1}, rleRun(2, 1, 0)...)},
	}}
	var ids []int32
	for i := range 16 {
		ids = append(ids, int32(i))
	}
	n := testColumn{name: "n", typ: physInt32, nulls: -1, pages: []testPage{{typ: pageData, values: 16, enc: encPlain, body: plain32(ids...)}}}
	return makeFile(16, s, n)
}

func TestDictionaryFallback(t *testing.T) {
	f := mustOpen(t, fallbackFile())
	want := readRows(t, f, ReadOptions{})
	require.Contains(t, want[11], "p0")
	require.Equal(t, "\"alpha\"|15|", want[15])
	for _, batch := range []int{3, 5, 100} {
		r, err := f.Read(ReadOptions{KeepDictionaries: true, BatchRows: batch})
		require.NoError(t, err)
		var got []string
		var dict arrow.ArrayData
		kinds := ""
		for {
			b, err := r.Next(context.Background())
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			got = append(got, rowsOf(b.Cols, b.Rows)...)
			switch c := b.Cols[0].(type) {
			case *array.Dictionary:
				require.IsType(t, &array.Uint32{}, c.Indices())
				require.IsType(t, &array.StringView{}, c.Dictionary())
				if dict == nil {
					dict = c.Data().Dictionary()
				}
				require.Same(t, dict, c.Data().Dictionary(), "one dictionary")
				kinds += "d"
			case *array.StringView:
				kinds += "v"
			}
		}
		require.Equal(t, want, got)
		require.Regexp(t, "^d+v+d+$", kinds)
		require.NoError(t, r.Close())
	}
	v, err := f.DictionaryValues(0, 0)
	require.NoError(t, err)
	require.Nil(t, v, "not all pages have codes")
	checkRanges(t, f, 30)
}

func TestBitPackedLevels(t *testing.T) {
	// 10 values, most significant bit first: 1011 0010 11
	body := append([]byte{0b10110010, 0b11000000}, plain32(1, 2, 3, 4, 5, 6)...)
	f := mustOpen(t, makeFile(10, testColumn{name: "x", typ: physInt32, rep: repOptional, nulls: -1,
		pages: []testPage{{typ: pageData, values: 10, enc: encPlain, defEnc: encBitPacked, body: body}}}))
	require.Equal(t, []string{"1|", "∅|", "2|", "3|", "∅|", "∅|", "4|", "∅|", "5|", "6|"}, readRows(t, f, ReadOptions{}))
}

func TestUTF8Modes(t *testing.T) {
	bad := "long enough to be no inline value \xff"
	file := func(dict bool) []byte {
		c := testColumn{name: "s", typ: physByteArray, conv: testUTF8, nulls: -1}
		if dict {
			c.pages = []testPage{{typ: pageDict, values: 2, body: plainStrings("é", bad)},
				{typ: pageData, values: 2, enc: encRLEDict, body: append([]byte{1}, packedRun(1, 0, 1, 0, 0, 0, 0, 0, 0)...)}}
		} else {
			c.pages = []testPage{{typ: pageData, values: 2, enc: encPlain, body: plainStrings("é", bad)}}
		}
		return makeFile(2, c)
	}
	for _, dict := range []bool{false, true} {
		f := mustOpen(t, file(dict))
		_, err := readAll(f, ReadOptions{}, nil)
		require.ErrorContains(t, err, "not valid UTF-8")
		require.ErrorContains(t, err, `column "s"`)
		for mode, want := range map[UTF8Mode]string{UTF8Replace: "long enough to be no inline value \ufffd", UTF8Keep: bad} {
			_, err := readAll(f, ReadOptions{UTF8: mode, KeepDictionaries: dict}, func(cols []arrow.Array, rows int) {
				var s *array.StringView
				if d, ok := cols[0].(*array.Dictionary); ok {
					s = d.Dictionary().(*array.StringView)
				} else {
					s = cols[0].(*array.StringView)
				}
				require.Equal(t, "é", s.Value(0))
				require.Equal(t, want, s.Value(1))
			})
			require.NoError(t, err)
		}
	}
}

func TestRowGroupPlan(t *testing.T) {
	f := mustOpen(t, writeSeed(t, seedRows(1000)))
	require.Equal(t, []RowRange{{0, 1000}}, f.RowGroupPlan(0, nil, SplitGoal{Rows: 10}), "too few rows to divide")
	require.Equal(t, []RowRange{{0, 334}, {334, 667}, {667, 1000}}, f.RowGroupPlan(0, nil, SplitGoal{Rows: 333, MinRows: 1}))
	require.Equal(t, []RowRange{{0, 1000}}, f.RowGroupPlan(0, nil, SplitGoal{}))
	info := f.RowGroup(0)
	parts := f.RowGroupPlan(0, []int{0, 1}, SplitGoal{Bytes: (info.ColumnBytes[0] + info.ColumnBytes[1]) / 4, MinRows: 1})
	require.Len(t, parts, 4)
}

func TestReserve(t *testing.T) {
	f := mustOpen(t, writeSeed(t, seedRows(500)))
	var held int64
	r, err := f.Read(ReadOptions{Reserve: func(n int64) (func(), error) {
		held += n
		return func() { held -= n }, nil
	}})
	require.NoError(t, err)
	_, err = r.Next(context.Background())
	require.NoError(t, err)
	require.Positive(t, held)
	require.NoError(t, r.Close())
	require.Zero(t, held)

	r, err = f.Read(ReadOptions{Reserve: func(int64) (func(), error) { return nil, io.ErrShortBuffer }})
	require.NoError(t, err)
	_, err = r.Next(context.Background())
	require.ErrorIs(t, err, io.ErrShortBuffer)
	require.NoError(t, r.Close())
}

// TestConcurrentReaders reads parts of one row group at once, as splits do.
func TestConcurrentReaders(t *testing.T) {
	f := mustOpen(t, writeSeed(t, seedRows(800), parquet.PageBufferSize(600)))
	want := readRows(t, f, ReadOptions{})
	parts := f.RowGroupPlan(0, nil, SplitGoal{Rows: 100, MinRows: 1})
	require.Len(t, parts, 8)
	got := make([][]string, len(parts))
	errs := make(chan error, len(parts))
	for i, p := range parts {
		go func() {
			r, err := f.Read(ReadOptions{Ranges: []RowRange{p}, BatchRows: 64})
			for err == nil {
				b, e := r.Next(context.Background())
				if err = e; err == nil {
					got[i] = append(got[i], rowsOf(b.Cols, b.Rows)...)
				}
			}
			r.Close()
			errs <- err
		}()
	}
	for range parts {
		require.ErrorIs(t, <-errs, io.EOF)
	}
	require.Equal(t, want, slices.Concat(got...))
}

// counting counts the bytes that are read.
type counting struct {
	r *bytes.Reader
	n int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += int64(len(p))
	return c.r.ReadAt(p, off)
}

// TestRangeReads checks that a small range of a large row group reads a small part of the file, with and without an offset index.
func TestRangeReads(t *testing.T) {
	const n = 400_000
	var pages []testPage
	for at := 0; at < n; at += 10_000 {
		body := make([]byte, 0, 80_000)
		for i := range 10_000 {
			body = append(body, plain64(int64(at+i))...)
		}
		pages = append(pages, testPage{typ: pageData, values: 10_000, enc: encPlain, body: body})
	}
	walked := makeFile(n, testColumn{name: "c", typ: physInt64, nulls: -1, pages: pages})
	type row struct {
		C int64 `parquet:"c"`
	}
	var indexed bytes.Buffer
	w := parquet.NewGenericWriter[row](&indexed, parquet.PageBufferSize(80_000))
	for at := range n {
		_, err := w.Write([]row{{int64(at)}})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	for name, b := range map[string][]byte{"walked": walked, "indexed": indexed.Bytes()} {
		c := &counting{r: bytes.NewReader(b)}
		f, err := Open(c, int64(len(b)), name)
		require.NoError(t, err)
		c.n = 0
		got := readRows(t, f, ReadOptions{Ranges: []RowRange{{123_456, 124_456}}})
		require.Len(t, got, 1000)
		require.Equal(t, "123456|", got[0])
		require.Equal(t, "124455|", got[999])
		require.Less(t, c.n, int64(len(b)/8), "%s: of %d bytes", name, len(b))
	}
}
