package readers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
)

// The wire forms of splits are protobuf messages, written by hand since they are few. Field 1 is the version; decoders refuse a newer one
// and skip fields that they do not know.

const wireVersion = 1

// encoder appends fields of a message.
type encoder struct{ b []byte }

func (e *encoder) uint(field protowire.Number, v uint64) {
	e.b = protowire.AppendTag(e.b, field, protowire.VarintType)
	e.b = protowire.AppendVarint(e.b, v)
}

func (e *encoder) int(field protowire.Number, v int64) { e.uint(field, protowire.EncodeZigZag(v)) }

func (e *encoder) bool(field protowire.Number, v bool) {
	if v {
		e.uint(field, 1)
	}
}

func (e *encoder) bytes(field protowire.Number, v []byte) {
	e.b = protowire.AppendTag(e.b, field, protowire.BytesType)
	e.b = protowire.AppendBytes(e.b, v)
}

func (e *encoder) string(field protowire.Number, v string) { e.bytes(field, []byte(v)) }

// message appends a nested message.
func (e *encoder) message(field protowire.Number, fill func(*encoder)) {
	var inner encoder
	fill(&inner)
	e.bytes(field, inner.b)
}

// wireField is a decoded field: a varint, or bytes.
type wireField struct {
	num   protowire.Number
	value uint64
	bytes []byte
}

func (f wireField) int() int64 { return protowire.DecodeZigZag(f.value) }

// place is an index that may be -1.
func (f wireField) place() (int, error) {
	v := f.int()
	if v < -1 || v > 1<<30 {
		return 0, fmt.Errorf("index %d", v)
	}
	return int(v), nil
}

// decodeFields calls visit for each varint and bytes field of a message.
func decodeFields(b []byte, visit func(f wireField) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		f := wireField{num: num}
		switch typ {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
				return protowire.ParseError(n)
			}
			b = b[n:]
			continue
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// decodeSplit decodes the message of a split: version, file and adapter here, the rest by visit.
func decodeSplit(op string, b []byte, file *fileio.File, adapt **adapter, visit func(f wireField) error) error {
	version := uint64(0)
	err := decodeFields(b, func(f wireField) (err error) {
		switch f.num {
		case 1:
			version = f.value
		case 2:
			*file, err = decodeFile(f.bytes)
		case 3:
			*adapt, err = decodeAdapter(f.bytes)
		default:
			err = visit(f)
		}
		return err
	})
	switch {
	case err != nil:
	case version == 0 || version > wireVersion:
		err = fmt.Errorf("version %d is not known here", version)
	case file.Path == "" || *adapt == nil:
		err = errors.New("the file or the columns are missing")
	}
	if err != nil {
		return fault.New(fault.Internal, op, "cannot decode the split: %w", err)
	}
	return nil
}

func encodeSplitHead(e *encoder, f fileio.File, a *adapter) error {
	e.uint(1, wireVersion)
	e.message(2, func(e *encoder) {
		e.string(1, f.Path)
		e.int(2, f.Size)
		e.int(3, f.ModTime.UnixNano())
	})
	b, err := encodeAdapter(a)
	e.bytes(3, b)
	return err
}

func decodeFile(b []byte) (fileio.File, error) {
	f := fileio.File{Size: -1}
	err := decodeFields(b, func(w wireField) error {
		switch w.num {
		case 1:
			f.Path = string(w.bytes)
		case 2:
			f.Size = w.int()
		case 3:
			f.ModTime = time.Unix(0, w.int())
		}
		return nil
	})
	return f, err
}

func encodeAdapter(a *adapter) ([]byte, error) {
	var e encoder
	for _, r := range a.read {
		e.int(1, int64(r))
	}
	fields := make([]arrow.Field, len(a.cols))
	for i, c := range a.cols {
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: true}
	}
	schema, err := encodeSchema(arrow.NewSchema(fields, nil))
	if err != nil {
		return nil, err
	}
	e.bytes(2, schema)
	for _, c := range a.cols {
		e.message(3, func(e *encoder) {
			e.int(1, int64(c.from))
			if c.konst != nil {
				e.bool(2, true)
				e.bool(3, c.konst.null)
				e.string(4, c.konst.text)
			}
		})
	}
	return e.b, nil
}

func decodeAdapter(b []byte) (*adapter, error) {
	a := &adapter{}
	var schema *arrow.Schema
	err := decodeFields(b, func(f wireField) (err error) {
		switch f.num {
		case 1:
			var r int
			if r, err = f.place(); err == nil && r < 0 {
				err = errors.New("a column without a place")
			}
			a.read = append(a.read, r)
		case 2:
			schema, err = decodeSchema(f.bytes)
		case 3:
			var c adaptColumn
			c, err = decodeAdaptColumn(f.bytes)
			a.cols = append(a.cols, c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if schema == nil || schema.NumFields() != len(a.cols) {
		return nil, errors.New("the schema does not fit the columns")
	}
	for i := range a.cols {
		c := &a.cols[i]
		c.name, c.typ = schema.Field(i).Name, schema.Field(i).Type
		if c.from >= len(a.read) || c.from >= 0 && c.konst != nil {
			return nil, errors.New("a column's place is not read")
		}
	}
	return a, nil
}

func decodeAdaptColumn(b []byte) (adaptColumn, error) {
	c := adaptColumn{from: -1}
	var k constant
	isConst := false
	err := decodeFields(b, func(f wireField) (err error) {
		switch f.num {
		case 1:
			c.from, err = f.place()
		case 2:
			isConst = f.value != 0
		case 3:
			k.null = f.value != 0
		case 4:
			k.text = string(f.bytes)
		}
		return err
	})
	if isConst {
		c.konst = &k
	}
	return c, err
}

// encodeSchema writes a schema as an Arrow IPC stream without batches.
func encodeSchema(s *arrow.Schema) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the schema has no wire form: %v", p)
		}
	}()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(s))
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func decodeSchema(b []byte) (s *arrow.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, fmt.Errorf("the schema is damaged: %v", p)
		}
	}()
	limit := int64(len(b))
	r, err := ipc.NewReaderFromMessageReader(&ipcMessages{ctx: context.Background(), stream: bytes.NewReader(b), alloc: newLimitAllocator(memory.DefaultAllocator, limit), limit: limit})
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}
