package ref

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/plan"
)

// groupBy puts the groups, in order of first appearance, into out.
func groupBy(in *Table, n *plan.GroupBy, out *Table) error {
	var order []string
	keys, members := map[string]Row{}, map[string][]Env{}
	if len(n.Keys) == 0 {
		order, keys[""] = []string{""}, Row{}
	}
	for _, r := range in.Rows {
		e := in.Env(r)
		key, err := evalAll(n.Keys, e)
		if err != nil {
			return err
		}
		if n.DropNullKeys && slices.Contains(key, nil) {
			continue
		}
		k := keyText(key)
		if keys[k] == nil {
			order, keys[k] = append(order, k), key
		}
		members[k] = append(members[k], e)
	}
	for _, k := range order {
		row := slices.Clone(keys[k])
		for _, a := range n.Aggs {
			v, scale, err := aggregate(a, members[k])
			if err != nil {
				return err
			}
			row = append(row, v)
			out.Scale = max(out.Scale, scale)
		}
		out.Rows = append(out.Rows, row)
	}
	return nil
}

// aggregate computes one aggregate of a group's rows, and Σ|x| (or Σx²) of a float one.
func aggregate(a expr.Expr, rows []Env) (any, float64, error) {
	if a.Op() == "corr" || a.Op() == "cov" {
		rows, err := where(a, rows)
		if err != nil {
			return nil, 0, err
		}
		return comoment(a, rows)
	}
	rows, err := ordered(a, rows)
	if err != nil {
		return nil, 0, err
	}
	var vals []any
	all := List{}
	count := int64(0)
	for _, r := range rows {
		if w := a.Mods().Where; !w.IsZero() {
			if v, err := Eval(w, r); err != nil {
				return nil, 0, err
			} else if v != true {
				continue
			}
		}
		count++
		if a.NumArgs() == 0 {
			continue
		}
		v, err := Eval(a.Arg(0), r)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, v)
		if v != nil {
			vals = append(vals, v)
		}
	}
	switch a.Op() {
	case "count":
		return count, 0, nil
	case "count_of":
		return int64(len(vals)), 0, nil
	case "n_unique":
		seen := map[string]bool{}
		for _, v := range vals {
			seen[keyText(Row{v})] = true
		}
		return int64(len(seen)), 0, nil
	case "list_of":
		if len(all) == 0 {
			return nil, 0, nil
		}
		return all, 0, nil
	}
	if len(vals) == 0 {
		return nil, 0, nil
	}
	switch a.Op() {
	case "first":
		return vals[0], 0, nil
	case "last":
		return vals[len(vals)-1], 0, nil
	case "min", "all":
		return slices.MinFunc(vals, Order), 0, nil
	case "max", "any":
		return slices.MaxFunc(vals, Order), 0, nil
	}
	if v, done, err := collected(a, vals); done {
		return v, 0, err
	}
	return numeric(a, vals)
}

// where keeps the rows that the aggregate's condition is true for.
func where(a expr.Expr, rows []Env) ([]Env, error) {
	w := a.Mods().Where
	if w.IsZero() {
		return rows, nil
	}
	var out []Env
	for _, r := range rows {
		v, err := Eval(w, r)
		if err != nil {
			return nil, err
		}
		if v == true {
			out = append(out, r)
		}
	}
	return out, nil
}

func numeric(a expr.Expr, vals []any) (any, float64, error) {
	if a.Op() == "sum" && a.Type().ID() != arrow.FLOAT64 && a.Type().ID() != arrow.FLOAT32 {
		sum := new(big.Int)
		for _, v := range vals {
			sum.Add(sum, integer(v))
		}
		v, err := fit(sum, a.Type())
		return v, 0, err
	}
	sum, scale, bad := exactSum(vals)
	n := float64(len(vals))
	switch a.Op() {
	case "sum":
		if bad != 0 {
			return bad, scale, nil
		}
		f, _ := sum.Float64()
		return f, scale, nil
	case "mean":
		if bad != 0 {
			return bad, scale, nil
		}
		f, _ := new(big.Float).Quo(sum, big.NewFloat(n)).Float64()
		return f, scale, nil
	case "var", "std", "var_pop", "std_pop":
		return moment(a.Op(), vals, sum, bad != 0)
	}
	return nil, 0, fmt.Errorf("ref: no aggregate %s", a.Op())
}

// exactSum adds numbers without rounding, and their absolute values. bad is NaN or an infinity where the sum is, else 0.
func exactSum(vals []any) (sum *big.Float, scale, bad float64) {
	sum = new(big.Float).SetPrec(2200)
	for _, v := range vals {
		f := toFloat(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			bad += f
			continue
		}
		scale += math.Abs(f)
		sum.Add(sum, exact(number(v)))
	}
	return sum, scale, bad
}

func moment(op string, vals []any, sum *big.Float, bad bool) (any, float64, error) {
	n := float64(len(vals))
	divisor := n - 1
	if op == "var_pop" || op == "std_pop" {
		divisor = n
	}
	if divisor == 0 {
		return nil, 0, nil
	}
	if bad {
		return math.NaN(), 0, nil
	}
	mean := new(big.Float).SetPrec(2200).Quo(sum, big.NewFloat(n))
	square := new(big.Float).SetPrec(2200)
	scale := 0.0
	for _, v := range vals {
		d := new(big.Float).SetPrec(2200).Sub(exact(number(v)), mean)
		square.Add(square, d.Mul(d, d))
		f := toFloat(v)
		scale += f * f
	}
	out, _ := square.Quo(square, big.NewFloat(divisor)).Float64()
	if op == "std" || op == "std_pop" {
		out, scale = math.Sqrt(out), math.Sqrt(scale)
	}
	return out, scale, nil
}

// number is a value as a number: bools are 0 and 1.
func number(v any) any {
	if b, ok := v.(bool); ok {
		if b {
			return int64(1)
		}
		return int64(0)
	}
	return v
}

func integer(v any) *big.Int {
	if u, ok := v.(uint64); ok {
		return new(big.Int).SetUint64(u)
	}
	return big.NewInt(number(v).(int64))
}

func toFloat(v any) float64 {
	switch x := number(v).(type) {
	case int64:
		return float64(x)
	case uint64:
		return float64(x)
	case float64:
		return x
	}
	return math.NaN()
}
