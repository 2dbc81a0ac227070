package plan

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// UnionSpec says how frames that differ are brought together.
type UnionSpec struct {
	// UnionByName takes all columns of all frames; a frame that lacks one gives null.
	UnionByName bool
	// PromoteTypes widens types as expr.WidenType does with promote.
	PromoteTypes bool
	// CaseInsensitive matches names whatever their case; the first spelling counts.
	CaseInsensitive bool
}

// NewUnion is NewConcat for frames whose columns differ as the spec allows: a Concat over Projects that rename, cast and fill.
func NewUnion(ins []Node, spec UnionSpec) (Node, error) {
	if len(ins) == 0 {
		return nil, planFault("Union", "no frames")
	}
	u := union{spec: spec, place: map[string]int{}}
	for i, in := range ins {
		if err := u.add(in.Schema(), i+1); err != nil {
			return nil, err
		}
	}
	out := make([]Node, len(ins))
	for i, in := range ins {
		var err error
		if out[i], err = u.conform(in, i+1); err != nil {
			return nil, err
		}
	}
	return NewConcat(out)
}

// union gathers the columns of all frames.
type union struct {
	spec   UnionSpec
	fields []arrow.Field
	place  map[string]int // by key
}

func (u *union) key(name string) string {
	if u.spec.CaseInsensitive {
		return strings.ToLower(name)
	}
	return name
}

// add joins the columns of frame number n to those gathered.
func (u *union) add(s *arrow.Schema, n int) error {
	own := map[string]string{}
	for _, f := range s.Fields() {
		k := u.key(f.Name)
		if other, twice := own[k]; twice {
			return planFault("Union", "columns %q and %q of frame %d have one name but for case", other, f.Name, n)
		}
		own[k] = f.Name
		at, known := u.place[k]
		if !known {
			if n > 1 && !u.spec.UnionByName {
				return planFault("Union", "frame %d has a column %q, which the first lacks", n, f.Name).WithHint("set UnionByName")
			}
			u.place[k] = len(u.fields)
			f.Nullable = f.Nullable || n > 1
			u.fields = append(u.fields, f)
			continue
		}
		have := &u.fields[at]
		t, ok := u.widen(have.Type, f.Type)
		if !ok {
			return planFault("Union", "column %q is %s in frame %d and %s before", f.Name, f.Type, n, have.Type).WithHint("Cast one of them, or set PromoteTypes")
		}
		have.Type, have.Nullable = t, have.Nullable || f.Nullable
	}
	return nil
}

func (u *union) widen(a, b arrow.DataType) (arrow.DataType, bool) {
	if u.spec.PromoteTypes {
		return expr.WidenType(a, b, true)
	}
	if a.ID() != arrow.NULL && b.ID() != arrow.NULL && !arrow.TypeEqual(expr.ValueType(a), expr.ValueType(b)) {
		return nil, false
	}
	return expr.WidenType(a, b, false)
}

// conform projects frame number n to the gathered columns.
func (u *union) conform(in Node, n int) (Node, error) {
	own := map[string]arrow.Field{}
	for _, f := range in.Schema().Fields() {
		own[u.key(f.Name)] = f
	}
	exprs := make([]expr.Expr, len(u.fields))
	same := len(own) == len(u.fields)
	for i, f := range u.fields {
		mine, ok := own[u.key(f.Name)]
		switch {
		case !ok && !u.spec.UnionByName:
			return nil, planFault("Union", "frame %d has no column %q, which the first has", n, f.Name).WithHint("set UnionByName")
		case !ok:
			exprs[i] = expr.NullOf(f.Type).As(f.Name)
		case arrow.TypeEqual(mine.Type, f.Type):
			exprs[i] = expr.Col(mine.Name).As(f.Name)
		default:
			exprs[i] = expr.Col(mine.Name).Cast(f.Type).As(f.Name)
		}
		same = same && ok && mine.Name == f.Name && arrow.TypeEqual(mine.Type, f.Type) && in.Schema().Field(i).Name == f.Name
	}
	if same {
		return in, nil
	}
	out, err := NewProject(in, exprs...)
	return out, opFault("Union", err)
}
