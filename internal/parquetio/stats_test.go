package parquetio

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/partition"
)

// statColumn makes a required column of one null-free page with statistics.
func statColumn(c testColumn) testColumn {
	c.name = "c"
	if c.pages == nil {
		c.pages = []testPage{{typ: pageData, values: 1, enc: encPlain, body: make([]byte, 16)}}
	}
	return c
}

func TestStats(t *testing.T) {
	nan := plainDoubles(nanValue())
	for name, tc := range map[string]struct {
		col      testColumn
		min, max any
	}{
		"int64":                        {testColumn{typ: physInt64, min: plain64(-5), max: plain64(7)}, int64(-5), int64(7)},
		"int64, old":                   {testColumn{typ: physInt64, oldMin: plain64(-5), oldMax: plain64(7)}, int64(-5), int64(7)},
		"uint64":                       {testColumn{typ: physInt64, conv: convUint64, min: plain64(5), max: plain64(-1)}, uint64(5), ^uint64(0)},
		"uint64, old":                  {testColumn{typ: physInt64, conv: convUint64, oldMin: plain64(-1), oldMax: plain64(5)}, nil, nil},
		"int8":                         {testColumn{typ: physInt32, conv: convInt8, min: plain32(-3), max: plain32(3)}, int64(-3), int64(3)},
		"text":                         {testColumn{typ: physByteArray, conv: testUTF8, min: []byte("a"), max: []byte("bc")}, "a", "bc"},
		"text, empty":                  {testColumn{typ: physByteArray, conv: testUTF8, min: []byte{}, max: []byte("bc")}, "", "bc"},
		"text, old":                    {testColumn{typ: physByteArray, conv: testUTF8, oldMin: []byte("a"), oldMax: []byte("bc")}, nil, nil},
		"bytes":                        {testColumn{typ: physByteArray, min: []byte("a"), max: []byte("bc")}, []byte("a"), []byte("bc")},
		"wrong way round":              {testColumn{typ: physInt64, min: plain64(7), max: plain64(5)}, nil, nil},
		"wrong size":                   {testColumn{typ: physInt64, min: plain32(7), max: plain64(9)}, nil, int64(9)},
		"only a maximum":               {testColumn{typ: physInt64, max: plain64(9)}, nil, int64(9)},
		"double":                       {testColumn{typ: physDouble, min: plainDoubles(-1.5), max: plainDoubles(2)}, -1.5, 2.0},
		"NaN":                          {testColumn{typ: physDouble, min: nan, max: plainDoubles(2)}, nil, nil},
		"double, wrong way round":      {testColumn{typ: physDouble, min: plainDoubles(3), max: plainDoubles(2)}, nil, nil},
		"date":                         {testColumn{typ: physInt32, conv: convDate, min: plain32(0), max: plain32(365)}, time.Unix(0, 0).UTC(), time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC)},
		"timestamp":                    {testColumn{typ: physInt64, conv: convTimestampMillis, min: plain64(1500), max: plain64(2500)}, time.UnixMilli(1500).UTC(), time.UnixMilli(2500).UTC()},
		"time of day out of its range": {testColumn{typ: physInt64, conv: convTimeMicros, min: plain64(-1), max: plain64(1 << 62)}, nil, nil},
		"bool":                         {testColumn{typ: physBoolean, min: []byte{0}, max: []byte{1}}, false, true},
		"int96":                        {testColumn{typ: physInt96, min: make([]byte, 12), max: make([]byte, 12)}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tc.col.nulls = -1
			f := mustOpen(t, makeFile(1, statColumn(tc.col)))
			s := f.Stats(0)["c"]
			require.Equal(t, tc.min, s.Min)
			require.Equal(t, tc.max, s.Max)
			require.True(t, s.NullsKnown, "a required column has no nulls")
		})
	}
}

func nanValue() float64 { var z float64; return z / z }

func TestStatsNulls(t *testing.T) {
	for nulls, want := range map[int]partition.ColumnStats{
		-1: {}, 0: {NullsKnown: true}, 1: {NullsKnown: true, Nulls: 1}, 9: {}, // more than there are rows
	} {
		f := mustOpen(t, makeFile(1, statColumn(testColumn{typ: physInt64, rep: repOptional, nulls: nulls})))
		require.Equal(t, want, f.Stats(0)["c"])
	}
}

func TestStatsDuplicateNames(t *testing.T) {
	c := statColumn(testColumn{typ: physInt64, nulls: -1, min: plain64(1), max: plain64(2)})
	f := mustOpen(t, makeFile(1, c, c))
	require.Equal(t, 2, f.Schema().NumFields())
	require.Empty(t, f.Stats(0))
}

func TestPages(t *testing.T) {
	rows := seedRows(1000)
	for i := range rows {
		rows[i].ID = int64(i)
	}
	f := mustOpen(t, writeSeed(t, rows, parquet.PageBufferSize(800), parquet.DataPageStatistics(true)))
	pages, err := f.Pages(0, 0)
	require.NoError(t, err)
	require.Greater(t, len(pages), 3)
	at := int64(0)
	for _, p := range pages {
		require.Equal(t, at, p.Rows.From)
		require.Equal(t, p.Rows.From, p.Stats.Min)
		require.Equal(t, p.Rows.To-1, p.Stats.Max)
		at = p.Rows.To
	}
	require.Equal(t, int64(1000), at)
	nested := f.Schema().FieldIndices("tags")[0]
	pages, err = f.Pages(0, nested)
	require.NoError(t, err)
	require.Nil(t, pages)
}

func TestDictionaryValues(t *testing.T) {
	f := mustOpen(t, writeSeed(t, seedRows(500), parquet.PageBufferSize(900)))
	col := func(name string) int { return f.Schema().FieldIndices(name)[0] }
	v, err := f.DictionaryValues(0, col("name"))
	require.NoError(t, err)
	require.Equal(t, 9, v.Len())
	require.IsType(t, &array.StringView{}, v)
	v, err = f.DictionaryValues(0, col("optd"))
	require.NoError(t, err)
	require.IsType(t, &array.Int64{}, v)
	for _, name := range []string{"id", "text", "tags", "flag"} {
		v, err = f.DictionaryValues(0, col(name))
		require.NoError(t, err)
		require.Nil(t, v, name)
	}
}

// TestDeltaAnswers compares the delta encodings' conformance files with the answers that come with them.
func TestDeltaAnswers(t *testing.T) {
	dir := sharedData(t, "parquet")
	for _, name := range []string{"delta_binary_packed", "delta_byte_array", "delta_encoding_optional_column", "delta_encoding_required_column"} {
		t.Run(name, func(t *testing.T) {
			fd, err := os.Open(filepath.Join(dir, name+"_expect.csv"))
			require.NoError(t, err)
			defer fd.Close()
			want, err := csv.NewReader(fd).ReadAll()
			require.NoError(t, err)
			f, done, err := openPath(filepath.Join(dir, name+".parquet"))
			require.NoError(t, err)
			defer done()
			row := 1
			_, err = readAll(f, ReadOptions{KeepDictionaries: true, BatchRows: 33}, func(cols []arrow.Array, n int) {
				for i := range n {
					for j, c := range cols {
						got := ""
						if c.IsValid(i) {
							got = c.ValueStr(i)
						}
						require.Equal(t, want[row][j], got, "row %d, column %s", row, want[0][j])
					}
					row++
				}
			})
			require.NoError(t, err)
			require.Len(t, want, row)
		})
	}
}

// The values of dictionaries are the caller's: what other readers take from the memory of a closed one does not show in them.
func TestDictionaryValuesStay(t *testing.T) {
	f := mustOpen(t, writeSeed(t, seedRows(1000)))
	before := map[int]string{}
	all := map[int]arrow.Array{}
	for c := range f.Schema().NumFields() {
		v, err := f.DictionaryValues(0, c)
		require.NoError(t, err)
		if v != nil {
			before[c], all[c] = v.String(), v
		}
	}
	require.NotEmpty(t, all)
	require.NoError(t, readSome(f, ReadOptions{}))
	for c, v := range all {
		require.Equal(t, before[c], v.String(), "column %s", f.Schema().Field(c).Name)
	}
}
