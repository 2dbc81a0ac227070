package exec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A stage without tasks leaves nothing to merge, in however many parts.
func TestPartsOfNothing(t *testing.T) {
	for _, of := range []int{1, 3} {
		from, to, err := bounds(nil, nil, of-1, of)
		require.NoError(t, err)
		require.Empty(t, from)
		require.Empty(t, to)
	}
}
