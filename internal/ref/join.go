package ref

import (
	"math"
	"math/big"
	"slices"

	"github.com/sheafdata/sheaf/plan"
)

// joiner is a join in the making: pairs of rows that match, found one after the other.
type joiner struct {
	n           *plan.Join
	left, right *Table
	index       map[string][]int // right rows by their equal keys
	asOf        []any            // their ordered keys
}

func join(left, right *Table, n *plan.Join) ([]Row, error) {
	j := &joiner{n: n, left: left, right: right, index: map[string][]int{}}
	for i, r := range right.Rows {
		key, err := evalAll(n.RightKeys, right.Env(r))
		if err != nil {
			return nil, err
		}
		if n.AsOf != nil {
			j.asOf = append(j.asOf, key[len(key)-1])
		}
		if !slices.Contains(key, nil) {
			k := keyText(key[:n.EqualKeys()])
			j.index[k] = append(j.index[k], i)
		}
	}
	var rows []Row
	met := make([]bool, len(right.Rows))
	for _, l := range left.Rows {
		matches, err := j.matches(l)
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			met[m] = true
		}
		rows = append(rows, j.joined(l, matches)...)
	}
	if n.Kind == plan.Right || n.Kind == plan.Full {
		for i, r := range right.Rows {
			if !met[i] {
				rows = append(rows, j.alone(r))
			}
		}
	}
	return rows, nil
}

// matches are the right rows that a left row matches, in order.
func (j *joiner) matches(l Row) ([]int, error) {
	key, err := evalAll(j.n.LeftKeys, j.left.Env(l))
	if err != nil || slices.Contains(key, nil) {
		return nil, err
	}
	found := j.index[keyText(key[:j.n.EqualKeys()])]
	if j.n.AsOf != nil {
		return j.nearest(key[len(key)-1], found), nil
	}
	if j.n.Residual.IsZero() {
		return found, nil
	}
	var kept []int
	for _, m := range found {
		v, err := Eval(j.n.Residual, j.pair(l, j.right.Rows[m]))
		if err != nil {
			return nil, err
		}
		if v == true {
			kept = append(kept, m)
		}
	}
	return kept, nil
}

// pair is the joined row as conditions see it.
func (j *joiner) pair(l, r Row) Env {
	left, right := j.left.Env(l), j.right.Env(r)
	e := Env{at: map[string]int{}, row: slices.Clone(l)}
	for name, i := range left.at {
		e.at[name] = i
	}
	for _, c := range j.n.RightNames {
		e.at[c.As] = len(e.row)
		e.row = append(e.row, r[right.at[c.Name]])
	}
	return e
}

// nearest looks at all rows: the last of the largest that are not larger (backward), the first of the smallest that are not smaller
// (forward), the one of both that is not farther.
func (j *joiner) nearest(key any, among []int) []int {
	back, fore := -1, -1
	for _, m := range among {
		if Order(j.asOf[m], key) <= 0 && (back < 0 || Order(j.asOf[m], j.asOf[back]) >= 0) {
			back = m
		}
		if Order(j.asOf[m], key) >= 0 && (fore < 0 || Order(j.asOf[m], j.asOf[fore]) < 0) {
			fore = m
		}
	}
	found := back
	switch j.n.AsOf.Dir {
	case plan.Forward:
		found = fore
	case plan.Nearest:
		if back < 0 || fore >= 0 && distance(key, j.asOf[fore]).Cmp(distance(key, j.asOf[back])) < 0 {
			found = fore
		}
	}
	if found < 0 {
		return nil
	}
	if a := j.n.AsOf; a.Bounded {
		limit := new(big.Float).SetUint64(a.Whole)
		if _, float := key.(float64); float {
			limit = big.NewFloat(a.Real)
		}
		if distance(key, j.asOf[found]).Cmp(limit) > 0 {
			return nil
		}
	}
	return []int{found}
}

// distance of two values: 0 of equal ones, NaN and infinities included, and infinite between one of those and any other.
func distance(a, b any) *big.Float {
	if Order(a, b) == 0 {
		return new(big.Float)
	}
	var x, y big.Float
	for i, v := range []any{a, b} {
		to := [...]*big.Float{&x, &y}[i]
		to.SetPrec(2200)
		switch v := v.(type) {
		case int64:
			to.SetInt64(v)
		case uint64:
			to.SetUint64(v)
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return new(big.Float).SetInf(false)
			}
			to.SetFloat64(v)
		}
	}
	d := new(big.Float).SetPrec(2200).Sub(&x, &y)
	if _, float := a.(float64); float { // as floats subtract
		f, _ := d.Float64()
		return new(big.Float).SetFloat64(math.Abs(f))
	}
	return d.Abs(d)
}

// joined returns the rows that a left row gives with its matches.
func (j *joiner) joined(l Row, matches []int) []Row {
	n, env := j.n, j.left.Env(l)
	var head Row
	for _, c := range n.LeftOut {
		head = append(head, l[env.at[c]])
	}
	switch {
	case n.Kind == plan.Semi && len(matches) > 0, n.Kind == plan.Anti && len(matches) == 0:
		return []Row{head}
	case n.Kind == plan.Semi || n.Kind == plan.Anti:
		return nil
	case (n.Kind == plan.Left || n.Kind == plan.Full) && len(matches) == 0:
		return []Row{append(head, make(Row, len(n.RightOut))...)}
	}
	var rows []Row
	for _, m := range matches {
		r := j.right.Rows[m]
		row := slices.Clone(head)
		for _, c := range n.RightOut {
			row = append(row, r[j.right.Env(r).at[c.Name]])
		}
		rows = append(rows, row)
	}
	return rows
}

// alone is a right row that no left row matches.
func (j *joiner) alone(r Row) Row {
	env := j.right.Env(r)
	var row Row
	for _, c := range j.n.LeftOut {
		if slices.Contains(j.n.Merged, c) {
			row = append(row, r[env.at[c]])
		} else {
			row = append(row, nil)
		}
	}
	for _, c := range j.n.RightOut {
		row = append(row, r[env.at[c.Name]])
	}
	return row
}
