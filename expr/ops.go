package expr

// Kind says what an operation is.
type Kind uint8

// The kinds of operation.
const (
	Leaf        Kind = iota + 1 // column, literal
	Scalar                      // a value a row, of that row only
	Aggregate                   // a value a group; a window with Over
	Window                      // a value a row, of the rows around
	KeyModifier                 // Desc, NullsFirst
)

// NullRule says what an operation does with null.
type NullRule uint8

// The null rules.
const (
	// Propagates: null where an operand is null, else the value of that lane (which may be null too where Info.MakesNull).
	Propagates NullRule = iota
	// Handles: the operation looks at nulls itself.
	Handles
)

// FailRule says whether an operation can fail at run time with valid operands.
type FailRule uint8

// The failure rules.
const (
	FailsNever  FailRule = iota
	FailsByType          // for some types: Expr.CanFail of the bound expression says
	FailsAlways          // for every type some value fails
)

// ParamKind is the Go type of a parameter.
type ParamKind uint8

// The kinds of parameter.
const (
	StringParam ParamKind = iota + 1
	IntParam              // int64
	FloatParam            // float64
	TypeParam             // arrow.DataType
)

// AnyNumber is Info.MaxArgs of operations without an upper bound.
const AnyNumber = 1 << 30

// Info is the row of one operation in the table.
type Info struct {
	// Name is the operation's name; Call how the user writes it ("Str().Contains").
	Name, Call string
	Kind       Kind
	// MinArgs and MaxArgs bound the number of operands (MaxArgs AnyNumber: none).
	MinArgs, MaxArgs int
	// Params are the kinds of the parameters. RepeatParam: one a operand instead.
	Params      []ParamKind
	RepeatParam bool
	// Nulls, MakesNull and Fails are what rules and kernels must know: see there. MakesNull: null can come of valid operands.
	Nulls     NullRule
	MakesNull bool
	Fails     FailRule
	// Ordered: the result depends on the order of rows (First, Lag, ListOf).
	Ordered bool

	bind func(*binder, *node) (*node, error)
}

// OpInfo returns the row of an operation in the table.
func OpInfo(op string) (Info, bool) {
	info, ok := ops[op]
	if !ok {
		return Info{}, false
	}
	return *info, true
}

// Ops returns the names of all operations, sorted.
func Ops() []string { return opNames }

// The operations that the package itself looks for.
var opCol, opLit, opIf, opAnd, opOr, opFunc, opCast *Info

var (
	ops     map[string]*Info
	opNames []string
)
