package rowenc

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

// TestRoundTrip checks that equal rows, and only these, have equal bytes, and that bytes read back as the rows.
func TestRoundTrip(t *testing.T) {
	types := rowtest.Types()
	for seed := range uint64(40) {
		g := rowtest.New(seed)
		g.Card = 6
		var pick []arrow.DataType
		for range 1 + g.Rand.IntN(3) {
			pick = append(pick, types[g.Rand.IntN(len(types))])
		}
		byText, byBytes := map[string]string{}, map[string]string{}
		var rows Rows
		d := NewDecoder(pick)
		var texts []string
		for _, n := range []int{100, 0, 33} {
			cols := make([]vec.Vec, len(pick))
			for c, ty := range pick {
				cols[c] = g.Encode(g.Column(ty, n))
			}
			rows.Encode(cols, n)
			require.Equal(t, n, rows.Len())
			for i := range n {
				text, b := rowText(cols, i), string(rows.Row(i))
				if old, ok := byText[text]; ok {
					require.Equal(t, old, b, "%v: %s", pick, text)
				}
				if old, ok := byBytes[b]; ok {
					require.Equal(t, old, text, "%v", pick)
				}
				byText[text], byBytes[b] = b, text
				texts = append(texts, text)
				require.NoError(t, d.Append(rows.Row(i)))
			}
		}
		got := d.Columns()
		for i, text := range texts {
			require.Equal(t, text, rowText(got, i), "%v row %d", pick, i)
		}
	}
}

func rowText(cols []vec.Vec, i int) (s string) {
	for c := range cols {
		s += rowtest.Text(&cols[c], i) + "|"
	}
	return s
}

// FuzzDecode gives a decoder of every type arbitrary bytes: it may refuse them, no more.
func FuzzDecode(f *testing.F) {
	var types []arrow.DataType
	g := rowtest.New(1)
	var rows Rows
	for k, ty := range rowtest.Types() {
		types = append(types, ty)
		rows.Encode([]vec.Vec{g.Column(ty, 5)}, 5)
		for i := range 5 {
			f.Add(uint8(k), rows.Row(i))
		}
	}
	f.Fuzz(func(t *testing.T, k uint8, data []byte) {
		ty := types[int(k)%len(types)]
		d := NewDecoder([]arrow.DataType{ty})
		if d.Append(data) != nil {
			return
		}
		cols := d.Columns()
		require.Equal(t, 1, cols[0].Len)
		rows.Encode(cols, 1)
		again := NewDecoder([]arrow.DataType{ty})
		require.NoError(t, again.Append(rows.Row(0)))
		require.Equal(t, rowText(cols, 0), rowText(again.Columns(), 0))
	})
}
