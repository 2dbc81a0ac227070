package join

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/rowenc"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Builder collects build rows and makes the table. It is not safe for concurrent use.
type Builder struct {
	o       Options
	payload []*vec.Builder
	keys    []*vec.Builder // with KeepKeys, or the one column of formView
	rows    int            // that the index will hold: those with a key

	// With KeepAll: all is how many rows there are, place is where the rows of the index are among them (nil while they are the same),
	// sent are the keys of all rows, with KeepKeys.
	all   int
	place []uint32
	sent  []*vec.Builder

	started bool // layout is chosen
	layout  keyLayout
	lanes   [2][]uint64    // formWord and formPair
	cols    []keyColumn    // formCols: the columns of words
	text    []*vec.Builder // formCols: the columns of text, nil for the others
	encoded encodedRows    // formBytes

	words  wordReader
	reader []uint64
	enc    rowenc.Rows
	valid  []uint64
	sel    []uint32

	expected int   // rows to come in all
	held     int64 // bytes reserved
}

// Expect says how many rows are to come in all, before the first of them. It is a hint that saves copies.
func (b *Builder) Expect(rows int) {
	b.expected = rows
	for _, c := range b.payload {
		c.Expect(rows)
	}
}

// encodedRows are rows encoded to bytes, one after the other.
type encodedRows struct {
	data []byte
	offs []int64 // one more than rows
}

func (e *encodedRows) len() int { return max(len(e.offs)-1, 0) }

func (e *encodedRows) at(i int) []byte { return e.data[e.offs[i]:e.offs[i+1]] }

func (e *encodedRows) append(rows *rowenc.Rows, n int) {
	if len(e.offs) == 0 {
		e.offs = append(e.offs, 0)
	}
	base := int64(len(e.data)) - rows.Offs[0]
	e.data = append(e.data, rows.Data[rows.Offs[0]:rows.Offs[n]]...)
	for _, o := range rows.Offs[1 : n+1] {
		e.offs = append(e.offs, o+base)
	}
}

// NewBuilder returns a builder without rows.
func NewBuilder(o Options) *Builder {
	b := &Builder{o: o}
	for _, t := range o.Payload {
		b.payload = append(b.payload, vec.NewBuilder(t))
	}
	return b
}

// NumRows is how many rows were kept: those without a null in their key, or all with KeepAll.
func (b *Builder) NumRows() int {
	if b.o.KeepAll {
		return b.all
	}
	return b.rows
}

// Bytes is the memory of the rows kept so far.
func (b *Builder) Bytes() int64 {
	sum := int64(8*(cap(b.lanes[0])+cap(b.lanes[1])+cap(b.encoded.offs)) + cap(b.encoded.data) + 4*cap(b.place))
	for _, c := range b.sent {
		sum += c.Bytes()
	}
	for _, c := range b.payload {
		sum += c.Bytes()
	}
	for _, c := range b.keys {
		sum += c.Bytes()
	}
	for i := range b.cols {
		sum += b.cols[i].bytes()
		if b.text[i] != nil {
			sum += b.text[i].Bytes()
		}
	}
	return sum
}

// Add copies a batch of build rows. Rows with a null among their keys match nothing and are left out. After an error the builder
// is of no use but for Release.
func (b *Builder) Add(keys, payload []vec.Vec, rows int) error {
	if len(payload) != len(b.payload) {
		return internalError("%d payload columns, want %d", len(payload), len(b.payload))
	}
	if len(keys) != len(b.o.Keys) {
		return internalError("%d key columns, want %d", len(keys), len(b.o.Keys))
	}
	if rows == 0 {
		return nil
	}
	if rows > MaxRows-max(b.rows, b.all) {
		return internalError("a table of more than %d rows", MaxRows)
	}
	if nullKeyed(keys) {
		b.addAll(keys, payload, rows, nil, false)
		return b.reserveTo(b.Bytes())
	}
	if !b.started {
		b.start(keys)
	}
	if err := b.layout.check(keys, rows); err != nil {
		return err
	}
	sel, all := b.keep(keys, rows)
	n := rows
	if !all {
		n = len(sel)
	}
	b.addAll(keys, payload, rows, sel, all)
	if n > 0 {
		if !b.o.KeepAll {
			appendRows(b.payload, payload, sel, all)
		}
		appendRows(b.keys, keys, sel, all)
		b.addKeys(keys, rows, sel, all)
		b.rows += n
	}
	return b.reserveTo(b.Bytes())
}

// addAll keeps rows with and without a key, and notes the places of those that have one.
func (b *Builder) addAll(keys, payload []vec.Vec, rows int, sel []uint32, all bool) {
	if !b.o.KeepAll {
		return
	}
	if b.sent == nil && b.o.KeepKeys {
		for _, t := range b.o.Keys {
			b.sent = append(b.sent, vec.NewBuilder(t))
		}
	}
	appendRows(b.payload, payload, nil, true)
	appendRows(b.sent, keys, nil, true)
	if !all && b.place == nil {
		b.place = make([]uint32, b.rows, b.rows+rows)
		for i := range b.place {
			b.place[i] = uint32(i)
		}
	}
	switch {
	case all && b.place != nil:
		for i := range rows {
			b.place = append(b.place, uint32(b.all+i))
		}
	case !all:
		for _, i := range sel {
			b.place = append(b.place, uint32(b.all)+i)
		}
	}
	b.all += rows
}

func (b *Builder) start(keys []vec.Vec) {
	b.started = true
	b.layout = layoutOf(keys)
	if b.o.KeepKeys && !b.o.KeepAll || b.layout.form == formView {
		for _, t := range b.o.Keys {
			b.keys = append(b.keys, b.column(t))
		}
	}
	if b.expected > 0 && (b.layout.form == formWord || b.layout.form == formPair) {
		b.lanes[0] = make([]uint64, 0, b.expected)
	}
	if b.layout.form != formCols {
		return
	}
	b.cols, b.text = make([]keyColumn, len(keys)), make([]*vec.Builder, len(keys))
	for i, t := range b.o.Keys {
		if b.layout.cols[i].phys == vec.View {
			b.text[i] = b.column(t)
		}
	}
}

func (b *Builder) column(t arrow.DataType) *vec.Builder {
	c := vec.NewBuilder(t)
	c.Expect(b.expected)
	return c
}

// keep returns the rows with a key; all says that sel is not needed.
func (b *Builder) keep(keys []vec.Vec, rows int) (sel []uint32, all bool) {
	valid := keyValidity(b.valid, keys, rows)
	if valid == nil || bitmap.All(valid, rows) {
		return nil, true
	}
	b.valid = valid
	b.sel = grow(b.sel, rows+bitmap.IndexRoom)
	n := bitmap.Indices(b.sel, valid, rows)
	return b.sel[:n], false
}

func appendRows(dst []*vec.Builder, cols []vec.Vec, sel []uint32, all bool) {
	for i, c := range dst {
		if all {
			c.Append(&cols[i])
		} else {
			c.AppendTake(&cols[i], sel)
		}
	}
}

func (b *Builder) addKeys(keys []vec.Vec, rows int, sel []uint32, all bool) {
	switch b.layout.form {
	case formWord, formPair:
		for lane, words := range b.words.read(&b.layout, keys, rows) {
			if all {
				b.lanes[lane] = append(b.lanes[lane], words...)
				continue
			}
			for _, i := range sel {
				if words != nil {
					b.lanes[lane] = append(b.lanes[lane], words[i])
				}
			}
		}
	case formCols:
		b.addCols(keys, rows, sel, all)
	case formBytes:
		if !all {
			kept := make([]vec.Vec, len(keys))
			for i := range keys {
				vec.Take(&kept[i], &keys[i], sel, nil)
			}
			keys, rows = kept, len(sel)
		}
		b.enc.Encode(keys, rows)
		b.encoded.append(&b.enc, rows)
	}
}

func (b *Builder) addCols(keys []vec.Vec, rows int, sel []uint32, all bool) {
	b.reader = grow(b.reader, rows)
	if len(b.words.dict) < len(keys) {
		b.words.dict = make([]dictWords, len(keys))
	}
	for i := range keys {
		if b.text[i] != nil {
			appendRows(b.text[i:i+1], keys[i:i+1], sel, all)
			continue
		}
		b.words.load(b.reader, i, &keys[i])
		if all {
			b.cols[i].words = append(b.cols[i].words, b.reader...)
			continue
		}
		for _, j := range sel {
			b.cols[i].words = append(b.cols[i].words, b.reader[j])
		}
	}
}

// flatCols returns the key columns of formCols for the index.
func (b *Builder) flatCols() []keyColumn {
	out := append([]keyColumn{}, b.cols...)
	for i, t := range b.text {
		if t == nil {
			continue
		}
		v := t.Vec()
		vec.Decode(&v, &v, nil)
		out[i] = keyColumn{heads: vec.Of[vec.ViewHeader](&v), bufs: v.Bufs}
	}
	return out
}

func (b *Builder) reserveTo(n int64) error {
	if b.o.Reserve != nil && n != b.held {
		if err := b.o.Reserve(n - b.held); err != nil {
			return err
		}
	}
	b.held = n
	return nil
}

// Release gives back what was reserved, where there is no Build.
func (b *Builder) Release() {
	_ = b.reserveTo(0)
	*b = Builder{o: b.o}
}

// Each gives the rows kept so far to f, at most n at a time and good until it returns; the keys with Options.KeepKeys.
func (b *Builder) Each(n int, f func(keys, payload []vec.Vec, rows int) error) error {
	from := b.keys
	if b.o.KeepAll {
		from = b.sent
	}
	keys, payload := vecsOf(from), vecsOf(b.payload)
	k, p := make([]vec.Vec, len(keys)), make([]vec.Vec, len(payload))
	var s vec.Scratch
	for at := 0; at < b.NumRows(); at += n {
		rows := min(n, b.NumRows()-at)
		s.Reset()
		for i := range keys {
			vec.Slice(&k[i], &keys[i], at, rows, &s)
		}
		for i := range payload {
			vec.Slice(&p[i], &payload[i], at, rows, &s)
		}
		if err := f(k, p, rows); err != nil {
			return err
		}
	}
	return nil
}

// Build makes the table of all rows. The builder and its memory are the table's afterwards. Where memory is refused the builder stays as
// it was.
func (b *Builder) Build() (*Table, error) {
	t := &Table{rows: b.rows, all: b.NumRows(), kept: b.o.KeepKeys, keepAll: b.o.KeepAll, layout: b.layout, reserve: b.o.Reserve, place: b.place}
	sent := &b.keys
	if b.o.KeepAll {
		sent = &b.sent
	}
	if t.kept && len(*sent) == 0 { // no row came: the columns are wanted all the same
		for _, k := range b.o.Keys {
			*sent = append(*sent, vec.NewBuilder(k))
		}
	}
	t.payload = vecsOf(b.payload)
	t.keys = vecsOf(b.keys)
	t.sent = vecsOf(*sent)
	if t.rows > 0 {
		if err := b.index(t); err != nil {
			return nil, err
		}
	}
	t.reserved = b.held
	b.held, b.payload, b.keys, b.sent = 0, nil, nil, nil // what the table gives away must not stay here
	return t, nil
}

// index reserves the most that the table's index can take, makes it, and gives back what is not needed.
func (b *Builder) index(t *Table) error {
	base, span, direct := b.directRange()
	if err := b.reserveTo(b.held + b.indexBytes(t, span, direct)); err != nil {
		return err
	}
	l := &linker{rows: t.rows}
	switch {
	case direct:
		t.index.direct = newDirect(base, span, b.lanes[0], l)
	case b.layout.form == formWord:
		t.index.words = newWords(b.lanes[0], l)
	case b.layout.form == formPair:
		t.index.pairs = newPairs(b.lanes[0], b.lanes[1], l)
	case b.layout.form == formView:
		var flat vec.Vec
		vec.Decode(&flat, &t.keys[0], nil)
		t.index.views = newViews(&flat, l)
	case b.layout.form == formCols:
		t.index.cols = newCols(b.flatCols(), t.rows, l)
	default:
		t.index.bytes = newBytes(b.encoded, l)
	}
	t.next = l.next
	b.lanes = [2][]uint64{} // the words live on in the index
	flat := int64(0)
	for _, c := range b.text {
		if c != nil && c.Vec().Dict != nil {
			flat += 16 * int64(t.rows) // decoded beside its codes
		}
	}
	return b.reserveTo(b.Bytes() + t.index.size() + flat + 4*int64(len(t.next)))
}

// indexBytes is the most that index takes: with chains, and with a dictionary decoded for the time being.
func (b *Builder) indexBytes(t *Table, span int, direct bool) int64 {
	rows, slots := int64(t.rows), int64(slotCount(t.rows))
	switch {
	case direct:
		return 4*rows + 4*int64(span)
	case b.layout.form == formWord:
		return 4*rows + slots*int64(unsafe.Sizeof(wordSlot{}))
	case b.layout.form == formPair:
		return 4*rows + slots*int64(unsafe.Sizeof(pairSlot{}))
	case b.layout.form == formView:
		return 4*rows + slots*int64(unsafe.Sizeof(viewSlot{})) + 16*rows
	}
	return 4*rows + slots*int64(unsafe.Sizeof(bytesSlot{})) + 16*rows*int64(len(b.text))
}

// size is the memory of the index, without the key bytes it points into.
func (x *index) size() int64 {
	switch {
	case x.direct != nil:
		return 4 * int64(len(x.direct.heads))
	case x.words != nil:
		return int64(len(x.words.slots)) * int64(unsafe.Sizeof(wordSlot{}))
	case x.pairs != nil:
		return int64(len(x.pairs.slots)) * int64(unsafe.Sizeof(pairSlot{}))
	case x.views != nil:
		return int64(len(x.views.slots)) * int64(unsafe.Sizeof(viewSlot{}))
	case x.cols != nil:
		return int64(len(x.cols.slots)) * int64(unsafe.Sizeof(bytesSlot{}))
	case x.bytes != nil:
		return int64(len(x.bytes.slots)) * int64(unsafe.Sizeof(bytesSlot{}))
	}
	return 0
}

// directRange says whether the keys are integers in a range worth an array.
func (b *Builder) directRange() (base uint64, span int, ok bool) {
	if b.layout.form != formWord {
		return 0, 0, false
	}
	signed := false
	if len(b.layout.cols) == 1 {
		switch b.layout.cols[0].phys {
		case vec.Int8, vec.Int16, vec.Int32, vec.Int64:
			signed = true
		case vec.Float16, vec.Float32, vec.Float64:
			return 0, 0, false
		}
	}
	return directRange(b.lanes[0], signed)
}

func vecsOf(bs []*vec.Builder) []vec.Vec {
	out := make([]vec.Vec, len(bs))
	for i, b := range bs {
		out[i] = b.Vec()
	}
	return out
}
