package vec

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

func TestMeasure(t *testing.T) {
	long := []byte("a text that does not fit into a header")
	n := int64(len(long))
	text := Vec{Type: arrow.BinaryTypes.String, Phys: View, Width: 16, Len: 4, Bufs: [][]byte{long}, Valid: []uint64{0b1011},
		Data: Bytes([]ViewHeader{Inline([]byte("ab")), Long(long, 0, 0), Long(long, 0, 0), {}})}
	rows := func(v *Vec) []int64 {
		m := MeasureOf(v)
		var all []int64
		for i := range v.Len {
			all = append(all, m.Row(i))
			require.LessOrEqual(t, m.Row(i), m.Widest)
		}
		return all
	}
	require.Equal(t, []int64{2, n, 0, 0}, rows(&text), "what lies under a null counts nothing")
	numbers := Vec{Type: arrow.PrimitiveTypes.Int64, Phys: Int64, Width: 8, Len: 4, Data: Bytes([]int64{1, 2, 3, 4})}
	require.Equal(t, []int64{0, 0, 0, 0}, rows(&numbers))
	dict := Vec{Type: text.Type, Phys: View, Width: 4, Len: 6, Data: Bytes([]uint32{1, 0, 1, 2, 3, 1}), Valid: []uint64{0b011111}, Dict: &Dict{Values: text}}
	require.Equal(t, []int64{n, 2, n, 0, 0, 0}, rows(&dict))
	require.Equal(t, 4*n+2, SharedText(&dict), "codes under nulls, too")
	few := dict
	few.Len = 2
	require.Equal(t, []int64{n, 2}, rows(&few))
	require.Zero(t, SharedText(&text))
	list := Vec{Type: arrow.ListOf(text.Type), Phys: List, Len: 3, Offs: []int32{0, 2, 2, 4}, Child: []Vec{text}}
	require.Equal(t, []int64{2 * (16 + n), 0, 2 * (16 + n)}, rows(&list), "elements count as the widest does")
	both := Vec{Phys: Struct, Len: 3, Child: []Vec{list, text}}
	require.Equal(t, []int64{2*(16+n) + 2, n, 2 * (16 + n)}, rows(&both))
	require.Zero(t, MeasureOf(&Vec{Phys: Null, Len: 3}).Widest)
	none := Vec{Type: text.Type, Phys: View, Width: 4, Dict: &Dict{Values: Vec{Phys: View, Bufs: [][]byte{long}}}, Len: 1, Data: Bytes([]uint32{0}), Valid: []uint64{0}}
	require.Zero(t, SharedText(&none))
	require.Equal(t, []int64{0}, rows(&none))
}
