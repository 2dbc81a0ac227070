package plan

import (
	"slices"

	"github.com/sheafdata/sheaf/expr"
)

// NewWith adds columns, or replaces those of the same name in their place, all computed from the input as it was. Two new ones of one
// name are a fault.
func NewWith(in Node, exprs ...expr.Expr) (Node, error) {
	if err := checkInputs("With", in); err != nil {
		return nil, err
	}
	if _, err := bindNamed("With", in, exprs); err != nil {
		return nil, err
	}
	all := Cols(in.Schema())
	for _, e := range exprs {
		at := slices.IndexFunc(all, func(c expr.Expr) bool { return c.Name() == e.Name() })
		if at < 0 {
			all = append(all, e)
		} else {
			all[at] = e
		}
	}
	return newProject("With", in, all)
}

// bindNamed binds expressions and checks that their names differ.
func bindNamed(op string, in Node, exprs []expr.Expr) ([]expr.Expr, error) {
	bound := make([]expr.Expr, len(exprs))
	for i, e := range exprs {
		var err error
		if bound[i], err = bindRow(op, e, in.Schema()); err != nil {
			return nil, err
		}
	}
	_, err := schemaOf(op, bound)
	return bound, err
}

// NewDrop leaves columns out.
func NewDrop(in Node, cols ...string) (Node, error) {
	if err := checkInputs("Drop", in); err != nil {
		return nil, err
	}
	for _, c := range cols {
		if err := checkColumns("Drop", in.Schema(), []string{c}); err != nil {
			return nil, err
		}
	}
	var keep []expr.Expr
	for _, c := range Cols(in.Schema()) {
		if !slices.Contains(cols, c.Name()) {
			keep = append(keep, c)
		}
	}
	return newProject("Drop", in, keep)
}

// NewRename gives a column another name.
func NewRename(in Node, from, to string) (Node, error) {
	if err := checkInputs("Rename", in); err != nil {
		return nil, err
	}
	if err := checkColumns("Rename", in.Schema(), []string{from}); err != nil {
		return nil, err
	}
	return NewRenameFunc(in, func(name string) string {
		if name == from {
			return to
		}
		return name
	})
}

// NewRenameFunc gives every column the name that fn makes of its own.
func NewRenameFunc(in Node, fn func(string) string) (Node, error) {
	if err := checkInputs("Rename", in); err != nil {
		return nil, err
	}
	cols := Cols(in.Schema())
	from := map[string]string{}
	for i, c := range cols {
		name := fn(c.Name())
		if name == "" {
			return nil, planFault("Rename", "the new name of column %q is empty", c.Name())
		}
		if other, taken := from[name]; taken {
			return nil, planFault("Rename", "columns %q and %q would both be named %q", other, c.Name(), name)
		}
		from[name] = c.Name()
		cols[i] = c.As(name)
	}
	return newProject("Rename", in, cols)
}
