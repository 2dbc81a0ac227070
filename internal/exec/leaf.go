package exec

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/plan"
)

// leafSchema returns the schema of a chain's main input.
func leafSchema(root plan.Node) *arrow.Schema {
	n := root
	for len(n.Inputs()) > 0 {
		n = n.Inputs()[0]
	}
	return n.Schema()
}
