package writers

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/textio"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
)

// keyed divides the rows of a part by PartitionBy: rows gather in memory, and go to a file for each key when there are enough of them,
// or when memory is short. Files of few keys stay open from one time to the next.
type keyed struct {
	p     *part
	rest  []int // the columns of the files
	build []*vec.Builder
	codes []uint32 // the key of each row gathered
	dirs  []string // of each key
	index map[string]uint32
	open  []*openFile // of each key
	held  *mem.Reservation
	key   []byte
	last  []byte
	at    uint32 // the code of last
	batch vec.Batch
	pool  vec.Scratch
	// flushed says that some rows are in files of the part; others wait for those of its neighbours.
	flushed bool
	room    int64 // how much may wait
	// ctx is that of the rows: Close, which has none, writes under it.
	ctx context.Context
}

const (
	// keyedBytes is how much of a part gathers before it is divided.
	keyedBytes = 64 << 20
	// maxOpen is how many files of a part stay open.
	maxOpen = 16
)

func newKeyed(p *part) *keyed {
	k := &keyed{p: p, index: map[string]uint32{}}
	for i, f := range p.w.schema.Fields() {
		if !slices.Contains(p.w.keys, i) {
			k.rest = append(k.rest, i)
			k.build = append(k.build, vec.NewBuilder(f.Type))
		}
	}
	return k
}

func (k *keyed) add(ctx context.Context, b *vec.Batch) error {
	k.ctx = ctx
	if k.held == nil {
		k.held, k.room = mem.From(ctx).Reservation("write"), waitingRoom(ctx)
	}
	if err := k.code(b); err != nil {
		return err
	}
	bytes := int64(0)
	for i, at := range k.rest {
		k.build[i].Append(&b.Cols[at])
		bytes += k.build[i].Bytes()
	}
	short := k.held.Grow(bytes-k.held.Held()) != nil
	if short { // what waits goes to files first
		if err := k.p.w.mergeBundles(ctx, 0); err != nil {
			return err
		}
		short = k.held.Grow(bytes-k.held.Held()) != nil
	}
	if bytes < keyedBytes && !short {
		return nil
	}
	k.flushed = true
	return k.flush(ctx)
}

// code finds the key of each row.
func (k *keyed) code(b *vec.Batch) error {
	for i := range b.Rows {
		key := k.key[:0]
		for _, at := range k.p.w.keys {
			key = appendKey(key, &b.Cols[at], i)
		}
		k.key = key
		if len(k.codes) > 0 && string(key) == string(k.last) { // rows often come in runs
			k.codes = append(k.codes, k.at)
			continue
		}
		code, known := k.index[string(key)]
		if !known {
			dir, err := k.dir(b, i)
			if err != nil {
				return err
			}
			code = uint32(len(k.dirs))
			k.index[string(key)] = code
			k.dirs, k.open = append(k.dirs, dir), append(k.open, nil)
		}
		k.last, k.at = append(k.last[:0], key...), code
		k.codes = append(k.codes, code)
	}
	return nil
}

// appendKey appends bytes that are equal for equal values alone.
func appendKey(b []byte, v *vec.Vec, i int) []byte {
	if !v.ValidAt(i) {
		return append(b, 0)
	}
	if v.Dict != nil {
		return appendKey(b, &v.Dict.Values, int(v.Codes()[i]))
	}
	b = append(b, 1)
	switch v.Phys {
	case vec.Bool:
		if bitmap.Get(v.Bits(), i) {
			return append(b, 1)
		}
		return append(b, 0)
	case vec.View:
		h := &vec.Of[vec.ViewHeader](v)[i]
		b = binary.LittleEndian.AppendUint32(b, h.Len)
		return append(b, h.Value(v.Bufs)...)
	}
	return append(b, v.Data[i*v.Width:(i+1)*v.Width]...)
}

// dir returns the folders of a row's key.
func (k *keyed) dir(b *vec.Batch, row int) (string, error) {
	var dirs []string
	for _, at := range k.p.w.keys {
		v := &b.Cols[at]
		name := k.p.w.schema.Field(at).Name
		if !v.ValidAt(row) {
			dirs = append(dirs, fileio.HiveFolder(name, "", true))
			continue
		}
		text, err := textio.AppendValue(nil, v, row)
		if err != nil {
			return "", err
		}
		dir := fileio.HiveFolder(name, string(text), false)
		if len(dir) > 255 { // what file systems allow
			e := fault.New(fault.Data, "write", "PartitionBy: the value is too long for the name of a folder")
			e.Column, e.Row, e.Text = name, int64(row)+1, string(text)
			return "", e
		}
		dirs = append(dirs, dir)
	}
	return strings.Join(dirs, "/"), nil
}

// flush writes the rows that have gathered, key after key.
func (k *keyed) flush(ctx context.Context) error {
	rows := k.byKey()
	at := 0
	k.batch.Cols = resize(k.batch.Cols, len(k.build))
	all := make([]vec.Vec, len(k.build))
	for i := range all {
		all[i] = k.build[i].Vec()
	}
	for at < len(rows) {
		end := at + 1
		for end < len(rows) && end-at < takeRows && k.codes[rows[end]] == k.codes[rows[at]] {
			end++
		}
		k.pool.Reset()
		for i := range all {
			vec.Take(&k.batch.Cols[i], &all[i], rows[at:end], &k.pool)
		}
		k.batch.Rows = end - at
		code := k.codes[rows[at]]
		if err := k.p.addTo(ctx, &k.open[code], k.dirs[code], &k.batch); err != nil {
			return err
		}
		done := end == len(rows) || k.codes[rows[end]] != code
		if done && len(k.dirs) > maxOpen {
			if err := k.end(ctx, code); err != nil {
				return err
			}
		}
		at = end
	}
	for _, b := range k.build {
		b.Reset()
	}
	k.codes = k.codes[:0]
	return nil
}

// takeRows is how many rows of a key go on at once.
const takeRows = 8192

// byKey returns the rows in the order of their keys, those of one key in their own order.
func (k *keyed) byKey() []uint32 {
	starts := make([]uint32, len(k.dirs)+1)
	for _, c := range k.codes {
		starts[c+1]++
	}
	for i := range k.dirs {
		starts[i+1] += starts[i]
	}
	rows := make([]uint32, len(k.codes))
	for i, c := range k.codes {
		rows[starts[c]] = uint32(i)
		starts[c]++
	}
	return rows
}

// end closes the file of a key.
func (k *keyed) end(ctx context.Context, code uint32) error {
	f := k.open[code]
	k.open[code] = nil
	if f == nil {
		return nil
	}
	return k.p.closeFile(ctx, f)
}

// seal drops what only further rows need: a part that waits holds its rows and the folders of its keys.
func (k *keyed) seal() {
	*k = keyed{build: k.build, codes: k.codes, dirs: k.dirs, held: k.held}
}

// free gives the memory back.
func (k *keyed) free() {
	if k != nil && k.held != nil {
		k.held.Free()
	}
}

func (k *keyed) close(ctx context.Context) error {
	if err := k.flush(ctx); err != nil {
		return err
	}
	for code := range k.open {
		if err := k.end(ctx, uint32(code)); err != nil {
			return err
		}
	}
	k.discard()
	return nil
}

func (k *keyed) discard() {
	for i, f := range k.open {
		k.p.discardFile(f)
		k.open[i] = nil
	}
	k.free()
}
