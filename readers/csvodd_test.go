package readers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/readers"
)

// oddFile is a header and rows lines of which odd are not value.
func oddFile(header, value string, rows int, odd map[int]string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range rows {
		if text, ok := odd[i]; ok {
			b.WriteString(text + "\n")
			continue
		}
		fmt.Fprintf(&b, "%s\n", value)
	}
	return b.String()
}

func TestAColumnThatIsTextBecauseOfAFewValues(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		opts  readers.CSVOptions
		want  string // file:line text type, "" for nothing
	}{
		"a number":            {files: []string{oddFile("a", "1.5", 100, map[int]string{41: "n/a?"})}, want: "0.csv:43 n/a? float64"},
		"the first value":     {files: []string{oddFile("a", "7", 100, map[int]string{0: "x"})}, want: "0.csv:2 x int64"},
		"a date":              {files: []string{oddFile("a", "2024-05-01", 30, map[int]string{29: "soon"})}, want: "0.csv:31 soon date"},
		"quoted, line breaks": {files: []string{oddFile("a,b", "\"x\ny\",1", 20, map[int]string{3: "\"x\ny\",oh"})}, want: "0.csv:9 oh int64"},
		"ten of a hundred":    {files: []string{oddFile("a", "1", 100, map[int]string{1: "x", 2: "x", 3: "x", 4: "x", 5: "x", 6: "x", 7: "x", 8: "x", 9: "x", 10: "x"})}, want: "0.csv:3 x int64"},
		"one of eight":        {files: []string{oddFile("a", "1", 8, map[int]string{1: "x"})}},
		"many":                {files: []string{oddFile("a", "x", 100, map[int]string{3: "1", 40: "2"})}},
		"postal codes":        {files: []string{oddFile("a", "10115", 100, map[int]string{41: "01067"})}},
		"large integers":      {files: []string{oddFile("a", "1", 100, map[int]string{41: "99999999999999999999"})}},
		"declared":            {files: []string{oddFile("a", "1", 100, map[int]string{41: "x"})}, opts: readers.CSVOptions{Types: map[string]arrow.DataType{"a": arrow.BinaryTypes.String}}},
		"named as null":       {files: []string{oddFile("a", "1", 100, map[int]string{41: "x"})}, opts: readers.CSVOptions{Nulls: []string{"x"}}},
		"the second file":     {files: []string{oddFile("a", "1", 100, nil), oddFile("a", "1", 100, map[int]string{41: "x"})}, want: "1.csv:43 x int64"},
		"text in another":     {files: []string{oddFile("a", "b", 100, nil), oddFile("a", "1", 100, map[int]string{41: "x"})}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for i, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)+".csv"), []byte(text), 0o600))
			}
			var got []*fault.Error
			c.opts.Notice = func(e *fault.Error) { got = append(got, e) }
			df := readers.CSV(dir, &c.opts)
			require.NoError(t, df.Err())
			if c.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0].Err.Error(), strings.Fields(c.want)[2])
			require.Equal(t, name == "ten of a hundred", strings.Contains(got[0].Err.Error(), "and 9 more"))
			require.Equal(t, c.want, fmt.Sprintf("%s:%d %s %s", filepath.Base(got[0].File), got[0].Line, got[0].Text, strings.Fields(c.want)[2]))
			receipt, err := df.Analyze(t.Context())
			require.NoError(t, err)
			require.Len(t, receipt.Warnings, 1)
			require.Contains(t, receipt.Warnings[0], got[0].Text)
		})
	}
}

// TestOddValuesOfManyColumns: each of thousands of columns of text is told with its line, whatever order they stand in, unless another file
// has it as text.
func TestOddValuesOfManyColumns(t *testing.T) {
	const columns, rows = 4000, 25
	dir := t.TempDir()
	for file := range 4 {
		var b strings.Builder
		for c := range columns {
			fmt.Fprintf(&b, "c%d,", c)
		}
		b.WriteString("end\n")
		for r := range rows {
			for c := range columns {
				switch {
				case file == 1 && c%2 == 0 && r == (c*7)%rows, file == 2 && c%2 == 0 && r == 1:
					b.WriteString("x,")
				case file == 3 && c%4 == 0:
					b.WriteString("text,")
				default:
					b.WriteString("1,")
				}
			}
			b.WriteString("1\n")
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(file)+".csv"), []byte(b.String()), 0o600))
	}
	var got []*fault.Error
	df := readers.CSV(dir, &readers.CSVOptions{Notice: func(e *fault.Error) { got = append(got, e) }, MaxColumns: columns + 1})
	require.NoError(t, df.Err())
	require.Len(t, got, columns/4)
	for i, e := range got {
		c := 4*i + 2
		require.Equal(t, fmt.Sprintf("1.csv:%d c%d", c*7%rows+2, c), fmt.Sprintf("%s:%d %s", filepath.Base(e.File), e.Line, e.Column))
	}
}

// TestAnOddValueFarIntoAFile: its place is told in bytes.
func TestAnOddValueFarIntoAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	line := "1," + strings.Repeat("y", 4093) + "\n"
	text := "a,b\n" + strings.Repeat(line, 70<<20/len(line)) + "odd,y\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	var got []*fault.Error
	df := readers.CSV(path, &readers.CSVOptions{Notice: func(e *fault.Error) { got = append(got, e) }})
	require.NoError(t, df.Err())
	require.Len(t, got, 1)
	require.Zero(t, got[0].Line)
	require.Contains(t, got[0].Error(), fmt.Sprintf("because of this value, %d bytes into the file: ", len(text)-len("odd,y\n")))
}
