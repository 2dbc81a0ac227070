package cli

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/pflag"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/where"
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// shapeFlags say which rows and columns of the input are wanted. They apply in the order of the fields, whatever their order on the
// command line, and all but rename speak of the names that the input has.
type shapeFlags struct {
	cast   []string
	where  []string
	sort   []string
	limit  int64
	keep   []string
	drop   []string
	rename []string
}

func (f *shapeFlags) add(set *pflag.FlagSet, withLimit bool) {
	set.StringArrayVar(&f.keep, "select", nil, "keep these columns, in this order: `NAME`,…")
	set.StringArrayVar(&f.keep, "columns", nil, "`NAME`,…: the same as --select")
	set.StringArrayVar(&f.drop, "drop", nil, "leave these columns out: `NAME`,…")
	set.StringArrayVar(&f.rename, "rename", nil, "give columns other names: `OLD=NEW`,…")
	set.StringArrayVar(&f.where, "where", nil, "keep the rows for which `CONDITION` is true, after --cast")
	set.StringArrayVar(&f.cast, "cast", nil, "give columns other types: `NAME=TYPE`,…")
	set.StringArrayVar(&f.sort, "sort", nil, "sort the rows by these columns: `NAME`,…, NAME:desc for the largest first")
	if withLimit {
		set.Int64Var(&f.limit, "limit", -1, "keep the first `N` rows, after --where and --sort")
	} else {
		f.limit = -1
	}
}

// apply gives the rows and columns that the flags ask for.
func (f *shapeFlags) apply(df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	for _, step := range []func(*dataframe.DataFrame) (*dataframe.DataFrame, error){f.casts, f.filter, f.sorted, f.limited, f.selected, f.renamed} {
		next, err := step(df)
		if err != nil {
			return nil, err
		}
		if err := next.Err(); err != nil {
			return nil, err
		}
		df = next
	}
	return df, nil
}

// known checks that a flag's columns are there.
func known(flag string, columns []string, schema *arrow.Schema) error {
	have := expr.FieldNames(schema)
	for _, c := range columns {
		if !slices.Contains(have, c) {
			return usageHint(fault.Suggest(c, have), "--%s: there is no column %q", flag, c)
		}
	}
	return nil
}

func (f *shapeFlags) casts(df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	list, err := typePairs("cast", f.cast)
	if err != nil || len(list) == 0 {
		return df, err
	}
	var with []expr.Expr
	for _, c := range list {
		if err := known("cast", []string{c.name}, df.Schema()); err != nil {
			return nil, err
		}
		with = append(with, expr.Col(c.name).Cast(c.typ).As(c.name))
	}
	return df.With(with...), nil
}

func (f *shapeFlags) filter(df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	for _, text := range f.where {
		e, err := where.Parse(text, df.Schema())
		if err != nil {
			return nil, err
		}
		df = df.Filter(e)
	}
	return df, nil
}

func (f *shapeFlags) sorted(df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	if len(f.sort) == 0 {
		return df, nil
	}
	have := expr.FieldNames(df.Schema())
	var keys []any
	for _, text := range splitList(f.sort) {
		key, err := sortKey(text, have)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return df.Sort(keys...), nil
}

// sortKey reads NAME, NAME:asc, NAME:desc, with :nulls-first behind it.
func sortKey(text string, have []string) (expr.Expr, error) {
	name, desc, nullsFirst := text, false, false
	for !slices.Contains(have, unquote(name)) {
		at := strings.LastIndexByte(name, ':')
		if at < 0 {
			return expr.Expr{}, usageHint(fault.Suggest(unquote(name), have), "--sort: there is no column %q", unquote(name))
		}
		switch word := strings.ToLower(name[at+1:]); word {
		case "asc":
		case "desc":
			desc = true
		case "nulls-first":
			nullsFirst = true
		default:
			return expr.Expr{}, usageHint("write NAME, NAME:desc or NAME:desc:nulls-first", "--sort: %q is no column, and no order ends in :%s", text, word)
		}
		name = name[:at]
	}
	key := expr.Col(unquote(name))
	if desc {
		key = key.Desc()
	}
	if nullsFirst {
		key = key.NullsFirst()
	}
	return key, nil
}

func (f *shapeFlags) limited(df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	switch {
	case f.limit < -1:
		return nil, usage("--limit: %d is no number of rows", f.limit)
	case f.limit >= 0:
		return df.Limit(f.limit), nil
	}
	return df, nil
}

func (f *shapeFlags) selected(df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	if len(f.keep) > 0 {
		keep, err := names("select", f.keep)
		if err == nil {
			err = known("select", keep, df.Schema())
		}
		if err != nil {
			return nil, err
		}
		df = df.Select(keep)
	}
	if len(f.drop) > 0 {
		drop, err := names("drop", f.drop)
		if err == nil {
			err = known("drop", drop, df.Schema())
		}
		if err != nil {
			return nil, err
		}
		df = df.Drop(drop...)
	}
	return df, nil
}

// renamed gives the new names all at once, so that two columns may swap theirs.
func (f *shapeFlags) renamed(df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	list, err := pairs("rename", "OLD=NEW", f.rename)
	if err != nil || len(list) == 0 {
		return df, err
	}
	to := map[string]string{}
	for _, p := range list {
		if err := known("rename", []string{p.name}, df.Schema()); err != nil {
			return nil, err
		}
		to[p.name] = unquote(p.value)
	}
	return df.RenameFunc(func(name string) string {
		if new, ok := to[name]; ok {
			return new
		}
		return name
	}), nil
}
