package expr

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sheafdata/sheaf/fault"
)

func appendVarint(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendFixed(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, num, protowire.Fixed64Type), v)
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func appendText(b []byte, num protowire.Number, v string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v)
}

// appendBool leaves out false.
func appendBool(b []byte, num protowire.Number, v bool) []byte {
	if !v {
		return b
	}
	return appendVarint(b, num, 1)
}

func appendPacked(b []byte, num protowire.Number, vs []uint64) []byte {
	var p []byte
	for _, v := range vs {
		p = protowire.AppendVarint(p, v)
	}
	return appendBytes(b, num, p)
}

func packed(b []byte) ([]uint64, error) {
	var out []uint64
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, errWire("list of numbers")
		}
		out = append(out, v)
		b = b[n:]
	}
	return out, nil
}

// wireField is one field of a message: varint holds numbers of either wire type, bytes the rest.
type wireField struct {
	num    protowire.Number
	varint uint64
	bytes  []byte
}

// eachField visits the fields of a message in order.
func eachField(b []byte, visit func(wireField) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire("tag")
		}
		b = b[n:]
		f := wireField{num: num}
		switch typ {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			f.varint, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			return errWire("field type")
		}
		if n < 0 {
			return errWire("field")
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func errWire(what string) error {
	return fault.New(fault.Internal, "decode_expr", "damaged wire form: bad %s", what)
}

// Unmarshal returns the expression that Marshal encoded. Its user functions must be registered in this process. Bytes of another
// version, and any that Marshal does not make, are an error; memory stays in proportion to their number.
func Unmarshal(b []byte) (Expr, error) {
	d := decoder{}
	version, bound := uint64(0), false
	err := eachField(b, func(f wireField) error {
		switch f.num {
		case 1:
			version = f.varint
		case 2:
			bound = f.varint != 0
		case 3:
			if version != wireVersion {
				return fault.New(fault.Internal, "decode_expr", "version %d of the wire form is not known here", version)
			}
			return d.node(f.bytes)
		}
		return nil
	})
	switch {
	case err != nil:
		return Expr{}, err
	case len(d.nodes) == 0:
		return Expr{}, errWire("expression: it is empty")
	}
	root := d.nodes[len(d.nodes)-1]
	if !bound {
		return root, nil
	}
	e, err := Bind(root, arrow.NewSchema(d.fields, nil))
	if err != nil {
		return Expr{}, err
	}
	if root.n.alias == "" {
		return e.Unalias(), nil
	}
	return e, nil
}

type decoder struct {
	nodes  []Expr
	fields []arrow.Field // of the columns of a bound tree
	seen   map[string]int
}

func (d *decoder) node(b []byte) error {
	n := &node{}
	err := eachField(b, func(f wireField) error {
		var err error
		switch f.num {
		case 1:
			n.info = ops[string(f.bytes)]
		case 2:
			n.args, err = d.list(f.bytes)
		case 3:
			var v any
			v, err = decodeValue(f.bytes)
			n.params = append(n.params, v)
		case 4:
			n.alias = string(f.bytes)
		case 5:
			n.value, err = decodeValue(f.bytes)
		case 6:
			n.typ, err = UnmarshalType(f.bytes)
		case 7:
			err = d.column(f.bytes)
		case 8:
			n.implicit = f.varint != 0
		case 9:
			n.mods, err = d.mods(f.bytes)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := n.check(); err != nil {
		return err
	}
	e := finish(n)
	if e.n.err != nil {
		return e.n.err
	}
	d.nodes = append(d.nodes, e)
	return nil
}

// check holds a decoded node against the operation table.
func (n *node) check() error {
	info := n.info
	switch {
	case info == nil:
		return errWire("operation")
	case len(n.args) < info.MinArgs || len(n.args) > info.MaxArgs:
		return errWire("number of operands of " + info.Name)
	case n.mods != nil && info.Kind != Aggregate && info.Kind != Window:
		return errWire("modifiers of " + info.Name)
	case info != opLit && (n.value != nil || n.typ != nil):
		return errWire("literal")
	case n.implicit && info != opCast:
		return errWire("cast")
	case info == opLit && n.typ != nil && (!arrow.TypeEqual(n.typ, ValueType(n.typ)) || n.value != nil && !physicalFits(n.value, n.typ)):
		return errWire("literal")
	case info == opLit && n.typ == nil && n.value != nil && canonical(n.value) == nil:
		return errWire("literal")
	}
	n.nullable = info == opLit && n.typ != nil && n.value == nil
	kinds := info.Params
	if info.RepeatParam {
		kinds = make([]ParamKind, len(n.args))
		for i := range kinds {
			kinds[i] = info.Params[0]
		}
	}
	if len(kinds) != len(n.params) {
		return errWire("parameters of " + info.Name)
	}
	for i, k := range kinds {
		if !k.holds(n.params[i]) {
			return errWire("parameters of " + info.Name)
		}
	}
	if info == opFunc {
		name, _ := n.params[0].(string)
		if _, known := UserFunc(name); !known {
			return unknownFunction(name)
		}
	}
	if q, ok := n.Param(0).(float64); ok && !(q >= 0 && q <= 1) {
		return errWire("quantile")
	}
	return nil
}

func (k ParamKind) holds(v any) bool {
	ok := false
	switch k {
	case StringParam:
		_, ok = v.(string)
	case IntParam:
		_, ok = v.(int64)
	case FloatParam:
		_, ok = v.(float64)
	case TypeParam:
		_, ok = v.(arrow.DataType)
	}
	return ok
}

// at returns an operand that was decoded before.
func (d *decoder) at(i uint64) (Expr, error) {
	if i >= uint64(len(d.nodes)) {
		return Expr{}, errWire("operand")
	}
	return d.nodes[i], nil
}

func (d *decoder) list(b []byte) ([]Expr, error) {
	idx, err := packed(b)
	if err != nil {
		return nil, err
	}
	out := make([]Expr, len(idx))
	for i, at := range idx {
		if out[i], err = d.at(at); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// column notes the field of a bound column.
func (d *decoder) column(b []byte) error {
	f, err := decodeField(b, 0)
	if err != nil {
		return err
	}
	if i, again := d.seen[f.Name]; again {
		if !d.fields[i].Equal(f) {
			return errWire(fmt.Sprintf("column %q: it has two types", f.Name))
		}
		return nil
	}
	if d.seen == nil {
		d.seen = map[string]int{}
	}
	d.seen[f.Name] = len(d.fields)
	d.fields = append(d.fields, f)
	return nil
}

func (d *decoder) mods(b []byte) (*Mods, error) {
	m := &Mods{}
	err := eachField(b, func(f wireField) error {
		var err error
		switch f.num {
		case 1:
			m.Where, err = d.at(f.varint - 1)
		case 2:
			var k SortKey
			k, err = d.key(f.bytes)
			m.OrderBy = append(m.OrderBy, k)
		case 3:
			m.Frame.Kind = FrameKind(min(f.varint, 255))
		case 4:
			m.Frame.From, err = decodeValue(f.bytes)
		case 5:
			m.Frame.To, err = decodeValue(f.bytes)
		case 6:
			m.Over, err = d.list(f.bytes)
		case 7:
			m.HasOver = f.varint != 0
		case 8:
			m.Exact = f.varint != 0
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, m.Frame.check(m)
}

// check refuses frames that no modifier makes.
func (f Frame) check(m *Mods) error {
	bad := false
	switch f.Kind {
	case WholePartition:
		bad = f.From != nil || f.To != nil
	case RowsFrame:
		from, okFrom := f.From.(int64)
		to, okTo := f.To.(int64)
		bad = !okFrom || !okTo || from > to
	case RangeFrame:
		from, okFrom := rangeBound(f.From)
		to, okTo := rangeBound(f.To)
		bad = !okFrom || !okTo || after(from, to)
	default:
		bad = true
	}
	if bad || len(m.Over) > 0 && !m.HasOver {
		return errWire("frame")
	}
	return nil
}

func (d *decoder) key(b []byte) (k SortKey, err error) {
	at := uint64(1 << 62)
	err = eachField(b, func(f wireField) error {
		switch f.num {
		case 1:
			at = f.varint
		case 2:
			k.Desc = f.varint != 0
		case 3:
			k.NullsFirst = f.varint != 0
		}
		return nil
	})
	if err == nil {
		k.Expr, err = d.at(at)
	}
	return k, err
}
