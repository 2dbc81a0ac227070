package exec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/join"
	sorting "github.com/sheafdata/sheaf/internal/sort"
	"github.com/sheafdata/sheaf/internal/vec"
)

func init() {
	register("rows", encodeRows, decodeRows)
	register("groups", encodeGroups, decodeGroups)
	register("sorted run", encodeRun, decodeRun)
	register("join table", encodeTable, decodeTable)
}

// castagnoli is the checksum of results on the wire, which processors compute in hardware.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// register makes results of type T able to cross a process: their bytes, then a checksum of them. What was damaged on the way is an
// error before Arrow's reader sees it, which trusts the lengths in it.
func register[T any](name string, encode func(T) ([]byte, error), decode func([]byte) (T, error)) {
	graph.RegisterResult("sheaf.dataframe."+name, func(v any) ([]byte, error) {
		t, ok := v.(T)
		if !ok {
			return nil, fmt.Errorf("a %T", v)
		}
		b, err := encode(t)
		return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), err
	}, func(b []byte) (_ any, err error) {
		defer func() {
			if p := recover(); p != nil { // Arrow's reader panics on some damaged messages
				err = fault.New(fault.Internal, "decode_result", "%v", p)
			}
		}()
		n := len(b) - 4
		if n < 0 || crc32.Checksum(b[:n], castagnoli) != binary.LittleEndian.Uint32(b[n:]) {
			return nil, fault.New(fault.Internal, "decode_result", "%s: the bytes were damaged on the way", name)
		}
		return decode(b[:n])
	})
}

// encodeRecords writes record batches as an Arrow IPC stream.
func encodeRecords(schema *arrow.Schema, recs []arrow.RecordBatch) ([]byte, error) {
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(schema), ipc.WithDictionaryDeltas(false))
	for _, r := range recs {
		if err := w.Write(r); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func decodeRecords(b []byte) (*arrow.Schema, []arrow.RecordBatch, error) {
	r, err := ipc.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	defer r.Release()
	var recs []arrow.RecordBatch
	for r.Next() {
		rec := r.RecordBatch()
		rec.Retain()
		recs = append(recs, rec)
	}
	return r.Schema(), recs, r.Err()
}

func encodeRows(r *Rows) ([]byte, error) { return encodeRecords(r.Schema, r.Batches) }

func decodeRows(b []byte) (*Rows, error) {
	schema, recs, err := decodeRecords(b)
	if err != nil {
		return nil, err
	}
	r := &Rows{Schema: schema, Batches: recs}
	for _, rec := range recs {
		r.N += rec.NumRows()
	}
	return r, nil
}

// encodeColumns writes columns as one record batch.
func encodeColumns(cols []vec.Vec, rows int) ([]byte, error) {
	fields := make([]arrow.Field, len(cols))
	for i := range cols {
		fields[i] = arrow.Field{Name: fmt.Sprint(i), Type: cols[i].Type, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	rec, err := toRecord(schema, cols, rows)
	if err != nil {
		return nil, err
	}
	return encodeRecords(schema, []arrow.RecordBatch{rec})
}

func decodeColumns(b []byte) ([]vec.Vec, int, error) {
	schema, recs, err := decodeRecords(b)
	if err != nil {
		return nil, 0, err
	}
	if len(recs) != 1 {
		return nil, 0, fmt.Errorf("%d record batches, one expected", len(recs))
	}
	cols := make([]vec.Vec, schema.NumFields())
	for i := range cols {
		if err := vec.FromArrow(recs[0].Column(i), &cols[i], nil); err != nil {
			return nil, 0, err
		}
	}
	return cols, int(recs[0].NumRows()), nil
}

// Groups are their hashes, counted, then keys and states as columns.
func encodeGroups(g *Groups) ([]byte, error) {
	cols, err := encodeColumns(g.Cols, g.Rows)
	if err != nil {
		return nil, err
	}
	out := binary.AppendUvarint(nil, uint64(len(g.Hashes)))
	for _, h := range g.Hashes {
		out = binary.LittleEndian.AppendUint64(out, h)
	}
	return append(out, cols...), nil
}

func decodeGroups(b []byte) (*Groups, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size)/8 {
		return nil, fmt.Errorf("groups: damaged header")
	}
	b = b[size:]
	g := &Groups{Hashes: make([]uint64, n)}
	for i := range g.Hashes {
		g.Hashes[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	var err error
	if g.Cols, g.Rows, err = decodeColumns(b[8*n:]); err != nil {
		return nil, err
	}
	if n != 0 && int(n) != g.Rows {
		return nil, fmt.Errorf("groups: %d hashes of %d groups", n, g.Rows)
	}
	if n == 0 {
		g.Hashes = nil
	}
	g.bucketise()
	return g, nil
}

// A sorted run is its sort keys, then its rows in order.
func encodeRun(r *SortedRun) ([]byte, error) {
	out := binary.AppendUvarint(nil, uint64(len(r.keys)))
	for _, k := range r.keys {
		out = binary.AppendUvarint(out, uint64(k.Col))
		out = append(out, flag(k.Desc), flag(k.NullsFirst))
	}
	cols := make([]vec.Vec, len(r.types))
	r.Batch(cols, 0, r.NumRows(), nil)
	body, err := encodeColumns(cols, r.NumRows())
	return append(out, body...), err
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func decodeRun(b []byte) (*SortedRun, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)) {
		return nil, fmt.Errorf("sorted run: damaged header")
	}
	b = b[size:]
	keys := make([]sorting.Key, n)
	for i := range keys {
		col, size := binary.Uvarint(b)
		if size <= 0 || len(b) < size+2 {
			return nil, fmt.Errorf("sorted run: damaged keys")
		}
		keys[i] = sorting.Key{Col: int(col), Desc: b[size] == 1, NullsFirst: b[size+1] == 1}
		b = b[size+2:]
	}
	cols, rows, err := decodeColumns(b)
	if err != nil {
		return nil, err
	}
	r := &SortedRun{keys: keys}
	for i := range cols {
		r.types = append(r.types, cols[i].Type)
	}
	for _, k := range keys {
		if k.Col >= len(cols) {
			return nil, fmt.Errorf("sorted run: key %d of %d columns", k.Col, len(cols))
		}
	}
	r.Run, err = sorting.NewRun(sorting.Options{Types: r.types, Keys: keys}, cols, rows)
	return r, err
}

// A join table is the number of its keys, then its build rows, keys first, of which it is built again.
func encodeTable(t *Table) ([]byte, error) {
	keys, payload, rows := t.Rows()
	body, err := encodeColumns(append(append([]vec.Vec{}, keys...), payload...), rows)
	return append(binary.AppendUvarint(nil, uint64(len(keys))), body...), err
}

func decodeTable(b []byte) (*Table, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return nil, fmt.Errorf("join table: damaged header")
	}
	cols, rows, err := decodeColumns(b[size:])
	if err != nil {
		return nil, err
	}
	if n > uint64(len(cols)) {
		return nil, fmt.Errorf("join table: %d keys of %d columns", n, len(cols))
	}
	types := make([]arrow.DataType, len(cols))
	for i := range cols {
		types[i] = cols[i].Type
	}
	builder := join.NewBuilder(join.Options{Keys: types[:n], Payload: types[n:], KeepKeys: true})
	if err := builder.Add(cols[:n], cols[n:], rows); err != nil {
		return nil, err
	}
	table, err := builder.Build()
	if err != nil {
		return nil, err
	}
	return newTable(table, nil), nil
}
