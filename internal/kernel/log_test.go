package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/kernel"
)

func TestLog(t *testing.T) {
	for e := -1074; e < 1024; e++ {
		for _, m := range []float64{1, 1.25, 1.75} {
			x := math.Ldexp(m, e)
			if x == 0 || math.IsInf(x, 0) {
				continue
			}
			f, exp := math.Frexp(x)
			require.InEpsilon(t, 1000+math.Log(f)+float64(exp)*math.Ln2, 1000+kernel.Log(x), 1e-13, "%g", x)
		}
	}
	require.Equal(t, math.Inf(-1), kernel.Log(0))
	require.Equal(t, math.Inf(1), kernel.Log(math.Inf(1)))
	require.True(t, math.IsNaN(kernel.Log(-1)) && math.IsNaN(kernel.Log(-5e-324)) && math.IsNaN(kernel.Log(math.NaN())))
}
