package expr

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"google.golang.org/protobuf/encoding/protowire"
)

// The wire form is a protobuf message without a schema file, so that decoding can check every byte:
//
//	Expr  1 version  2 bound  3 repeated Node: operands before those that use them, the root last
//	Node  1 op  2 packed operand indexes  3 repeated Value (params)  4 alias  5 Value (literal)  6 Type (bound literal)
//	      7 Field (bound column)  8 implicit  9 Mods
//	Mods  1 where index+1  2 repeated Key  3 frame kind  4 Value from  5 Value to  6 packed over indexes  7 has over  8 exact
//	Key   1 index  2 desc  3 nulls first
//	Value 1 text  2 bytes  3 bool  4 int (zigzag)  5 uint  6 float bits  7 Type  8 Time  9 duration  10 decimal128  11 decimal256
//	      12 Go kind of an unbound number
//
// Of a bound tree only the columns and literals carry types; decoding binds the tree again, so that no bytes make a tree whose types
// do not fit.
const wireVersion = 1

// Marshal returns the wire form of an expression, bound or not. User functions go by their names. A faulty or zero Expr is an error.
func Marshal(e Expr) ([]byte, error) {
	if err := e.Err(); err != nil {
		return nil, err
	}
	enc := encoder{index: map[*node]uint64{}}
	if _, err := enc.node(e); err != nil {
		return nil, err
	}
	b := appendVarint(nil, 1, wireVersion)
	b = appendBool(b, 2, e.n.typ != nil)
	return append(b, enc.nodes...), nil
}

type encoder struct {
	index map[*node]uint64
	nodes []byte
}

// node encodes e below what it needs and returns its index.
func (enc *encoder) node(e Expr) (uint64, error) {
	n := e.n
	if i, done := enc.index[n]; done {
		return i, nil
	}
	args, err := enc.all(n.args)
	if err != nil {
		return 0, err
	}
	b := appendText(nil, 1, n.info.Name)
	if len(args) > 0 {
		b = appendPacked(b, 2, args)
	}
	for _, p := range n.params {
		if b, err = appendValue(b, 3, p); err != nil {
			return 0, err
		}
	}
	if n.alias != "" {
		b = appendText(b, 4, n.alias)
	}
	if n.info == opLit && n.value != nil {
		if b, err = appendValue(b, 5, n.value); err != nil {
			return 0, err
		}
	}
	if b, err = n.appendTypes(b); err != nil {
		return 0, err
	}
	b = appendBool(b, 8, n.implicit)
	if n.mods != nil {
		mods, err := enc.mods(n.mods)
		if err != nil {
			return 0, err
		}
		b = appendBytes(b, 9, mods)
	}
	i := uint64(len(enc.index))
	enc.index[n] = i
	enc.nodes = appendBytes(enc.nodes, 3, b)
	return i, nil
}

// appendTypes encodes what binding again needs.
func (n *node) appendTypes(b []byte) ([]byte, error) {
	if n.info == opLit && n.typ != nil {
		t, err := MarshalType(n.typ)
		if err != nil {
			return nil, err
		}
		b = appendBytes(b, 6, t)
	}
	if n.info == opCol && n.field != nil {
		f, err := appendField(nil, *n.field, 0)
		if err != nil {
			return nil, err
		}
		b = appendBytes(b, 7, f)
	}
	return b, nil
}

func (enc *encoder) all(es []Expr) ([]uint64, error) {
	out := make([]uint64, len(es))
	for i, e := range es {
		var err error
		if out[i], err = enc.node(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (enc *encoder) mods(m *Mods) (b []byte, err error) {
	if m.Where.n != nil {
		i, err := enc.node(m.Where)
		if err != nil {
			return nil, err
		}
		b = appendVarint(b, 1, i+1)
	}
	for _, k := range m.OrderBy {
		i, err := enc.node(k.Expr)
		if err != nil {
			return nil, err
		}
		key := appendVarint(nil, 1, i)
		key = appendBool(key, 2, k.Desc)
		b = appendBytes(b, 2, appendBool(key, 3, k.NullsFirst))
	}
	if m.Frame.Kind != WholePartition {
		b = appendVarint(b, 3, uint64(m.Frame.Kind))
		if b, err = appendValue(b, 4, m.Frame.From); err != nil {
			return nil, err
		}
		if b, err = appendValue(b, 5, m.Frame.To); err != nil {
			return nil, err
		}
	}
	over, err := enc.all(m.Over)
	if err != nil {
		return nil, err
	}
	if len(over) > 0 {
		b = appendPacked(b, 6, over)
	}
	return appendBool(appendBool(b, 7, m.HasOver), 8, m.Exact), nil
}

// goKinds number the Go types that an unbound number can have; 0 is int64, uint64 or float64.
var goKinds = []any{nil, int(0), int8(0), int16(0), int32(0), uint(0), uint8(0), uint16(0), uint32(0), float32(0), uint64(0)}

func kindOf(v any) uint64 {
	for i, k := range goKinds[1:] {
		if fmt.Sprintf("%T", k) == fmt.Sprintf("%T", v) {
			return uint64(i + 1)
		}
	}
	return 0
}

func appendValue(b []byte, num protowire.Number, v any) ([]byte, error) {
	var m []byte
	switch x := v.(type) {
	case string:
		m = appendText(nil, 1, x)
	case []byte:
		m = appendBytes(nil, 2, x)
	case bool:
		m = appendVarint(nil, 3, protowire.EncodeBool(x))
	case int64:
		m = appendVarint(nil, 4, protowire.EncodeZigZag(x))
	case float64:
		m = appendFixed(nil, 6, math.Float64bits(x))
	case arrow.DataType:
		t, err := MarshalType(x)
		if err != nil {
			return nil, err
		}
		m = appendBytes(nil, 7, t)
	case time.Time:
		m = appendBytes(nil, 8, appendTime(x))
	case time.Duration:
		m = appendVarint(nil, 9, protowire.EncodeZigZag(int64(x)))
	case decimal128.Num:
		m = appendText(nil, 10, x.BigInt().String())
	case decimal256.Num:
		m = appendText(nil, 11, x.BigInt().String())
	default:
		return appendGoNumber(b, num, v)
	}
	return appendBytes(b, num, m), nil
}

// appendGoNumber encodes numbers of the other widths with their Go type.
func appendGoNumber(b []byte, num protowire.Number, v any) ([]byte, error) {
	var m []byte
	switch x := canonical(v).(type) {
	case int64:
		m = appendVarint(nil, 4, protowire.EncodeZigZag(x))
	case uint64:
		m = appendVarint(nil, 5, x)
	case float64:
		m = appendFixed(nil, 6, math.Float64bits(x))
	default:
		return nil, fmt.Errorf("a value of type %T has no wire form", v)
	}
	return appendBytes(b, num, appendVarint(m, 12, kindOf(v))), nil
}

// appendTime encodes an instant with its zone: 1 seconds, 2 nanoseconds, 3 zone name, 4 offset in seconds.
func appendTime(t time.Time) []byte {
	_, offset := t.Zone()
	b := appendVarint(nil, 1, protowire.EncodeZigZag(t.Unix()))
	b = appendVarint(b, 2, uint64(t.Nanosecond()))
	b = appendText(b, 3, t.Location().String())
	return appendVarint(b, 4, protowire.EncodeZigZag(int64(offset)))
}

func decodeTime(b []byte) (time.Time, error) {
	var sec, nanos, offset int64
	zone := ""
	err := eachField(b, func(f wireField) error {
		switch f.num {
		case 1:
			sec = protowire.DecodeZigZag(f.varint)
		case 2:
			nanos = int64(f.varint)
		case 3:
			zone = string(f.bytes)
		case 4:
			offset = protowire.DecodeZigZag(f.varint)
		}
		return nil
	})
	if err != nil || nanos < 0 || nanos >= 1e9 || offset < -86400 || offset > 86400 || len(zone) > 100 {
		return time.Time{}, errWire("time")
	}
	loc := time.UTC
	if zone != "UTC" {
		loc = time.FixedZone(zone, int(offset))
		if known, err := time.LoadLocation(zone); err == nil && zone != "" && zone != "Local" {
			loc = known
		}
	}
	return time.Unix(sec, nanos).In(loc), nil
}

func decodeValue(b []byte) (v any, err error) {
	kind := uint64(0)
	err = eachField(b, func(f wireField) error {
		var err error
		switch f.num {
		case 1:
			v = string(f.bytes)
		case 2:
			v = append([]byte{}, f.bytes...)
		case 3:
			v = protowire.DecodeBool(f.varint)
		case 4:
			v = protowire.DecodeZigZag(f.varint)
		case 5:
			v = f.varint
		case 6:
			v = math.Float64frombits(f.varint)
		case 7:
			v, err = UnmarshalType(f.bytes)
		case 8:
			v, err = decodeTime(f.bytes)
		case 9:
			v = time.Duration(protowire.DecodeZigZag(f.varint))
		case 10, 11:
			v, err = decodeDecimal(f)
		case 12:
			kind = f.varint
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, errWire("value")
	}
	return ofKind(v, kind)
}

func decodeDecimal(f wireField) (any, error) {
	if len(f.bytes) > 80 {
		return nil, errWire("decimal")
	}
	i, ok := new(big.Int).SetString(string(f.bytes), 10)
	switch {
	case !ok || i.BitLen() > 255 || f.num == 10 && i.BitLen() > 127:
		return nil, errWire("decimal")
	case f.num == 10:
		return decimal128.FromBigInt(i), nil
	}
	return decimal256.FromBigInt(i), nil
}

// ofKind brings a number back to its Go type; a number that does not fit is an error.
func ofKind(v any, kind uint64) (any, error) {
	if kind == 0 {
		return v, nil
	}
	var out any
	switch i, f := toInt(v), toFloat(v); kind {
	case 1:
		out = int(i)
	case 2:
		out = int8(i)
	case 3:
		out = int16(i)
	case 4:
		out = int32(i)
	case 5:
		out = uint(i)
	case 6:
		out = uint8(i)
	case 7:
		out = uint16(i)
	case 8:
		out = uint32(i)
	case 9:
		out = float32(f)
	case 10:
		out = i
	}
	c := canonical(v)
	if out == nil || c == nil || !equalValue(canonical(out), c) {
		return nil, errWire("number")
	}
	return out, nil
}

func toInt(v any) uint64 {
	switch x := v.(type) {
	case int64:
		return uint64(x)
	case uint64:
		return x
	}
	return 0
}

func toFloat(v any) float64 {
	f, _ := v.(float64)
	return f
}
