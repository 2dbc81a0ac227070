package graph

import (
	"context"

	"github.com/sheafdata/sheaf/fault"
)

// opFunc is the operation that calls a registered function; its arguments are the symbol.
const opFunc = "graph.func"

// opData is the operation of a value; its arguments are the value, encoded.
const opData = "graph.data"

func init() {
	Register(opFunc, callFunc)
	Register(opData, func(_ context.Context, args []byte, _ []any) (any, error) { return DecodeResult(args) })
}

// Remote returns the operation and arguments by which another process of the same program runs a task: those it has, or for a task
// whose Run is a registered top-level function one that calls it, or for a value one that gives it. Any other local task is an error that names its function and says
// how to register it.
func (g *Graph) Remote(id ID) (op string, args []byte, err error) {
	if op, args = g.Op(id); op != "" {
		return op, args, nil
	}
	fn := g.Func(id)
	if g.IsData(id) {
		return remoteData(fn)
	}
	if symbol, ok := FuncName(fn); ok {
		return opFunc, []byte(symbol), nil
	}
	e := fault.New(fault.Plan, "", "the function %s cannot be sent to another process, it is not registered", Symbol(fn))
	if symbol, why := symbolOf(fn); why == "" {
		return "", nil, e.WithHint("register it in an init function: graph.RegisterFunc(%s)", shortSymbol(symbol))
	}
	return "", nil, e.WithHint("make it a top-level function F and register that in an init function: graph.RegisterFunc(F)")
}

func remoteData(value Func) (op string, args []byte, err error) {
	v, err := value(context.Background(), nil)
	if err != nil {
		return "", nil, err
	}
	args, err = EncodeResult(nil, v)
	return opData, args, err
}

// shortSymbol returns "pkg.Func", as one writes it, for "example.com/a/pkg.Func".
func shortSymbol(symbol string) string { return symbol[lastSlash(symbol)+1:] }

func callFunc(ctx context.Context, args []byte, in []any) (any, error) {
	fn, ok := FuncNamed(string(args))
	if !ok {
		return nil, fault.New(fault.Plan, "", "the function %s is not registered in this process", args)
	}
	switch fn := fn.(type) {
	case func(context.Context, []any) (any, error):
		return fn(ctx, in)
	case Func:
		return fn(ctx, in)
	}
	return nil, fault.New(fault.Plan, "", "the function %s is a %T, not a graph.Func", args, fn)
}
