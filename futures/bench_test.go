package futures_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/futures"
)

// BenchmarkMap submits calls that do nothing and gathers their results.
func BenchmarkMap(b *testing.B) {
	b.ReportAllocs()
	c := futures.New(ctx)
	fs := futures.Map(c, lazyInc, make([]int, b.N))
	_, err := futures.Gather(ctx, fs)
	require.NoError(b, err)
	require.NoError(b, c.Close())
}
