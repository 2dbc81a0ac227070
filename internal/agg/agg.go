// Package agg holds the accumulators of aggregates: arrays by group id, updated a batch at a time. Each takes rows (Update) or the state
// of another one (Merge), shows its state as columns, and gives its answer as a column.
//
// Answers depend only on the order of Update and Merge calls and their rows, never on timing: merging the same partials in the same
// order gives the same bits.
//
// agg knows expr, vec and group; it must not evaluate expressions (arguments come as columns) and starts no goroutine. Nothing that grows
// with groups holds pointers.
package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Acc accumulates one aggregate for all groups. It is not for concurrent use. (Five methods, not three: they are one life cycle, and
// every user goes through all of it.)
type Acc interface {
	// Update adds rows: gids has the group of each, nil for all in group 0; args are the argument columns, in any encoding; where has a
	// bit a row, 1 for rows that count, nil for all; groups is the number of groups now, more than every gid. Rows without
	// a value in args do not count. With rows 0 it only makes place for the groups.
	Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error
	// Merge adds rows of another accumulator's State, or of several in the order of their rows; gids as in Update.
	Merge(gids []uint32, state []vec.Vec, rows, groups int) error
	// State returns the state as columns of the types of StateTypes, a row a group, good until the next Update or Merge.
	State() []vec.Vec
	// Result returns the aggregate of each group, in the type of the expression, good until the next Update or Merge.
	Result(groups int) (vec.Vec, error)
	// Bytes returns the memory held, which grows with the groups.
	Bytes() int64
}

// acc is Acc with what this package needs besides.
type acc interface {
	Acc
	types() []arrow.DataType
}

// spec is an aggregate to accumulate.
type spec struct {
	op  string
	in  arrow.DataType   // logical type of the first argument; nil without one
	ins []arrow.DataType // of all arguments
	// out is the logical type of the result.
	out arrow.DataType
	// quantiles are the parameters of quantile and its kin.
	quantiles []float64
	// keys are the order that the aggregate's rows are to be taken in, where that matters; nil: as they come.
	keys []expr.SortKey
	// exact says that the answer must not depend on the order of rows, not by rounding either.
	exact bool
	// Of messages: the column as the user named it, and the place of the call.
	column, at string
}

// New returns an empty accumulator for a bound aggregate: Op is count, count_of, sum, mean, min, max, var, std, var_pop, std_pop, first,
// last, n_unique, any, all, median, quantile, quantiles, mode, list_of, corr, cov, approx_n_unique or approx_quantile. The Where of its
// modifiers is the caller's to compute (see Update), and so are its arguments: Args. An OrderBy beside an Over is the caller's too.
func New(e expr.Expr) (Acc, error) {
	s, err := specOf(e)
	if err != nil {
		return nil, err
	}
	return build(s)
}

// Expect makes room for so many groups in accumulators that have none yet, so that they need not grow. It is a hint.
func Expect(accs []Acc, groups int) {
	for _, a := range accs {
		if a, ok := a.(interface{ expect(int) }); ok {
			a.expect(groups)
		}
	}
}

// Reset makes accumulators forget all groups and keep their memory for the next ones. It returns false, and changes nothing, where one of
// them cannot.
func Reset(accs []Acc) bool {
	for _, a := range accs {
		if _, ok := a.(interface{ reset() }); !ok {
			return false
		}
	}
	for _, a := range accs {
		a.(interface{ reset() }).reset()
	}
	return true
}

// StateTypes returns the types of the State of an accumulator of e, nil where New gives an error.
func StateTypes(e expr.Expr) []arrow.DataType {
	s, err := specOf(e)
	if err != nil {
		return nil
	}
	a, err := build(s)
	if err != nil {
		return nil
	}
	return a.types()
}

func specOf(e expr.Expr) (spec, error) {
	if e.IsZero() || e.Type() == nil {
		return spec{}, fault.New(fault.Internal, "Agg", "agg: aggregate is not bound")
	}
	s := spec{op: e.Op(), out: vec.Logical(e.Type()), column: e.Name(), at: e.At(), quantiles: e.Quantiles(), exact: e.Mods().Exact}
	for i, arg := range e.Args() {
		if arg.Type() == nil {
			return spec{}, fault.New(fault.Internal, "Agg", "agg: argument of %s is not bound", e)
		}
		s.ins = append(s.ins, vec.Logical(arg.Type()))
		if cols := arg.Columns(); i == 0 && len(cols) > 0 {
			s.column = cols[0]
		}
	}
	if len(s.ins) > 0 {
		s.in = s.ins[0]
	}
	if orderMatters(e) {
		s.keys = e.Mods().OrderBy
	}
	return s, nil
}

func (s *spec) unknown(what string) error {
	f := fault.New(fault.Internal, "Agg", "%s is not known", what)
	f.At = s.at
	return f
}

func (s *spec) badType() error {
	f := fault.New(fault.Type, "Agg", "%s of values of type %s", s.op, s.in)
	f.At, f.Column = s.at, s.column
	return f
}

func build(s spec) (acc, error) {
	if s.op == "count" {
		return newCount(false), nil
	}
	if s.in == nil {
		return nil, s.unknown("the aggregate " + s.op)
	}
	if _, _, ok := vec.PhysOf(s.in); !ok {
		return nil, s.badType()
	}
	if s.keys != nil {
		return newOrdered(s)
	}
	if s.exact {
		if a := newExact(s); a != nil {
			return a, nil
		}
	}
	switch s.op {
	case "count_of":
		return newCount(true), nil
	case "n_unique", "nunique":
		return newNUnique(s), nil
	case "approx_n_unique":
		return newApproxUnique(s), nil
	case "list_of":
		return newListOf(s), nil
	case "corr", "cov":
		return newComoments(s)
	}
	if s.in.ID() == arrow.NULL {
		return &nothing{out: s.out}, nil
	}
	switch s.op {
	case "sum":
		return newSum(s)
	case "mean":
		return newMean(s)
	case "min", "all":
		return newExtreme(s, false)
	case "max", "any":
		return newExtreme(s, true)
	case "first":
		return newPick(s, false), nil
	case "last":
		return newPick(s, true), nil
	case "var", "std", "var_pop", "std_pop":
		return newMoments(s)
	case "median", "quantile", "quantiles":
		return newQuantile(s)
	case "approx_quantile":
		return newApproxQuantile(s)
	case "mode":
		return newMode(s), nil
	}
	return nil, s.unknown("the aggregate " + s.op)
}
