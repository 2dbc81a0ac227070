package graph

import (
	"context"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Operation is the work of a portable task: args are Task.Args, in the results of Task.Deps; as in Func otherwise.
type Operation func(ctx context.Context, args []byte, in []any) (any, error)

// registry is filled by package initialisation and read by every scheduler of the process.
var registry struct {
	sync.RWMutex
	ops     map[string]Operation
	funcs   map[string]any
	results []resultCodec
	byName  map[string]resultCodec
	byType  sync.Map // reflect.Type → resultCodec that encoded it last
}

// Register names an operation, which makes tasks with that Op portable. Call it from a package-level variable or an init function,
// so that every process of the program has it. An empty name, a nil function or a name that is taken panics.
func Register(op string, fn func(ctx context.Context, args []byte, in []any) (any, error)) {
	if op == "" || fn == nil {
		panic("graph: Register needs a name and a function")
	}
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.ops[op]; taken {
		panic("graph: the operation " + op + " is registered twice")
	}
	if registry.ops == nil {
		registry.ops = map[string]Operation{}
	}
	registry.ops[op] = fn
}

// Lookup returns a registered operation.
func Lookup(op string) (Operation, bool) {
	registry.RLock()
	defer registry.RUnlock()
	fn, ok := registry.ops[op]
	return fn, ok
}

// Operations returns the names of all registered operations, sorted.
func Operations() []string {
	registry.RLock()
	defer registry.RUnlock()
	names := make([]string, 0, len(registry.ops))
	for op := range registry.ops {
		names = append(names, op)
	}
	slices.Sort(names)
	return names
}

// RegisterFunc makes a top-level function known by its symbol ("example.com/etl.Clean"), so that collections can carry it to
// another process. Call it as Register. Anything but a top-level function panics: a closure or a method value holds variables that
// have no name elsewhere, and the instances of a generic function share one symbol. Registering a function again does nothing.
func RegisterFunc(fn any) {
	symbol, why := symbolOf(fn)
	if why != "" {
		panic("graph: RegisterFunc needs a top-level function, " + why)
	}
	registry.Lock()
	defer registry.Unlock()
	if registry.funcs == nil {
		registry.funcs = map[string]any{}
	}
	registry.funcs[symbol] = fn
}

// FuncName returns the symbol of a registered function, and false for a function that is not registered.
func FuncName(fn any) (string, bool) {
	symbol, why := symbolOf(fn)
	if why != "" {
		return "", false
	}
	_, ok := FuncNamed(symbol)
	return symbol, ok
}

// FuncNamed returns the registered function of a symbol.
func FuncNamed(symbol string) (any, bool) {
	registry.RLock()
	defer registry.RUnlock()
	fn, ok := registry.funcs[symbol]
	return fn, ok
}

// Symbol returns the name of any function as the runtime knows it, for messages: "example.com/etl.Load.func1" for a closure. It is
// "" for what is no function.
func Symbol(fn any) string {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func || v.IsNil() {
		return ""
	}
	// The entry address may belong to a function inlined into fn's first line; the last frame is the outermost, which is fn. A
	// frame's address is that of a return, one after the call.
	frames := runtime.CallersFrames([]uintptr{v.Pointer() + 1})
	for {
		f, more := frames.Next()
		if !more {
			return f.Function
		}
	}
}

// symbolOf returns the symbol of a top-level function, or why it is none.
func symbolOf(fn any) (symbol, why string) {
	symbol = Symbol(fn)
	base := symbol[lastSlash(symbol)+1:]
	switch {
	case symbol == "":
		return "", "not a nil or another value"
	case strings.HasSuffix(base, "-fm"):
		return "", "not the method value " + symbol
	case strings.Contains(base, "[...]"):
		return "", "not an instance of the generic " + symbol
	case isClosure(base):
		return "", "not the closure " + symbol
	}
	return symbol, ""
}

func lastSlash(symbol string) int { return strings.LastIndexByte(symbol, '/') }

// isClosure says whether a symbol without its folders is that of a function literal: the compiler calls them "pkg.Outer.func1",
// "pkg.glob..func2", "pkg.init.0.func1", "pkg.Outer.gowrap1" and, nested, "pkg.Outer.func1.2". A declared function or method has
// no part after its name.
func isClosure(base string) bool {
	parts := strings.Split(base, ".")
	for _, p := range parts[1:] {
		if p == "" || strings.TrimLeft(p, "0123456789") == "" {
			return true
		}
	}
	if len(parts) < 3 || strings.HasPrefix(parts[1], "(") && len(parts) == 3 {
		return false // pkg.Func, pkg.(*T).Method
	}
	last := parts[len(parts)-1]
	digits := strings.TrimRight(last, "0123456789")
	return len(digits) < len(last) && (digits == "func" || digits == "gowrap" || digits == "deferwrap") || len(parts) > 3
}
