package dataframe

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/plan"
)

// JoinOption says how frames are joined: a kind, or what Using, On, OnExpr, AsOf, Within and Suffix return.
type JoinOption interface{ join(*joinOptions) }

type joinOptions struct {
	spec   plan.JoinSpec
	within any // of AsOf
	fault  error
}

func (o *joinOptions) fail(err error) {
	if o.fault == nil {
		o.fault = err
	}
}

type joinFunc func(*joinOptions)

func (f joinFunc) join(o *joinOptions) { f(o) }

// JoinKind says which rows a join gives; it is a JoinOption.
type JoinKind int

// The kinds of join: rows with a match (Inner, the default), all rows of the left, of the right or of both sides with nulls where
// there is no match (Left, Right, Full), the left rows that have a match (Semi) or none (Anti), all pairs (Cross).
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	Cross
)

func (k JoinKind) join(o *joinOptions) { o.spec.Kind = plan.JoinKind(k) }

// Direction says on which side of the left value AsOf looks for the nearest right row.
type Direction int

// The directions of AsOf.
const (
	Backward Direction = iota // right <= left
	Forward                   // right >= left
	Nearest
)

// Using joins by columns that both sides have; they are kept once.
func Using(cols ...string) JoinOption {
	return joinFunc(func(o *joinOptions) { o.spec.Using = append(o.spec.Using, cols...) })
}

// On joins where the left column l equals the right column r: names or expressions of their side. Repeat it for more; both columns
// stay.
func On(l, r any) JoinOption {
	return joinFunc(func(o *joinOptions) {
		left, err := expr.ColumnsOf(l)
		if err == nil {
			var right []expr.Expr
			if right, err = expr.ColumnsOf(r); err == nil && len(left) != len(right) {
				err = fault.New(fault.Plan, "On", "%d left columns, %d right ones", len(left), len(right))
			}
			o.spec.LeftOn, o.spec.RightOn = append(o.spec.LeftOn, left...), append(o.spec.RightOn, right...)
		}
		if err != nil {
			o.fail(err)
		}
	})
}

// OnExpr joins where conditions on the joined row hold.
func OnExpr(preds ...expr.Expr) JoinOption {
	return joinFunc(func(o *joinOptions) { o.spec.Residual = append(o.spec.Residual, preds...) })
}

// AsOf joins each left row with one right row: the nearest by l of the left and r of the right side, names or expressions of numbers,
// dates or times, in the direction. Using and On beside it restrict the right rows to those with equal keys. Rows need no order: of
// right rows with equal r Backward takes the last, Forward the first; of two at the same distance Nearest takes the one that is not
// larger. Null is not near to anything. Left keeps left rows without a right one, Inner drops them; no other kind is an as-of join.
func AsOf(l, r any, dir Direction) JoinOption {
	return joinFunc(func(o *joinOptions) {
		left, err := oneColumn(l)
		if err != nil {
			o.fail(err)
			return
		}
		right, err := oneColumn(r)
		switch {
		case err != nil:
			o.fail(err)
		case o.spec.AsOf != nil:
			o.fail(fault.New(fault.Plan, "AsOf", "a join has one AsOf").WithHint("keys that must be equal go into Using or On"))
		default:
			o.spec.AsOf = &plan.AsOfSpec{Left: left, Right: right, Dir: plan.Direction(dir)}
		}
	})
}

func oneColumn(col any) (expr.Expr, error) {
	cols, err := expr.ColumnsOf(col)
	if err == nil && len(cols) != 1 {
		err = fault.New(fault.Plan, "AsOf", "%d columns, one a side is wanted", len(cols))
	}
	if err != nil {
		return expr.Expr{}, err
	}
	return cols[0], nil
}

// Within is how far the right row of AsOf may be from the left one at most: a number for columns of numbers, a time.Duration for dates
// and times.
func Within(tolerance any) JoinOption {
	return joinFunc(func(o *joinOptions) {
		if tolerance == nil {
			o.fail(fault.New(fault.Plan, "Within", "the tolerance is nil").WithHint("leave Within out for any distance"))
		}
		o.within = tolerance
	})
}

// Suffix is put behind right names that the left side has too; the default is "_right".
func Suffix(s string) JoinOption { return joinFunc(func(o *joinOptions) { o.spec.Suffix = s }) }

// Join matches the rows of df, the left side, with those of right. No condition, and no Cross, is a fault. Null keys never match.
func (df *DataFrame) Join(right *DataFrame, opts ...JoinOption) *DataFrame {
	return df.then("Join", func(left plan.Node) (plan.Node, error) {
		if err := right.fault(); err != nil {
			return nil, err
		}
		var o joinOptions
		for _, opt := range opts {
			if opt == nil {
				return nil, fault.New(fault.Plan, "Join", "an option is nil")
			}
			opt.join(&o)
		}
		switch {
		case o.fault != nil:
			return nil, o.fault
		case o.spec.AsOf != nil:
			o.spec.AsOf.Within = o.within
		case o.within != nil:
			return nil, fault.New(fault.Plan, "Within", "there is no AsOf").WithHint("Within is the tolerance of AsOf")
		}
		return plan.NewJoin(left, right.node, o.spec)
	})
}
