package join

import (
	"math"
	"slices"
	"sort"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// Direction says on which side of the probe row's value the build row lies.
type Direction uint8

// The directions.
const (
	Backward Direction = iota // build <= probe: the last of equal build rows
	Forward                   // build >= probe: the first of equal build rows
	Nearest                   // the smaller distance; of equal ones what Backward finds
)

// Near says which build row an AsOfProber looks for.
type Near struct {
	Dir Direction
	// Bounded says that values may be Whole apart at most (integers and times, in units of their type), or Real (floats).
	Bounded bool
	Whole   uint64
	Real    float64
}

// AsOf is a table whose rows of one key are in the order of a value beside the key, to find the nearest row to a value. Like a table it
// never changes.
type AsOf struct {
	t     *Table
	words []uint64 // the values of each key's rows, ascending, as words in their order
	rows  []uint32 // the row of each, in the order of the index
	spans []uint32 // per row that begins a key's chain: where its values begin; they end before those of the next: ends
	ends  []uint32
	held  int64
}

// valued is a build row and its value.
type valued struct {
	word uint64
	row  uint32
}

// NewAsOf orders the rows of a table by a column of the payload: numbers of at most 64 bits, dates or times. Rows whose value is null
// are never found. The table is the AsOf's afterwards; after an error it is as it was.
func NewAsOf(t *Table, ordered int) (*AsOf, error) {
	a := &AsOf{t: t}
	n := t.rows
	a.held = int64(n) * (8 + 4 + 4 + 4 + 16)
	if t.reserve != nil {
		if err := t.reserve(a.held); err != nil {
			return nil, err
		}
	}
	a.words, a.rows = make([]uint64, 0, n), make([]uint32, 0, n)
	a.spans, a.ends = make([]uint32, n), make([]uint32, n)
	var flat vec.Vec
	vec.Decode(&flat, &t.payload[ordered], nil)
	words := make([]uint64, flat.Len)
	orderedWords(words, &flat)
	var chain []valued
	for r, head := range t.chainHeads() {
		if !head {
			continue
		}
		chain = chain[:0]
		sorted := true
		for at := uint32(r) + 1; at != 0; at = t.after(at - 1) {
			p := t.placeOf(at - 1)
			if !flat.ValidAt(int(p)) {
				continue
			}
			sorted = sorted && (len(chain) == 0 || chain[len(chain)-1].word <= words[p])
			chain = append(chain, valued{words[p], at - 1})
		}
		if !sorted {
			slices.SortStableFunc(chain, func(x, y valued) int {
				switch {
				case x.word < y.word:
					return -1
				case x.word > y.word:
					return 1
				}
				return 0
			})
		}
		a.spans[r] = uint32(len(a.words))
		for _, v := range chain {
			a.words, a.rows = append(a.words, v.word), append(a.rows, v.row)
		}
		a.ends[r] = uint32(len(a.words))
	}
	t.reserved += a.held
	return a, nil
}

// chainHeads says of each row of the index whether it is the first of its key.
func (t *Table) chainHeads() []bool {
	heads := make([]bool, t.rows)
	for i := range heads {
		heads[i] = true
	}
	for _, n := range t.next {
		if n != 0 {
			heads[n-1] = false
		}
	}
	return heads
}

// after is the next row of the key, plus one; 0 for none.
func (t *Table) after(row uint32) uint32 {
	if t.next == nil {
		return 0
	}
	return t.next[row]
}

func (t *Table) placeOf(row uint32) uint32 {
	if t.place == nil {
		return row
	}
	return t.place[row]
}

// orderedWords writes each value as a word whose order as an unsigned integer is that of the values: NaN is the largest float, −0
// equals 0. Words of integers are as far apart as the integers.
func orderedWords(dst []uint64, v *vec.Vec) {
	switch v.Phys {
	case vec.Float32:
		for i, x := range vec.Of[float32](v) {
			dst[i] = orderedFloat(float64(x))
		}
	case vec.Float64:
		for i, x := range vec.Of[float64](v) {
			dst[i] = orderedFloat(x)
		}
	case vec.Uint8, vec.Uint16, vec.Uint32, vec.Uint64:
		loadWords(dst, v)
	default:
		loadWords(dst, v)
		for i := range dst {
			dst[i] ^= 1 << 63
		}
	}
}

func orderedFloat(x float64) uint64 {
	b := hash.FloatBits(x)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// floatOf undoes orderedFloat.
func floatOf(w uint64) float64 {
	if w>>63 != 0 {
		return math.Float64frombits(w &^ (1 << 63))
	}
	return math.Float64frombits(^w)
}

// AsOfProber finds the nearest rows for one task's batches. It is scratch: not for concurrent use.
type AsOfProber struct {
	a     *AsOf
	near  Near
	outer bool
	keys  *Prober
	words []uint64
	float bool
	left  []uint32
	right []uint32
	s     vec.Scratch
}

// NewProber returns a prober of the kind, Inner or Left.
func (a *AsOf) NewProber(kind Kind, near Near) *AsOfProber {
	return &AsOfProber{a: a, near: near, outer: kind == Left, keys: a.t.NewProber(Inner)}
}

// Pairs finds for each row of a batch the nearest build row of its key: at most one pair a row, one with NoRow where Left has none.
// Rows with a null match nothing. The slices are good until the next call.
func (p *AsOfProber) Pairs(keys []vec.Vec, ordered *vec.Vec, rows int) (Pairs, error) {
	if err := p.keys.Probe(keys, rows); err != nil {
		return Pairs{}, err
	}
	p.s.Reset()
	var flat vec.Vec
	vec.Decode(&flat, ordered, &p.s)
	p.words = grow(p.words, rows)
	p.float = flat.Phys == vec.Float32 || flat.Phys == vec.Float64
	if flat.Phys != vec.Null {
		orderedWords(p.words, &flat)
	}
	p.left, p.right = grow(p.left, rows), grow(p.right, rows)
	n := 0
	for i, h := range p.keys.heads {
		found := uint32(NoRow)
		if h != 0 && flat.ValidAt(i) {
			found = p.find(h-1, p.words[i])
		}
		if found == NoRow && !p.outer {
			continue
		}
		p.left[n], p.right[n] = uint32(i), found
		n++
	}
	return Pairs{Left: p.left[:n], Right: p.right[:n], Whole: n == rows}, nil
}

// find returns the nearest row among those of the chain, as a row of the payload.
func (p *AsOfProber) find(head uint32, w uint64) uint32 {
	lo, hi := int(p.a.spans[head]), int(p.a.ends[head])
	words := p.a.words[lo:hi]
	back, fore := -1, len(words)
	if p.near.Dir != Forward {
		back = sort.Search(len(words), func(i int) bool { return words[i] > w }) - 1
	}
	if p.near.Dir != Backward {
		fore = sort.Search(len(words), func(i int) bool { return words[i] >= w })
	}
	at := back
	if back < 0 || fore < len(words) && p.nearer(w, words[fore], words[back]) {
		at = fore
	}
	if at < 0 || at == len(words) || !p.within(w, words[at]) {
		return NoRow
	}
	return p.a.t.placeOf(p.a.rows[lo+at])
}

// nearer says whether x is nearer to w than y.
func (p *AsOfProber) nearer(w, x, y uint64) bool {
	if p.float {
		return floatDistance(w, x) < floatDistance(w, y)
	}
	return wordDistance(w, x) < wordDistance(w, y)
}

func (p *AsOfProber) within(w, x uint64) bool {
	switch {
	case !p.near.Bounded:
		return true
	case p.float:
		return floatDistance(w, x) <= p.near.Real
	}
	return wordDistance(w, x) <= p.near.Whole
}

func wordDistance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// floatDistance is 0 of equal values, NaN and infinities included, and infinite between one of those and any other.
func floatDistance(a, b uint64) float64 {
	if a == b {
		return 0
	}
	d := math.Abs(floatOf(a) - floatOf(b))
	if d != d {
		return math.Inf(1)
	}
	return d
}
