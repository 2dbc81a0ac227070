package readers

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/partition/partitiontest"
)

// csvFiles writes files, named a.csv, b.csv…, into a folder.
func csvFiles(t testing.TB, texts ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for i, text := range texts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".csv"), []byte(text), 0o644))
	}
	return dir
}

// csvShow is the schema of a source as name:type, and its rows.
func csvShow(t testing.TB, src partition.Source) (schema string, rows [][]string) {
	t.Helper()
	var fields []string
	for _, f := range src.Schema().Fields() {
		fields = append(fields, f.Name+":"+f.Type.String())
	}
	return strings.Join(fields, " "), rowsOf(t, src, partition.ScanRequest{})
}

func csvOf(t testing.TB, text string, o *CSVOptions) partition.Source {
	t.Helper()
	src, err := newCSVSource(filepath.Join(csvFiles(t, text), "a.csv"), o, false)
	require.NoError(t, err)
	return src
}

// taxiText is a file of some thousand rows with all that makes seams hard: quotes, quoted newlines, CRLF here and there, nulls.
func taxiText(rows int) string {
	var b strings.Builder
	b.WriteString("id,at,fare,note,flag,none\n")
	for i := range rows {
		note := []string{"", `"a, b"`, "plain", "\"two\nlines\"", `"say ""hi"""`, `""`}[i%6]
		end := []string{"\n", "\r\n"}[i/7%2]
		fmt.Fprintf(&b, "%d,2019-03-%02d %02d:%02d:00,%.2f,%s,%v,%s", i, 1+i%28, i%24, i%60, float64(i)/8, note, i%3 == 0, end)
	}
	return b.String()
}

func TestCSVConforms(t *testing.T) {
	dir := csvFiles(t, taxiText(5000))
	src, err := newCSVSource(filepath.Join(dir, "a.csv"), nil, false)
	require.NoError(t, err)
	require.Equal(t, "id:int64 at:timestamp[us] fare:float64 note:utf8 flag:bool none:utf8", func() string { s, _ := csvShow(t, src); return s }())
	partitiontest.TestSource(t, src)
}

func TestCSVRejectsConforms(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n1,2,3\n\"x\"y,4\n", 400)
	src, err := newCSVSource(filepath.Join(csvFiles(t, text), "a.csv"), nil, true)
	require.NoError(t, err)
	partitiontest.TestSource(t, src)
}

func TestCSVInference(t *testing.T) {
	src := csvOf(t, strings.Join([]string{
		"i,f,big,zip,b,d,ts,z,tm,us,eu,amb,txt,na,empty,q,ns,plus",
		"1,1.5,99999999999999999999,007,true,2020-01-02,2020-01-02 03:04:05,2020-01-02T03:04:05Z,10:11:12,12/31/2020,31.12.2020,01/02/2020,x,NA,,\"\",2020-01-01 00:00:00.123456789,+1",
		"-20,2,1,120,FALSE,2020-1-3,2020-01-02,2020-01-02T03:04:05+01:00,23:00:00,1/2/2020,1.2.2020,03/04/2020,NA,5,,7,2020-01-01,2",
	}, "\n"), nil)
	schema, rows := csvShow(t, src)
	require.Equal(t, "i:int64 f:float64 big:utf8 zip:utf8 b:bool d:date32 ts:timestamp[us] z:timestamp[us, tz=UTC] tm:time64[us] us:date32 eu:date32 amb:utf8 txt:utf8 na:int64 empty:utf8 q:int64 ns:timestamp[ns] plus:utf8", schema)
	require.Equal(t, []string{"1", "1.5", "99999999999999999999", "007", "true", "2020-01-02", "2020-01-02T03:04:05", "2020-01-02T03:04:05Z", "10:11:12.000000", "2020-12-31", "2020-12-31",
		"01/02/2020", "x", "∅", "∅", "∅", "2020-01-01T00:00:00.123456789", "+1"}, rows[0])
	require.Equal(t, []string{"-20", "2", "1", "120", "false", "2020-01-03", "2020-01-02T00:00:00", "2020-01-02T02:04:05Z", "23:00:00.000000", "2020-01-02", "2020-02-01",
		"03/04/2020", "NA", "5", "∅", "7", "2020-01-01T00:00:00", "2"}, rows[1])
}

func TestCSVQuirks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          *CSVOptions
		schema     string
		rows       [][]string
	}{
		{"blank line after the header, CRLF", "vendor, pickup\r\n\r\nVTS,1\r\n\r\n", nil, "vendor:utf8 pickup:int64", [][]string{{"VTS", "1"}}},
		{"surplus empty fields", "a,b\n\n1,2,,\n3,4,,\n", nil, "a:int64 b:int64", [][]string{{"1", "2"}, {"3", "4"}}},
		{"surplus empty fields in one row, CRLF", "a,b\r\n1,2\r\n3,4,,\r\n", nil, "a:int64 b:int64", [][]string{{"1", "2"}, {"3", "4"}}},
		{"integers written as floats", "a\n1\n1.0\n", nil, "a:float64", [][]string{{"1"}, {"1"}}},
		{"byte order mark", "\ufeffa,b\n1,2", nil, "a:int64 b:int64", [][]string{{"1", "2"}}},
		{"old Mac newlines", "a,b\r1,2\r3,4", nil, "a:int64 b:int64", [][]string{{"1", "2"}, {"3", "4"}}},
		{"header only", "a,b\n", nil, "a:utf8 b:utf8", nil},
		{"one column keeps blank lines", "a\n1\n\n3\n", nil, "a:int64", [][]string{{"1"}, {"∅"}, {"3"}}},
		{"empty text and null", "a,b\n\"\",1\n,2\n", nil, "a:utf8 b:int64", [][]string{{"", "1"}, {"∅", "2"}}},
		{"names made unique", "a,,a\n1,2,3\n", nil, "a:int64 column2:int64 a_1:int64", [][]string{{"1", "2", "3"}}},
		{"no header", "1,x\n2,y\n", &CSVOptions{NoHeader: true}, "column1:int64 column2:utf8", [][]string{{"1", "x"}, {"2", "y"}}},
		{"skip rows and comments", "junk\n\"junk\na;b\n# \" no\n1;2\n", &CSVOptions{SkipRows: 2, Comma: ';', Comment: '#'}, "a:int64 b:int64", [][]string{{"1", "2"}}},
		{"escape", "a,b\n\"x\\\"y\\\\\",1\n", &CSVOptions{Escape: '\\'}, "a:utf8 b:int64", [][]string{{`x"y\`, "1"}}},
		{"no quotes", "a,b\n\"x,1\n", &CSVOptions{Quote: None}, "a:utf8 b:int64", [][]string{{`"x`, "1"}}},
		{"separators of numbers", "a;b\n1.234,5;-1.000\n", &CSVOptions{Comma: ';', Decimal: ',', Thousands: '.'}, "a:float64 b:int64", [][]string{{"1234.5", "-1000"}}},
		{"null spellings", "a,b\n-,x\n1,-\n", &CSVOptions{Nulls: []string{"-"}}, "a:int64 b:utf8", [][]string{{"∅", "x"}, {"1", "∅"}}},
		{"boolean spellings", "a\nJa\nnein\n", &CSVOptions{True: []string{"ja"}, False: []string{"Nein"}}, "a:bool", [][]string{{"true"}, {"false"}}},
		{"layouts", "a,b\n2-Jan-06,x\n3-Feb-07,y\n", &CSVOptions{TimeLayouts: []string{"2-Jan-06"}}, "a:date32 b:utf8", [][]string{{"2006-01-02", "x"}, {"2007-02-03", "y"}}},
		{"pad", "a,b,c\n1\n1,2\n", &CSVOptions{Ragged: Pad}, "a:int64 b:int64 c:utf8", [][]string{{"1", "∅", "∅"}, {"1", "2", "∅"}}},
		{"skip", "a,b\n1\n1,2\n1,2,3\n\"x\"y,2\n3,4\n", &CSVOptions{Ragged: Skip}, "a:int64 b:int64", [][]string{{"1", "2"}, {"3", "4"}}},
		{"latin1", "a,b\nZ\xfcrich,1\n", &CSVOptions{Encoding: Latin1}, "a:utf8 b:int64", [][]string{{"Zürich", "1"}}},
		{"utf16", "\xff\xfea\x00,\x00b\x00\n\x00\xfc\x00,\x001\x00\n\x00", nil, "a:utf8 b:int64", [][]string{{"ü", "1"}}},
		{"replaced bytes", "a,b\nZ\xfcrich,1\n", &CSVOptions{ReplaceInvalid: true}, "a:utf8 b:int64", [][]string{{"Z\uFFFDrich", "1"}}},
		{"declared types", "a,b,c\n007,1.50,2020\n", &CSVOptions{Types: map[string]arrow.DataType{"a": arrow.PrimitiveTypes.Int32, "b": &arrow.Decimal128Type{Precision: 9, Scale: 2}, "c": arrow.BinaryTypes.String}},
			"a:int32 b:decimal(9, 2) c:utf8", [][]string{{"7", "1.5", "2020"}}},
		{"declared schema", "b,a\n1,2\n", &CSVOptions{Schema: arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int16}, {Name: "none", Type: arrow.BinaryTypes.String}}, nil)},
			"a:int16 none:utf8", [][]string{{"2", "∅"}}},
		{"infinities", "a\ninf\n-Infinity\nNaN\n1e400\n", nil, "a:float64", [][]string{{"+Inf"}, {"-Inf"}, {"NaN"}, {"+Inf"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			schema, rows := csvShow(t, csvOf(t, c.text, c.o))
			require.Equal(t, c.schema, schema)
			require.Equal(t, c.rows, rows)
		})
	}
}

func TestCSVErrors(t *testing.T) {
	row := "1,2," + strings.Repeat("x", 300) + "\n"
	for _, c := range []struct {
		name, text string
		o          *CSVOptions
		want       []string
	}{
		{"empty file", "", nil, []string{"the file is empty"}},
		{"blank file", "\n\n", nil, []string{"no rows"}},
		{"too many fields", "a,b\n1,2\n\n3,4,5\n", nil, []string{"3 fields where 2 are expected", "line 4", `"3,4,5"`, "Ragged"}},
		{"too few fields, quoted newline before", "a,b\n\"x\ny\",2\n3\n", nil, []string{"1 field where 2 are expected", "line 4"}},
		{"surplus in Pad", "a,b\n1,2,3\n", &CSVOptions{Ragged: Pad}, []string{"3 fields"}},
		{"text after quote", "a,b\n\"x\"y,2\n", nil, []string{"after the closing quote", "line 2", "Quote"}},
		{"open quote", "a,b\n1,2\n\"x,2\n3,4\n", nil, []string{"a quote is not closed", "line 3"}},
		{"open quote in the header", "a,\"b\n1,2\n", nil, []string{"not closed"}},
		{"late conflict", "a,b,c\n" + strings.Repeat(row, 8000) + "1,x,\n" + strings.Repeat(row, 12000), nil, []string{"line 8002", `column "b"`, `value "x"`, "int64", "inferred", `Types: map[string]arrow.DataType{"b"`}},
		{"invalid UTF-8", "a,b\nx,1\nZ\xfcrich,1\n", nil, []string{"not valid UTF-8", "line 3", `column "a"`, "ReplaceInvalid"}},
		{"declared type", "a\n1\n300\n", &CSVOptions{Types: map[string]arrow.DataType{"a": arrow.PrimitiveTypes.Int8}}, []string{"out of range", "int8", "line 3", "declared"}},
		{"unknown name in Types", "fare,b\n1,2\n", &CSVOptions{Types: map[string]arrow.DataType{"fair": arrow.PrimitiveTypes.Int8}}, []string{`"fair"`, `did you mean "fare"?`}},
		{"unknown type", "a\n1\n", &CSVOptions{Types: map[string]arrow.DataType{"a": arrow.ListOf(arrow.PrimitiveTypes.Int8)}}, []string{"cannot be read as list"}},
		{"same characters", "a\n1\n", &CSVOptions{Comma: '"'}, []string{"same character"}},
		{"wide character", "a\n1\n", &CSVOptions{Comma: 'é'}, []string{"ASCII"}},
		{"long row", "a,b\n\"" + strings.Repeat("x\n", 50000) + "\",1\n", &CSVOptions{MaxRowBytes: 70000}, []string{"more than 70000 bytes", "MaxRowBytes"}},
		{"duplicate name", "a,a\n1,2\n", &CSVOptions{Strict: true}, []string{"Strict"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, err := newCSVSource(filepath.Join(csvFiles(t, c.text), "a.csv"), c.o, false)
			for _, size := range []int64{0, 1 << 20} {
				if err == nil || size > 0 {
					if src == nil {
						break
					}
					_, err = tryRows(src, partition.ScanRequest{SplitBytes: size})
				}
				var f *fault.Error
				require.ErrorAs(t, err, &f)
				for _, w := range c.want {
					require.Contains(t, err.Error(), w)
				}
			}
		})
	}
}

// TestCSVRowsBeforeError: a limit that is reached before a bad row never sees it.
func TestCSVRowsBeforeError(t *testing.T) {
	src := csvOf(t, "a,b\n1,2\n3,4\nx\n", nil)
	rows, err := tryRows(src, partition.ScanRequest{Limit: 2})
	require.NoError(t, err)
	require.Len(t, rows, 2)
}

func TestCSVRejects(t *testing.T) {
	dir := csvFiles(t, "a,b\n1,2\n\"q\nr\",2\n3\n4,5,6\n\"x\"y,7\n8,9\n")
	for range 2 {
		src, err := newCSVSource(filepath.Join(dir, "a.csv"), nil, true)
		require.NoError(t, err)
		rows := rowsOf(t, src, partition.ScanRequest{Columns: []string{"line", "text", "reason"}})
		require.Equal(t, [][]string{{"5", "3", "1 field where 2 are expected"}, {"6", "4,5,6", "3 fields where 2 are expected"}, {"7", `"x"y,7`, "text after the closing quote"}}, rows)
	}
}

func TestCSVSeveralFiles(t *testing.T) {
	dir := csvFiles(t, "a,b\n1,x\n", "b,a\ny,2.5\n", "a\n\n7\n")
	src, err := newCSVSource(filepath.Join(dir, "*.csv"), &CSVOptions{FileColumn: "from"}, false)
	require.NoError(t, err)
	schema, rows := csvShow(t, src)
	require.Equal(t, "a:float64 b:utf8 from:utf8", schema)
	require.Equal(t, [][]string{{"1", "x", filepath.Join(dir, "a.csv")}, {"2.5", "y", filepath.Join(dir, "b.csv")}, {"∅", "∅", filepath.Join(dir, "c.csv")}, {"7", "∅", filepath.Join(dir, "c.csv")}}, rows)

	dir = csvFiles(t, "a\n1\n", "a,c\n2,3\n")
	_, err = newCSVSource(dir, nil, false)
	require.ErrorContains(t, err, `column "c"`)
	require.ErrorContains(t, err, "UnionByName")
	src, err = newCSVSource(dir, &CSVOptions{UnionByName: true}, false)
	require.NoError(t, err)
	_, rows = csvShow(t, src)
	require.Equal(t, [][]string{{"1", "∅"}, {"2", "3"}}, rows)

	dir = csvFiles(t, "a,B\n1,2\n", "A,b\n2.5,3\n")
	src, err = newCSVSource(dir, &CSVOptions{CaseInsensitive: true}, false)
	require.NoError(t, err)
	schema, rows = csvShow(t, src)
	require.Equal(t, "a:float64 B:int64", schema)
	require.Equal(t, [][]string{{"1", "2"}, {"2.5", "3"}}, rows)
	_, err = newCSVSource(csvFiles(t, "a\n1\n", "a\n1.5\n"), &CSVOptions{Strict: true}, false)
	require.ErrorContains(t, err, "Strict")
}

func TestCSVCompressedAndFS(t *testing.T) {
	text := taxiText(3000)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(text))
	require.NoError(t, w.Close())
	fsys := fstest.MapFS{"d/a.csv": {Data: []byte(text)}, "d/b.csv.gz": {Data: z.Bytes()}}
	want := rowsOf(t, csvOf(t, text, nil), partition.ScanRequest{})
	for _, name := range []string{"d/a.csv", "d/b.csv.gz"} {
		src, err := newCSVSource(name, &CSVOptions{FS: fsys}, false)
		require.NoError(t, err)
		require.Equal(t, want, rowsOf(t, src, partition.ScanRequest{SplitBytes: 10000}))
	}
}

func FuzzDecodeCSVSplit(f *testing.F) {
	dir := csvFiles(f, taxiText(20))
	for _, o := range []*CSVOptions{nil, {Nulls: []string{"x"}, TimeLayouts: []string{"2006"}, FileColumn: "f"}} {
		src, err := newCSVSource(filepath.Join(dir, "a.csv"), o, false)
		require.NoError(f, err)
		scan, err := src.Plan(context.Background(), partition.ScanRequest{SplitBytes: 300})
		require.NoError(f, err)
		for _, s := range scan.Splits {
			b, err := s.(partition.PortableSplit).MarshalBinary()
			require.NoError(f, err)
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeCSVSplit(b)
		if err != nil {
			return
		}
		again, err := s.(partition.PortableSplit).MarshalBinary()
		require.NoError(t, err)
		_, err = decodeCSVSplit(again)
		require.NoError(t, err)
	})
}

// TestCSVNames: the names are those of the other formats.
func TestCSVNames(t *testing.T) {
	for _, names := range [][]string{{"a", "a", "a"}, {"", "column1", ""}, {"a", "a_1", "a", "a"}, {"x", "y"}, {"", "", "column2"}, {"a_1", "a", "a", "a_1"}} {
		require.Equal(t, uniqueNames(names), csvNames(names), "%q", names)
	}
}
