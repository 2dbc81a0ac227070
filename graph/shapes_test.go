package graph_test

import (
	"testing"

	"github.com/sheafdata/sheaf/graph/graphtest"
)

// TestOrderShapes: the order of each shape is sound and holds few results.
func TestOrderShapes(t *testing.T) {
	for _, s := range graphtest.Shapes() {
		g := s.Build()
		order := checkOrder(t, g, 0)
		if most := graphtest.Peak(g, order); most > s.Most {
			t.Errorf("%s: %d results held at once, expected at most %d", s.Name, most, s.Most)
		}
	}
}
