package csvio

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var grammarCases = []string{
	"", "\n", "a,b\n", "a,b", "a,b\r\n", "a,b\r", "a,\n", ",\n", ",", "\n\na,b\n\n", "a,b\n\r\nc,d\r\n",
	"\"a\",b\n", "\"a\n,\"\"x\",b\nc,d\n", "\"\",\"\"\n", "a,\"b\"\r\nc,\"d\"", "x\"y,z\"\n1,2\n", "\"a\"b,c\n1,2\n", "\"a,b\n1,2\n",
	"a,b,c\n1,2\n", "a\nb,c\n", "a,b,,\nc,d,,\r\ne,f\n", "a,b,,x\nc,d\n", "\"\"\"\",b\n", "a,\"b\"\"\"\n", "\"a\"\r,b\n", "\"a\"\n\"b\",c\n",
	"#x,\"\n1,2\n#\n3,4", "\"a\\\"b\",c\n", "a\\,b\n", "1;2\n", "'a',b\n",
	strings.Repeat("abc,defg\n", 20), strings.Repeat("\"abc\",\"d\ne\"\"fg\"\n", 20), strings.Repeat("\"abc\",\"d\ne\"\"fg\"\r\n", 20),
	strings.Repeat("a,b\n", 10) + "x\"y\"\",z\n" + strings.Repeat("\"a\",b\n", 40),
}

var grammarDialects = []Dialect{{Quote: '"'}, {}, {Quote: '"', Comment: '#'}, {Quote: '"', Escape: '\\'}, {Quote: '\'', Comma: ';'}, {Quote: '"', Newline: '\r'}}

func TestGrammar(t *testing.T) {
	for _, d := range grammarDialects {
		d = mustDialect(t, d)
		for _, s := range grammarCases {
			for _, shape := range [][2]int{{1, 1}, {2, 2}, {2, 4}, {3, 3}} {
				checkRows(t, []byte(s), d, shape[0], shape[1], 7, everyCut(len(s)))
			}
		}
	}
}

func everyCut(n int) (cuts []int64) {
	for i := 1; i < n; i++ {
		cuts = append(cuts, int64(i))
	}
	return cuts
}

// TestStrayQuoteAnywhere puts a quote at every position of a file of three chunks: the answer must be that of one chunk.
func TestStrayQuoteAnywhere(t *testing.T) {
	d := mustDialect(t, Dialect{Quote: '"'})
	for _, row := range []string{"1,22\n", "\"a\",\"b \"\"\n,\"\n", "ab,\"c\"\r\n"} {
		base := []byte(strings.Repeat(row, 45))
		third := int64(len(base) / 3)
		for p := range len(base) + 1 {
			data := slices.Insert(slices.Clone(base), p, '"')
			checkRows(t, data, d, 2, 2, 64, []int64{third, 2 * third})
		}
	}
}

// TestRandomRows compares random files with the reference at random cuts and block sizes.
func TestRandomRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	pieces := []string{",", ",", "\n", "\"", "\"", "a", "bcd", "\r\n", "\"\"", ",\"", "\",", "\"\n\"", " ", "#", "\\", "é", "12345678901234567890"}
	for range 3000 {
		var b bytes.Buffer
		for range rng.IntN(120) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		var cuts []int64
		for range rng.IntN(5) {
			cuts = append(cuts, rng.Int64N(int64(b.Len())+1))
		}
		slices.Sort(cuts)
		d := mustDialect(t, grammarDialects[rng.IntN(len(grammarDialects))])
		w := 1 + rng.IntN(3)
		checkRows(t, b.Bytes(), d, w, w+rng.IntN(2), 1+rng.IntN(100), cuts)
	}
}

// FuzzCSV compares any bytes, cut anywhere, with the reference parser, and with encoding/csv where that takes them.
func FuzzCSV(f *testing.F) {
	for i, s := range grammarCases {
		f.Add([]byte(s), byte(i), byte(2), uint16(i), uint16(3*i))
	}
	f.Fuzz(func(t *testing.T, data []byte, dialect, width byte, cutA, cutB uint16) {
		if len(data) > 1<<16 {
			return
		}
		d := mustDialect(t, grammarDialects[int(dialect)%len(grammarDialects)])
		w := 1 + int(width%5)
		a, b := min(int64(cutA), int64(len(data))), min(int64(cutB), int64(len(data)))
		checkRows(t, data, d, w, w+int(width/5)%3, 1+int(cutA)%300, []int64{min(a, b), max(a, b)})
		compareStd(t, data, w)
	})
}

// compareStd compares with encoding/csv, which takes CRLF within quotes for LF and leaves blank lines out.
func compareStd(t *testing.T, data []byte, width int) {
	if bytes.ContainsAny(data, "\r") || width == 1 {
		return
	}
	std := csv.NewReader(bytes.NewReader(data))
	std.FieldsPerRecord = -1
	records, err := std.ReadAll()
	if err != nil {
		return
	}
	var want [][]string
	for _, r := range records {
		if len(r) == width {
			want = append(want, r)
		}
	}
	d := mustDialect(t, Dialect{Quote: '"', Ragged: RaggedSkip})
	r, err := NewReader(Input{R: bytes.NewReader(data)}, Config{Dialect: d, Width: width, Columns: textColumns(width)})
	require.NoError(t, err)
	got, err := readAll(r)
	require.NoError(t, err)
	at := 0
	for _, row := range got {
		var texts []string
		for _, f := range row {
			if f == nil {
				texts = append(texts, "")
			} else {
				texts = append(texts, *f)
			}
		}
		if at < len(want) && slices.Equal(want[at], texts) {
			at++
			continue
		}
		require.True(t, hasSurplus(records, texts), "row %q is not one of encoding/csv's", texts)
	}
	require.Equal(t, len(want), at, "rows of encoding/csv that were not read")
}

// hasSurplus says whether a record is the row and empty fields: those are surplus here.
func hasSurplus(records [][]string, row []string) bool {
	return slices.ContainsFunc(records, func(r []string) bool {
		return len(r) > len(row) && slices.Equal(r[:len(row)], row) && strings.Join(r[len(row):], "") == ""
	})
}
