package delayed

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// function is what all calls of one function share.
type function struct {
	name  string
	named bool // by the user
	pure  bool
	hint  graph.Hint
	// call calls the user's function with arguments in the order of the call.
	call graph.Func
	// identity says which function it is, for keys of pure calls.
	identity string
	serial   *atomic.Int64 // numbers the calls of that name
	err      *fault.Error  // what is wrong with the definition
	foreign  any           // who gives the value, see Foreign
}

// serials number the calls by name, so that every impure call of the process has a key of its own.
var serials sync.Map // string → *atomic.Int64

func serialOf(name string) *atomic.Int64 {
	if n, ok := serials.Load(name); ok {
		return n.(*atomic.Int64)
	}
	n, _ := serials.LoadOrStore(name, new(atomic.Int64))
	return n.(*atomic.Int64)
}

// define returns the definition of a user's function whose result is an R. The caller sets call.
func define[R any](fn any, opts []Option) *function {
	symbol := graph.Symbol(fn)
	f := &function{name: shortName(symbol), identity: symbol + " " + reflect.TypeOf(fn).String()}
	for _, o := range opts {
		if o != nil {
			o(f)
		}
	}
	switch {
	case symbol == "":
		f.err = fault.New(fault.Plan, "", "the function is nil")
	case isDelayed(reflect.TypeFor[R]()):
		f.err = fault.New(fault.Plan, "", "the function returns delayed work, %v, which would run nothing", reflect.TypeFor[R]()).
			WithHint("call it without Func: it builds the graph; only what it calls is delayed")
	case f.pure && f.named:
		f.identity = f.name + " " + reflect.TypeOf(fn).String()
	case f.pure && isClosure(symbol):
		f.err = fault.New(fault.Plan, "", "%s is no top-level function: whether two such hold equal variables cannot be seen, so it cannot be pure", symbol).
			WithHint("make it a top-level function, or give it a Name that stands for what it holds")
	}
	if f.name == "" {
		f.name = "call"
	}
	f.serial = serialOf(f.name)
	return f
}

// shortName returns "Load" for "example.com/a/etl.Load", "main.func1" for "example.com/etl.main.func1".
func shortName(symbol string) string {
	_, name, _ := strings.Cut(symbol[strings.LastIndexByte(symbol, '/')+1:], ".")
	return strings.TrimSuffix(name, "-fm")
}

// isClosure says whether the runtime's name is one of a function literal, a method value, or an instance of a generic function, whose
// instances share a name.
func isClosure(symbol string) bool {
	name := shortName(symbol)
	if strings.HasSuffix(symbol, "-fm") || strings.Contains(name, "[...]") {
		return true
	}
	if strings.HasPrefix(name, "(*") { // "(*T).Method"
		return strings.Count(name, ".") > 1
	}
	if strings.HasPrefix(name, "init.") || strings.HasPrefix(name, "glob.") {
		return true
	}
	_, rest, nested := strings.Cut(name, ".")
	if !nested {
		return false
	}
	// "T.Method" is declared; "Outer.func1", "Outer.gowrap1", "Outer.func1.2" are not.
	digits := strings.TrimRight(rest, "0123456789")
	return strings.Contains(rest, ".") || digits != rest && (digits == "func" || digits == "gowrap" || digits == "deferwrap")
}

var delayedType = reflect.TypeFor[interface{ Node() *Node }]()

// isDelayed says whether values of a type are, or hold in plain sight, delayed values.
func isDelayed(t reflect.Type) bool { return holdsDelayed(t, 0) }

// maxDepth is how deep isDelayed looks into a type: mistakes are not buried, and types may be recursive.
const maxDepth = 3

func holdsDelayed(t reflect.Type, depth int) bool {
	if t.Implements(delayedType) {
		return true
	}
	if m, ok := t.MethodByName("Delayed"); ok && m.Type.NumOut() == 1 && m.Type.Out(0).Implements(delayedType) {
		return true // an Arg
	}
	if depth == maxDepth {
		return false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Pointer, reflect.Map:
		return holdsDelayed(t.Elem(), depth+1)
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && holdsDelayed(t.Field(i).Type, depth+1) {
				return true
			}
		}
	}
	return false
}

// as returns v as a T; a nil interface is the zero T.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}

// result returns a function's results as a task's.
func result[R any](v R, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// run calls the user's function and places its errors.
func (n *Node) run(ctx context.Context, in []any) (v any, err error) {
	finished := false
	defer func() {
		if finished {
			return
		}
		if p := recover(); p != nil { // nil: the goroutine ends, which is the scheduler's business
			v, err = nil, panicFault(n, p)
		}
	}()
	v, err = n.fn.call(ctx, in)
	finished = true
	if err != nil {
		return nil, n.place(err)
	}
	return v, nil
}

// place returns an error of the user's function as a fault with the line of the call.
func (n *Node) place(err error) error {
	if f, ok := err.(*fault.Error); ok && f != nil {
		c := *f
		if c.At == "" {
			c.At = n.at.String()
		}
		return &c
	}
	return &fault.Error{Kind: kindOf(err), At: n.at.String(), Err: err}
}
