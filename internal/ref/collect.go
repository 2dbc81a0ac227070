package ref

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/sheafdata/sheaf/expr"
)

// ordered sorts the rows of a group as the aggregate's OrderBy says, where it has one.
func ordered(a expr.Expr, rows []Env) ([]Env, error) {
	by := a.Mods().OrderBy
	if len(by) == 0 {
		return rows, nil
	}
	exprs := make([]expr.Expr, len(by))
	for i, k := range by {
		exprs[i] = k.Expr
	}
	type keyed struct {
		key Row
		row Env
	}
	var all []keyed
	for _, r := range rows {
		k, err := evalAll(exprs, r)
		if err != nil {
			return nil, err
		}
		all = append(all, keyed{k, r})
	}
	slices.SortStableFunc(all, func(x, y keyed) int {
		for i, k := range by {
			if c := compareKey(x.key[i], y.key[i], k); c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([]Env, len(all))
	for i, k := range all {
		out[i] = k.row
	}
	return out, nil
}

// mostFrequent is the most frequent value, the first of several.
func mostFrequent(vals []any) any {
	n := map[string]int{}
	for _, v := range vals {
		n[keyText(Row{v})]++
	}
	best := vals[0]
	for _, v := range vals {
		if n[keyText(Row{v})] > n[keyText(Row{best})] {
			best = v
		}
	}
	return best
}

// quantile is the value at a quantile of values, interpolated.
func quantile(vals []any, q float64) float64 {
	sorted := make([]float64, len(vals))
	for i, v := range vals {
		sorted[i] = toFloat(v)
	}
	slices.SortFunc(sorted, func(a, b float64) int { return Order(a, b) })
	at := q * float64(len(sorted)-1)
	lo, hi := sorted[int(math.Floor(at))], sorted[int(math.Ceil(at))]
	if lo == hi || at == math.Floor(at) || math.IsInf(lo, -1) && hi-hi == 0 {
		return lo
	}
	return lo + (hi-lo)*(at-math.Floor(at))
}

// comoment is Corr or Cov of the rows where both arguments have a value.
func comoment(a expr.Expr, rows []Env) (any, float64, error) {
	var xs, ys []*big.Float
	bad, scale := false, 0.0
	for _, r := range rows {
		v, err := evalAll(a.Args(), r)
		if err != nil {
			return nil, 0, err
		}
		if slices.Contains(v, nil) {
			continue
		}
		x, y := toFloat(v[0]), toFloat(v[1])
		if bad = bad || math.IsNaN(x-x) || math.IsNaN(y-y); bad {
			xs = append(xs, nil)
			continue
		}
		scale += math.Abs(x * y)
		xs, ys = append(xs, exact(number(v[0]))), append(ys, exact(number(v[1])))
	}
	n := len(xs)
	switch {
	case a.Op() == "cov" && n < 2, n == 0:
		return nil, 0, nil
	case bad:
		return math.NaN(), 0, nil
	}
	xx, yy, xy := products(xs, xs), products(ys, ys), products(xs, ys)
	if a.Op() == "cov" {
		f, _ := xy.Quo(xy, big.NewFloat(float64(n-1))).Float64()
		return f, scale, nil
	}
	if xx.Sign() == 0 || yy.Sign() == 0 {
		return math.NaN(), 0, nil
	}
	down := new(big.Float).SetPrec(2200).Mul(xx, yy)
	f, _ := xy.Quo(xy, down.Sqrt(down)).Float64()
	return f, 0, nil
}

// products is the sum of the products of distances from the means.
func products(xs, ys []*big.Float) *big.Float {
	mx, my := meanOf(xs), meanOf(ys)
	sum := new(big.Float).SetPrec(2200)
	for i := range xs {
		d := new(big.Float).SetPrec(2200).Sub(xs[i], mx)
		sum.Add(sum, d.Mul(d, new(big.Float).SetPrec(2200).Sub(ys[i], my)))
	}
	return sum
}

func meanOf(xs []*big.Float) *big.Float {
	sum := new(big.Float).SetPrec(2200)
	for _, x := range xs {
		sum.Add(sum, x)
	}
	return sum.Quo(sum, big.NewFloat(float64(len(xs))))
}

// collected computes the aggregates that look at all values of a group, vals without nulls; done is false for others.
func collected(a expr.Expr, vals []any) (v any, done bool, err error) {
	switch a.Op() {
	case "mode":
		return mostFrequent(vals), true, nil
	case "median", "quantile":
		return quantile(vals, a.Quantiles()[0]), true, nil
	case "quantiles":
		l := List{}
		for _, q := range a.Quantiles() {
			l = append(l, quantile(vals, q))
		}
		return l, true, nil
	case "approx_n_unique", "approx_quantile":
		return nil, true, fmt.Errorf("ref: %s is not exact", a.Op())
	}
	return nil, false, nil
}
