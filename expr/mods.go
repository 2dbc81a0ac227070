package expr

import (
	"math"
	"time"

	"github.com/sheafdata/sheaf/fault"
)

// Mods are the modifiers of an aggregate or window function.
type Mods struct {
	// Where keeps only the rows where it is true; zero: all.
	Where Expr
	// OrderBy is the order of rows within a partition or group; none: row order.
	OrderBy []SortKey
	// Frame is the rows around the current one that count; its zero value is the whole partition.
	Frame Frame
	// Over is the partition keys; HasOver with none is the whole frame.
	Over    []Expr
	HasOver bool
	// Exact says that an aggregate of floats is computed without rounding on the way, so that the order of rows cannot show in it.
	Exact bool
}

// SortKey is one key of an order.
type SortKey struct {
	Expr             Expr
	Desc, NullsFirst bool
}

// FrameKind says how a window frame is measured.
type FrameKind uint8

// The kinds of window frames.
const (
	WholePartition FrameKind = iota
	RowsFrame                // From and To count rows from the current one
	RangeFrame               // From and To are distances of the order key's value
)

// Frame is a window frame, both ends included. From and To are int64 for rows; for a range they are int64, float64 or
// time.Duration. UnboundedPreceding and UnboundedFollowing (int64) are no bound in both.
type Frame struct {
	Kind     FrameKind
	From, To any
}

// UnboundedPreceding and UnboundedFollowing are the ends of frames that reach to the partition's first and last row.
const (
	UnboundedPreceding int64 = math.MinInt64
	UnboundedFollowing int64 = math.MaxInt64
)

// Where lets an aggregate see only the rows where pred is true: of none Count is 0 and Sum is null.
func (e Expr) Where(pred Expr) Expr {
	return e.modified("Where", here(), func(m *Mods) *fault.Error {
		switch {
		case !m.Where.IsZero():
			return twice("Where")
		case pred.IsZero():
			return zeroFault("Where")
		}
		m.Where = pred
		return nil
	})
}

// OrderBy orders the rows that an aggregate or window function sees; keys are as in a frame's Sort.
func (e Expr) OrderBy(keys ...any) Expr {
	at := here()
	return e.modified("OrderBy", at, func(m *Mods) *fault.Error {
		switch {
		case m.OrderBy != nil:
			return twice("OrderBy")
		case len(keys) == 0:
			return fault.New(fault.Plan, "OrderBy", "no keys")
		}
		for _, c := range columnsOf(keys, at) {
			m.OrderBy = append(m.OrderBy, c.SortKey())
		}
		return nil
	})
}

// Rows limits a window to rows counted from the current one, ends included: Rows(-2, 0) is the last three.
func (e Expr) Rows(from, to int64) Expr {
	return e.modified("Rows", here(), func(m *Mods) *fault.Error {
		if m.Frame.Kind != WholePartition {
			return fault.New(fault.Plan, "Rows", "the frame is given twice")
		}
		if from > to {
			return fault.New(fault.Plan, "Rows", "the frame starts at %d, after its end at %d", from, to)
		}
		m.Frame = Frame{Kind: RowsFrame, From: from, To: to}
		return nil
	})
}

// Range limits a window to rows whose order key is within a distance of the current row's, ends included:
// Range(-6*24*time.Hour, 0) is the last seven days. The bounds are numbers, or durations for a time key.
func (e Expr) Range(from, to any) Expr {
	return e.modified("Range", here(), func(m *Mods) *fault.Error {
		if m.Frame.Kind != WholePartition {
			return fault.New(fault.Plan, "Range", "the frame is given twice")
		}
		lo, okLo := rangeBound(from)
		hi, okHi := rangeBound(to)
		if !okLo || !okHi {
			return fault.New(fault.Plan, "Range", "a bound must be a number or a time.Duration, not %T and %T", from, to)
		}
		if after(lo, hi) {
			return fault.New(fault.Plan, "Range", "the frame starts at %v, after its end at %v", from, to)
		}
		m.Frame = Frame{Kind: RangeFrame, From: lo, To: hi}
		return nil
	})
}

// Over turns an aggregate or window function into a column: its value over the rows with equal keys, in every row. Without keys it
// is over the whole frame.
func (e Expr) Over(keys ...any) Expr {
	at := here()
	return e.modified("Over", at, func(m *Mods) *fault.Error {
		if m.HasOver {
			return twice("Over")
		}
		m.Over, m.HasOver = columnsOf(keys, at), true
		return nil
	})
}

func twice(name string) *fault.Error { return fault.New(fault.Plan, name, "%s is given twice", name) }

// modified returns e with its modifiers changed by set; a fault where e takes none.
func (e Expr) modified(name string, at site, set func(*Mods) *fault.Error) Expr {
	if e.n == nil {
		return faulty(zeroFault(name), at)
	}
	if e.n.err != nil {
		return e
	}
	if e.n.info.Kind != Aggregate && e.n.info.Kind != Window {
		f := fault.New(fault.Plan, name, "%s stands on %s, which is no aggregate or window function", name, e)
		return faulty(f.WithHint("call %s on the aggregate itself: Sum(x).%s(...)", name, name), at)
	}
	m := e.Mods()
	if f := set(&m); f != nil {
		return faulty(f, at)
	}
	n := *e.n
	n.mods, n.site, n.typ = &m, at, nil
	return finish(&n)
}

// rangeBound brings a bound to int64, float64 or time.Duration.
func rangeBound(v any) (any, bool) {
	if d, ok := v.(time.Duration); ok {
		return d, true
	}
	switch x := canonical(v).(type) {
	case int64, float64:
		return x, true
	}
	return nil, false
}

// after says whether lo is after hi; bounds of different kinds are never, except that unbounded ends stand at their side.
func after(lo, hi any) bool {
	if lo == any(UnboundedFollowing) || hi == any(UnboundedPreceding) {
		return true
	}
	return lo != any(UnboundedPreceding) && hi != any(UnboundedFollowing) && boundFloat(lo) > boundFloat(hi)
}

func boundFloat(v any) float64 {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case float64:
		return x
	case time.Duration:
		return float64(x)
	}
	return 0
}

// Desc makes e a descending sort key.
func (e Expr) Desc() Expr { return scalar(here(), "desc", []Expr{e}) }

// NullsFirst makes e a sort key whose nulls come first; without it they are last, in both directions.
func (e Expr) NullsFirst() Expr { return scalar(here(), "nulls_first", []Expr{e}) }

// SortKey takes Desc and NullsFirst off an expression.
func (e Expr) SortKey() SortKey {
	k := SortKey{Expr: e}
	for {
		switch k.Expr.Op() {
		case "desc":
			k.Desc = true
		case "nulls_first":
			k.NullsFirst = true
		default:
			return k
		}
		k.Expr = k.Expr.n.args[0]
	}
}

// SortKeys returns the keys that a user gave as columns: names, expressions, or slices of them.
func SortKeys(keys ...any) ([]SortKey, error) {
	cols, err := ColumnsOf(keys...)
	if err != nil {
		return nil, err
	}
	out := make([]SortKey, len(cols))
	for i, c := range cols {
		out[i] = c.SortKey()
	}
	return out, nil
}
