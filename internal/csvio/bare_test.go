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

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

// bareColumns are of every type that looks for quotes late, and some others.
var bareColumns = []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float32,
	arrow.FixedWidthTypes.Date32, &arrow.TimestampType{Unit: arrow.Microsecond}, arrow.FixedWidthTypes.Boolean}

func bareValue(rng *rand.Rand, t arrow.DataType) string {
	if rng.IntN(8) == 0 {
		return []string{"", "NA", " "}[rng.IntN(3)]
	}
	switch t.ID() {
	case arrow.FLOAT64, arrow.FLOAT32:
		return []string{"1", "-2.5", "0.125", ".5", "-.5", "5.", "123456789.25", "1e3", "-0", "12345678", "1234.567"}[rng.IntN(11)]
	case arrow.DATE32:
		return fmt.Sprintf("2024-%02d-%02d", 1+rng.IntN(12), 1+rng.IntN(28))
	case arrow.TIMESTAMP:
		return fmt.Sprintf("2024-%02d-%02d 12:34:%02d%s", 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(60), []string{"", ".25"}[rng.IntN(2)])
	case arrow.BOOL:
		return []string{"true", "false"}[rng.IntN(2)]
	case arrow.INT64:
		return fmt.Sprint(rng.Int64() >> rng.IntN(64))
	}
	return fmt.Sprint(rng.IntN(100))
}

// readText gives all values of a file as text.
func readText(t *testing.T, data []byte, d Dialect) (out []string, err error) {
	var cols []Column
	for i, typ := range bareColumns {
		cols = append(cols, Column{Name: fmt.Sprint(i), Field: i, Type: typ})
	}
	r, err := NewReader(Input{R: bytes.NewReader(data)}, Config{Dialect: d, Width: len(cols), Columns: cols})
	require.NoError(t, err)
	for {
		arrays, _, err := r.Next(context.Background())
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		for _, a := range arrays {
			out = append(out, a.String())
		}
	}
}

// TestQuotedAndBareValues: quotes around some values of columns that are not text change nothing.
func TestQuotedAndBareValues(t *testing.T) {
	eachKind(t, func(t *testing.T) {
		d := mustDialect(t, Dialect{Quote: '"'})
		rng := rand.New(rand.NewPCG(9, 10))
		for _, share := range []float64{0.01, 0.3, 0.9, 1} {
			for range 10 {
				var bare, quoted bytes.Buffer
				for range 1 + rng.IntN(400) {
					var row, other []string
					for _, typ := range bareColumns {
						v := bareValue(rng, typ)
						row = append(row, v)
						if rng.Float64() < share {
							v = `"` + v + `"`
						}
						other = append(other, v)
					}
					bare.WriteString(strings.Join(row, ",") + "\n")
					quoted.WriteString(strings.Join(other, ",") + "\n")
				}
				want, err := readText(t, bare.Bytes(), d)
				require.NoError(t, err)
				got, err := readText(t, quoted.Bytes(), d)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		}
	})
}

// TestBadQuotedValue: an error shows the value without its quotes, whether quotes were looked for early or late.
func TestBadQuotedValue(t *testing.T) {
	d := mustDialect(t, Dialect{Quote: '"'})
	for _, first := range []string{`1`, `"1"`} {
		for _, bad := range []string{`"x y"`, `"""5"""`, `""""`, `"."`, `"1..5"`} {
			data := strings.Repeat(first+",1,1,1,1,,,\n", 3) + bad + ",1,1,1,1,,,\n"
			_, err := readText(t, []byte(data), d)
			require.Error(t, err)
			require.Contains(t, err.Error(), fmt.Sprintf("%q", bad[1:len(bad)-1]), data)
		}
	}
}

// TestFloatsOfFewCharacters: every text of digits, points and signs reads as strconv does, or is refused as strconv does.
func TestFloatsOfFewCharacters(t *testing.T) {
	d := mustDialect(t, Dialect{})
	c, err := newColumn(Column{Type: arrow.PrimitiveTypes.Float64}, &d, 1)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(11, 12))
	for range 200000 {
		text := make([]byte, 1+rng.IntN(10))
		for i := range text {
			text[i] = "0123456789..-"[rng.IntN(13)]
		}
		want, wantErr := strconv.ParseFloat(string(text), 64)
		c.begin()
		buf := append(append(make([]byte, 0, 128), text...), make([]byte, slack)...)
		bad := c.decode(fields{buf: buf, rows: []span{makeSpan(0, len(text))}, stride: 1, n: 1}, 0)
		require.Equal(t, wantErr == nil, bad < 0, "%q", text)
		if bad < 0 {
			require.Equal(t, math.Float64bits(want), math.Float64bits(values[float64](c)[0]), "%q", text)
		}
	}
}
