package group

import (
	"math/bits"

	"math"
	"slices"
	"unsafe"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// kind is how words are looked up now.
type kind uint8

const (
	undecided kind = iota // no group yet
	direct
	hashed
)

// table implements Table.
type table struct {
	mem  account
	hint int
	cols []keyColumn
	// width is the words of a packed key. With more than 32 columns the null bits are words of the key, from maskWord on; else they
	// stand apart in masks.
	width, maskWord int
	idsOnly         bool

	kind kind
	wide bool // the ranges of the columns are too large for an array, for good
	n    int
	// Of each group, with room beyond n: width words, the null mask, the hash of the key.
	words  []uint64
	masks  []uint32
	hashes []uint64
	hashed int // hashes known

	dir directTable
	h8  []slot8
	h16 []slot16
	hn  []slotN
	few *fewTable

	first []uint32
	stale bool // columns that Keys gave are of before the last Intern
	*scratch
}

// scratch is what a chunk of rows needs.
type scratch struct {
	vals  [][]uint64 // a slice a lane of all columns
	keys  [][]uint64 // a slice a word of the packed key
	mask  []uint32   // null bits, of up to 32 columns
	nulls bool       // some row of the chunk has a null
	hs    []uint64
	idx   []uint32
	ids   []uint32
	// missed are the rows of a chunk whose group a first look did not find.
	missed [chunk]uint32
	valid  []uint64
	lanes  []*lane // of vals
	owner  []int   // column of each of vals
	out    vec.Scratch
}

// layout gives every lane its place in the packed key: the widest first, each in the first word with room.
func (t *table) layout() {
	var all []*lane
	for c := range t.cols {
		for k := range t.cols[c].lanes {
			all = append(all, &t.cols[c].lanes[k])
		}
	}
	slices.SortStableFunc(all, func(a, b *lane) int { return int(b.bits) - int(a.bits) })
	var used []uint
	for _, l := range all {
		w := 0
		for w < len(used) && used[w]+l.bits > 64 {
			w++
		}
		if w == len(used) {
			used = append(used, 0)
		}
		l.word, l.shift = w, used[w]
		used[w] += l.bits
	}
	t.width = max(len(used), 1)
	t.maskWord = t.width
	if len(t.cols) > 32 {
		t.width += (len(t.cols) + 63) / 64
	}
}

func newScratch(t *table) *scratch {
	s := &scratch{
		mask: make([]uint32, chunk), hs: make([]uint64, chunk), idx: make([]uint32, chunk), ids: make([]uint32, chunk),
		valid: make([]uint64, chunk/64),
	}
	for c := range t.cols {
		for k := range t.cols[c].lanes {
			s.vals = append(s.vals, make([]uint64, chunk))
			s.lanes = append(s.lanes, &t.cols[c].lanes[k])
			s.owner = append(s.owner, c)
		}
	}
	for range t.width {
		s.keys = append(s.keys, make([]uint64, chunk))
	}
	return s
}

func (t *table) Len() int {
	if t.idsOnly {
		return t.cols[0].ids.Len()
	}
	return t.n
}

func (t *table) FirstRows() []uint32 { return t.first }

func (t *table) Bytes() int64 { return t.mem.held }

func (t *table) Intern(keys []vec.Vec, rows int, gids []uint32) error {
	if len(keys) != len(t.cols) {
		return fault.New(fault.Internal, "GroupBy", "group: %d key columns for a table of %d", len(keys), len(t.cols))
	}
	t.first, t.stale = t.first[:0], true
	if len(t.cols) == 0 {
		t.internNone(rows, gids)
		return nil
	}
	for from := 0; from < rows; from += chunk {
		n := min(chunk, rows-from)
		if err := t.internChunk(keys, from, n, gids[from:from+n]); err != nil {
			return err
		}
	}
	return nil
}

// internNone puts every row into the one group.
func (t *table) internNone(rows int, gids []uint32) {
	if rows > 0 && t.n == 0 {
		t.n, t.hashes = 1, []uint64{0}
		t.first = append(t.first, 0)
	}
	clear(gids[:rows])
}

func (t *table) internChunk(keys []vec.Vec, from, n int, gids []uint32) error {
	if t.idsOnly {
		ids := t.cols[0].ids
		err := ids.intern(&keys[0], from, n, gids)
		for _, r := range ids.first {
			t.first = append(t.first, uint32(from)+r)
		}
		return err
	}
	if err := t.room(n); err != nil {
		return err
	}
	if t.kind == direct && len(t.cols) == 1 && keys[0].Dict == nil && keys[0].Valid == nil {
		done := t.directFast(&keys[0], from, n, gids)
		if from, n, gids = from+done, n-done, gids[done:]; n == 0 {
			return nil
		}
	}
	few := t.fewFor(&keys[0])
	if few == nil {
		return t.internLoaded(keys, from, n, gids)
	}
	if few.find(&keys[0], from, n, gids) {
		return nil
	}
	err := t.internLoaded(keys, from, n, gids)
	if err == nil {
		few.learn(&keys[0], from, n, gids)
	}
	return err
}

// internLoaded is internChunk by the keys in their canonical form.
func (t *table) internLoaded(keys []vec.Vec, from, n int, gids []uint32) error {
	if err := t.loadChunk(keys, from, n); err != nil {
		return err
	}
	if t.kind != hashed {
		if ok, err := t.indexes(n); err != nil {
			return err
		} else if ok {
			t.probeDirect(from, n, gids)
			return nil
		}
	}
	t.pack(n)
	return t.probeHashed(from, n, gids)
}

// loadChunk fills vals, and mask where nulls says so.
func (t *table) loadChunk(keys []vec.Vec, from, n int) error {
	t.nulls = false
	for w := t.maskWord; w < t.width; w++ {
		clear(t.keys[w])
	}
	k := 0
	for c := range t.cols {
		col := &t.cols[c]
		lanes := t.vals[k : k+len(col.lanes)]
		k += len(col.lanes)
		if col.ids != nil {
			if err := col.ids.intern(&keys[c], from, n, t.ids[:n]); err != nil {
				return err
			}
			widen(lanes[0], t.ids[:n])
			continue
		}
		if col.phys == vec.Null {
			clear(t.valid)
			t.addNulls(c, t.valid, lanes, n)
			continue
		}
		if valid := col.load(lanes, &keys[c], from, n, t.valid); valid != nil {
			t.addNulls(c, valid, lanes, n)
		}
	}
	return nil
}

// reset is for keys that are words: interners number values for good.
func (t *table) reset() bool {
	if t.kind == undecided {
		return false
	}
	for c := range t.cols {
		if t.cols[c].ids != nil {
			return false
		}
	}
	clear(t.h8)
	clear(t.h16)
	clear(t.hn)
	clear(t.dir.gids)
	t.n, t.hashed, t.first, t.stale, t.few = 0, 0, t.first[:0], true, nil
	return true
}

// addNulls sets the null bit of column c and clears its lanes in the rows without a valid bit.
func (t *table) addNulls(c int, valid []uint64, lanes [][]uint64, n int) {
	apart := len(t.cols) <= 32
	if apart && !t.nulls {
		clear(t.mask[:n])
		t.nulls = true
	}
	for w := 0; w*64 < n; w++ { // by word: mostly few rows are null
		missing := ^valid[w]
		if left := n - w*64; left < 64 {
			missing &= 1<<uint(left) - 1
		}
		for ; missing != 0; missing &= missing - 1 {
			i := w*64 + bits.TrailingZeros64(missing)
			if apart {
				t.mask[i] |= 1 << (uint(c) & 31)
			} else {
				t.keys[t.maskWord+c/64][i] |= 1 << (uint(c) & 63)
			}
			for k := range lanes {
				lanes[k][i] = 0
			}
		}
	}
}

// pack puts the lanes into the words of the key.
func (t *table) pack(n int) {
	if len(t.vals) == 1 && t.width == 1 {
		l := t.lanes[0]
		dst, src, m := t.keys[0][:n], t.vals[0][:n], l.mask()
		for i, x := range src {
			dst[i] = x & m
		}
		return
	}
	for w := range t.maskWord {
		clear(t.keys[w][:n])
	}
	for k, l := range t.lanes {
		dst, src := t.keys[l.word][:n], t.vals[k][:n]
		m, s := l.mask(), l.shift&63
		for i, x := range src {
			dst[i] |= x & m << s
		}
	}
}

// packRow puts the lanes of one row into the words of group g.
func (t *table) packRow(i int, g int) {
	dst := t.words[g*t.width : (g+1)*t.width]
	clear(dst)
	for k, l := range t.lanes {
		dst[l.word] |= t.vals[k][i] & l.mask() << (l.shift & 63)
	}
	for w := t.maskWord; w < t.width; w++ {
		dst[w] = t.keys[w][i]
	}
	t.masks[g] = 0
	if t.nulls {
		t.masks[g] = t.mask[i]
	}
}

// room makes place for n more groups in what is kept by group.
func (t *table) room(n int) error {
	need := t.n + n
	if need >= math.MaxUint32 {
		return fault.New(fault.Memory, "GroupBy", "more than %d groups", uint32(math.MaxUint32-1))
	}
	if need <= len(t.masks) {
		return nil
	}
	size := max(need, 2*len(t.masks), t.hint)
	each := int64(8*t.width) + 4 + 8
	if err := t.mem.grow(int64(size) * each); err != nil {
		return err
	}
	t.mem.give(int64(len(t.masks)) * each)
	t.words, t.masks, t.hashes = enlarge(t.words, size*t.width), enlarge(t.masks, size), enlarge(t.hashes, size)
	return nil
}

// lane value of a group: sign-extended as it was loaded.
func (l *lane) of(words []uint64) uint64 {
	x := words[l.word] >> (l.shift & 63) & l.mask()
	if l.signed {
		s := 64 - l.bits
		x = uint64(int64(x<<s) >> s)
	}
	return x
}

// isNull says whether column c of group g is null.
func (t *table) isNull(g, c int) bool {
	if len(t.cols) <= 32 {
		return t.masks[g]>>(uint(c)&31)&1 == 1
	}
	return t.words[g*t.width+t.maskWord+c/64]>>(uint(c)&63)&1 == 1
}

const (
	slot8Size  = int64(unsafe.Sizeof(slot8{}))
	slot16Size = int64(unsafe.Sizeof(slot16{}))
	slotNSize  = int64(unsafe.Sizeof(slotN{}))
)
