package agg

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

// TestBoundAggregates makes accumulators from bound expressions over columns of every type: whatever binds and is built gives a
// result of the expression's type and a state of StateTypes.
func TestBoundAggregates(t *testing.T) {
	calls := map[string]func(any) expr.Expr{
		"CountOf": expr.CountOf, "Sum": expr.Sum, "Mean": expr.Mean, "Min": expr.Min, "Max": expr.Max, "Var": expr.Var, "Std": expr.Std,
		"VarPop": expr.VarPop, "StdPop": expr.StdPop, "First": expr.First, "Last": expr.Last, "NUnique": expr.NUnique, "Any": expr.Any,
		"All": expr.All, "Count": func(any) expr.Expr { return expr.Count() },
	}
	built := map[string]int{}
	for _, ty := range rowtest.Types() {
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: ty, Nullable: true}}, nil)
		for name, call := range calls {
			e, err := expr.Bind(call("x"), schema)
			if err != nil {
				continue // not for this type
			}
			a, err := New(e)
			require.NoError(t, err, "%s of %s", name, ty)
			built[name]++
			g := rowtest.New(4)
			g.Card = 5
			var args []vec.Vec
			for _, arg := range e.Args() {
				v := g.Column(arg.Type(), 3)
				if v.Phys == vec.Uint64 {
					clear(v.Data) // the generator's values overflow a sum
				}
				args = append(args, v)
			}
			require.NoError(t, a.Update([]uint32{0, 2, 0}, args, nil, 3, 3))
			require.NoError(t, a.Update(nil, make([]vec.Vec, len(args)), nil, 0, 4), "room for a group without rows")
			v, err := a.Result(4)
			require.NoError(t, err, "%s of %s", name, ty)
			want, _, _ := vec.PhysOf(e.Type())
			require.Equal(t, want, v.Phys, "%s of %s is %s", name, ty, e.Type())
			require.True(t, arrow.TypeEqual(vec.Logical(e.Type()), v.Type), "%s of %s is %s, not %s", name, ty, v.Type, e.Type())
			state, types := a.State(), StateTypes(e)
			require.Len(t, state, len(types))
			for c := range state {
				require.Equal(t, 4, state[c].Len)
				require.True(t, arrow.TypeEqual(types[c], state[c].Type))
				arr, err := vec.ToArrow(&state[c], types[c])
				require.NoError(t, err)
				require.Equal(t, 4, arr.Len(), "%s of %s: state %d", name, ty, c)
			}
		}
	}
	for name := range calls {
		require.Positive(t, built[name], name)
	}
}

func TestFaults(t *testing.T) {
	_, err := New(expr.Expr{})
	require.Error(t, err)
	require.Nil(t, StateTypes(expr.Expr{}))
}
