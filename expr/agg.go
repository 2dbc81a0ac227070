package expr

import (
	"math"
	"strconv"
	"strings"

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

// ApproxNUnique estimates NUnique in at most 16 KiB a group (64 KiB while it grows): the standard error is 0.81 %, and below 2,000
// values the answer is nearly always exact. It is the same however rows were divided.
func ApproxNUnique(e any) Expr { return call(here(), "approx_n_unique", e) }

// Mode is the most frequent value that is not null; of equally frequent ones the first, in row order or that of OrderBy.
func Mode(e any) Expr { return call(here(), "mode", e) }

// Any says whether a value is true; null of no values.
func Any(e any) Expr { return call(here(), "any", e) }

// All says whether all values are true; null of no values.
func All(e any) Expr { return call(here(), "all", e) }

// ListOf is the list of all values, nulls included, in row order or that of OrderBy; null of no rows.
func ListOf(e any) Expr { return call(here(), "list_of", e) }

// Quantile is the exact quantile q (0 to 1) with linear interpolation, float64.
func Quantile(e any, q float64) Expr { return quantile(here(), "quantile", e, q) }

// Quantiles is Quantile for several q at once, as a list in the order given: the values are collected once.
func Quantiles(e any, qs ...float64) Expr {
	at := here()
	if len(qs) == 0 {
		return faulty(planFault("Quantiles without a quantile"), at)
	}
	var b strings.Builder
	for i, q := range qs {
		if math.IsNaN(q) || q < 0 || q > 1 {
			return faulty(planFault("quantile %v is not between 0 and 1", q), at)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatFloat(q, 'g', -1, 64))
	}
	return call(at, "quantiles", e, b.String())
}

// Quantiles returns the quantiles that an aggregate asks for: of Median, Quantile, Quantiles and ApproxQuantile; nil of others.
func (e Expr) Quantiles() []float64 {
	switch e.Op() {
	case "median":
		return []float64{0.5}
	case "quantile", "approx_quantile":
		q, _ := e.Param(0).(float64)
		return []float64{q}
	case "quantiles":
		text, _ := e.Param(0).(string)
		var qs []float64
		for _, f := range strings.Fields(text) {
			q, err := strconv.ParseFloat(f, 64)
			if err != nil || !(q >= 0 && q <= 1) { // of a damaged wire form
				q = 0
			}
			qs = append(qs, q)
		}
		return qs
	}
	return nil
}

// ApproxQuantile estimates Quantile in little memory: the answer is within 0.5 %, relative, of the value at the quantile's rank. It is
// the same however rows were divided.
func ApproxQuantile(e any, q float64) Expr { return quantile(here(), "approx_quantile", e, q) }

func quantile(at site, op string, e any, q float64) Expr {
	if math.IsNaN(q) || q < 0 || q > 1 {
		return faulty(planFault("quantile %v is not between 0 and 1", q), at)
	}
	return call(at, op, e, q)
}

// Corr is Pearson's correlation of two columns over the rows where both have a value, float64: NaN where one of them does not vary.
func Corr(a, b any) Expr {
	at := here()
	return scalar(at, "corr", []Expr{column(a, at), column(b, at)})
}

// Cov is the sample covariance (n−1) of two columns over the rows where both have a value, float64; null of fewer than two.
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
