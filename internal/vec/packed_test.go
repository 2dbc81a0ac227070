package vec

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

// TestPacked holds rows of packed columns of all types, several of them at once, against Take.
func TestPacked(t *testing.T) {
	types := allTypes()
	var s Scratch
	for seed := range 60 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		rows := []int{1, 2, 300, 700}[seed%4]
		var cols []Vec
		var outs []arrow.DataType
		for range 2 + r.IntN(12) {
			typ := types[r.IntN(len(types))]
			if seed < 20 { // of 64 bytes a row
				typ = []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.StringView, arrow.BinaryTypes.Binary, &arrow.Decimal128Type{Precision: 20}}[len(cols)%4]
				if len(cols) == 4 {
					break
				}
			}
			var v Vec
			require.NoError(t, FromArrow(randomArray(r, typ, rows, []float64{0, 0.2, 1}[r.IntN(3)]), &v, nil))
			if typ.ID() == arrow.RUN_END_ENCODED {
				typ = Logical(typ)
			}
			cols, outs = append(cols, v), append(outs, typ)
		}
		if PackedWidth(cols) == 0 {
			continue
		}
		checkPacked(t, r, cols, outs, &s)
	}
}

func checkPacked(t *testing.T, r *rand.Rand, cols []Vec, types []arrow.DataType, s *Scratch) {
	rows := cols[0].Len
	p := Pack(cols)
	want := make([]bool, len(cols))
	for i := range want {
		want[i] = r.IntN(4) > 0
	}
	for _, n := range []int{0, 1, 100} {
		idx := make([]uint32, n)
		for i := range idx {
			if idx[i] = uint32(r.IntN(rows)); r.IntN(4) == 0 {
				idx[i] = NoRow
			}
		}
		s.Reset()
		got := make([]Vec, len(cols))
		p.Take(got, want, RowsOpt(idx, s), s)
		for i := range cols {
			if !want[i] {
				require.Zero(t, got[i].Len)
				continue
			}
			var one Vec
			TakeOpt(&one, &cols[i], idx, s)
			require.Equal(t, texts(t, &one, types[i]), texts(t, &got[i], types[i]), types[i].String())
		}
	}
	from := r.IntN(rows)
	n := r.IntN(rows - from + 1)
	for i, v := range p.Columns(from, n, s) {
		var one Vec
		Slice(&one, &cols[i], from, n, s)
		require.Equal(t, texts(t, &one, types[i]), texts(t, &v, types[i]), types[i].String())
	}
}
