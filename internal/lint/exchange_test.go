package lint

import (
	"path"
	"testing"
)

// Rows that go from task to task go through shuffle: what tasks give on, merges of groups, sorted runs and joins by parts.
func TestOperatorsGoThroughShuffle(t *testing.T) {
	missing := map[string]bool{"exchange.go": true, "groupmerge.go": true, "sortrun.go": true, "grace.go": true}
	for _, f := range sources(t) {
		if f.test || f.dir != "internal/exec" {
			continue
		}
		for _, imp := range f.ast.Imports {
			if imp.Path.Value == `"`+module+`shuffle"` {
				delete(missing, path.Base(f.path))
			}
		}
	}
	for name := range missing {
		t.Errorf("internal/exec/%s does not go through shuffle", name)
	}
}
