package partition

import (
	"sync"

	"github.com/sheafdata/sheaf/fault"
)

// registry maps operation names to decoders of type D.
type registry[D any] struct {
	mu sync.RWMutex
	m  map[string]D
}

// register panics where the name is taken: two packages that claim one name are a bug that must not wait for a worker to meet it.
func (r *registry[D]) register(kind, op string, d D) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[string]D{}
	}
	if _, taken := r.m[op]; taken {
		panic("partition: " + kind + " operation " + op + " is registered twice")
	}
	r.m[op] = d
}

func (r *registry[D]) lookup(kind, op string) (D, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	d, ok := r.m[op]
	if !ok {
		return d, fault.New(fault.Internal, "decode_"+kind, "no %s operation %q is registered in this process", kind, op).
			WithHint("import the package that registers it in the worker's program")
	}
	return d, nil
}

var (
	splits registry[func([]byte) (Split, error)]
	sinks  registry[func([]byte) (Sink, error)]
)

// RegisterSplit makes splits of the operation decodable in this process. Call it from init; a taken name panics.
func RegisterSplit(op string, decode func([]byte) (Split, error)) {
	splits.register("split", op, decode)
}

// DecodeSplit returns the split that MarshalBinary of the operation encoded.
func DecodeSplit(op string, data []byte) (Split, error) {
	decode, err := splits.lookup("split", op)
	if err != nil {
		return nil, err
	}
	return decode(data)
}

// RegisterSink makes sinks of the operation decodable in this process. Decoded sinks only write parts; Commit stays with the caller.
func RegisterSink(op string, decode func([]byte) (Sink, error)) { sinks.register("sink", op, decode) }

// DecodeSink returns the sink that MarshalBinary of the operation encoded.
func DecodeSink(op string, data []byte) (Sink, error) {
	decode, err := sinks.lookup("sink", op)
	if err != nil {
		return nil, err
	}
	return decode(data)
}
