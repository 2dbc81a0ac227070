package shuffle

import (
	"context"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// TestConstantColumns adds columns that are one number in all rows of some chunks and not of others, also another one than before, and
// reads them back by bucket and whole, from memory and from files.
func TestConstantColumns(t *testing.T) {
	types := []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Int64}
	const rows, batch = 400_000, 5000
	value := func(col, row int) uint64 {
		switch col {
		case 0:
			return 1
		case 1:
			return uint64(row / 150_000) // another constant now and then
		case 2:
			if row == 200_000 {
				return 7
			}
			return 0
		}
		return uint64(row)
	}
	for _, spilled := range []bool{false, true} {
		budget := mem.New("test", 1<<30)
		space := NewSpace(budget, t.TempDir())
		w := space.Writer(Options{Name: "test", Types: types, Hashed: true})
		for from := 0; from < rows; from += batch {
			cols := make([]vec.Vec, len(types))
			hashes := make([]uint64, batch)
			for c, ty := range types {
				words := make([]uint64, batch)
				for i := range words {
					words[i] = value(c, from+i)
				}
				p, width, _ := vec.PhysOf(ty)
				cols[c] = vec.Vec{Type: ty, Phys: p, Width: width, Len: batch, Data: vec.Bytes(words)}
				if c == 0 && from == 100_000 {
					cols[c].Valid = make([]uint64, (batch+63)/64) // nulls over the same number
				}
			}
			for i := range hashes {
				hashes[i] = uint64(from+i) * 0x9e3779b97f4a7c15
			}
			require.NoError(t, w.Add(cols, hashes, batch))
		}
		out, err := w.Finish()
		require.NoError(t, err)
		if spilled {
			_, err := space.Spill(out.Bytes(0, Buckets) / 2)
			require.NoError(t, err)
			require.Positive(t, space.Spilled())
		}
		for _, step := range []int{Buckets, 16} {
			seen := make([]bool, rows)
			for lo := 0; lo < Buckets; lo += step {
				r := NewReader([]*Output{out}, lo, lo+step)
				var b vec.Batch
				for {
					_, err := r.Next(context.Background(), &b)
					if err == io.EOF {
						break
					}
					require.NoError(t, err)
					for i := range b.Rows {
						row := int(vec.Of[uint64](&b.Cols[3])[i])
						require.False(t, seen[row])
						seen[row] = true
						null := row >= 100_000 && row < 100_000+batch
						require.Equal(t, !null, b.Cols[0].ValidAt(i))
						for c := range 3 {
							if c > 0 || !null {
								require.Equal(t, value(c, row), vec.Of[uint64](&b.Cols[c])[i])
							}
						}
					}
				}
				r.Close()
			}
			require.NotContains(t, seen, false)
		}
		out.Free()
		require.NoError(t, space.Close())
		require.Zero(t, budget.Used())
	}
}
