package join

import (
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// A table packs its payload where there is memory for it, and gives all of it back in the end.
func TestPackPayload(t *testing.T) {
	const rows = 1000
	for _, enough := range []bool{true, false} {
		held, limit := int64(0), int64(1<<30)
		reserve := func(n int64) error {
			if held+n > limit {
				return errors.New("no memory")
			}
			held += n
			return nil
		}
		i64 := arrow.PrimitiveTypes.Int64
		b := NewBuilder(Options{Keys: []arrow.DataType{i64}, Payload: []arrow.DataType{i64, arrow.PrimitiveTypes.Int32}, Reserve: reserve})
		b.Expect(rows)
		keys, small := make([]int64, rows), make([]int32, rows)
		for i := range keys {
			keys[i], small[i] = int64(i), int32(-i)
		}
		key := vec.Vec{Type: i64, Phys: vec.Int64, Width: 8, Len: rows, Data: vec.Bytes(keys)}
		other := vec.Vec{Type: arrow.PrimitiveTypes.Int32, Phys: vec.Int32, Width: 4, Len: rows, Data: vec.Bytes(small)}
		require.NoError(t, b.Add([]vec.Vec{key}, []vec.Vec{key, other}, rows))
		table, err := b.Build()
		require.NoError(t, err)
		before := held
		if !enough {
			limit = held + 2*rows*16 - 1
		}
		p := table.PackPayload()
		if !enough {
			require.True(t, p == nil)
			require.Equal(t, before, held)
			require.Len(t, table.Payload(), 2)
		} else {
			require.Empty(t, table.Payload())
			require.Equal(t, before+rows*(16-12), held)
			got := make([]vec.Vec, 2)
			p.Take(got, []bool{true, true}, vec.Rows{Idx: []uint32{999, 0}}, nil)
			require.Equal(t, []int64{999, 0}, vec.Of[int64](&got[0]))
			require.Equal(t, []int32{-999, 0}, vec.Of[int32](&got[1]))
		}
		require.Equal(t, held, table.Bytes())
		table.Release()
		require.Zero(t, held)
	}
}
