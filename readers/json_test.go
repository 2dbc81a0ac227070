package readers

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

func jsonFS(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for n, s := range files {
		m[n] = &fstest.MapFile{Data: []byte(s)}
	}
	return m
}

func jsonSourceOf(t testing.TB, text string, o JSONOptions) (partition.Source, error) {
	t.Helper()
	o.FS = jsonFS(map[string]string{"a.json": text})
	return newJSONSource("a.json", o.file(), defaultJSONDepth)
}

func TestJSONTypesAndValues(t *testing.T) {
	cases := []struct{ name, text, schema, rows string }{
		{"lines", `{"a":1,"b":"x"}` + "\n" + `{"a":null,"b":"y\n\u00e9\ud83d\ude00"}` + "\n", "a int64, b utf8", "1 x|∅ y\né😀"},
		{"no newline at the end, blank lines, BOM, CRLF", "\ufeff" + `{"a":1}` + "\r\n\r\n" + `{"a":2}`, "a int64", "1|2"},
		{"missing and reordered", `{"a":1,"b":2}` + "\n" + `{"b":3}` + "\n" + `{"c":true,"a":4}`, "a int64, b int64, c bool", "1 2 ∅|∅ 3 ∅|4 ∅ true"},
		{"int and float", `{"a":1}` + "\n" + `{"a":2.5}` + "\n" + `{"a":-1e3}`, "a float64", "1|2.5|-1000"},
		{"beyond int64", `{"a":18446744073709551615,"b":-9223372036854775808}`, "a uint64, b int64", "18446744073709551615 -9223372036854775808"},
		{"beyond uint64", `{"a":18446744073709551616}`, "a float64", "1.8446744073709552e+19"},
		{"array of records", "[ {\"a\":1},\n {\"a\":2} ]\n", "a int64", "1|2"},
		{"empty array", "[]", "", ""},
		{"empty file", "", "", ""},
		{"records of several lines", "{\n \"a\": 1\n}\n{\n \"a\": \"}{\\\"\"}", "", ""},
		{"several in a line", `{"a":1} {"a":2}`, "a int64", "1|2"},
		{"lists", `{"a":[1,null,3]}` + "\n" + `{"a":[]}` + "\n" + `{"a":null}`, "a list<item: int64, nullable>", "[1,null,3]|[]|∅"},
		{"structs", `{"a":{"x":1,"y":"t"}}` + "\n" + `{"a":{"x":2}}` + "\n" + `{}`, "a struct<x: int64 nullable, y: utf8 nullable>", `{"x":1,"y":"t"}|{"x":2,"y":null}|∅`},
		{"nulls only", `{"a":null}` + "\n" + `{"a":null}`, "a null", "(null)|(null)"},
		{"NaN", `{"a":NaN}` + "\n" + `{"a":-Infinity}`, "a float64", "NaN|-Inf"},
		{"booleans", `{"a":true}` + "\n" + `{"a":false}` + "\n" + `{"a":null}`, "a bool", "true|false|∅"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			src, err := jsonSourceOf(t, c.text, JSONOptions{})
			if c.name == "records of several lines" {
				require.ErrorContains(t, err, "a number and a text")
				src, err = jsonSourceOf(t, c.text, JSONOptions{PromoteTypes: true})
				c.schema, c.rows = "a utf8", "1|}{\""
			}
			require.NoError(t, err)
			var fields []string
			for _, f := range src.Schema().Fields() {
				fields = append(fields, f.Name+" "+f.Type.String())
			}
			require.Equal(t, c.schema, strings.Join(fields, ", "))
			var rows []string
			for _, r := range rowsOf(t, src, partition.ScanRequest{}) {
				rows = append(rows, strings.Join(r, " "))
			}
			require.Equal(t, c.rows, strings.Join(rows, "|"))
		})
	}
}

func TestJSONFaults(t *testing.T) {
	cases := []struct {
		name, text string
		line       int64
		want       string
	}{
		{"not JSON", "hello\nworld", 1, `'h' where an object is expected`},
		{"cut", `{"a":1}` + "\n" + `{"a":`, 2, "ends where"},
		{"array not closed", "[{\"a\":1}\n,{\"a\":2}\n", 3, "not closed"},
		{"comma missing", "[{\"a\":1}\n{\"a\":2}]", 2, "a comma or the end"},
		{"trailing comma", "[{\"a\":1},\n]", 2, "an object"},
		{"after the array", "[{\"a\":1}]\n{}", 2, "the end of the file"},
		{"scalar record", "{\"a\":1}\n7\n", 2, "an object"},
		{"name twice", "{\"a\":1}\n{\"a\":1,\"a\":2}\n", 2, "twice"},
		{"bad UTF-8", "{\"a\":\"\xff\"}\n", 1, "UTF-8"},
		{"lone surrogate", `{"a":"\ud800"}`, 1, "escape"},
		{"control character", "{\"a\":\"\x01\"}", 1, "control"},
		{"leading zero", `{"a":01}`, 1, "malformed"},
		{"nested too deep", `{"a":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "}", 1, "deeper than 64"},
		{"kinds", "{\"a\":1}\n{\"a\":\"x\"}", 2, "PromoteTypes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			src, err := jsonSourceOf(t, c.text, JSONOptions{})
			if err == nil {
				_, err = tryRows(src, partition.ScanRequest{})
			}
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Contains(t, f.Error(), c.want)
			require.Equal(t, "a.json", f.File)
			require.Equal(t, "read_json", f.Op)
			require.Equal(t, c.line, f.Line, f.Error())
		})
	}
}

func TestJSONMovies(t *testing.T) {
	path := shared(t, "etl/vega_movies.json")
	_, err := newJSONSource(path, (&JSONOptions{}).file(), defaultJSONDepth)
	t.Log(err)
	src, err := newJSONSource(path, (&JSONOptions{PromoteTypes: true}).file(), defaultJSONDepth)
	require.NoError(t, err)
	rows := rowsOf(t, src, partition.ScanRequest{})
	require.Len(t, rows, 3201)
	t.Log(src.Schema())
	t.Log(rows[0])
}
