package parquetio

import (
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

func TestRowGroupsKeepTheirMemoryBeyondACollection(t *testing.T) {
	e, err := NewEncoder(arrow.NewSchema([]arrow.Field{{Name: "c", Type: arrow.PrimitiveTypes.Int64}}, nil), WriteOptions{})
	require.NoError(t, err)
	b := vec.NewBuilder(arrow.PrimitiveTypes.Int64)
	v := vec.Vec{Phys: vec.Int64, Width: 8, Len: 2, Data: []byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}}
	b.Append(&v)
	group := func() *leafMemory {
		g := e.Begin(nil)
		m := g.memory
		require.NoError(t, g.Add([]vec.Vec{b.Vec()}, 2))
		c, err := g.Finish()
		require.NoError(t, err)
		c.Release()
		return m
	}
	first := group()
	for range 3 { // a sync.Pool is empty after two
		runtime.GC()
	}
	require.Same(t, first, group())

	for range 4 * runtime.GOMAXPROCS(0) {
		e.used.put(&leafMemory{})
	}
	require.Len(t, e.used.kept, runtime.GOMAXPROCS(0), "many files may be open, few are at work")
}
