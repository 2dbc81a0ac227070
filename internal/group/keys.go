package group

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/rowenc"
	"github.com/sheafdata/sheaf/internal/vec"
)

func (t *table) Keys(from, to int) ([]vec.Vec, error) {
	if t.stale { // the columns given before the last Intern are not good any more
		t.out.Reset()
		t.stale = false
	}
	return t.keyColumns(from, to, &t.out)
}

// keyColumns is Keys in memory of s.
func (t *table) keyColumns(from, to int, s *vec.Scratch) ([]vec.Vec, error) {
	out := make([]vec.Vec, len(t.cols))
	k := 0
	for c := range t.cols {
		var err error
		col := &t.cols[c]
		switch {
		case t.idsOnly:
			out[c], err = t.idValues(from, to, s)
		case col.ids != nil:
			out[c], err = t.idColumn(c, t.lanes[k], from, to, s)
		default:
			out[c] = t.fixedColumn(c, t.lanes[k:k+len(col.lanes)], from, to, s)
		}
		if err != nil {
			return nil, err
		}
		k += len(col.lanes)
	}
	return out, nil
}

// fixedColumn unpacks the lanes of column c.
func (t *table) fixedColumn(c int, lanes []*lane, from, to int, s *vec.Scratch) vec.Vec {
	col := &t.cols[c]
	n := to - from
	v := vec.Vec{Type: col.typ, Phys: col.phys, Width: col.width, Len: n}
	if col.phys == vec.Null {
		return v
	}
	v.Valid = t.validOf(c, from, to, s)
	if col.phys == vec.Bool {
		bits := s.Bits(n)
		clear(bits)
		for i := range n {
			bits[i>>6] |= lanes[0].of(t.words[(from+i)*t.width:]) << (uint(i) & 63)
		}
		v.Data = vec.Bytes(bits)
		return v
	}
	v.Data = s.Alloc(n * col.width)
	if len(lanes) == 1 {
		words := t.words[from*t.width : to*t.width]
		switch col.width {
		case 1:
			unpack(vec.Of[uint8](&v), words, t.width, lanes[0])
			return v
		case 2:
			unpack(vec.Of[uint16](&v), words, t.width, lanes[0])
			return v
		case 4:
			unpack(vec.Of[uint32](&v), words, t.width, lanes[0])
			return v
		case 8:
			unpack(vec.Of[uint64](&v), words, t.width, lanes[0])
			return v
		}
	}
	var raw [8]byte
	for k, l := range lanes {
		size := int(l.bits / 8)
		for i := range n {
			x := l.of(t.words[(from+i)*t.width:])
			at := v.Data[i*col.width+8*k:]
			switch size {
			case 8:
				binary.LittleEndian.PutUint64(at, x)
			case 4:
				binary.LittleEndian.PutUint32(at, uint32(x))
			default:
				binary.LittleEndian.PutUint64(raw[:], x)
				copy(at[:size], raw[:])
			}
		}
	}
	return v
}

// unpack takes a lane that is as wide as dst's values out of the words of groups, width of them a group. What stands above it in its word
// is cut off.
func unpack[T uint8 | uint16 | uint32 | uint64](dst []T, words []uint64, width int, l *lane) {
	at, shift := l.word, l.shift&63
	for i := range dst {
		dst[i] = T(words[at] >> shift)
		at += width
	}
}

// validOf is the validity of column c in the groups from ≤ g < to, nil where none is null.
func (t *table) validOf(c, from, to int, s *vec.Scratch) []uint64 {
	var valid []uint64
	for g := from; g < to; g++ {
		if !t.isNull(g, c) {
			continue
		}
		if valid == nil {
			valid = allValid(s.Bits(to - from))
		}
		i := g - from
		valid[i>>6] &^= 1 << (uint(i) & 63)
	}
	return valid
}

func allValid(words []uint64) []uint64 {
	for i := range words {
		words[i] = ^uint64(0)
	}
	return words
}

// idValues are the values of the one key of a table that is all ids.
func (t *table) idValues(from, to int, s *vec.Scratch) (vec.Vec, error) {
	in := t.cols[0].ids
	if in.nested {
		ids := vec.Alloc[uint32](s, to-from)
		for i := range ids {
			ids[i] = uint32(from + i)
		}
		return in.decode(ids)
	}
	return in.values(from, to, s), nil
}

// idColumn is a text or nested column beside others: a dictionary where values repeat, else the values themselves.
func (t *table) idColumn(c int, l *lane, from, to int, s *vec.Scratch) (vec.Vec, error) {
	in := t.cols[c].ids
	n := to - from
	ids := vec.Alloc[uint32](s, n)
	unpack(ids, t.words[from*t.width:to*t.width], t.width, l)
	if in.nested {
		return in.decode(ids)
	}
	all := in.values(0, in.Len(), s)
	if in.Len() <= n/2 {
		return vec.Vec{Type: in.typ, Phys: vec.View, Width: 4, Len: n, Data: vec.Bytes(ids), Dict: &vec.Dict{Values: all}}, nil
	}
	var out vec.Vec
	vec.Take(&out, &all, ids, s)
	return out, nil
}

// values are the values with ids from ≤ id < to, over the interner's memory.
func (in *interner) values(from, to int, s *vec.Scratch) vec.Vec {
	v := vec.Vec{Type: in.typ, Phys: vec.View, Width: 16, Len: to - from, Data: vec.Bytes(in.heads[from:to]), Bufs: in.arena}
	if in.nullID >= from && in.nullID < to {
		v.Valid = allValid(s.Bits(to - from))
		i := in.nullID - from
		v.Valid[i>>6] &^= 1 << (uint(i) & 63)
	}
	return v
}

// decode reads the nested values with the ids back from their bytes.
func (in *interner) decode(ids []uint32) (vec.Vec, error) {
	d := rowenc.NewDecoder([]arrow.DataType{in.typ})
	for _, id := range ids {
		if err := d.Append(in.heads[id].Value(in.arena)); err != nil {
			return vec.Vec{}, err
		}
	}
	return d.Columns()[0], nil
}

func (t *table) Hashes() []uint64 {
	if t.idsOnly && !t.cols[0].ids.nested {
		return t.cols[0].ids.hashes[:t.Len()]
	}
	if t.idsOnly {
		// The interner hashes encoded bytes, which is not the hash of the values.
		t.hashes = enlarge(t.hashes[:min(t.hashed, len(t.hashes))], t.Len())
	}
	const step = 1 << 14
	var s vec.Scratch
	for t.hashed < t.Len() {
		to := min(t.hashed+step, t.Len())
		s.Reset()
		keys, err := t.keyColumns(t.hashed, to, &s)
		if err != nil { // bytes of our own making that do not decode
			clear(t.hashes[t.hashed:to])
		} else {
			hash.Hash(t.hashes[t.hashed:to], keys, to-t.hashed)
		}
		t.hashed = to
	}
	return t.hashes[:t.Len()]
}
