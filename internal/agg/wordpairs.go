package agg

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// wordPairs numbers the different pairs of a group and an integer of up to 64 bits: a hash table whose places hold the pairs themselves,
// so that a look-up visits one of them, and growing reads nothing else.
type wordPairs struct {
	slots []pairSlot
	gids  []uint32 // by number
	words []uint64
	first []uint32 // rows of the last call that made a number

	vals [pairChunk]uint64
	hs   [pairChunk]uint64
}

// pairSlot is a place: a pair and its number + 1, 0 where it is free.
type pairSlot struct {
	word     uint64
	gid, num uint32
}

// pairChunk is how many rows are hashed before they are looked up: the memory then fetches several places at a time.
const pairChunk = 512

// add writes the number of each pair to ids. Null rows there are none.
func (p *wordPairs) add(gids []uint32, v *vec.Vec, ids []uint32) {
	p.first = p.first[:0]
	for from := 0; from < len(ids); from += pairChunk {
		n := min(pairChunk, len(ids)-from)
		p.room(n)
		loadWords(p.vals[:n], v, from)
		g := gids[from : from+n]
		for i, w := range p.vals[:n] {
			p.hs[i] = hash.Pair(w, uint64(g[i]))
		}
		p.number(g, from, ids[from:from+n])
	}
}

func (p *wordPairs) number(gids []uint32, from int, ids []uint32) {
	slots, m := p.slots, uint64(len(p.slots)-1)
	for i, g := range gids {
		w := p.vals[i]
		at := p.hs[i] & m
		for {
			s := &slots[at]
			if s.num == 0 {
				p.gids, p.words = append(p.gids, g), append(p.words, w)
				*s = pairSlot{w, g, uint32(len(p.gids))}
				p.first = append(p.first, uint32(from+i))
				ids[i] = s.num - 1
				break
			}
			if s.word == w && s.gid == g {
				ids[i] = s.num - 1
				break
			}
			at = (at + 1) & m
		}
	}
}

// room makes place for n more pairs: at most half of the places are taken.
func (p *wordPairs) room(n int) {
	need := 2 * (len(p.gids) + n)
	if need <= len(p.slots) {
		return
	}
	old := p.slots
	p.slots = make([]pairSlot, 1<<bits.Len(uint(need-1)))
	m := uint64(len(p.slots) - 1)
	for _, s := range old {
		if s.num == 0 {
			continue
		}
		at := hash.Pair(s.word, uint64(s.gid)) & m
		for p.slots[at].num != 0 {
			at = (at + 1) & m
		}
		p.slots[at] = s
	}
}

func (p *wordPairs) bytes() int64 {
	return int64(cap(p.slots))*16 + int64(cap(p.words))*8 + int64(cap(p.gids)+cap(p.first))*4
}

// wordSized says whether wordPairs takes values of the kind: integers, dates and times. (Floats have values that are equal and not alike.)
func wordSized(p vec.Phys) bool {
	switch p {
	case vec.Int8, vec.Int16, vec.Int32, vec.Int64, vec.Uint8, vec.Uint16, vec.Uint32, vec.Uint64:
		return true
	}
	return false
}

// loadWords sets dst to the values of v from row from on.
func loadWords(dst []uint64, v *vec.Vec, from int) {
	switch v.Width {
	case 1:
		loadWord(dst, vec.Of[uint8](v)[from:])
	case 2:
		loadWord(dst, vec.Of[uint16](v)[from:])
	case 4:
		loadWord(dst, vec.Of[uint32](v)[from:])
	default:
		copy(dst, vec.Of[uint64](v)[from:])
	}
}

func loadWord[T uint8 | uint16 | uint32](dst []uint64, src []T) {
	for i := range dst {
		dst[i] = uint64(src[i])
	}
}

// values returns the pairs' values as a column like v.
func (p *wordPairs) values(like vec.Vec) vec.Vec {
	like.Len, like.Valid = len(p.words), nil
	switch like.Width {
	case 1:
		like.Data = vec.Bytes(narrowWords[uint8](p.words))
	case 2:
		like.Data = vec.Bytes(narrowWords[uint16](p.words))
	case 4:
		like.Data = vec.Bytes(narrowWords[uint32](p.words))
	default:
		like.Data = vec.Bytes(p.words)
	}
	return like
}

func narrowWords[T uint8 | uint16 | uint32](words []uint64) []T {
	out := make([]T, len(words))
	for i, w := range words {
		out[i] = T(w)
	}
	return out
}
