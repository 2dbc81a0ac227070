package agg

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/group"
	"github.com/sheafdata/sheaf/internal/vec"
)

// pairs numbers the different pairs of group and value, in order of first appearance. Where all rows are of one group the values alone do.
type pairs struct {
	typ    arrow.DataType
	table  group.Table
	words  *wordPairs // instead of table, where the values are of a word
	like   vec.Vec    // of words: what its values are
	single bool       // table has no group column
	ids    []uint32
	keys   vec.Scratch
}

// add numbers the pairs of n values that are not null: p.ids then has the number of each.
func (p *pairs) add(gids []uint32, v *vec.Vec, n int) error {
	p.ids = growTo(p.ids[:0], n)[:n]
	if phys, width, ok := vec.PhysOf(p.typ); p.words == nil && p.table == nil && ok && gids != nil && wordSized(phys) {
		p.words, p.like = new(wordPairs), vec.Vec{Type: p.typ, Phys: phys, Width: width}
	}
	if p.words != nil {
		if v.Dict != nil {
			p.keys.Reset()
			var plain vec.Vec
			vec.Decode(&plain, v, &p.keys)
			v = &plain
		}
		if gids == nil {
			gids = make([]uint32, n)
		}
		p.words.add(gids, v, p.ids)
		return nil
	}
	if p.table == nil {
		p.single = gids == nil
		types := []arrow.DataType{arrow.PrimitiveTypes.Uint32, p.typ}
		if p.single {
			types = types[1:]
		}
		var err error
		if p.table, err = group.New(types, group.Options{}); err != nil {
			return err
		}
	}
	if p.single {
		return p.table.Intern([]vec.Vec{*v}, n, p.ids)
	}
	if gids == nil {
		gids = make([]uint32, n)
	}
	g := vec.Vec{Type: arrow.PrimitiveTypes.Uint32, Phys: vec.Uint32, Width: 4, Len: n, Data: vec.Bytes(gids[:n])}
	return p.table.Intern([]vec.Vec{g, *v}, n, p.ids)
}

// first are the values of the last call, by place, whose pairs were new.
func (p *pairs) first() []uint32 {
	if p.words != nil {
		return p.words.first
	}
	return p.table.FirstRows()
}

// len is the number of pairs.
func (p *pairs) len() int {
	if p.words != nil {
		return len(p.words.gids)
	}
	if p.table == nil {
		return 0
	}
	return p.table.Len()
}

// columns returns the group (nil for all 0) and the value of every pair, by its number.
func (p *pairs) columns() (gids []uint32, vals vec.Vec) {
	if p.words != nil {
		return p.words.gids, p.words.values(p.like)
	}
	if p.table == nil {
		return nil, nulls(p.typ, 0)
	}
	keys, err := p.table.Keys(0, p.table.Len())
	if err != nil { // bytes of our own making that do not decode
		return nil, nulls(p.typ, 0)
	}
	if p.single {
		return nil, keys[0]
	}
	return vec.Of[uint32](&keys[0]), keys[1]
}

// grouped returns the values of the pairs with those of a group together, where each group begins, and the number of the pair at each
// place (nil: its place).
func (p *pairs) grouped(groups int) (vals vec.Vec, offs []int32, idx []uint32) {
	gids, all := p.columns()
	if gids == nil {
		offs = make([]int32, groups+1)
		for g := 1; g <= groups; g++ {
			offs[g] = int32(all.Len)
		}
		return all, offs, nil
	}
	idx, offs = order(gids, groups)
	p.keys.Reset()
	vec.Take(&vals, &all, idx, &p.keys)
	return vals, offs, idx
}

func (p *pairs) bytes() int64 {
	sum := int64(cap(p.ids)) * 4
	if p.words != nil {
		sum += p.words.bytes()
	}
	if p.table != nil {
		sum += p.table.Bytes()
	}
	return sum
}
