package agg

import (
	"unsafe"

	"github.com/sheafdata/sheaf/expr"
)

// store holds the states of accumulators side by side, a row of words a group: what a row of the input changes of all of them lies in one
// cache line, where arrays of their own would each be another.
type store struct {
	words  []uint64
	stride int // words a group
	groups int
	// fetched is what fetch has read, so that the compiler does not leave it out.
	fetched uint64
}

// grow makes place for groups; new words are 0.
func (s *store) grow(groups int) {
	if groups > s.groups {
		s.words = growTo(s.words, groups*s.stride)
		s.groups = groups
	}
}

// reset forgets the groups and keeps the memory.
func (s *store) reset() {
	clear(s.words)
	s.words, s.groups = s.words[:0], 0
}

func (s *store) expect(groups int) { s.words = roomFor(s.words, groups*s.stride) }

// cells are an accumulator's words of each row of a store: from at on, as many as it takes.
type cells struct {
	*store
	at int
	// own says that the accumulator answers for the store's memory.
	own bool
}

// init gives an accumulator of so many words a store of its own.
func (c *cells) init(words int) { *c = cells{store: &store{stride: words}, own: true} }

// word returns the k-th word of group g.
func (c *cells) word(g, k int) *uint64 { return &c.words[g*c.stride+c.at+k] }

// int is word as a signed integer, float2 as two floats.
func (c *cells) int(g, k int) *int64 { return (*int64)(unsafe.Pointer(c.word(g, k))) }

func (c *cells) float2(g int) *twoFloats {
	p := g*c.stride + c.at
	return (*twoFloats)(unsafe.Pointer((*[2]uint64)(c.words[p : p+2])))
}

// fetchFrom is the words of a store from which its rows are fetched before they are changed: it does not stay in the second-level cache.
const fetchFrom = 32 << 10

// fetch reads the rows of groups, and does nothing with them: so short a loop has more of them on the way from memory at a time than one that
// adds up. Of the accumulators of a store one does it for all.
func (c *cells) fetch(gids []uint32) {
	if c.own && len(c.words) >= fetchFrom {
		c.fetched += readRows(c.words, c.stride, gids)
	}
}

//go:noinline // inlined, its variables would be in memory
func readRows(words []uint64, stride int, gids []uint32) uint64 {
	sum := uint64(0)
	for _, g := range gids {
		sum += words[int(g)*stride]
	}
	return sum
}

// ints copies a word of each group to dst.
func (c *cells) ints(dst []int64, k, groups int) []int64 {
	dst = growTo(dst[:0], groups)[:groups]
	p := c.at + k
	for g := range dst {
		dst[g] = int64(c.words[p])
		p += c.stride
	}
	return dst
}

// storeBytes is the memory of the store, where this accumulator answers for it.
func (c *cells) storeBytes() int64 {
	if !c.own {
		return 0
	}
	return int64(cap(c.words)) * 8
}

// packed is an accumulator whose state is words of a store.
type packed interface {
	// size returns how many words a group it needs, 0 where its state is of another kind.
	size() int
	// move makes the words from at on of each row of s its state. It has none yet.
	move(s *store, at int, own bool)
}

// lineWords is the words of a row that are kept together at most: a cache line.
const lineWords = 8

// NewAll returns New of each aggregate. States that are a few words are kept side by side, so all of the accumulators are to be given the
// same rows of the same groups.
func NewAll(es []expr.Expr) ([]Acc, error) {
	accs := make([]Acc, len(es))
	for i, e := range es {
		var err error
		if accs[i], err = New(e); err != nil {
			return nil, err
		}
	}
	together(accs)
	return accs, nil
}

// together puts the states of accumulators, which have none yet, side by side where they are a few words.
func together(accs []Acc) {
	var row []packed // of one store
	words := 0
	for _, a := range accs {
		p, ok := a.(packed)
		if !ok || p.size() == 0 {
			continue
		}
		if words+p.size() > lineWords {
			share(row, words)
			row, words = row[:0], 0
		}
		row = append(row, p)
		words += p.size()
	}
	share(row, words)
}

// share gives accumulators of so many words one store.
func share(row []packed, words int) {
	if len(row) < 2 {
		return
	}
	var counters []*counter
	for _, p := range row {
		if c, ok := p.(interface{ counters() *counter }); ok {
			counters = append(counters, c.counters())
		}
	}
	rows := words
	if len(counters) > 1 {
		words++
	}
	s := &store{stride: words}
	if words > lineWords/2 { // rows of an odd number of words would more often lie in two lines
		s.stride += words & 1
	}
	at := 0
	for i, p := range row {
		p.move(s, at, i == 0)
		at += p.size()
	}
	if len(counters) > 1 {
		for i, c := range counters {
			c.rows, c.leads = &cells{store: s, at: rows}, i == 0
		}
	}
}
