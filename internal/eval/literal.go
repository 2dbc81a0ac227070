package eval

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/vec"
)

// literal makes n a constant of one row.
func literal(n *node) error {
	value, ok := n.e.Physical()
	if !ok {
		return unsupported(n.e)
	}
	b := vec.NewBuilder(n.typ)
	if value == nil {
		b.AppendNulls(1)
	} else {
		one := vec.Vec{Type: n.typ, Phys: n.phys, Len: 1}
		_, one.Width, _ = vec.PhysOf(n.typ)
		if !setLiteral(&one, value) {
			return unsupported(n.e)
		}
		b.Append(&one)
	}
	con := b.Vec()
	n.con = &con
	return nil
}

// setLiteral gives the one row its value; false where the Go type is not what the column's kind holds.
func setLiteral(v *vec.Vec, value any) bool {
	switch c := value.(type) {
	case bool:
		w := []uint64{0}
		if c {
			w[0] = 1
		}
		v.Data = vec.Bytes(w)
		return v.Phys == vec.Bool
	case int64:
		return setInt(v, uint64(c))
	case uint64:
		return setInt(v, c)
	case float64:
		switch v.Phys {
		case vec.Float64:
			v.Data = vec.Bytes([]float64{c})
		case vec.Float32:
			v.Data = vec.Bytes([]float32{float32(c)})
		case vec.Float16:
			v.Data = vec.Bytes([]uint16{float16.New(float32(c)).Uint16()})
		default:
			return false
		}
		return true
	case string:
		return setText(v, []byte(c))
	case []byte:
		return setText(v, c)
	case decimal128.Num:
		v.Data = vec.Bytes([][2]uint64{{c.LowBits(), uint64(c.HighBits())}})
		return v.Phys == vec.Dec128
	case decimal256.Num:
		a := c.Array()
		v.Data = vec.Bytes(a[:])
		return v.Phys == vec.Dec256
	}
	return false
}

func setInt(v *vec.Vec, u uint64) bool {
	if v.Width == 0 || v.Width > 8 {
		return false
	}
	v.Data = vec.Bytes([]uint64{u})[:v.Width]
	return true
}

func setText(v *vec.Vec, s []byte) bool {
	switch {
	case v.Phys == vec.Fixed && len(s) == v.Width:
		v.Data = s
		return true
	case v.Phys != vec.View || len(s) > math.MaxInt32:
		return false
	case len(s) <= vec.InlineLen:
		v.Data = vec.Bytes([]vec.ViewHeader{vec.Inline(s)})
	default:
		v.Data = vec.Bytes([]vec.ViewHeader{vec.Long(s, 0, 0)})
		v.Bufs = [][]byte{s}
	}
	return true
}

// Fold replaces a bound expression without columns by its value. What holds a user function, or ends in an error, which it may never come
// to, stays as it is.
func Fold(e expr.Expr) (expr.Expr, error) {
	if !e.IsBound() || e.Op() == "lit" || len(e.Columns()) > 0 || e.Contains() != 0 {
		return e, nil
	}
	c := newCompiler(emptySchema)
	n, err := c.root(e)
	if err != nil {
		return e, nil
	}
	p := Program{roots: []*node{n}}
	var out [1]vec.Vec
	if err := p.Run(background, &vec.Batch{Rows: 1}, out[:]); err != nil {
		return e, nil
	}
	value, ok := physical(&out[0])
	if !ok {
		return e, nil
	}
	lit := expr.LitOf(e.Type(), value)
	if lit.Err() != nil {
		return e, nil
	}
	if name := e.Alias(); name != "" {
		lit = lit.As(name)
	}
	return lit, nil
}

// physical is the value of the first row as literals hold it; false for kinds that have no literals.
func physical(v *vec.Vec) (any, bool) {
	if !v.ValidAt(0) {
		return nil, true
	}
	switch v.Phys {
	case vec.Bool:
		return v.Bits()[0]&1 != 0, true
	case vec.Int8:
		return int64(vec.Of[int8](v)[0]), true
	case vec.Int16:
		return int64(vec.Of[int16](v)[0]), true
	case vec.Int32:
		return int64(vec.Of[int32](v)[0]), true
	case vec.Int64:
		return vec.Of[int64](v)[0], true
	case vec.Uint8:
		return uint64(vec.Of[uint8](v)[0]), true
	case vec.Uint16:
		return uint64(vec.Of[uint16](v)[0]), true
	case vec.Uint32:
		return uint64(vec.Of[uint32](v)[0]), true
	case vec.Uint64:
		return vec.Of[uint64](v)[0], true
	case vec.Float32:
		return float64(vec.Of[float32](v)[0]), true
	case vec.Float64:
		return vec.Of[float64](v)[0], true
	case vec.Dec128:
		d := vec.Of[[2]uint64](v)[0]
		return decimal128.New(int64(d[1]), d[0]), true
	case vec.View:
		s := string(vec.Of[vec.ViewHeader](v)[0].Value(v.Bufs))
		if isText(v.Type) {
			return s, true
		}
		return []byte(s), true
	}
	return nil, false
}
