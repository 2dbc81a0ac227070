package plan

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

func damaged(what string) error {
	return fault.New(fault.Internal, "decode_plan", "damaged wire form: bad %s", what)
}

// Unmarshal returns the plan that Marshal encoded. Bytes of another version, and any that Marshal does not make, are an error; memory
// stays in proportion to their number.
func Unmarshal(b []byte) (Node, error) {
	d := decoder{}
	version := uint64(0)
	err := fields(b, func(num protowire.Number, v uint64, data []byte) error {
		switch num {
		case 1:
			version = v
		case 2:
			if version != wireVersion {
				return fault.New(fault.Internal, "decode_plan", "version %d of the wire form is not known here", version)
			}
			return d.node(data)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(d.nodes) == 0:
		return nil, damaged("plan: it is empty")
	}
	return d.nodes[len(d.nodes)-1], nil
}

// fields visits the fields of a message.
func fields(b []byte, visit func(num protowire.Number, v uint64, data []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return damaged("tag")
		}
		b = b[n:]
		var v uint64
		var data []byte
		switch typ {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			data, n = protowire.ConsumeBytes(b)
		default:
			return damaged("field type")
		}
		if n < 0 {
			return damaged("field")
		}
		b = b[n:]
		if err := visit(num, v, data); err != nil {
			return err
		}
	}
	return nil
}

func numbers(b []byte) ([]uint64, error) {
	var out []uint64
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, damaged("list of numbers")
		}
		out = append(out, v)
		b = b[n:]
	}
	return out, nil
}

type decoder struct {
	nodes []Node
	depth []int // of each node
}

// maxDepth bounds how many nodes may stand above each other in a decoded plan, so that walks never exhaust the stack.
const maxDepth = 10000

func (d *decoder) node(b []byte) error {
	m, err := parse(b)
	if err != nil {
		return err
	}
	in := make([]Node, len(m.inputs))
	depth := 1
	for i, at := range m.inputs {
		if at >= uint64(len(d.nodes)) {
			return damaged("input")
		}
		in[i] = d.nodes[at]
		depth = max(depth, d.depth[at]+1)
	}
	if depth > maxDepth {
		return damaged("plan: it is nested too deep")
	}
	n, err := m.build(in)
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return err
		}
		return fault.New(fault.Internal, "decode_plan", "%w", err)
	}
	d.nodes, d.depth = append(d.nodes, n), append(d.depth, depth)
	return nil
}

func parse(b []byte) (m message, err error) {
	err = fields(b, func(num protowire.Number, _ uint64, data []byte) error {
		var err error
		switch num {
		case 1:
			m.kind = string(data)
		case 2:
			m.inputs, err = numbers(data)
		case 3:
			m.left, err = appendExpr(m.left, data)
		case 4:
			m.right, err = appendExpr(m.right, data)
		case 5:
			var k SortKey
			k, err = parseKey(data)
			m.keys = append(m.keys, k)
		case 6:
			m.cols = append(m.cols, string(data))
		case 7:
			m.merged = append(m.merged, string(data))
		case 8:
			var vs []uint64
			vs, err = numbers(data)
			for _, v := range vs {
				m.nums = append(m.nums, protowire.DecodeZigZag(v))
			}
		case 9:
			m.schema = data
		case 10:
			m.out, err = appendColumn(m.out, data)
		case 11:
			m.names, err = appendColumn(m.names, data)
		case 12:
			m.pred, err = expr.Unmarshal(data)
		case 13:
			m.op = string(data)
		case 14:
			m.data = data
		}
		return err
	})
	return m, err
}

func appendExpr(list []expr.Expr, data []byte) ([]expr.Expr, error) {
	e, err := expr.Unmarshal(data)
	return append(list, e), err
}

func appendColumn(list []JoinColumn, data []byte) ([]JoinColumn, error) {
	var c JoinColumn
	err := fields(data, func(num protowire.Number, _ uint64, data []byte) error {
		switch num {
		case 1:
			c.Name = string(data)
		case 2:
			c.As = string(data)
		}
		return nil
	})
	return append(list, c), err
}

func parseKey(b []byte) (k SortKey, err error) {
	err = fields(b, func(num protowire.Number, _ uint64, data []byte) error {
		var err error
		switch num {
		case 1:
			k.Expr, err = expr.Unmarshal(data)
		case 2:
			var v []uint64
			if v, err = numbers(data); err == nil && len(v) == 2 {
				k.Desc, k.NullsFirst = v[0] != 0, v[1] != 0
			}
		}
		return err
	})
	if err == nil && k.Expr.IsZero() {
		err = damaged("sort key")
	}
	return k, err
}

// inputsOf is how many inputs and numbers a node of a kind has; concat has any number of inputs from 1.
var inputsOf = map[string]struct{ inputs, nums int }{
	"scan": {0, 2}, "input": {0, 1}, "filter": {1, 0}, "project": {1, 0}, "group_by": {1, 1}, "join": {2, 5}, "sort": {1, 0}, "top_k": {1, 2},
	"limit": {1, 2}, "distinct": {1, 1}, "concat": {-1, 0}, "explode": {1, 0}, "unpivot": {1, 0}, "window": {1, 0}, "repartition": {1, 3},
	"cache": {1, 0}, "write": {1, 0}, "map_batches": {1, 0},
}

// build makes the node by its constructor.
func (m *message) build(in []Node) (Node, error) {
	want, ok := inputsOf[m.kind]
	if !ok || len(m.nums) != want.nums || want.inputs >= 0 && len(in) != want.inputs || len(in) == 0 && want.inputs != 0 {
		return nil, damaged("node " + m.kind)
	}
	switch m.kind {
	case "scan":
		return m.scan()
	case "input":
		s, err := expr.UnmarshalSchema(m.schema)
		if err != nil {
			return nil, err
		}
		return NewInput(int(m.nums[0]), s), nil
	case "filter":
		return NewFilter(in[0], m.pred)
	case "project":
		return NewProject(in[0], m.left...)
	case "group_by":
		return NewGroupBy(in[0], m.left, m.right, m.nums[0] != 0)
	case "join":
		return m.join(in[0], in[1])
	case "sort":
		return NewSort(in[0], m.keys...)
	case "top_k":
		return NewTopK(in[0], m.keys, m.nums[0], m.nums[1])
	case "limit":
		return NewLimit(in[0], m.nums[0], m.nums[1])
	case "distinct":
		return NewDistinct(in[0], m.cols, m.nums[0] != 0)
	case "concat":
		return NewConcat(in)
	case "explode":
		return NewExplode(in[0], m.cols)
	case "unpivot":
		if len(m.merged) != 2 {
			return nil, damaged("unpivot")
		}
		return NewUnpivot(in[0], m.cols, m.merged[0], m.merged[1])
	case "window":
		return NewWindow(in[0], m.left...)
	case "repartition":
		return NewRepartition(in[0], RepartitionSpec{Parts: int(m.nums[0]), Rows: m.nums[1], Bytes: m.nums[2], By: m.cols})
	case "cache":
		return NewCache(in[0]), nil
	case "map_batches":
		return m.mapBatches(in[0])
	}
	sink, err := partition.DecodeSink(m.op, m.data)
	if err != nil {
		return nil, err
	}
	return NewWrite(in[0], sink), nil
}

func (m *message) scan() (Node, error) {
	sources.RLock()
	decode, ok := sources.m[m.op]
	sources.RUnlock()
	if !ok {
		return nil, fault.New(fault.Internal, "decode_plan", "no source operation %q is registered in this process", m.op).
			WithHint("import the package that registers it in the worker's program")
	}
	src, err := decode(m.data)
	if err != nil {
		return nil, err
	}
	cols := m.cols
	if m.nums[1] == 0 && cols == nil {
		cols = []string{}
	} else if m.nums[1] != 0 {
		cols = nil
	}
	pred := m.pred
	if !pred.IsZero() {
		if pred, err = bindScalar("Scan", pred, src.Schema()); err != nil {
			return nil, err
		}
	}
	return NewScan(src).With(cols, pred, m.nums[0])
}

// join goes by the decoded columns instead of deriving them.
func (m *message) join(left, right Node) (Node, error) {
	if len(m.left) != len(m.right) || m.nums[0] < int64(Inner) || m.nums[0] > int64(Cross) {
		return nil, damaged("join")
	}
	j := &Join{Left: left, Right: right, Kind: JoinKind(m.nums[0]), Merged: m.merged, RightNames: m.names}
	for i := range m.left {
		if err := j.addKey(m.left[i], m.right[i]); err != nil {
			return nil, err
		}
	}
	var err error
	if j.AsOf, err = asOfOf(m.nums[1:], j.LeftKeys); err != nil {
		return nil, err
	}
	for _, c := range m.names {
		if err := checkColumns("Join", right.Schema(), []string{c.Name}); err != nil {
			return nil, err
		}
	}
	if err := checkColumns("Join", left.Schema(), m.merged); err != nil {
		return nil, err
	}
	if err := checkColumns("Join", right.Schema(), m.merged); err != nil {
		return nil, err
	}
	if !m.pred.IsZero() {
		b, err := bindScalar("Join", m.pred, j.Joined())
		if err != nil {
			return nil, err
		}
		if j.Residual, err = condition("Join", b); err != nil {
			return nil, err
		}
	}
	return j.WithColumns(m.cols, m.out)
}
