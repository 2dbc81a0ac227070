package textio

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// TestShortTexts compares texts of up to twelve bytes, written from their view headers, with what appendText makes of them.
func TestShortTexts(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	const alphabet = "abcXYZ019-./_~ ,;\t\"\n\r+*!\x00\x7f"
	for _, o := range []Options{{}, {Comma: ';'}, {Comma: '\t'}, {Null: "a"}} {
		e, err := New(arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil), o)
		require.NoError(t, err)
		want, heads := []byte{}, make([]vec.ViewHeader, 20000)
		for i := range heads {
			s := make([]byte, 1+rng.IntN(vec.InlineLen))
			for j := range s {
				s[j] = alphabet[rng.IntN(10+rng.IntN(len(alphabet)-10))]
			}
			if i < 128 {
				s = []byte{byte(i)}
			}
			heads[i] = vec.Inline(s)
			want = append(e.cols[0].appendText(want, s, false), '\n')
		}
		b := &vec.Batch{Rows: len(heads), Cols: []vec.Vec{{Type: arrow.BinaryTypes.StringView, Phys: vec.View, Width: 16, Len: len(heads), Data: vec.Bytes(heads)}}}
		got, err := e.Append(nil, b)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}
