package exec

import (
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// Table is the right side of a join, ready to be probed by many tasks.
type Table struct {
	*join.Table
	// payload is the table's columns; text is dictionary-encoded in small tables.
	payload []vec.Vec
	held    *mem.Reservation
}

// dictRows is the number of build rows up to which text is given as a dictionary: what follows the join (a group-by, most often) then
// works once a build row instead of once a joined row, and its caches by code stay in the first-level cache.
const dictRows = 32 << 10

// newTable returns the table with its columns as probes give them. A text column becomes a dictionary at no cost: the column itself is
// the dictionary, and the code of a row is its number.
func newTable(t *join.Table, held *mem.Reservation) *Table {
	out := &Table{Table: t, payload: append([]vec.Vec{}, t.Payload()...), held: held}
	if t.NumRows() == 0 || t.NumRows() > dictRows {
		return out
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
	return out
}

// Free gives the reserved bytes back. The table stays good: a cancelled task may still read it.
func (t *Table) Free() {
	if t.held != nil {
		t.held.Free()
	}
}
