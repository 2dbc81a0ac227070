package window

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// slide is what an aggregate over frames works on: the rows that count, close together, and the frames as stretches of them.
type slide struct {
	*computer
	call *Call
	op   string
	// counted.rows are the counted rows in order of place; frames [lo[p], hi[p]) are stretches of them.
	counted
	lo, hi []uint32
}

// framed computes an aggregate over frames.
func (c *computer) framed(call *Call, f expr.Frame) (vec.Vec, error) {
	s := slide{computer: c, call: call, op: baseOp(call.Expr.Op())}
	where := c.where(call)
	if s.op != "list_of" {
		where = c.valid(call, where)
	}
	lo, hi, err := c.bounds(f)
	if err != nil {
		return vec.Vec{}, err
	}
	counted, err := c.count(where)
	if err != nil {
		return vec.Vec{}, err
	}
	s.counted, s.lo, s.hi = counted, lo, hi
	if counted.before != nil {
		if err := c.mem.grow(8 * int64(c.rows)); err != nil {
			return vec.Vec{}, err
		}
		s.lo, s.hi = through(lo, counted.before), through(hi, counted.before)
	}
	return s.run()
}

// through maps places to numbers of counted rows.
func through(places, before []uint32) []uint32 {
	out := make([]uint32, len(places))
	for i, p := range places {
		out[i] = before[p]
	}
	return out
}

func (s *slide) run() (vec.Vec, error) {
	switch s.op {
	case "count", "count_of":
		out, err := s.int64s()
		if err != nil {
			return vec.Vec{}, err
		}
		for p, row := range s.perm {
			out[row] = int64(s.hi[p] - s.lo[p])
		}
		return s.column(out, nil), nil
	case "first", "last":
		return s.pick(func(idx []uint32) error { s.ends(idx); return nil })
	case "min", "all":
		return s.pick(func(idx []uint32) error { return s.extremes(idx, false) })
	case "max", "any":
		return s.pick(func(idx []uint32) error { return s.extremes(idx, true) })
	case "mode":
		return s.pick(s.modes)
	case "n_unique", "approx_n_unique":
		return s.distinct()
	case "list_of":
		return s.lists()
	}
	return s.numeric()
}

func (s *slide) numeric() (vec.Vec, error) {
	if s.call.Expr.NumArgs() > 0 && s.cols[s.call.Args[0]].Phys == vec.Null {
		return nulls(s.call.Expr.Type(), s.computer.rows), nil
	}
	switch s.op {
	case "sum":
		return s.sums()
	case "mean":
		return s.means()
	case "var", "std", "var_pop", "std_pop":
		return s.moments()
	case "corr", "cov":
		return s.pairs()
	case "median", "quantile", "quantiles", "approx_quantile":
		return s.quantiles()
	}
	return vec.Vec{}, fault.New(fault.Plan, "window", "not built yet: %s over a frame", s.call.Expr.Unalias()).
		WithHint("leave Rows or Range away, or use another aggregate")
}

// nulls is a column of n nulls.
func nulls(t arrow.DataType, n int) vec.Vec {
	b := vec.NewBuilder(t)
	b.AppendNulls(n)
	return b.Vec()
}

// int64s and float64s are room for the answer.
func (s *slide) int64s() ([]int64, error) {
	if err := s.result.grow(8*int64(s.computer.rows) + int64(s.computer.rows)/8); err != nil {
		return nil, err
	}
	return make([]int64, s.computer.rows), nil
}

func (s *slide) float64s() ([]float64, error) {
	if err := s.result.grow(8*int64(s.computer.rows) + int64(s.computer.rows)/8); err != nil {
		return nil, err
	}
	return make([]float64, s.computer.rows), nil
}

// column is an answer of 64-bit integers.
func (s *slide) column(out []int64, valid []uint64) vec.Vec {
	t := vec.Logical(s.call.Expr.Type())
	p, _, _ := vec.PhysOf(t)
	return vec.Vec{Type: t, Phys: p, Width: 8, Len: len(out), Data: vec.Bytes(out), Valid: valid}
}

func (s *slide) floatColumn(out []float64, valid []uint64) vec.Vec {
	return vec.Vec{Type: arrow.PrimitiveTypes.Float64, Phys: vec.Float64, Width: 8, Len: len(out), Data: vec.Bytes(out), Valid: valid}
}

// present has a bit a row: whether its frame has at least so many counted rows. nil: all have.
func (s *slide) present(least uint32) []uint64 {
	bits := make([]uint64, bitmap.Words(s.computer.rows))
	all := true
	for p, row := range s.perm {
		if s.hi[p]-s.lo[p] >= least {
			bits[row>>6] |= 1 << (row & 63)
		} else {
			all = false
		}
	}
	if all {
		return nil
	}
	return bits
}

// pick gathers the argument's value from the row that find writes for each row: places in s.rows by place, NoRow for none.
func (s *slide) pick(find func(idx []uint32) error) (vec.Vec, error) {
	idx, err := s.sources()
	if err != nil {
		return vec.Vec{}, err
	}
	if err := find(idx); err != nil {
		return vec.Vec{}, err
	}
	return s.take(s.call, idx)
}

func (s *slide) ends(idx []uint32) {
	last := s.op == "last"
	for p, row := range s.perm {
		lo, hi := s.lo[p], s.hi[p]
		switch {
		case lo == hi:
			idx[row] = vec.NoRow
		case last:
			idx[row] = s.counted.rows[hi-1]
		default:
			idx[row] = s.counted.rows[lo]
		}
	}
}

// values are the argument's values of the counted rows: plain and without nulls.
func (s *slide) values(arg int) (vec.Vec, error) {
	v := &s.cols[s.call.Args[arg]]
	if err := s.mem.grow(takenBytes(v, len(s.counted.rows))); err != nil {
		return vec.Vec{}, err
	}
	var out vec.Vec
	vec.Take(&out, v, s.counted.rows, nil)
	vec.Decode(&out, &out, nil)
	out.Valid = nil
	return out, nil
}

// ranks returns an integer for each counted row that orders as the values do.
func (s *slide) ranks() ([]uint64, error) {
	v, err := s.values(0)
	if err != nil {
		return nil, err
	}
	if err := s.mem.grow(8 * int64(v.Len)); err != nil {
		return nil, err
	}
	out := make([]uint64, v.Len)
	if sorting.Ranks(out, &v) {
		return out, nil
	}
	o := sorting.Options{Types: []arrow.DataType{v.Type}, Keys: []sorting.Key{{}}, Reserve: s.mem.reserve}
	cols := []vec.Vec{v}
	order, err := sorting.Permutation(o, cols, v.Len)
	if err != nil {
		return nil, err
	}
	if order == nil {
		order = make([]uint32, v.Len)
		for i := range order {
			order[i] = uint32(i)
		}
	}
	changed := make([]uint64, bitmap.Words(v.Len))
	sorting.MarkChanges(changed, o.Keys, cols, order)
	rank := uint64(0)
	for p, i := range order {
		rank += changed[p>>6] >> (uint(p) & 63) & 1
		out[i] = rank
	}
	return out, nil
}

// extremes finds the first of the least (greatest) values of each frame. The queue holds the candidates: counted rows that no later
// one in reach is less than, so that the least of a frame is at its head (a monotonic queue).
func (s *slide) extremes(idx []uint32, greatest bool) error {
	ranks, err := s.ranks()
	if err != nil {
		return err
	}
	if greatest {
		for i := range ranks {
			ranks[i] = ^ranks[i]
		}
	}
	if err := s.mem.grow(4 * int64(len(ranks))); err != nil {
		return err
	}
	queue := make([]uint32, len(ranks))
	head, tail, next := 0, 0, uint32(0)
	for p, row := range s.perm {
		lo, hi := s.lo[p], s.hi[p]
		if next < lo { // nothing of what lies between is in a frame any more
			next, head, tail = lo, 0, 0
		}
		for ; next < hi; next++ {
			r := ranks[next]
			for tail > head && ranks[queue[tail-1]] > r {
				tail--
			}
			queue[tail] = next
			tail++
		}
		for head < tail && queue[head] < lo {
			head++
		}
		if head == tail {
			head, tail = 0, 0
		}
		if lo == hi {
			idx[row] = vec.NoRow
		} else {
			idx[row] = s.counted.rows[queue[head]]
		}
	}
	return nil
}

// lists are the counted rows of each frame, nulls among them.
func (s *slide) lists() (vec.Vec, error) {
	total := int64(0)
	for p := range s.perm {
		total += int64(s.hi[p] - s.lo[p])
	}
	if total > 1<<31-1 {
		return vec.Vec{}, fault.New(fault.Data, "ListOf", "the lists of all frames have %d elements in all, more than a column holds", total).
			WithHint("use smaller frames, or fewer rows")
	}
	arg := &s.cols[s.call.Args[0]]
	if err := s.mem.grow(4*total + 4*int64(s.computer.rows)); err != nil {
		return vec.Vec{}, err
	}
	if err := s.result.grow(takenBytes(arg, int(total)) + 4*int64(s.computer.rows)); err != nil {
		return vec.Vec{}, err
	}
	place := make([]uint32, s.computer.rows) // of each row
	for p, row := range s.perm {
		place[row] = uint32(p)
	}
	idx := make([]uint32, 0, total)
	offs := make([]int32, s.computer.rows+1)
	for row, p := range place {
		idx = append(idx, s.counted.rows[s.lo[p]:s.hi[p]]...)
		offs[row+1] = int32(len(idx))
	}
	out := vec.Vec{Type: vec.Logical(s.call.Expr.Type()), Phys: vec.List, Len: s.computer.rows, Offs: offs, Child: make([]vec.Vec, 1)}
	vec.Take(&out.Child[0], arg, idx, nil)
	out.Valid = s.present(1)
	return out, nil
}
