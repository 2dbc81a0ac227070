package exec

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// What a step says it has emitted is what its rows take: neither the room that its builders keep from before, nor so little as rows that
// share a text take until they are an array.
func TestEmittedBytes(t *testing.T) {
	const rows, width = 20, 3000
	text := []byte(strings.Repeat("x", width))
	plain := vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: rows, Bufs: [][]byte{text}}
	heads := make([]vec.ViewHeader, rows)
	for i := range heads {
		heads[i] = vec.Long(text, 0, 0)
	}
	plain.Data = vec.Bytes(heads)
	one := plain
	one.Len, one.Data = 1, one.Data[:16]
	shared := vec.Vec{Type: plain.Type, Phys: vec.View, Width: 4, Len: rows, Data: vec.Bytes(make([]uint32, rows)), Dict: &vec.Dict{Values: one}}
	for name, col := range map[string]vec.Vec{"plain": plain, "shared": shared} {
		t.Run(name, func(t *testing.T) {
			held := mem.New("test", 1<<30).Reservation("test")
			defer held.Free()
			s := newEmitStep(arrow.NewSchema([]arrow.Field{{Name: "s", Type: plain.Type}}, nil), held)
			given, pauses, most := int64(0), 0, int64(0)
			s.full = func() error {
				if s.emitted() >= pauseBytes {
					pauses++
					most = max(most, s.emitted())
					given += s.take().N
					s.restart(held)
				}
				return nil
			}
			const pushes = 1000
			for range pushes {
				require.NoError(t, s.push(t.Context(), &vec.Batch{Cols: []vec.Vec{col}, Rows: rows}))
			}
			require.NoError(t, s.finish(t.Context()))
			require.EqualValues(t, pushes*rows, given+s.take().N)
			want := pushes * rows * width / pauseBytes
			require.InDelta(t, want, pauses, float64(want)/4)
			require.Less(t, most, int64(2*pauseBytes))
		})
	}
}
