package delayed

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/sheafdata/sheaf/fault"
)

// pair is the result of a function that has two.
type pair[R, S any] struct {
	R R
	S S
}

func result2[R, S any](r R, s S, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return pair[R, S]{r, s}, nil
}

// call2 is call for a function of two results: one task that calls it, one for each result.
func call2[R, S any](f *function, args ...*Node) (*Value[R], *Value[S]) {
	both := build(f, reflect.TypeFor[pair[R, S]](), args)
	first := helper(f.name+".1", func(in []any) (any, error) { return as[pair[R, S]](in[0]).R, nil })
	second := helper(f.name+".2", func(in []any) (any, error) { return as[pair[R, S]](in[0]).S, nil })
	return call[R](first, both), call[S](second, both)
}

// helper returns the definition of a function of this package. Such are pure, and cheap.
func helper(name string, fn func(in []any) (any, error)) *function {
	f := &function{name: name, identity: "\x00" + name, pure: true, serial: serialOf(name)}
	f.call = func(_ context.Context, in []any) (any, error) { return fn(in) }
	return f
}

// ListOf returns a slice of the values, in order: one argument made of many. ListOf(vs...) and ListOf(a, b) both do.
func ListOf[A Arg[T], T any](vs ...A) *Value[[]T] {
	nodes := make([]*Node, len(vs))
	for i, v := range vs {
		nodes[i] = argOf(Arg[T](v))
	}
	return call[[]T](helper("list", func(in []any) (any, error) { return typed[T](in), nil }), nodes...)
}

// MapOf returns a map of the values by the same keys.
func MapOf[K comparable, A Arg[T], T any](m map[K]A) *Value[map[K]T] {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	// A map has no order, but runs should be alike.
	text := map[K]string{}
	for _, k := range keys {
		text[k] = fmt.Sprint(k)
	}
	slices.SortFunc(keys, func(a, b K) int { return compareText(text[a], text[b]) })
	nodes := []*Node{Of(keys).node}
	for _, k := range keys {
		nodes = append(nodes, argOf(Arg[T](m[k])))
	}
	return call[map[K]T](helper("map", func(in []any) (any, error) {
		out := make(map[K]T, len(in)-1)
		for i, k := range as[[]K](in[0]) {
			out[k] = as[T](in[1+i])
		}
		return out, nil
	}), nodes...)
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// StructOf returns a T, a struct, whose fields are those of the same name in parts, which is a struct too: a *Value of the field's
// type, or such a value itself. Every field of parts must be one of T; what T has beside them is zero.
//
//	report := delayed.StructOf[Report](struct {
//		Total *delayed.Value[float64]
//		Title string
//	}{total, "June"})
func StructOf[T any](parts any) *Value[T] {
	t := reflect.TypeFor[T]()
	nodes, fields, err := structParts(t, parts)
	def := helper("struct", func(in []any) (any, error) {
		out := reflect.New(t).Elem()
		for i, v := range in[1:] {
			if v != nil {
				out.FieldByIndex(fields[i]).Set(reflect.ValueOf(v))
			}
		}
		return out.Interface(), nil
	})
	if err != nil {
		def.err = err
		return call[T](def)
	}
	return call[T](def, append([]*Node{Of(fields).node}, nodes...)...)
}

// structParts returns the parts of a T and the fields that they go to.
func structParts(t reflect.Type, parts any) (nodes []*Node, fields [][]int, err *fault.Error) {
	from := reflect.ValueOf(parts)
	if t.Kind() != reflect.Struct || from.Kind() != reflect.Struct {
		return nil, nil, fault.New(fault.Plan, "", "StructOf makes a struct of a struct, not a %v of a %T", t, parts)
	}
	for i := range from.NumField() {
		f := from.Type().Field(i)
		to, ok := t.FieldByName(f.Name)
		switch {
		case !ok:
			return nil, nil, fault.New(fault.Plan, "", "%v has no field %s. %s", t, f.Name, fault.Suggest(f.Name, fieldNames(t)))
		case !to.IsExported():
			return nil, nil, fault.New(fault.Plan, "", "the field %s of %v is not exported", f.Name, t)
		}
		part := from.Field(i).Interface()
		n := &Node{known: &known{value: part}, typ: f.Type}
		if u, ok := part.(Untyped); ok {
			n = u.Node()
		}
		if n.err == nil && !n.typ.AssignableTo(to.Type) {
			return nil, nil, fault.New(fault.Type, "", "the field %s of %v is a %v, the part is a %v", f.Name, t, to.Type, n.typ)
		}
		nodes, fields = append(nodes, n), append(fields, to.Index)
	}
	return nodes, fields, nil
}

func fieldNames(t reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	return names
}

// Get returns what pick makes of a value: a field of a struct, an element of a list. It is Func1(pick)(v).
func Get[T, R any](v Arg[T], pick func(T) R) *Value[R] {
	def := define[R](pick, nil)
	def.call = func(_ context.Context, in []any) (any, error) { return pick(as[T](in[0])), nil }
	return call[R](def, argOf(v))
}

// Each calls fn, a lazy function, for every value.
func Each[A Arg[T], T, R any](fn func(Arg[T]) *Value[R], vs []A) []*Value[R] {
	out := make([]*Value[R], len(vs))
	for i, v := range vs {
		out[i] = fn(v)
	}
	return out
}

// Tree combines values to one by calls of fn, a lazy function, of two neighbours at a time, then two of these results, and so on. The
// order of the values is kept, so fn must be associative but need not be commutative. Other than one call that takes a list of all,
// it needs few of the values at any time, and combines in parallel. One value is returned as it is; none is a fault.
func Tree[A Arg[T], T any](fn func(a, b Arg[T]) *Value[T], vs []A) *Value[T] {
	switch {
	case len(vs) == 0:
		return Failed[T](misuse("Tree", here(0), "there are no values to combine"))
	case fn == nil:
		return Failed[T](misuse("Tree", here(0), "the function is nil"))
	}
	level := make([]Arg[T], len(vs))
	for i, v := range vs {
		level[i] = v
	}
	for len(level) > 1 {
		var next []Arg[T]
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, fn(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		level = next
	}
	if n := argOf(level[0]); n != nil {
		return &Value[T]{n}
	}
	return Failed[T](misuse("Tree", here(0), "the value is nil"))
}
