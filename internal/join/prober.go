package join

import (
	"github.com/sheafdata/sheaf/internal/rowenc"
	"github.com/sheafdata/sheaf/internal/vec"
)

// DefaultPairs is how many pairs Next gives at most: a batch. A skewed key then costs rounds, not memory.
const DefaultPairs = 8192

// Pairs are rows that belong together: in the order of the probe rows, and of the build rows for each.
type Pairs struct {
	// Left are rows of the probe batch, ascending.
	Left []uint32
	// Right are build rows, places in Table.Payload; NoRow is none (Left only). nil for Semi and Anti.
	Right []uint32
	// Whole says that Left is every row of the batch once, so that its columns can be used as they are.
	Whole bool
}

// Prober looks up the keys of one task's batches. It is scratch: not for concurrent use.
type Prober struct {
	t     *Table
	kind  Kind
	limit int

	words  wordReader
	cols   colsReader
	bytes  rowenc.Rows
	valid  []uint64
	dict   *vec.Dict // of dictOf
	dictOf []uint32  // the first match of each of the dictionary's values, as heads

	// heads is the first match of each row as row+1, 0 for none. row is the next one to give; cur is its next match where some
	// were given already, else 0.
	heads []uint32
	row   int
	cur   uint32
	// touched is the row up to which chains were touched.
	touched int

	left, right []uint32
}

// NewProber returns a prober for one task.
func (t *Table) NewProber(kind Kind) *Prober { return t.NewProberLimit(kind, DefaultPairs) }

// NewProberLimit returns a prober whose Next gives at most limit pairs (at least 1).
func (t *Table) NewProberLimit(kind Kind, limit int) *Prober {
	return &Prober{t: t, kind: kind, limit: max(limit, 1)}
}

// Probe begins a batch: it finds the first match of every row. The keys are not read afterwards. Pairs not yet taken of the batch
// before are dropped.
func (p *Prober) Probe(keys []vec.Vec, rows int) error {
	p.heads = grow(p.heads, rows)
	p.row, p.cur, p.touched = 0, 0, 0
	if p.t.rows == 0 {
		clear(p.heads)
		return nil
	}
	if err := p.t.layout.check(keys, rows); err != nil {
		return err
	}
	if nullKeyed(keys) {
		clear(p.heads)
		return nil
	}
	p.lookup(keys, rows)
	return nil
}

func (p *Prober) lookup(keys []vec.Vec, rows int) {
	if len(keys) == 1 && keys[0].Dict != nil && p.lookupCodes(&keys[0], rows) {
		return
	}
	valid := keyValidity(p.valid, keys, rows)
	if valid != nil {
		p.valid = valid
	}
	p.lookupFlat(p.heads, keys, rows, valid)
}

// lookupFlat writes the first match of each row; rows without a valid key get 0.
func (p *Prober) lookupFlat(heads []uint32, keys []vec.Vec, rows int, valid []uint64) {
	switch x := &p.t.index; {
	case x.views != nil:
		x.views.lookup(heads, &keys[0], valid)
		return
	case x.cols != nil:
		p.cols.read(&p.t.layout, keys, rows)
		x.cols.lookup(heads, &p.cols, valid)
		return
	case x.bytes != nil:
		p.bytes.Encode(keys, rows)
		x.bytes.lookup(heads, &p.bytes, valid)
		return
	case x.direct != nil:
		x.direct.lookup(heads, p.words.read(&p.t.layout, keys, rows)[0])
	case x.words != nil:
		x.words.lookup(heads, p.words.read(&p.t.layout, keys, rows)[0])
	case x.pairs != nil:
		lanes := p.words.read(&p.t.layout, keys, rows)
		x.pairs.lookup(heads, lanes[0], lanes[1])
	}
	clearInvalid(heads, valid)
}

// clearInvalid drops what was found under nulls.
func clearInvalid(heads []uint32, valid []uint64) {
	if valid == nil {
		return
	}
	for i := range heads {
		heads[i] &= -uint32(valid[i>>6] >> (uint(i) & 63) & 1)
	}
}

// A dictionary is looked up whole, once, unless it is much larger than the batches that use it.
const dictPerRow = 16

// lookupCodes answers a dictionary-encoded key through its codes. It gives up on dictionaries too large to pay, except for text,
// whose index reads flat columns only.
func (p *Prober) lookupCodes(v *vec.Vec, rows int) bool {
	values := &v.Dict.Values
	if p.dict != v.Dict {
		if p.t.index.views == nil && values.Len > dictPerRow*max(rows, 1024) {
			return false
		}
		one := []vec.Vec{*values}
		p.dictOf = grow(p.dictOf, max(values.Len, 1))
		p.dictOf[0] = 0
		if values.Phys == vec.Null {
			clear(p.dictOf)
		} else {
			p.lookupFlat(p.dictOf[:values.Len], one, values.Len, keyValidity(nil, one, values.Len))
		}
		p.dict = v.Dict
	}
	found, heads := p.dictOf, p.heads
	for i, c := range v.Codes() {
		heads[i] = found[c]
	}
	if v.Valid != nil {
		clearInvalid(heads, v.Valid)
	}
	return true
}

// Next gives the next pairs of the batch; ok is false when there are no more. The slices are the prober's until the next call.
func (p *Prober) Next() (pairs Pairs, ok bool) {
	for p.row < len(p.heads) {
		switch {
		case p.kind == Semi || p.kind == Anti:
			pairs = p.nextRows()
		case p.t.next == nil:
			pairs = p.nextUnique()
		default:
			pairs = p.nextChained()
		}
		if len(pairs.Left) > 0 {
			p.toPlaces(pairs.Right)
			return pairs, true
		}
	}
	return Pairs{}, false
}

// toPlaces makes rows of the index rows of the payload.
func (p *Prober) toPlaces(rows []uint32) {
	place := p.t.place
	if place == nil {
		return
	}
	for i, r := range rows {
		if r != NoRow {
			rows[i] = place[r]
		}
	}
}

// window returns the next rows to look at where each gives at most one pair, and moves on.
func (p *Prober) window() (heads []uint32, from int) {
	from = p.row
	to := min(len(p.heads), from+p.limit)
	p.row = to
	p.left = grow(p.left, to-from)
	return p.heads[from:to], from
}

func (p *Prober) nextRows() Pairs {
	heads, from := p.window()
	out, n := p.left, 0
	want := uint32(0) // Anti counts rows without a head, Semi those with one
	if p.kind == Semi {
		want = 1
	}
	for i, h := range heads {
		out[n] = uint32(from + i)
		n += int(nonZero(h) ^ want ^ 1)
	}
	return Pairs{Left: out[:n], Whole: n == len(p.heads)}
}

// nonZero is 1 for a non-zero x, without a branch.
func nonZero(x uint32) uint32 { return (x | -x) >> 31 }

func (p *Prober) nextUnique() Pairs {
	heads, from := p.window()
	p.right = grow(p.right, len(heads))
	left, right, n := p.left[:len(heads)], p.right[:len(heads)], 0
	if p.kind == Left {
		for i, h := range heads {
			left[i], right[i] = uint32(from+i), h-1 // 0−1 is NoRow
		}
		return Pairs{Left: left, Right: right, Whole: len(heads) == len(p.heads)}
	}
	for i, h := range heads {
		left[n], right[n] = uint32(from+i), h-1
		n += int(nonZero(h))
	}
	return Pairs{Left: left[:n], Right: right[:n], Whole: n == len(p.heads)}
}

// nextChained walks the chains from where the last call stopped.
func (p *Prober) nextChained() Pairs {
	p.left, p.right = grow(p.left, p.limit), grow(p.right, p.limit)
	left, right, next := p.left, p.right, p.t.next
	n, row, cur := 0, p.row, p.cur
	once := row == 0 && cur == 0 // every row of the batch so far gave one pair, in this call
	far := 4*len(next) >= touchBytes
	for row < len(p.heads) && n < len(left) {
		if far && row >= p.touched {
			p.touched = min(row+touchBlock, len(p.heads))
			touchChains(p.heads[row:p.touched], next, touchSteps)
		}
		begun := cur != 0
		if !begun {
			cur = p.heads[row]
		}
		from := n
		if cur == 0 && p.kind == Left {
			left[n], right[n] = uint32(row), NoRow
			n++
		}
		for cur != 0 && n < len(left) {
			left[n], right[n] = uint32(row), cur-1
			cur = next[cur-1]
			n++
		}
		once = once && n-from == 1
		if cur == 0 {
			row++
		}
	}
	p.row, p.cur = row, cur
	return Pairs{Left: left[:n], Right: right[:n], Whole: once && row == len(p.heads)}
}
