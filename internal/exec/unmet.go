package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/plan"
)

// Unmet says which rows of the first join table of a task no left row matched: what Right and Full joins give in the end.
type Unmet struct {
	// From is the first row, a multiple of 64.
	From int
	// Met has a bit a row from there on, 1 for a row with a match; Rows is how many rows there are.
	Met  []uint64
	Rows int
}

// append writes the rows on the wire: first row, number of rows, a word of bits each 64.
func (u *Unmet) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(u.From))
	b = binary.LittleEndian.AppendUint64(b, uint64(u.Rows))
	for _, w := range u.Met[:(u.Rows+63)/64] {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// unmetOf reads what append wrote.
func unmetOf(b []byte) (*Unmet, error) {
	if len(b) < 16 || len(b)%8 != 0 {
		return nil, fmt.Errorf("damaged list of rows")
	}
	from, rows := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	if from > join.MaxRows || rows > join.MaxRows || (rows+63)/64 != uint64(len(b)/8-2) {
		return nil, fmt.Errorf("damaged list of rows")
	}
	u := &Unmet{From: int(from), Rows: int(rows)}
	for at := 16; at < len(b); at += 8 {
		u.Met = append(u.Met, binary.LittleEndian.Uint64(b[at:]))
	}
	return u, nil
}

// pushUnmet pushes the unmatched rows of the first table, with nulls for the left side.
func (t *Task) pushUnmet(ctx context.Context, n *plan.Join, p *pipeline, tables []*Table) error {
	u := t.Unmet
	if u == nil || len(tables) == 0 || u.From+u.Rows > tables[0].NumRows() || len(u.Met) < (u.Rows+63)/64 {
		return fault.New(fault.Internal, "Join", "the rows without a match are not known")
	}
	return pushUnmet(ctx, n, tables[0].payload, u, &p.head)
}

// pushUnmet pushes the rows of a table that u has not met, with nulls for the left side.
func pushUnmet(ctx context.Context, n *plan.Join, payload []vec.Vec, u *Unmet, to *link) error {
	layout := layoutOf(n)
	from := make([]int, n.Schema().NumFields())
	none := make([]vec.Vec, len(from)) // columns without rows, of which all rows are null
	for i, name := range n.LeftOut {
		from[i] = -1
		if slices.Contains(n.Merged, name) {
			from[i] = layout.at(name)
			continue
		}
		none[i] = vec.NewBuilder(n.Schema().Field(i).Type).Vec()
	}
	for i, c := range n.RightOut {
		from[len(n.LeftOut)+i] = layout.at(c.Name)
	}
	out := vec.Batch{Cols: make([]vec.Vec, len(from))}
	var scratch vec.Scratch
	rows := make([]uint32, 0, batchRows+64)
	nulls := slices.Repeat([]uint32{join.NoRow}, batchRows+64)
	give := func() error {
		if err := ctx.Err(); err != nil || len(rows) == 0 {
			return err
		}
		scratch.Reset()
		for i, at := range from {
			if at < 0 {
				vec.TakeOpt(&out.Cols[i], &none[i], nulls[:len(rows)], &scratch)
			} else {
				vec.Take(&out.Cols[i], &payload[at], rows, &scratch)
			}
		}
		out.Rows = len(rows)
		rows = rows[:0]
		return to.push(ctx, &out)
	}
	for w, met := range u.Met[:(u.Rows+63)/64] {
		for left := ^met; left != 0; left &= left - 1 {
			r := 64*w + bits.TrailingZeros64(left)
			if r < u.Rows {
				rows = append(rows, uint32(u.From+r))
			}
		}
		if len(rows) >= batchRows {
			if err := give(); err != nil {
				return err
			}
		}
	}
	return give()
}
