package plan

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
)

// Direction says on which side of the left value the right row of an as-of join lies.
type Direction int

// The directions.
const (
	Backward Direction = iota // right <= left: the last of equal right rows
	Forward                   // right >= left: the first of equal right rows
	Nearest                   // the smaller distance; of equal ones the right row that Backward gives
)

// AsOf is how an as-of join looks for the right row.
type AsOf struct {
	Dir Direction
	// Within is the largest distance of the ordered keys. Bounded says that there is one: Whole where they are integers or times, in
	// units of their type, and Real where they are floats.
	Bounded bool
	Whole   uint64
	Real    float64
}

// AsOfSpec is an as-of condition as the user gives it.
type AsOfSpec struct {
	Left, Right expr.Expr
	Dir         Direction
	// Within is a number or a time.Duration, nil for any distance.
	Within any
}

func (s *JoinSpec) checkAsOf() error {
	switch {
	case s.Kind != Inner && s.Kind != Left:
		return planFault("AsOf", "a %s join cannot be an as-of join", s.Kind).WithHint("Inner drops left rows without a right one, Left keeps them")
	case len(s.Residual) > 0:
		return planFault("AsOf", "OnExpr does not go with AsOf").WithHint("filter the sides before, or the rows after the join")
	case s.AsOf.Dir < Backward || s.AsOf.Dir > Nearest:
		return planFault("AsOf", "unknown direction %d", int(s.AsOf.Dir))
	}
	return nil
}

// addAsOf binds the ordered pair of keys, which comes last.
func (n *Join) addAsOf(s *AsOfSpec) error {
	if err := n.addKey(s.Left, s.Right); err != nil {
		return err
	}
	t := n.LeftKeys[len(n.LeftKeys)-1].Type()
	if !asOfType(t) {
		return at(planFault("AsOf", "%s of type %s has no distances", s.Left.Unalias(), t).WithHint("numbers, dates and times have"), s.Left)
	}
	n.AsOf = &AsOf{Dir: s.Dir}
	return n.AsOf.bound(s.Within, t)
}

// asOfType says whether an as-of join can be by values of the type.
func asOfType(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64, arrow.FLOAT32, arrow.FLOAT64,
		arrow.DATE32, arrow.DATE64, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP, arrow.DURATION:
		return true
	}
	return false
}

// bound sets the largest distance, in units of the type.
func (a *AsOf) bound(within any, t arrow.DataType) error {
	if within == nil {
		return nil
	}
	a.Bounded = true
	if d, ok := within.(time.Duration); ok {
		unit := unitOf(t)
		switch {
		case unit == 0:
			return planFault("Within", "%s is a duration, the ordered columns are %s", d, t).WithHint("give a number")
		case d < 0:
			return planFault("Within", "%s is negative", d)
		}
		a.Whole = uint64(d / unit)
		return nil
	}
	x, whole, ok := number(within)
	switch {
	case !ok:
		return planFault("Within", "a %T is neither a number nor a time.Duration", within)
	case unitOf(t) != 0:
		return planFault("Within", "%v is a number, the ordered columns are %s", within, t).WithHint("give a time.Duration")
	case !(x >= 0):
		return planFault("Within", "%v is negative or no number", within)
	}
	a.Real, a.Whole = x, whole
	return nil
}

// unitOf is what an integer of a temporal type counts, 0 for other types.
func unitOf(t arrow.DataType) time.Duration {
	switch t := t.(type) {
	case *arrow.Date32Type:
		return 24 * time.Hour
	case *arrow.Date64Type:
		return time.Millisecond
	case *arrow.Time32Type:
		return t.Unit.Multiplier()
	case *arrow.Time64Type:
		return t.Unit.Multiplier()
	case *arrow.TimestampType:
		return t.Unit.Multiplier()
	case *arrow.DurationType:
		return t.Unit.Multiplier()
	}
	return 0
}

// number reads a Go number as a float, and as a whole number rounded down.
func number(v any) (x float64, whole uint64, ok bool) {
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		return float64(r.Int()), uint64(max(r.Int(), 0)), true
	case r.CanUint():
		return float64(r.Uint()), r.Uint(), true
	case r.CanFloat() && r.Float() >= math.MaxUint64:
		return r.Float(), math.MaxUint64, true
	case r.CanFloat() && r.Float() >= 0:
		return r.Float(), uint64(r.Float()), true
	case r.CanFloat():
		return r.Float(), 0, true
	}
	return 0, 0, false
}

// comparison is the sign between a pair of keys.
func (n *Join) comparison(i int) string {
	if n.AsOf == nil || i < len(n.LeftKeys)-1 {
		return " = "
	}
	return [...]string{" >= ", " <= ", " ~ "}[n.AsOf.Dir]
}

func (a *AsOf) within() string {
	switch {
	case !a.Bounded:
		return ""
	case a.Real != 0:
		return " within " + strconv.FormatFloat(a.Real, 'g', -1, 64)
	}
	return fmt.Sprintf(" within %d", a.Whole)
}

// EqualKeys is how many of the pairs of keys must be equal: all but the ordered one of an as-of join.
func (n *Join) EqualKeys() int {
	if n.AsOf != nil {
		return len(n.LeftKeys) - 1
	}
	return len(n.LeftKeys)
}

// numbers is the condition as the wire form has it.
func (a *AsOf) numbers() []int64 {
	if a == nil {
		return []int64{-1, 0, 0, 0}
	}
	return []int64{int64(a.Dir), flag(a.Bounded), int64(a.Whole), int64(math.Float64bits(a.Real))}
}

// asOfOf reads what numbers gave; keys are the join's.
func asOfOf(nums []int64, keys []expr.Expr) (*AsOf, error) {
	if nums[0] == -1 {
		return nil, nil
	}
	if nums[0] < int64(Backward) || nums[0] > int64(Nearest) || len(keys) == 0 || !asOfType(keys[len(keys)-1].Type()) {
		return nil, damaged("as-of join")
	}
	return &AsOf{Dir: Direction(nums[0]), Bounded: nums[1] != 0, Whole: uint64(nums[2]), Real: math.Float64frombits(uint64(nums[3]))}, nil
}
