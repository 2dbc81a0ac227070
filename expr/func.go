package expr

import (
	"context"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
)

// Value lists the Go types of arguments and results of user functions. int and int64 are int64 columns, uint and uint64 uint64,
// string is text, []byte binary, time.Time a timestamp[us, UTC] (as an argument any date or timestamp), time.Duration a
// duration[ns].
type Value interface {
	bool | int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64 | float32 | float64 | string | []byte | time.Time | time.Duration
}

// ArrowFunc is a user function over whole columns: all arguments have the same length, and so must the result. The arguments are
// valid until it returns; the result is the engine's.
type ArrowFunc = func(ctx context.Context, args []arrow.Array) (arrow.Array, error)

// UserFunction is a registered user function.
type UserFunction struct {
	// Name it was registered with, unique in the process.
	Name string
	// Args are the types its arguments are cast to; nil for FuncArrow, which takes any number of any types.
	Args []arrow.DataType
	// Result is the type of its result.
	Result arrow.DataType

	variadic bool // FuncArrow
	arrow    ArrowFunc
	rows     *rowFunc // Func1 to Func4
}

// rowFunc runs a function of single values over typed slices, so that the call in the loop is a plain one.
type rowFunc struct {
	// loads make the []A of an argument of type A.
	loads []func(arrow.Array) (any, error)
	// run writes out, a []R, where bit i of valid is set (nil: everywhere). row is always the row at work, for a panic's message.
	run func(args []any, valid []byte, n int, out any, row *int)
	// makeOut makes the []R and store an array of it.
	makeOut func(n int) any
	store   func(out any, valid []byte, n int, mem memory.Allocator) arrow.Array
}

var functions struct {
	sync.RWMutex
	m map[string]*UserFunction
}

// register panics where the name is taken: two functions of one name would give two answers on two machines.
func register(u *UserFunction) {
	if u.Name == "" {
		panic("expr: a user function needs a name")
	}
	functions.Lock()
	defer functions.Unlock()
	if functions.m == nil {
		functions.m = map[string]*UserFunction{}
	}
	if _, taken := functions.m[u.Name]; taken {
		panic("expr: a user function " + u.Name + " is registered already")
	}
	functions.m[u.Name] = u
}

// UserFunc returns the user function of that name.
func UserFunc(name string) (*UserFunction, bool) {
	functions.RLock()
	defer functions.RUnlock()
	u, ok := functions.m[name]
	return u, ok
}

// UserFunction returns the user function that e calls, nil where e is no call of one.
func (e Expr) UserFunction() *UserFunction {
	if e.n == nil || e.n.info != opFunc {
		return nil
	}
	name, _ := e.n.params[0].(string)
	u, _ := UserFunc(name)
	return u
}

func unknownFunction(name string) *fault.Error {
	return fault.New(fault.Plan, "", "no user function %q is registered in this process", name).
		WithHint("register it in a package-level variable of a package that this program imports")
}

// FuncArrow registers a function over Arrow columns under a name and returns what calls it; a taken name panics. Use it in a
// package-level variable, so that every process that runs the program knows it.
func FuncArrow(name string, out arrow.DataType, fn func(ctx context.Context, args []arrow.Array) (arrow.Array, error)) func(...any) Expr {
	register(&UserFunction{Name: name, Result: out, variadic: true, arrow: fn})
	return func(cols ...any) Expr {
		at := here()
		return scalar(at, "func", columnsOf(cols, at), name)
	}
}

// Func1 registers a function of one value under a name and returns what calls it on a column. A null argument gives null without a
// call. The name is its identity in other processes; a taken name panics. Use it in a package-level variable.
func Func1[A, R Value](name string, fn func(A) R) func(any) Expr {
	register(ofRows[R](name, func(args []any, valid []byte, n int, out any, row *int) {
		a, r := args[0].([]A), out.([]R)
		for i := range n {
			if valid == nil || valid[i>>3]>>(i&7)&1 != 0 {
				*row = i
				r[i] = fn(a[i])
			}
		}
	}, argOf[A]()))
	return func(x any) Expr {
		at := here()
		return scalar(at, "func", []Expr{column(x, at)}, name)
	}
}

// Func2 is Func1 for two arguments.
func Func2[A, B, R Value](name string, fn func(A, B) R) func(any, any) Expr {
	register(ofRows[R](name, func(args []any, valid []byte, n int, out any, row *int) {
		a, b, r := args[0].([]A), args[1].([]B), out.([]R)
		for i := range n {
			if valid == nil || valid[i>>3]>>(i&7)&1 != 0 {
				*row = i
				r[i] = fn(a[i], b[i])
			}
		}
	}, argOf[A](), argOf[B]()))
	return func(x, y any) Expr {
		at := here()
		return scalar(at, "func", []Expr{column(x, at), column(y, at)}, name)
	}
}

// Func3 is Func1 for three arguments.
func Func3[A, B, C, R Value](name string, fn func(A, B, C) R) func(any, any, any) Expr {
	register(ofRows[R](name, func(args []any, valid []byte, n int, out any, row *int) {
		a, b, c, r := args[0].([]A), args[1].([]B), args[2].([]C), out.([]R)
		for i := range n {
			if valid == nil || valid[i>>3]>>(i&7)&1 != 0 {
				*row = i
				r[i] = fn(a[i], b[i], c[i])
			}
		}
	}, argOf[A](), argOf[B](), argOf[C]()))
	return func(x, y, z any) Expr {
		at := here()
		return scalar(at, "func", []Expr{column(x, at), column(y, at), column(z, at)}, name)
	}
}

// Func4 is Func1 for four arguments.
func Func4[A, B, C, D, R Value](name string, fn func(A, B, C, D) R) func(any, any, any, any) Expr {
	register(ofRows[R](name, func(args []any, valid []byte, n int, out any, row *int) {
		a, b, c, d, r := args[0].([]A), args[1].([]B), args[2].([]C), args[3].([]D), out.([]R)
		for i := range n {
			if valid == nil || valid[i>>3]>>(i&7)&1 != 0 {
				*row = i
				r[i] = fn(a[i], b[i], c[i], d[i])
			}
		}
	}, argOf[A](), argOf[B](), argOf[C](), argOf[D]()))
	return func(w, x, y, z any) Expr {
		at := here()
		return scalar(at, "func", []Expr{column(w, at), column(x, at), column(y, at), column(z, at)}, name)
	}
}

// argument is what a user function takes at one place.
type argument struct {
	typ  arrow.DataType
	load func(arrow.Array) (any, error)
}

func argOf[A Value]() argument {
	return argument{typ: goType[A](), load: func(a arrow.Array) (any, error) { return loadSlice[A](a) }}
}

// ofRows describes a function of single values.
func ofRows[R Value](name string, run func(args []any, valid []byte, n int, out any, row *int), args ...argument) *UserFunction {
	u := &UserFunction{Name: name, Result: goType[R](), rows: &rowFunc{run: run, makeOut: func(n int) any { return make([]R, n) }, store: storeSlice[R]}}
	for _, a := range args {
		u.Args = append(u.Args, a.typ)
		u.rows.loads = append(u.rows.loads, a.load)
	}
	return u
}

// goType is the Arrow type of a Go type of values.
func goType[T Value]() arrow.DataType {
	var zero T
	return TypeOf(zero)
}

// TypeOf returns the Arrow type of a Go value: of a Value as it says, of nil the null type, and nil for any other.
func TypeOf(v any) arrow.DataType {
	switch v.(type) {
	case nil:
		return arrow.Null
	case bool:
		return arrow.FixedWidthTypes.Boolean
	case int, int64:
		return arrow.PrimitiveTypes.Int64
	case int8:
		return arrow.PrimitiveTypes.Int8
	case int16:
		return arrow.PrimitiveTypes.Int16
	case int32:
		return arrow.PrimitiveTypes.Int32
	case uint, uint64:
		return arrow.PrimitiveTypes.Uint64
	case uint8:
		return arrow.PrimitiveTypes.Uint8
	case uint16:
		return arrow.PrimitiveTypes.Uint16
	case uint32:
		return arrow.PrimitiveTypes.Uint32
	case float32:
		return arrow.PrimitiveTypes.Float32
	case float64:
		return arrow.PrimitiveTypes.Float64
	case string:
		return arrow.BinaryTypes.String
	case []byte:
		return arrow.BinaryTypes.Binary
	case time.Time:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case time.Duration:
		return arrow.FixedWidthTypes.Duration_ns
	}
	return nil
}
