package exec

import (
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// Table is the right side of a join, ready to be probed by many tasks.
type Table struct {
	*join.Table
	asOf *join.AsOf // of an as-of join
	// dealt holds the rows instead, keys first, where they are too many for memory.
	dealt  *shuffle.Output
	hashed bool // rows are dealt by keys: there are some
	// payload is the table's columns; text is dictionary-encoded in small tables.
	payload []vec.Vec
	// packed is the payload instead, in large tables that are only looked up.
	packed *vec.Packed
	// wide measures the payload, where that is not packed.
	wide []vec.Measure
	marked
	held *mem.Reservation

	once   sync.Once // fills ranges
	ranges []keyRange
}

// dictRows is the number of build rows up to which text is given as a dictionary: what follows the join (a group-by, most often) then
// works once a build row instead of once a joined row, and its caches by code stay in the first-level cache.
const dictRows = 32 << 10

// newTable returns the table with its columns as probes give them; asOf says that rows are looked up by the last one. A text column becomes a dictionary at no cost: the column itself is
// the dictionary, and the code of a row is its number.
func newTable(t *join.Table, asOf bool, held *mem.Reservation) (*Table, error) {
	out := &Table{Table: t, payload: append([]vec.Vec{}, t.Payload()...), held: held}
	if asOf {
		var err error
		if out.asOf, err = join.NewAsOf(t, len(out.payload)-1); err != nil {
			return nil, err
		}
	}
	defer out.measure()
	if t.NumRows() == 0 || t.NumRows() > dictRows {
		return out, nil
	}
	var codes []uint32
	for i := range out.payload {
		col := &out.payload[i]
		if col.Phys != vec.View || col.Dict != nil {
			continue
		}
		if codes == nil {
			codes = make([]uint32, t.NumRows())
			for r := range codes {
				codes[r] = uint32(r)
			}
		}
		values := *col
		*col = vec.Vec{Type: values.Type, Phys: values.Phys, Width: 4, Len: values.Len, Data: vec.Bytes(codes), Dict: &vec.Dict{Values: values}}
	}
	return out, nil
}

// measure fills wide.
func (t *Table) measure() {
	for i := range t.payload {
		t.wide = append(t.wide, vec.MeasureOf(&t.payload[i]))
	}
}

// maxPacked is the bytes of text of a row beyond which rows are not packed: how wide each is must be known.
const maxPacked = 1 << 10

// packBytes is the size of a payload from which it is packed: below, its columns lie in a core's caches.
var packBytes atomic.Int64

func init() { packBytes.Store(4 << 20) }

// PackTables sets the size of a payload from which it is packed, so that tests can have small ones packed. It returns what was set before.
func PackTables(bytes int64) int64 { return packBytes.Swap(bytes) }

// pack has the table's rows lie as rows, where a join takes them at random places and nothing else reads them. There must be no
// condition and no order.
func (t *Table) pack(n *plan.Join) {
	if keepsRight(n.Kind) || n.AsOf != nil || !n.Residual.IsZero() || int64(t.NumRows())*int64(vec.PackedWidth(t.payload)) < packBytes.Load() {
		return
	}
	widest := int64(0)
	for i := range t.wide {
		widest += t.wide[i].Widest
	}
	if widest > maxPacked {
		return
	}
	if t.packed = t.PackPayload(); t.packed != nil {
		t.payload, t.wide = nil, nil
	}
}

// Free gives the reserved bytes back. The table stays good: a cancelled task may still read it.
func (t *Table) Free() {
	if t.held != nil {
		t.held.Free()
	}
	if t.dealt != nil {
		t.dealt.Free()
	}
}
