package plan

import (
	"encoding"
	"fmt"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// The wire form of a plan:
//
//	Plan 1 version  2 repeated Node: inputs before those that read them, the root last
//	Node 1 kind  2 packed input indexes  3, 4 repeated Expr  5 repeated Key  6, 7 repeated text  8 packed zigzag numbers  9 Schema
//	     10, 11 repeated Column  12 Expr  13 operation  14 its bytes
//	Key  1 Expr  2 desc  3 nulls first
//	Column 1 name  2 as
//
// Decoding goes through the constructors, so that no bytes make a plan whose names or types do not fit.
const wireVersion = 1

// PortableSource is a source that can be opened in another process. A Scan of any other has no wire form.
type PortableSource interface {
	partition.Source
	encoding.BinaryMarshaler
	// Op names the decoder given to RegisterSource.
	Op() string
}

var sources struct {
	sync.RWMutex
	m map[string]func([]byte) (partition.Source, error)
}

// RegisterSource makes sources of the operation decodable in this process. Call it from init; a taken name panics.
func RegisterSource(op string, decode func([]byte) (partition.Source, error)) {
	sources.Lock()
	defer sources.Unlock()
	if sources.m == nil {
		sources.m = map[string]func([]byte) (partition.Source, error){}
	}
	if _, taken := sources.m[op]; taken {
		panic("plan: source operation " + op + " is registered twice")
	}
	sources.m[op] = decode
}

// message is the decoded form of a node's message, and what encoding fills.
type message struct {
	kind         string
	inputs       []uint64
	left, right  []expr.Expr
	keys         []SortKey
	cols, merged []string
	nums         []int64
	schema       []byte
	out, names   []JoinColumn
	pred         expr.Expr
	op           string
	data         []byte
}

// Marshal returns the wire form of a plan. Local parts (a source, sink or function that cannot leave the process) are an error.
func Marshal(root Node) ([]byte, error) {
	enc := encoder{index: map[Node]uint64{}}
	enc.out = protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), wireVersion)
	_, err := enc.node(root)
	return enc.out, err
}

type encoder struct {
	index map[Node]uint64
	out   []byte
}

func (enc *encoder) node(n Node) (uint64, error) {
	if n == nil {
		return 0, fault.New(fault.Internal, "encode_plan", "a node is nil")
	}
	if i, done := enc.index[n]; done {
		return i, nil
	}
	m, err := describe(n)
	if err != nil {
		return 0, err
	}
	for _, in := range n.Inputs() {
		i, err := enc.node(in)
		if err != nil {
			return 0, err
		}
		m.inputs = append(m.inputs, i)
	}
	b, err := m.append(nil)
	if err != nil {
		return 0, err
	}
	i := uint64(len(enc.index))
	enc.index[n] = i
	enc.out = protowire.AppendBytes(protowire.AppendTag(enc.out, 2, protowire.BytesType), b)
	return i, nil
}

// local is the error of a part that has no wire form.
func local(what string) error {
	return fault.New(fault.Plan, "encode_plan", "%s cannot leave this process", what)
}

// describe says what of a node, without its inputs, is encoded.
func describe(n Node) (m message, err error) {
	switch x := n.(type) {
	case *Scan:
		return describeScan(x)
	case *Input:
		m = message{kind: "input", nums: []int64{int64(x.Index)}}
		m.schema, err = expr.MarshalSchema(x.schema)
	case *Filter:
		m = message{kind: "filter", pred: x.Pred}
	case *Project:
		m = message{kind: "project", left: x.Exprs}
	case *GroupBy:
		m = message{kind: "group_by", left: x.Keys, right: x.Aggs, nums: []int64{flag(x.DropNullKeys)}}
	case *Join:
		m = message{kind: "join", nums: append([]int64{int64(x.Kind)}, x.AsOf.numbers()...), left: x.LeftKeys, right: x.RightKeys, pred: x.Residual,
			cols: x.LeftOut, merged: x.Merged, out: x.RightOut, names: x.RightNames}
	case *Sort:
		m = message{kind: "sort", keys: x.Keys}
	case *TopK:
		m = message{kind: "top_k", keys: x.Keys, nums: []int64{x.N, x.Offset}}
	case *Limit:
		m = message{kind: "limit", nums: []int64{x.N, x.Offset}}
	case *Distinct:
		m = message{kind: "distinct", cols: x.Cols, nums: []int64{flag(x.Last)}}
	case *Concat:
		m = message{kind: "concat"}
	case *Explode:
		m = message{kind: "explode", cols: x.Cols}
	case *Unpivot:
		m = message{kind: "unpivot", cols: x.Cols, merged: []string{x.Name, x.Value}}
	case *Window:
		m = message{kind: "window", left: x.Exprs}
	case *Repartition:
		m = message{kind: "repartition", cols: x.Spec.By, nums: []int64{int64(x.Spec.Parts), x.Spec.Rows, x.Spec.Bytes}}
	case *Cache:
		m = message{kind: "cache"}
	case *Write:
		return describeWrite(x)
	case *MapBatches:
		m, err = describeMap(x)
	default:
		err = local(fmt.Sprintf("a %T", n))
	}
	return m, err
}

func flag(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

func describeScan(x *Scan) (message, error) {
	src, ok := x.Source.(PortableSource)
	if !ok {
		return message{}, local(fmt.Sprintf("a source of type %T", x.Source))
	}
	data, err := src.MarshalBinary()
	m := message{kind: "scan", pred: x.Predicate, nums: []int64{x.Limit, flag(x.Columns == nil)}, cols: x.Columns, op: src.Op(), data: data}
	return m, err
}

func describeWrite(x *Write) (message, error) {
	sink, ok := x.Sink.(partition.PortableSink)
	if !ok {
		return message{}, local(fmt.Sprintf("a sink of type %T", x.Sink))
	}
	data, err := sink.MarshalBinary()
	return message{kind: "write", op: sink.Op(), data: data}, err
}

func (m *message) append(b []byte) ([]byte, error) {
	w := writer{b: b}
	w.text(1, m.kind)
	w.numbers(2, m.inputs)
	w.exprs(3, m.left...)
	w.exprs(4, m.right...)
	for _, k := range m.keys {
		key := writer{}
		key.exprs(1, k.Expr)
		key.numbers(2, []uint64{uint64(flag(k.Desc)), uint64(flag(k.NullsFirst))})
		w.nested(5, key)
	}
	for _, c := range m.cols {
		w.text(6, c)
	}
	for _, c := range m.merged {
		w.text(7, c)
	}
	nums := make([]uint64, len(m.nums))
	for i, v := range m.nums {
		nums[i] = protowire.EncodeZigZag(v)
	}
	w.numbers(8, nums)
	if m.schema != nil {
		w.text(9, string(m.schema))
	}
	for _, c := range m.out {
		w.column(10, c)
	}
	for _, c := range m.names {
		w.column(11, c)
	}
	if !m.pred.IsZero() {
		w.exprs(12, m.pred)
	}
	if m.op != "" {
		w.text(13, m.op)
		w.text(14, string(m.data))
	}
	return w.b, w.err
}

// writer appends fields and keeps the first error.
type writer struct {
	b   []byte
	err error
}

func (w *writer) text(num protowire.Number, s string) {
	w.b = protowire.AppendString(protowire.AppendTag(w.b, num, protowire.BytesType), s)
}

func (w *writer) numbers(num protowire.Number, vs []uint64) {
	if len(vs) == 0 {
		return
	}
	var p []byte
	for _, v := range vs {
		p = protowire.AppendVarint(p, v)
	}
	w.text(num, string(p))
}

func (w *writer) nested(num protowire.Number, in writer) {
	if w.err == nil {
		w.err = in.err
	}
	w.text(num, string(in.b))
}

func (w *writer) column(num protowire.Number, c JoinColumn) {
	var in writer
	in.text(1, c.Name)
	in.text(2, c.As)
	w.nested(num, in)
}

func (w *writer) exprs(num protowire.Number, es ...expr.Expr) {
	for _, e := range es {
		b, err := expr.Marshal(e)
		if err != nil && w.err == nil {
			w.err = err
		}
		w.text(num, string(b))
	}
}
