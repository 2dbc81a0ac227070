package graph

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"

	"github.com/sheafdata/sheaf/fault"
)

// resultCodec carries the values of one Go type, or of a few, between processes.
type resultCodec struct {
	name   string
	encode func(any) ([]byte, error)
	decode func([]byte) (any, error)
}

// RegisterResult makes a type of results able to cross a process. encode gets any value that is not nil, a bool, a number, a string
// or bytes, and returns an error for one that is not its own; decode is its inverse and may keep the bytes. name is the type's name
// on the wire. Call it as Register; an empty or taken name and a nil function panic.
func RegisterResult(name string, encode func(any) ([]byte, error), decode func([]byte) (any, error)) {
	if name == "" || encode == nil || decode == nil {
		panic("graph: RegisterResult needs a name and two functions")
	}
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.byName[name]; taken {
		panic("graph: the result type " + name + " is registered twice")
	}
	if registry.byName == nil {
		registry.byName = map[string]resultCodec{}
	}
	c := resultCodec{name, encode, decode}
	registry.byName[name] = c
	registry.results = append(registry.results, c)
}

// The first byte of an encoded result is its kind; numbers are little-endian.
const (
	kindNil = iota
	kindFalse
	kindTrue
	kindInt
	kindInt8
	kindInt16
	kindInt32
	kindInt64
	kindUint
	kindUint8
	kindUint16
	kindUint32
	kindUint64
	kindFloat32
	kindFloat64
	kindString
	kindBytes
	kindNilBytes
	kindNamed // uvarint length of the name, the name, the codec's bytes
)

// EncodeResult appends the encoded value to dst: nil, a bool, a number, a string, a []byte, or a value that a codec given to
// RegisterResult takes.
func EncodeResult(dst []byte, v any) ([]byte, error) {
	if kind, bits, size := number(v); size > 0 {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], bits)
		return append(append(dst, kind), b[:size]...), nil
	}
	switch v := v.(type) {
	case nil:
		return append(dst, kindNil), nil
	case bool:
		if v {
			return append(dst, kindTrue), nil
		}
		return append(dst, kindFalse), nil
	case string:
		return append(append(dst, kindString), v...), nil
	case []byte:
		if v == nil {
			return append(dst, kindNilBytes), nil
		}
		return append(append(dst, kindBytes), v...), nil
	}
	return encodeNamed(dst, v)
}

// number returns the kind, the bits and the width in bytes of a number, width 0 for anything else.
func number(v any) (kind byte, bits uint64, size int) {
	switch v := v.(type) {
	case int:
		return kindInt, uint64(v), 8
	case int8:
		return kindInt8, uint64(v), 1
	case int16:
		return kindInt16, uint64(v), 2
	case int32:
		return kindInt32, uint64(v), 4
	case int64:
		return kindInt64, uint64(v), 8
	case uint:
		return kindUint, uint64(v), 8
	case uint8:
		return kindUint8, uint64(v), 1
	case uint16:
		return kindUint16, uint64(v), 2
	case uint32:
		return kindUint32, uint64(v), 4
	case uint64:
		return kindUint64, v, 8
	case float32:
		return kindFloat32, uint64(math.Float32bits(v)), 4
	case float64:
		return kindFloat64, math.Float64bits(v), 8
	}
	return 0, 0, 0
}

func encodeNamed(dst []byte, v any) ([]byte, error) {
	t := reflect.TypeOf(v)
	if c, ok := registry.byType.Load(t); ok {
		if out, err := appendNamed(dst, c.(resultCodec), v); err == nil {
			return out, nil
		}
	}
	registry.RLock()
	codecs := registry.results
	registry.RUnlock()
	var errs []error
	for _, c := range codecs {
		out, err := appendNamed(dst, c, v)
		if err == nil {
			registry.byType.Store(t, c)
			return out, nil
		}
		errs = append(errs, err)
	}
	err := fault.New(fault.Type, "encode result", "a %s cannot be sent to another process", t).
		WithHint("register its type: graph.RegisterResult(%q, encode, decode)", t)
	if len(errs) > 0 {
		err.Err = errors.Join(append([]error{err.Err}, errs...)...)
	}
	return nil, err
}

func appendNamed(dst []byte, c resultCodec, v any) ([]byte, error) {
	b, err := c.encode(v)
	if err != nil {
		return nil, err
	}
	dst = binary.AppendUvarint(append(dst, kindNamed), uint64(len(c.name)))
	return append(append(dst, c.name...), b...), nil
}

// DecodeResult returns the value that EncodeResult encoded. A []byte or what a codec returns may be a part of b.
func DecodeResult(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, badResult("it is empty")
	}
	kind, body := b[0], b[1:]
	switch kind {
	case kindString:
		return string(body), nil
	case kindBytes:
		return body[:len(body):len(body)], nil
	case kindNamed:
		return decodeNamed(body)
	}
	if int(kind) >= len(widths) || len(body) != widths[kind] {
		return nil, badResult("kind %d with %d bytes", kind, len(body))
	}
	var wide [8]byte
	copy(wide[:], body)
	return fixed(kind, binary.LittleEndian.Uint64(wide[:])), nil
}

// widths holds the bytes of each kind of fixed width.
var widths = [...]int{kindInt: 8, kindInt8: 1, kindInt16: 2, kindInt32: 4, kindInt64: 8, kindUint: 8, kindUint8: 1, kindUint16: 2,
	kindUint32: 4, kindUint64: 8, kindFloat32: 4, kindFloat64: 8, kindString: -1, kindBytes: -1, kindNilBytes: 0}

func fixed(kind byte, bits uint64) any {
	switch kind {
	case kindFalse, kindTrue:
		return kind == kindTrue
	case kindInt:
		return int(bits)
	case kindInt8:
		return int8(bits)
	case kindInt16:
		return int16(bits)
	case kindInt32:
		return int32(bits)
	case kindInt64:
		return int64(bits)
	case kindUint:
		return uint(bits)
	case kindUint8:
		return uint8(bits)
	case kindUint16:
		return uint16(bits)
	case kindUint32:
		return uint32(bits)
	case kindUint64:
		return bits
	case kindFloat32:
		return math.Float32frombits(uint32(bits))
	case kindFloat64:
		return math.Float64frombits(bits)
	case kindNilBytes:
		return []byte(nil)
	}
	return nil
}

func decodeNamed(body []byte) (any, error) {
	n, width := binary.Uvarint(body)
	if width <= 0 || n > uint64(len(body)-width) {
		return nil, badResult("its type's name is cut off")
	}
	name, body := string(body[width:width+int(n)]), body[width+int(n):]
	registry.RLock()
	c, ok := registry.byName[name]
	registry.RUnlock()
	if !ok {
		return nil, badResult("the result type %q is not registered in this process", name)
	}
	return c.decode(body[:len(body):len(body)])
}

func badResult(format string, args ...any) error {
	return fault.New(fault.Data, "decode result", format, args...)
}
