package expr

import (
	"math"

	"github.com/sheafdata/sheaf/fault"
)

func planFault(format string, args ...any) *fault.Error {
	return fault.New(fault.Plan, "", format, args...)
}

func call(at site, op string, v any, params ...any) Expr {
	return scalar(at, op, []Expr{column(v, at)}, params...)
}

// Count is the number of rows, int64.
func Count() Expr { return scalar(here(), "count", nil) }

// CountOf is the number of values that are not null, int64.
func CountOf(e any) Expr { return call(here(), "count_of", e) }

// Sum is the sum: int64 of integers and bools (overflow is an error), float64 of floats, decimal of decimals. Of no values: null.
func Sum(e any) Expr { return call(here(), "sum", e) }

// Mean is the arithmetic mean, float64.
func Mean(e any) Expr { return call(here(), "mean", e) }

// Min is the smallest value, in the type of e.
func Min(e any) Expr { return call(here(), "min", e) }

// Max is the largest value, in the type of e. NaN is greater than every number.
func Max(e any) Expr { return call(here(), "max", e) }

// Var is the sample variance (n−1), float64; null of fewer than two values.
func Var(e any) Expr { return call(here(), "var", e) }

// Std is the sample standard deviation (n−1), float64.
func Std(e any) Expr { return call(here(), "std", e) }

// VarPop is the variance that divides by n, float64.
func VarPop(e any) Expr { return call(here(), "var_pop", e) }

// StdPop is the standard deviation that divides by n, float64.
func StdPop(e any) Expr { return call(here(), "std_pop", e) }

// Median is the exact median with linear interpolation, float64.
func Median(e any) Expr { return call(here(), "median", e) }

// First is the first value that is not null, in row order or that of OrderBy.
func First(e any) Expr { return call(here(), "first", e) }

// Last is the last value that is not null, in row order or that of OrderBy.
func Last(e any) Expr { return call(here(), "last", e) }

// NUnique is the number of different values that are not null, int64.
func NUnique(e any) Expr { return call(here(), "n_unique", e) }

// ApproxNUnique estimates NUnique with a sketch of fixed size.
func ApproxNUnique(e any) Expr { return call(here(), "approx_n_unique", e) }

// Mode is the most frequent value; of equally frequent ones the first.
func Mode(e any) Expr { return call(here(), "mode", e) }

// Any says whether a value is true; null of no values.
func Any(e any) Expr { return call(here(), "any", e) }

// All says whether all values are true; null of no values.
func All(e any) Expr { return call(here(), "all", e) }

// ListOf is the list of all values, nulls included, in row order or that of OrderBy.
func ListOf(e any) Expr { return call(here(), "list_of", e) }

// Quantile is the exact quantile q (0 to 1) with linear interpolation, float64.
func Quantile(e any, q float64) Expr { return quantile(here(), "quantile", e, q) }

// ApproxQuantile estimates Quantile with a sketch of fixed size.
func ApproxQuantile(e any, q float64) Expr { return quantile(here(), "approx_quantile", e, q) }

func quantile(at site, op string, e any, q float64) Expr {
	if math.IsNaN(q) || q < 0 || q > 1 {
		return faulty(planFault("quantile %v is not between 0 and 1", q), at)
	}
	return call(at, op, e, q)
}

// Corr is Pearson's correlation of two columns, float64.
func Corr(a, b any) Expr {
	at := here()
	return scalar(at, "corr", []Expr{column(a, at), column(b, at)})
}

// Cov is the sample covariance (n−1) of two columns, float64.
func Cov(a, b any) Expr {
	at := here()
	return scalar(at, "cov", []Expr{column(a, at), column(b, at)})
}

// RowNumber counts the rows of the partition from 1.
func RowNumber() Expr { return scalar(here(), "row_number", nil) }

// Rank is the place of the row in the order, from 1; equal rows share it and leave a gap.
func Rank() Expr { return scalar(here(), "rank", nil) }

// DenseRank is Rank without gaps.
func DenseRank() Expr { return scalar(here(), "dense_rank", nil) }

// Lag is the value n rows before; null where there is none.
func Lag(e any, n int) Expr { return call(here(), "lag", e, int64(n)) }

// Lead is the value n rows after; null where there is none.
func Lead(e any, n int) Expr { return call(here(), "lead", e, int64(n)) }

// CumSum is the sum of the values up to this row.
func CumSum(e any) Expr { return call(here(), "cum_sum", e) }

// CumMin is the smallest value up to this row.
func CumMin(e any) Expr { return call(here(), "cum_min", e) }

// CumMax is the largest value up to this row.
func CumMax(e any) Expr { return call(here(), "cum_max", e) }

// FillForward replaces null by the nearest value before.
func FillForward(e any) Expr { return call(here(), "fill_forward", e) }

// FillBackward replaces null by the nearest value after.
func FillBackward(e any) Expr { return call(here(), "fill_backward", e) }
