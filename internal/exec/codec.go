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
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/shuffle"
)

func init() {
	register("rows", encodeRows, decodeRows)
	register("groups", encodeGroups, decodeGroups)
	register("sorted run", encodeRun, decodeRun)
	register("join table", encodeTable, decodeTable)
	register("exchange", encodeExchanged, decodeExchanged)
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
		b = appendMarks(b, v)
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
		b, marks, err := cutMarks(b[:n])
		if err != nil {
			return nil, err
		}
		v, err := decode(b)
		if c, ok := any(v).(carrier); ok && err == nil && len(marks) > 0 {
			c.setMarks(marks)
		}
		return v, err
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

// Groups are a byte that says whether they went through an exchange; if so its frames, else their hashes, counted, then keys and states
// as columns.
func encodeGroups(g *Groups) ([]byte, error) {
	if g.Out != nil {
		least := g.sketch.settle()
		head := binary.AppendUvarint([]byte{1}, uint64(len(least)))
		for _, h := range least {
			head = binary.LittleEndian.AppendUint64(head, h)
		}
		b, err := g.Out.MarshalBinary()
		return append(head, b...), err
	}
	cols, err := encodeColumns(g.Cols, g.Rows)
	if err != nil {
		return nil, err
	}
	out := binary.AppendUvarint([]byte{0}, uint64(len(g.Hashes)))
	for _, h := range g.Hashes {
		out = binary.LittleEndian.AppendUint64(out, h)
	}
	return append(out, cols...), nil
}

func decodeGroups(b []byte) (*Groups, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("groups: nothing")
	}
	exchanged := b[0] == 1
	b = b[1:]
	if exchanged {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size)/8 {
			return nil, fmt.Errorf("groups: damaged sketch")
		}
		g := &Groups{}
		for b = b[size:]; n > 0; n-- {
			g.sketch.least = append(g.sketch.least, binary.LittleEndian.Uint64(b))
			b = b[8:]
		}
		out, err := received().Decode(b)
		if err != nil {
			return nil, err
		}
		g.Out, g.Rows = out, int(out.Rows(0, shuffle.Buckets))
		return g, nil
	}
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

func encodeExchanged(e *Exchanged) ([]byte, error) { return e.MarshalBinary() }

func decodeExchanged(b []byte) (*Exchanged, error) {
	out, err := received().Decode(b)
	return &Exchanged{Output: out}, err
}

// received is the space of what came from another process: memory that nobody counts, because it was counted there.
func received() *shuffle.Space { return shuffle.NewSpace(mem.New("received", 0), "") }

// A sorted run is its sort keys, then its rows in order, run after run.
func encodeRun(r *SortedRun) ([]byte, error) {
	out := binary.AppendUvarint(nil, uint64(len(r.keys)))
	for _, k := range r.keys {
		out = binary.AppendUvarint(out, uint64(k.Col))
		out = append(out, flag(k.Desc), flag(k.NullsFirst))
	}
	out = binary.AppendUvarint(out, uint64(len(r.runs)))
	for _, p := range r.runs {
		w, err := p.Window(0, p.NumRows())
		if err != nil {
			return nil, err
		}
		cols := make([]vec.Vec, len(r.types))
		w.Batch(cols, 0, w.NumRows(), nil)
		body, err := encodeColumns(cols, w.NumRows())
		if err != nil {
			return nil, err
		}
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
	}
	return out, nil
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
	r := &SortedRun{keys: make([]sorting.Key, n)}
	for i := range r.keys {
		col, size := binary.Uvarint(b)
		if size <= 0 || len(b) < size+2 {
			return nil, fmt.Errorf("sorted run: damaged keys")
		}
		r.keys[i] = sorting.Key{Col: int(col), Desc: b[size] == 1, NullsFirst: b[size+1] == 1}
		b = b[size+2:]
	}
	runs, size := binary.Uvarint(b)
	if size <= 0 || runs > uint64(len(b)) {
		return nil, fmt.Errorf("sorted run: damaged header")
	}
	for b = b[size:]; runs > 0; runs-- {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, fmt.Errorf("sorted run: damaged length")
		}
		if err := r.addRun(b[size : size+int(n)]); err != nil {
			return nil, err
		}
		b = b[size+int(n):]
	}
	return r, nil
}

// addRun decodes one of the runs.
func (r *SortedRun) addRun(b []byte) error {
	cols, rows, err := decodeColumns(b)
	if err != nil {
		return err
	}
	types := make([]arrow.DataType, len(cols))
	for i := range cols {
		types[i] = cols[i].Type
	}
	for _, k := range r.keys {
		if k.Col >= len(cols) {
			return fmt.Errorf("sorted run: key %d of %d columns", k.Col, len(cols))
		}
	}
	r.types = types
	run, err := sorting.NewRun(r.options(), cols, rows)
	if err != nil {
		return err
	}
	r.runs = append(r.runs, &pile{options: r.options(), run: run, stats: run.Stats()})
	return nil
}

// A join table is whether its rows are dealt, and then those; or the number of its keys and its kind, then its build rows, keys first, of which it is built again.
func encodeTable(t *Table) ([]byte, error) {
	if t.Dealt() {
		body, err := t.dealt.MarshalBinary()
		return append([]byte{1, flag(t.hashed)}, body...), err
	}
	keys, payload, rows := t.Rows()
	if t.packed != nil {
		payload = t.packed.Columns(0, rows, nil)
	}
	body, err := encodeColumns(append(append([]vec.Vec{}, keys...), payload...), rows)
	head := binary.AppendUvarint([]byte{0}, uint64(len(keys)))
	return append(append(head, flag(t.KeepsAll()), flag(t.asOf != nil)), body...), err
}

func decodeTable(b []byte) (*Table, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("join table: nothing")
	}
	dealt := b[0] == 1
	b = b[1:]
	if dealt {
		if len(b) == 0 {
			return nil, fmt.Errorf("join table: nothing")
		}
		out, err := received().Decode(b[1:])
		return &Table{dealt: out, hashed: b[0] == 1}, err
	}
	n, size := binary.Uvarint(b)
	if size <= 0 || len(b) < size+2 {
		return nil, fmt.Errorf("join table: damaged header")
	}
	all, asOf := b[size] == 1, b[size+1] == 1
	cols, rows, err := decodeColumns(b[size+2:])
	if err != nil {
		return nil, err
	}
	if n > uint64(len(cols)) || asOf && int(n) == len(cols) {
		return nil, fmt.Errorf("join table: %d keys of %d columns", n, len(cols))
	}
	types := make([]arrow.DataType, len(cols))
	for i := range cols {
		types[i] = cols[i].Type
	}
	builder := join.NewBuilder(join.Options{Keys: types[:n], Payload: types[n:], KeepKeys: true, KeepAll: all})
	if err := builder.Add(cols[:n], cols[n:], rows); err != nil {
		return nil, err
	}
	table, err := builder.Build()
	if err != nil {
		return nil, err
	}
	return newTable(table, asOf, nil)
}
