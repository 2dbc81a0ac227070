package plan

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

// An Adapter makes a batch function of a registered function, for rows of the schemas.
type Adapter func(symbol string, in, out *arrow.Schema) (BatchFunc, error)

var adapters struct {
	sync.RWMutex
	m map[string]Adapter
}

// RegisterAdapter makes MapBatches nodes of an adapter decodable in this process. Call it from init; a taken name panics.
func RegisterAdapter(name string, make Adapter) {
	adapters.Lock()
	defer adapters.Unlock()
	if adapters.m == nil {
		adapters.m = map[string]Adapter{}
	}
	if _, taken := adapters.m[name]; taken {
		panic("plan: adapter " + name + " is registered twice")
	}
	adapters.m[name] = make
}

func describeMap(n *MapBatches) (message, error) {
	if n.Adapter == "" {
		return message{}, local("the function " + n.Name)
	}
	schema, err := expr.MarshalSchema(n.OutSchema)
	return message{kind: "map_batches", merged: []string{n.Adapter, n.Name}, schema: schema}, err
}

func (m *message) mapBatches(in Node) (Node, error) {
	if len(m.merged) != 2 {
		return nil, damaged("map_batches")
	}
	out, err := expr.UnmarshalSchema(m.schema)
	if err != nil {
		return nil, err
	}
	adapters.RLock()
	adapt, ok := adapters.m[m.merged[0]]
	adapters.RUnlock()
	if !ok {
		return nil, fault.New(fault.Internal, "decode_plan", "no adapter %q is registered in this process", m.merged[0])
	}
	fn, err := adapt(m.merged[1], in.Schema(), out)
	if err != nil {
		return nil, err
	}
	n, err := NewMapBatches(in, out, fn, m.merged[1])
	if err != nil {
		return nil, err
	}
	n.(*MapBatches).Adapter = m.merged[0]
	return n, nil
}
