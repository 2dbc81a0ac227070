package run

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/eval"
)

// Fold evaluates a bound expression without columns to a literal of its type: what the optimizer folds constants with.
func Fold(e expr.Expr) (expr.Expr, error) { return eval.Fold(e) }
