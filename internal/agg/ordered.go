package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

// ordered is an aggregate whose answer depends on the order of rows, with an order of its own (OrderBy): it collects the values with their
// sort keys and shows them to the aggregate in that order at the end. First and Last forget, now and then, all rows but the one of each
// group that would win.
type ordered struct {
	spec
	inner   func() (acc, error)
	options sorting.Options
	sorter  *sorting.Sorter // rows: group, value, keys; nil while run is set
	run     *sorting.Run    // the rows sorted, once they have been asked for
	groups  int
	in      input
	s       vec.Scratch
	cols    []vec.Vec
	gids    []uint32
	compact int // rows from which First and Last forget
}

// compactFrom is the number of rows up to which First and Last keep all.
const compactFrom = 16 << 10

func newOrdered(s spec) (acc, error) {
	if _, _, ok := vec.PhysOf(s.in); !ok {
		return nil, s.badType()
	}
	a := &ordered{spec: s, compact: compactFrom}
	plain := s
	plain.keys = nil
	a.inner = func() (acc, error) { return build(plain) }
	if _, err := a.inner(); err != nil {
		return nil, err
	}
	a.options.Types = []arrow.DataType{arrow.PrimitiveTypes.Uint32, s.in}
	a.options.Keys = []sorting.Key{{Col: 0}}
	for _, k := range s.keys {
		a.options.Keys = append(a.options.Keys, sorting.Key{Col: len(a.options.Types), Desc: k.Desc, NullsFirst: k.NullsFirst})
		a.options.Types = append(a.options.Types, vec.Logical(k.Expr.Type()))
	}
	a.cols = make([]vec.Vec, len(a.options.Types))
	var err error
	a.sorter, err = sorting.NewSorter(a.options)
	return a, err
}

func (a *ordered) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.groups = max(a.groups, groups)
	if rows == 0 {
		return nil
	}
	a.s.Reset()
	mask, n := where, rows
	if a.op == "list_of" {
		if where != nil {
			n = popCount(where, rows)
		}
	} else {
		if args[0].Phys == vec.Null {
			return nil
		}
		mask, n = a.in.selection(&args[0], where, rows) // the others skip nulls
	}
	if n == 0 {
		return nil
	}
	gids = a.allGids(gids, rows)
	if n < rows {
		a.in.own = squeeze(a.in.own, gids, mask, rows)
		gids = a.in.own
	}
	a.cols[0] = groupColumn(gids[:n])
	for i := range args {
		a.cols[i+1] = args[i]
		if n < rows {
			vec.Filter(&a.cols[i+1], &args[i], mask, n, &a.s)
		}
	}
	return a.add(n)
}

// allGids gives rows of a single group their group.
func (a *ordered) allGids(gids []uint32, rows int) []uint32 {
	if gids != nil {
		return gids[:rows]
	}
	a.gids = growTo(a.gids[:0], rows)[:rows]
	clear(a.gids)
	return a.gids
}

func groupColumn(gids []uint32) vec.Vec {
	return vec.Vec{Type: arrow.PrimitiveTypes.Uint32, Phys: vec.Uint32, Width: 4, Len: len(gids), Data: vec.Bytes(gids)}
}

// add adds the rows in cols.
func (a *ordered) add(n int) error {
	if err := a.open(); err != nil {
		return err
	}
	if err := a.sorter.Add(a.cols, n); err != nil {
		return err
	}
	if a.op != "first" && a.op != "last" {
		return a.tooMany(a.sorter.NumRows())
	}
	if a.sorter.NumRows() < a.compact {
		return nil
	}
	if err := a.forget(); err != nil {
		return err
	}
	a.compact = max(compactFrom, 4*a.sorter.NumRows())
	return nil
}

// finish sorts what there is.
func (a *ordered) finish() error {
	if a.run != nil {
		return nil
	}
	run, err := a.sorter.Finish()
	if err != nil {
		return err
	}
	a.run, a.sorter = run, nil
	return nil
}

// open makes a sorter of a finished run again.
func (a *ordered) open() error {
	if a.run == nil {
		return nil
	}
	return a.refill(func(*vec.Vec, int) []uint32 { return nil })
}

// refill moves rows of the run to a new sorter: those that pick lists of each batch, given the groups and the place of the batch, or all
// for nil.
func (a *ordered) refill(pick func(groups *vec.Vec, from int) []uint32) error {
	sorter, err := sorting.NewSorter(a.options)
	if err != nil {
		return err
	}
	cols := make([]vec.Vec, len(a.cols))
	var s vec.Scratch
	for at := 0; at < a.run.NumRows(); at += orderedBatch {
		n := min(orderedBatch, a.run.NumRows()-at)
		s.Reset()
		a.run.Batch(cols, at, n, &s)
		if idx := pick(&cols[0], at); idx != nil {
			for c := range cols {
				vec.Take(&cols[c], &cols[c], idx, &s)
			}
			n = len(idx)
		}
		if err := sorter.Add(cols, n); err != nil {
			return err
		}
	}
	a.sorter, a.run = sorter, nil
	return nil
}

// orderedBatch is the rows handled at once.
const orderedBatch = 8192

// forget keeps the first or last row of each group.
func (a *ordered) forget() error {
	if err := a.finish(); err != nil {
		return err
	}
	idx := make([]uint32, 0, orderedBatch)
	before := int64(-1) // group of the row before
	var s vec.Scratch
	next := make([]vec.Vec, len(a.cols))
	return a.refill(func(groups *vec.Vec, from int) []uint32 {
		idx = idx[:0]
		gids := vec.Of[uint32](groups)
		after := int64(-1) // group of the row behind the batch
		if end := from + len(gids); a.op == "last" && end < a.run.NumRows() {
			s.Reset()
			a.run.Batch(next, end, 1, &s)
			after = int64(vec.Of[uint32](&next[0])[0])
		}
		for i, g := range gids {
			if a.op == "first" {
				if int64(g) != before {
					idx = append(idx, uint32(i))
				}
				before = int64(g)
				continue
			}
			follows := after
			if i+1 < len(gids) {
				follows = int64(gids[i+1])
			}
			if int64(g) != follows {
				idx = append(idx, uint32(i))
			}
		}
		return idx
	})
}

func (a *ordered) types() []arrow.DataType {
	t := make([]arrow.DataType, len(a.options.Types)-1)
	for i := range t {
		t[i] = arrow.ListOf(a.options.Types[i+1])
	}
	return t
}

// State is a list a column: the values of each group in order, and their keys.
func (a *ordered) State() []vec.Vec {
	out := make([]vec.Vec, len(a.cols)-1)
	all, offs, err := a.sorted()
	if err != nil { // nobody reserves here: what cannot be sorted does not occur
		for i, t := range a.types() {
			out[i] = nulls(t, a.groups)
		}
		return out
	}
	for i, t := range a.types() {
		out[i] = lists(t, all[i+1], offs, false)
	}
	return out
}

// sorted returns all rows in order of group and keys, and where each group begins.
func (a *ordered) sorted() (cols []vec.Vec, offs []int32, err error) {
	if a.run == nil && (a.op == "first" || a.op == "last") {
		if err := a.forget(); err != nil {
			return nil, nil, err
		}
	}
	if err := a.finish(); err != nil {
		return nil, nil, err
	}
	cols = make([]vec.Vec, len(a.cols))
	a.run.Batch(cols, 0, a.run.NumRows(), nil)
	offs = make([]int32, a.groups+1)
	countGroups(offs[1:], vec.Of[uint32](&cols[0]))
	starts(offs)
	return cols, offs, nil
}

func (a *ordered) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.groups = max(a.groups, groups)
	a.s.Reset()
	n := 0
	for i := range state {
		var vals vec.Vec
		if vals, n = childOf(&state[i], rows, &a.s); n == 0 {
			return nil
		}
		a.cols[i+1] = vals
	}
	a.in.own = elements(a.in.own, rowGids(gids, rows), state[0].Offs)
	a.cols[0] = groupColumn(a.in.own)
	return a.add(n)
}

func (a *ordered) Result(groups int) (vec.Vec, error) {
	a.groups = max(a.groups, groups)
	cols, _, err := a.sorted()
	if err != nil {
		return vec.Vec{}, err
	}
	inner, err := a.inner()
	if err != nil {
		return vec.Vec{}, err
	}
	if err := inner.Update(vec.Of[uint32](&cols[0]), cols[1:2], nil, cols[0].Len, groups); err != nil {
		return vec.Vec{}, err
	}
	return inner.Result(groups)
}

func (a *ordered) Bytes() int64 {
	sum := int64(cap(a.gids)+cap(a.in.own))*4 + a.s.Bytes()
	if a.sorter != nil {
		return sum + a.sorter.Bytes()
	}
	if a.run != nil {
		return sum + a.run.Bytes()
	}
	return sum
}

// orderMatters says whether the result of an aggregate depends on the order of its rows.
func orderMatters(e expr.Expr) bool {
	return e.Info().Ordered && len(e.Mods().OrderBy) > 0 && !e.Mods().HasOver
}

// Args returns what an accumulator of e takes as arguments: those of the call, then, where the aggregate depends on the order of its rows
// and has one of its own, the keys of that.
func Args(e expr.Expr) []expr.Expr {
	args := e.Args()
	if orderMatters(e) {
		for _, k := range e.Mods().OrderBy {
			args = append(args, k.Expr)
		}
	}
	return args
}
