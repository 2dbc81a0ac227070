package dataframe

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/plan"
)

// JoinOption says how frames are joined: a kind, or what Using, On, OnExpr, AsOf, Within and Suffix return.
type JoinOption interface{ join(*joinOptions) }

type joinOptions struct {
	spec  plan.JoinSpec
	asOf  bool
	fault error
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
		if o.fault == nil {
			o.fault = err
		}
	})
}

// OnExpr joins where conditions on the joined row hold.
func OnExpr(preds ...expr.Expr) JoinOption {
	return joinFunc(func(o *joinOptions) { o.spec.Residual = append(o.spec.Residual, preds...) })
}

// AsOf joins each left row with the nearest right row by an ordered column. It is not built yet.
func AsOf(l, r any, dir Direction) JoinOption {
	return joinFunc(func(o *joinOptions) { o.asOf = true })
}

// Within is how far the right row of AsOf may be: a number or a time.Duration.
func Within(tolerance any) JoinOption { return joinFunc(func(*joinOptions) {}) }

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
		case o.asOf:
			return nil, notYet("AsOf")
		}
		return plan.NewJoin(left, right.node, o.spec)
	})
}
