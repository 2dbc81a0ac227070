package shuffle

import (
	"github.com/sheafdata/sheaf/internal/vec"
)

// constants are columns of a writer that had the same number in every row of a chunk, as counts have where rows are groups of their own:
// chunks refer to them instead of holding the numbers once more. Once made they never change.
type constants [][]uint64

// share makes v a view of the constant of column i, where it is one: then its rows need not be copied nor put in order.
func (k *constants) share(i int, v *vec.Vec) bool {
	switch v.Phys {
	case vec.Int64, vec.Uint64, vec.Float64:
	default:
		return false
	}
	if v.Dict != nil || v.Valid != nil || v.Len == 0 {
		return false
	}
	words := vec.Of[uint64](v)[:v.Len]
	x := words[0]
	for _, w := range words {
		if w != x {
			return false
		}
	}
	for len(*k) <= i {
		*k = append(*k, nil)
	}
	c := (*k)[i]
	if len(c) < v.Len || c[0] != x {
		c = make([]uint64, v.Len+v.Len/8) // chunks differ a little in their rows
		for j := range c {
			c[j] = x
		}
		(*k)[i] = c
	}
	v.Data = vec.Bytes(c[:v.Len])
	return true
}
