package readers

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The metadata of IPC messages are flatbuffers. The library that reads them trusts the lengths that they claim and allocates by them, so
// they are checked here first: every table, vector and string that is followed lies within the bytes, and the work is bounded.

var errMetadata = errors.New("the metadata is damaged")

// flat is a flatbuffer, and how many tables may still be visited: tables may be shared, so that a few bytes describe a tree without end.
type flat struct {
	b     []byte
	quota int
}

// maxFlatTables bounds the tables of a message: a field is about four.
const maxFlatTables = 400000

// table is the place of a table in a flatbuffer; 0 is none.
type table struct {
	f   *flat
	pos int
}

func (f *flat) u32(at int) (int, error) {
	if at < 0 || at+4 > len(f.b) {
		return 0, errMetadata
	}
	return int(binary.LittleEndian.Uint32(f.b[at:])), nil
}

func (f *flat) root() (table, error) {
	at, err := f.u32(0)
	if err != nil {
		return table{}, err
	}
	return f.table(at)
}

// table checks that a table and its vtable lie within the bytes.
func (f *flat) table(pos int) (table, error) {
	back, err := f.u32(pos)
	if f.quota--; err != nil || f.quota < 0 {
		return table{}, errMetadata
	}
	vt := pos - int(int32(uint32(back)))
	if vt < 0 || vt+4 > len(f.b) {
		return table{}, errMetadata
	}
	vlen, tlen := int(binary.LittleEndian.Uint16(f.b[vt:])), int(binary.LittleEndian.Uint16(f.b[vt+2:]))
	if vlen < 4 || vlen%2 != 0 || vt+vlen > len(f.b) || tlen < 4 || pos+tlen > len(f.b) {
		return table{}, errMetadata
	}
	for s := 4; s < vlen; s += 2 {
		if o := int(binary.LittleEndian.Uint16(f.b[vt+s:])); o != 0 && (o < 4 || o >= tlen) {
			return table{}, errMetadata
		}
	}
	return table{f: f, pos: pos}, nil
}

// slot is the place of a field's value, 0 where it is absent; size is the value's bytes.
func (t table) slot(i, size int) (int, error) {
	back, _ := t.f.u32(t.pos)
	vt := t.pos - int(int32(uint32(back)))
	vlen := int(binary.LittleEndian.Uint16(t.f.b[vt:]))
	if 4+2*i >= vlen {
		return 0, nil
	}
	o := int(binary.LittleEndian.Uint16(t.f.b[vt+4+2*i:]))
	if o == 0 {
		return 0, nil
	}
	if t.pos+o+size > len(t.f.b) {
		return 0, errMetadata
	}
	return t.pos + o, nil
}

// byteAt and int64At are scalar fields; absent ones are 0.
func (t table) byteAt(i int) (byte, error) {
	at, err := t.slot(i, 1)
	if at == 0 {
		return 0, err
	}
	return t.f.b[at], err
}

func (t table) int64At(i int) (int64, error) {
	at, err := t.slot(i, 8)
	if at == 0 || err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(t.f.b[at:])), nil
}

// child is a table field; ok is false where it is absent.
func (t table) child(i int) (c table, ok bool, err error) {
	at, err := t.slot(i, 4)
	if at == 0 || err != nil {
		return c, false, err
	}
	off, err := t.f.u32(at)
	if err != nil {
		return c, false, err
	}
	c, err = t.f.table(at + off)
	return c, true, err
}

// vector is a vector field: the place of its first element and their number.
func (t table) vector(i, size int) (at, n int, err error) {
	p, err := t.slot(i, 4)
	if p == 0 || err != nil {
		return 0, 0, err
	}
	off, err := t.f.u32(p)
	if err != nil {
		return 0, 0, err
	}
	n, err = t.f.u32(p + off)
	at = p + off + 4
	if err != nil || n > (len(t.f.b)-at)/size {
		return 0, 0, errMetadata
	}
	return at, n, nil
}

// each visits a vector of tables.
func (t table) each(i int, visit func(table) error) error {
	at, n, err := t.vector(i, 4)
	for k := 0; k < n && err == nil; k++ {
		var off int
		if off, err = t.f.u32(at + 4*k); err != nil {
			return err
		}
		var c table
		if c, err = t.f.table(at + 4*k + off); err == nil {
			err = visit(c)
		}
	}
	return err
}

// Kinds of messages.
const (
	ipcSchemaMessage = 1
	ipcDictMessage   = 2
	ipcBatchMessage  = 3
)

// viewCounts says how many counts of view buffers a batch must have: one for each view column. The library takes them without looking
// how many there are.
type viewCounts struct {
	columns int
	dicts   map[int64]int // by dictionary
}

// verifyMessage checks a message's metadata and returns its kind and the length of its body. A schema sets views.
func verifyMessage(meta []byte, views *viewCounts) (kind byte, body int64, err error) {
	f := &flat{b: meta, quota: maxFlatTables}
	m, err := f.root()
	if err != nil {
		return 0, 0, err
	}
	if kind, err = m.byteAt(1); err != nil {
		return 0, 0, err
	}
	if body, err = m.int64At(3); err != nil || body < 0 {
		return 0, 0, errMetadata
	}
	h, ok, err := m.child(2)
	if err != nil || !ok {
		return 0, 0, errMetadata
	}
	if err := verifyPairs(m, 4); err != nil {
		return 0, 0, err
	}
	switch kind {
	case ipcSchemaMessage:
		*views = viewCounts{dicts: map[int64]int{}}
		err = verifySchema(h, views)
	case ipcDictMessage:
		var data table
		id, idErr := h.int64At(0)
		if data, ok, err = h.child(1); err == nil && ok && idErr == nil {
			err = verifyBatch(data, views.dicts[id])
		} else if err == nil {
			err = errMetadata
		}
	case ipcBatchMessage:
		err = verifyBatch(h, views.columns)
	default:
		err = fmt.Errorf("messages of kind %d are not supported", kind)
	}
	return kind, body, err
}

// verifyPairs checks custom metadata: keys and values.
func verifyPairs(t table, i int) error {
	return t.each(i, func(kv table) error {
		for s := range 2 {
			if _, _, err := kv.vector(s, 1); err != nil {
				return err
			}
		}
		return nil
	})
}

func verifySchema(s table, views *viewCounts) error {
	if err := verifyPairs(s, 2); err != nil {
		return err
	}
	if _, _, err := s.vector(3, 8); err != nil {
		return err
	}
	return s.each(1, func(f table) error { return verifyField(f, views, &views.columns, maxCheckDepth) })
}

// Type numbers of the format that matter here.
const (
	fbTimestamp  = 10
	fbUnion      = 14
	fbBinaryView = 23
	fbUtf8View   = 24
)

// verifyField checks a field and those below it; count counts the view columns among them.
func verifyField(f table, views *viewCounts, count *int, depth int) error {
	if depth == 0 {
		return errors.New("types nest too deep")
	}
	if _, _, err := f.vector(0, 1); err != nil { // the name
		return err
	}
	kind, err := f.byteAt(2)
	if err != nil {
		return err
	}
	if err := verifyFieldType(f, kind); err != nil {
		return err
	}
	if d, ok, err := f.child(4); err != nil {
		return err
	} else if ok {
		if _, _, err := d.child(1); err != nil {
			return err
		}
		id, err := d.int64At(0)
		if err != nil {
			return err
		}
		n := 0
		defer func() { views.dicts[id] = max(views.dicts[id], n) }()
		count = &n
	}
	if kind == fbBinaryView || kind == fbUtf8View {
		*count++
	}
	if err := verifyPairs(f, 6); err != nil {
		return err
	}
	return f.each(5, func(c table) error { return verifyField(c, views, count, depth-1) })
}

// verifyFieldType checks what a type has of strings and vectors: a timestamp's zone, a union's ids.
func verifyFieldType(f table, kind byte) error {
	typ, ok, err := f.child(3)
	if err != nil || !ok {
		return err
	}
	switch kind {
	case fbTimestamp:
		_, _, err = typ.vector(1, 1)
	case fbUnion:
		_, _, err = typ.vector(1, 4)
	}
	return err
}

// verifyBatch checks the lengths of a batch's vectors; the library follows them by bounds-checked indices.
func verifyBatch(b table, views int) error {
	rows, err := b.int64At(0)
	if err != nil || rows < 0 || rows > maxBatchRows {
		return fmt.Errorf("a batch claims %d rows", rows)
	}
	at, n, err := b.vector(1, 16)
	for k := 0; k < n && err == nil; k++ {
		if l := int64(binary.LittleEndian.Uint64(b.f.b[at+16*k:])); l < 0 || l > 1<<40 {
			err = fmt.Errorf("a column claims %d rows", l)
		}
	}
	if err != nil {
		return err
	}
	_, bufs, err := b.vector(2, 16)
	if err != nil {
		return err
	}
	if _, _, err := b.child(3); err != nil {
		return err
	}
	at, n, err = b.vector(4, 8)
	if err == nil && n < views {
		return fmt.Errorf("a batch has %d counts of view buffers for %d columns", n, views)
	}
	for k := 0; k < n && err == nil; k++ {
		if c := int64(binary.LittleEndian.Uint64(b.f.b[at+8*k:])); c < 0 || c > int64(bufs) {
			err = errMetadata
		}
	}
	return err
}

// ipcBlock is where a message of a file lies.
type ipcBlock struct {
	off, body int64
	meta      int32
}

// readFooterBlocks checks a file's footer and returns its blocks.
func readFooterBlocks(b []byte) (dicts, batches []ipcBlock, err error) {
	f := &flat{b: b, quota: maxFlatTables}
	t, err := f.root()
	if err != nil {
		return nil, nil, err
	}
	blocks := func(i int) (out []ipcBlock, err error) {
		at, n, err := t.vector(i, 24)
		for k := 0; k < n && err == nil; k++ {
			p := b[at+24*k:]
			out = append(out, ipcBlock{off: int64(binary.LittleEndian.Uint64(p)), meta: int32(binary.LittleEndian.Uint32(p[8:])), body: int64(binary.LittleEndian.Uint64(p[16:]))})
		}
		return out, err
	}
	if dicts, err = blocks(2); err == nil {
		batches, err = blocks(3)
	}
	return dicts, batches, err
}
