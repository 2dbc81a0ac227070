package csvio

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       byte
	}{
		{"comma", "a,b\n1,2\n", ','},
		{"semicolon", "a;b;c\n1;2;3\n", ';'},
		{"tab", "a\tb\n1\t2\n", '\t'},
		{"bar", "a|b\n1|2\n", '|'},
		{"one column", "a\n1\n2\n", ','},
		{"one column of text with semicolons", "text\na;b\nc\n", ','},
		{"header only", "a;b", ';'},
		{"decimal commas", "a;b\n1,5;2,5\n3,25;4\n", ';'},
		{"a comma in a name", "name;price, EUR;note\nx;1,5;\ny;2;z\n", ';'},
		{"lists within fields", "id,tags\n1,a;b;c\n2,d;e;f\n", ','},
		{"a bar within a name", "date|time,value\n2020|10,5\n", ','},
		{"a tie", "a;b,c\n1;2,3\n", ','},
		{"delimiter within quotes", "\"a;b\"\n\"1;2\"\n", ','},
		{"quoted fields", "\"a\";\"b\"\n\"1;x\";\"2\n3\"\n", ';'},
		{"rows that do not agree", "a;b\nno\nneither\n", ','},
		{"a ragged row", "a;b;c\n1;2;3\n1;2\n4;5;6\n", ';'},
		{"empty fields at the end of rows", "a;b\n1;2;\n3;4;\n", ';'},
		{"blank lines and CRLF", "a;b\r\n\r\n1;2\r\n", ';'},
		{"BOM", "\ufeffa;b\n1;2\n", ';'},
		{"carriage returns", "a;b\r1;2\r", ';'},
		{"an open quote among the rows", "a,b\n1,2\n3,\"4\n", ','},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Dialect{Quote: '"'}.WithDefaults()
			require.NoError(t, err)
			h, err := ReadHead([]byte(c.data), true, d, HeadOptions{Sniff: true})
			require.NoError(t, err)
			require.Equal(t, string(c.want), string(h.Dialect.Comma))
		})
	}
}

func TestSniffLeavesCharactersInUseAlone(t *testing.T) {
	d, err := Dialect{Quote: '"', Comment: ';'}.WithDefaults()
	require.NoError(t, err)
	h, err := ReadHead([]byte("; a note\na;b\n1;2\n"), true, d, HeadOptions{Sniff: true})
	require.NoError(t, err)
	require.Equal(t, ",", string(h.Dialect.Comma))
}

// The fields of a first row that never ends are not collected beyond the columns that a file may have.
func TestHeadOfOneEndlessRow(t *testing.T) {
	d, err := Dialect{Quote: '"'}.WithDefaults()
	require.NoError(t, err)
	data := []byte(strings.Repeat(",", 8<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = ReadHead(data, false, d, HeadOptions{})
	runtime.ReadMemStats(&after)
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	require.Equal(t, fault.Input, f.Kind)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
}

func TestMaxColumns(t *testing.T) {
	d, err := Dialect{Quote: '"'}.WithDefaults()
	require.NoError(t, err)
	wide := []byte(strings.Repeat("a,", leastColumns+9) + "a\n")
	_, err = ReadHead(wide, true, d, HeadOptions{Size: 1})
	require.ErrorContains(t, err, "MaxColumns")
	h, err := ReadHead(wide, true, d, HeadOptions{Size: 1, MaxColumns: leastColumns + 10})
	require.NoError(t, err)
	require.Len(t, h.Names, leastColumns+10)
}

func TestSniffEscape(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       byte
	}{
		{"backslashes before quotes", "a,b\n1,\"say \\\"hi\\\" now\"\n2,x\n", '\\'},
		{"in the header", "\"a \\\"b\\\" c\",d\n1,2\n", '\\'},
		{"under a bar", "a|b\n1|\"x\\\"2\\\"\"\n", '\\'},
		{"a delimiter behind one", "a,b\n1,\"x\\\", y\"\n2,3\n", '\\'},
		{"doubled quotes", "a,b\n1,\"say \"\"hi\"\" now\"\n", 0},
		{"backslashes at the end of fields", "path,n\n\"C:\\dir\\\",1\n\"D:\\\",2\n", 0},
		{"both", "a,b\n1,\"x\\\"\"\"y\"\n", 0},
		{"neither fits", "a,b\n1,\"x\\\"y\",3\n", 0},
		{"not in quotes", "a,b\n1,x\\\"y\n", 0},
		{"no rows", "a,b\n", 0},
		{"a long file of folders", "path,n\n" + strings.Repeat("\"C:\\dir\\\",1\n", 20000), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Dialect{Quote: '"'}.WithDefaults()
			require.NoError(t, err)
			h, err := ReadHead([]byte(c.data), true, d, HeadOptions{Sniff: true, SniffEscape: true})
			require.NoError(t, err)
			require.Equal(t, string(c.want), string(h.Dialect.Escape))
		})
	}
	d, err := Dialect{Quote: '"'}.WithDefaults()
	require.NoError(t, err)
	h, err := ReadHead([]byte("a,b\n1,\"say \\\"hi\\\" now\"\n"), true, d, HeadOptions{Sniff: true})
	require.NoError(t, err)
	require.Zero(t, h.Dialect.Escape)
}
