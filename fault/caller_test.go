package fault

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhoIsTheUser tells frames of the library from those of users.
func TestWhoIsTheUser(t *testing.T) {
	for _, c := range []struct {
		function, file string
		library        bool
	}{
		{modulePrefix + "dataframe.(*DataFrame).Join", root + "dataframe/join.go", true},
		{"main.main.(*DataFrame).Join.func2", root + "dataframe/join.go", true}, // a literal of an inlined method
		{"main.main", "/home/me/trips/main.go", false},
		{"main.main", root + "examples/first/main.go", false},
		{modulePrefix + "dataframe_test.TestX", root + "dataframe/x_test.go", false},
		{modulePrefix + "dataframe.Map[...]", "/elsewhere/dataframe/rows.go", true},
		{"slices.Collect[...]", "/go/src/slices/iter.go", true},
		{"sort.Slice", "/go/src/sort/slice.go", false},
	} {
		require.Equal(t, c.library, isLibrary(runtime.Frame{Function: c.function, File: c.file}), "%+v", c)
	}
	require.Regexp(t, `^fault[/\\]caller_test\.go:\d+$`, Caller())
}
