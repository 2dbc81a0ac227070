package partition

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// RowFilter is what the engine knows, while a scan runs, of rows that cannot show in the answer: those behind the rows that a top-k
// has already, those without a partner in a join. It is used by one goroutine. (Four methods: a Reader asks what it can use.)
type RowFilter interface {
	// Columns are the places in ScanRequest.Columns of what Keep looks at, each once.
	Columns() []int
	// Bounds is true for every row that matters, for statistics to be judged by; it is bound to the request's columns. A zero Expr says
	// nothing. It may say more later.
	Bounds() expr.Expr
	// Worth is told of how many rows Keep was asked since the last call, and how many of them were given all the same, and says whether
	// to ask for the next rows.
	Worth(asked, given int) bool
	// Keep sets the bits of the rows that matter in mask, which is clear, and returns how many they are. cols are those of Columns, of
	// the types of the schema; they may come as Batch says.
	Keep(cols []arrow.Array, rows int, mask []uint64) (int, error)
}

// FilteredReader is a Reader that can leave rows out before it has made all their columns. The engine calls SetFilter before the first
// Next. Rows that the filter does not want may come all the same, and all others must.
type FilteredReader interface {
	Reader
	SetFilter(f RowFilter)
}
