package group

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/rowenc"
	"github.com/sheafdata/sheaf/internal/vec"
)

// interner numbers the values of a text, binary or nested column, null included, from 0 in order of first appearance.
type interner struct {
	mem *account
	typ arrow.DataType
	// nested says that values are encoded by rowenc first; a null is then a value of one byte, and nullID stays -1.
	nested bool
	hint   int // values expected where hardly any comes twice, 0 unknown
	rows   int // values that were looked up

	slots  []viewSlot
	heads  []vec.ViewHeader // by id; long values stand in arena
	hashes []uint64         // by id
	arena  [][]byte
	nullID int
	first  []uint32 // rows of the last call that made an id
	// stored is the number of ids whose heads and hashes are set; heads and hashes have room beyond.
	stored int

	// Of the dictionary seen last: id+1 by code, 0 unknown; the last entry stands for null.
	dict  *vec.Dict
	cache []uint32

	enc     rowenc.Rows
	slice   vec.Scratch
	encHead []vec.ViewHeader
	hs      [chunk]uint64
	tmp     [chunk]vec.ViewHeader
	codes   [chunk]uint32
	missing []uint32 // rows of a chunk whose codes are new
	missed  [chunk]uint32
	newIDs  [chunk]uint32
}

// viewSlot is a place of the hash table: the header of the value as words, its id + 1 (0: free), and the upper half of its hash, which
// spares most comparisons of long values.
type viewSlot struct {
	w0, w1 uint64
	id     uint32
	tag    uint32
}

// nullWord is the first word of a null's header: a length that no value has.
const nullWord = math.MaxUint64

func newInterner(mem *account, nested bool, t arrow.DataType) *interner {
	return &interner{mem: mem, nested: nested, typ: t, nullID: -1}
}

// Len returns the number of ids.
func (in *interner) Len() int { return in.stored }

// intern writes the ids of rows from ≤ i < from+n, n ≤ chunk, to out. Row numbers in first count from from.
func (in *interner) intern(v *vec.Vec, from, n int, out []uint32) error {
	in.first = in.first[:0]
	switch {
	case in.nested:
		return in.internEncoded(v, from, n, out)
	case v.Dict != nil:
		return in.internCodes(v, from, n, out)
	case v.Valid == nil:
		return in.internViews(vec.Of[vec.ViewHeader](v)[from:from+n], v.Bufs, out)
	}
	tmp := in.tmp[:n]
	copy(tmp, vec.Of[vec.ViewHeader](v)[from:from+n])
	for i := range tmp {
		if r := from + i; v.Valid[r>>6]>>(uint(r)&63)&1 == 0 {
			tmp[i] = nullHeader()
		}
	}
	return in.internViews(tmp, v.Bufs, out)
}

func nullHeader() vec.ViewHeader {
	w := [2]uint64{nullWord, 0}
	return *(*vec.ViewHeader)(unsafe.Pointer(&w))
}

func asWords(h *vec.ViewHeader) *[2]uint64 { return (*[2]uint64)(unsafe.Pointer(h)) }

// internEncoded interns nested and very wide values by their encoded bytes.
func (in *interner) internEncoded(v *vec.Vec, from, n int, out []uint32) error {
	var part vec.Vec
	in.slice.Reset()
	vec.Slice(&part, v, from, n, &in.slice)
	in.enc.Encode([]vec.Vec{part}, n)
	if len(in.enc.Data) > math.MaxUint32 {
		return fault.New(fault.Memory, "GroupBy", "%d rows of a nested key take over 4 GiB", n)
	}
	heads := in.encHead[:0]
	for i := range n {
		if b := in.enc.Row(i); len(b) <= vec.InlineLen {
			heads = append(heads, vec.Inline(b))
		} else {
			heads = append(heads, vec.Long(b, 0, uint32(in.enc.Offs[i])))
		}
	}
	in.encHead = heads
	return in.internViews(heads, [][]byte{in.enc.Data}, out)
}

// internViews interns up to chunk headers; null headers have nullWord.
func (in *interner) internViews(heads []vec.ViewHeader, bufs [][]byte, out []uint32) error {
	if err := in.room(len(heads)); err != nil {
		return err
	}
	in.rows += len(heads)
	hs := in.hs[:len(heads)]
	hashHeads(hs, heads, bufs)
	return in.probe(heads, bufs, hs, out)
}

// hashHeads is hash.Views that knows null headers.
func hashHeads(hs []uint64, heads []vec.ViewHeader, bufs [][]byte) {
	clean := true
	for i := range heads {
		if heads[i].Len == math.MaxUint32 {
			clean = false
		}
	}
	if clean {
		hash.Views(hs, heads, bufs)
		return
	}
	for i := range heads {
		if heads[i].Len == math.MaxUint32 {
			hash.Column(hs[i:i+1], &vec.Vec{Phys: vec.Null, Len: 1})
			continue
		}
		hash.Views(hs[i:i+1], heads[i:i+1], bufs)
	}
}

// probe finds or adds each value. There is room for all of them. A first pass looks at one place a value, and nothing waits for what it
// finds: the memory fetches many places at a time. The second pass takes what was not there, in order.
func (in *interner) probe(heads []vec.ViewHeader, bufs [][]byte, hs []uint64, out []uint32) error {
	slots := in.slots
	m := uint64(len(slots) - 1)
	out, hs = out[:len(heads)], hs[:len(heads)]
	missed, k := &in.missed, 0
	for i := range heads {
		w := asWords(&heads[i])
		s := &slots[hs[i]&m]
		out[i] = s.id - 1
		missed[k%chunk] = uint32(i)
		// The words of long values say nothing: they name places in different memory. (A null's length has its top bit set.)
		long := (vec.InlineLen - uint64(uint32(w[0]))) >> 63 &^ (w[0] >> 31)
		next := k + 1
		if (s.w0^w[0])|(s.w1^w[1])|(uint64(s.id)-1)>>32|long == 0 {
			next = k
		}
		k = next
	}
	for _, i := range missed[:k] {
		if err := in.seek(heads, bufs, hs[i], i, out); err != nil {
			return err
		}
	}
	return nil
}

// seek finds or adds value i.
func (in *interner) seek(heads []vec.ViewHeader, bufs [][]byte, h uint64, i uint32, out []uint32) error {
	slots := in.slots
	m := uint64(len(slots) - 1)
	w := asWords(&heads[i])
	w0, w1 := w[0], w[1]
	short := uint32(w0) <= vec.InlineLen || w0 == nullWord
	for p := h & m; ; p = (p + 1) & m {
		s := &slots[p]
		if s.id == 0 {
			if err := in.add(&heads[i], bufs, h, p); err != nil {
				return err
			}
			in.first = append(in.first, i)
			out[i] = s.id - 1
			return nil
		}
		if s.w0 != w0 {
			continue
		}
		if short {
			if s.w1 == w1 {
				out[i] = s.id - 1
				return nil
			}
		} else if s.tag == uint32(h>>32) {
			// The slot itself says where the value stands: no visit to heads.
			n := uint64(uint32(w0))
			a, b := in.arena[uint32(s.w1)], bufs[uint32(w1)]
			if sameBytes(a[s.w1>>32:][:n], b[w1>>32:][:n]) {
				out[i] = s.id - 1
				return nil
			}
		}
	}
}

// sameBytes compares two long values of one length, 8 bytes a step; the last 8 overlap.
func sameBytes(a, b []byte) bool {
	n := len(a)
	if n < 8 || len(b) != n {
		return false
	}
	tail := n - 8
	if binary.LittleEndian.Uint64(a[tail:]) != binary.LittleEndian.Uint64(b[tail:]) {
		return false
	}
	if n > 64 {
		return bytes.Equal(a, b)
	}
	for i := 0; i < tail; i += 8 {
		if binary.LittleEndian.Uint64(a[i:]) != binary.LittleEndian.Uint64(b[i:]) {
			return false
		}
	}
	return true
}

// add gives the value the next id and slot p.
func (in *interner) add(h *vec.ViewHeader, bufs [][]byte, sum, p uint64) error {
	id := in.stored
	w, kept := *asWords(h), *h
	switch {
	case w[0] == nullWord:
		in.nullID, kept = id, vec.ViewHeader{}
	case h.Len > vec.InlineLen:
		b := h.Value(bufs)
		buf, err := in.space(len(b))
		if err != nil {
			return err
		}
		kept = vec.Long(b, uint32(buf), uint32(len(in.arena[buf])))
		in.arena[buf] = append(in.arena[buf], b...)
		w = *asWords(&kept)
	}
	in.heads[id], in.hashes[id] = kept, sum
	in.slots[p] = viewSlot{w0: w[0], w1: w[1], id: uint32(id) + 1, tag: uint32(sum >> 32)}
	in.stored++
	return nil
}

// Arena buffers start small and double: few buffers, little waste. A value longer than the largest has a buffer of its own.
const (
	minArena = 4 << 10
	maxArena = 4 << 20
)

// space returns the buffer that has n bytes free; buffers never move, so that headers stay good.
func (in *interner) space(n int) (int, error) {
	if k := len(in.arena) - 1; k >= 0 && cap(in.arena[k])-len(in.arena[k]) >= n {
		return k, nil
	}
	size := minArena
	if k := len(in.arena) - 1; k >= 0 {
		size = min(2*cap(in.arena[k]), maxArena)
	}
	size = max(size, n)
	if err := in.mem.grow(int64(size)); err != nil {
		return 0, err
	}
	in.arena = append(in.arena, make([]byte, 0, size))
	return len(in.arena) - 1, nil
}

// perID is the memory of an id beside its slot.
const perID = int64(unsafe.Sizeof(vec.ViewHeader{}) + 8)

// quickSlots is the size up to which the hash table grows fourfold: filling it anew costs more than the room, half a megabyte at most.
const quickSlots = 16 << 10

// unlike says whether hardly any value came twice so far: there are then about as many as there are groups.
func (in *interner) unlike() bool { return in.stored > 0 && 4*in.stored > 3*in.rows }

// room makes place for n more ids.
func (in *interner) room(n int) error {
	need := in.stored + n
	if need >= math.MaxUint32 {
		return fault.New(fault.Memory, "GroupBy", "more than %d different keys", uint32(math.MaxUint32-1))
	}
	if need > len(in.heads) {
		size := max(need, len(in.heads)*2)
		if in.unlike() {
			size = max(size, in.hint)
		}
		if err := in.mem.grow(int64(size) * perID); err != nil {
			return err
		}
		in.mem.give(int64(len(in.heads)) * perID)
		in.heads, in.hashes = enlarge(in.heads, size), enlarge(in.hashes, size)
	}
	if 2*need <= len(in.slots) {
		return nil
	}
	size := 1 << bits.Len(uint(2*need-1))
	switch {
	case in.unlike():
		size = max(size, 1<<bits.Len(uint(2*in.hint)))
	case in.stored > 0 && len(in.slots) < quickSlots:
		size *= 2
	}
	const each = int64(unsafe.Sizeof(viewSlot{}))
	if err := in.mem.grow(int64(size) * each); err != nil {
		return err
	}
	in.mem.give(int64(len(in.slots)) * each)
	in.rebuild(size)
	return nil
}

func enlarge[T any](s []T, n int) []T {
	out := make([]T, n)
	copy(out, s)
	return out
}

// rebuild puts all ids into a new table of size slots.
func (in *interner) rebuild(size int) {
	slots := make([]viewSlot, size)
	m := uint64(size - 1)
	for id, h := range in.hashes[:in.stored] {
		w := *asWords(&in.heads[id])
		if id == in.nullID {
			w = [2]uint64{nullWord, 0}
		}
		p := h & m
		for slots[p].id != 0 {
			p = (p + 1) & m
		}
		slots[p] = viewSlot{w0: w[0], w1: w[1], id: uint32(id) + 1, tag: uint32(h >> 32)}
	}
	in.slots = slots
}

// internCodes interns dictionary codes: a code seen before is one lookup.
func (in *interner) internCodes(v *vec.Vec, from, n int, out []uint32) error {
	if err := in.useDict(v.Dict); err != nil {
		return err
	}
	codes := v.Codes()[from : from+n]
	if v.Valid != nil || v.Dict.Values.Len == 0 {
		null := uint32(len(in.cache) - 1)
		own := in.codes[:n]
		copy(own, codes)
		for i := range own {
			if r := from + i; v.Dict.Values.Len == 0 || v.Valid[r>>6]>>(uint(r)&63)&1 == 0 {
				own[i] = null
			}
		}
		codes = own
	}
	if lookup(out, codes, in.cache) {
		return nil
	}
	if err := in.learn(v.Dict, codes); err != nil {
		return err
	}
	lookup(out, codes, in.cache)
	return nil
}

// lookup writes the ids of the codes and says whether all were known.
func lookup(out, codes, cache []uint32) bool {
	out = out[:len(codes)]
	all := true
	for i, c := range codes {
		x := cache[c]
		if x == 0 {
			all = false
		}
		out[i] = x - 1
	}
	return all
}

// useDict makes d the dictionary of the cache.
func (in *interner) useDict(d *vec.Dict) error {
	if in.dict == d {
		return nil
	}
	n := d.Values.Len + 1
	if n > cap(in.cache) {
		if err := in.mem.grow(int64(n) * 4); err != nil {
			return err
		}
		in.mem.give(int64(cap(in.cache)) * 4)
		in.cache = make([]uint32, n)
	}
	in.cache = in.cache[:n]
	clear(in.cache)
	in.dict = d
	return nil
}

// learn interns the codes that the cache lacks, in order of first appearance.
func (in *interner) learn(d *vec.Dict, codes []uint32) error {
	const pending = math.MaxUint32
	miss := in.missing[:0]
	null := uint32(len(in.cache) - 1)
	heads := in.tmp[:0]
	values := vec.Of[vec.ViewHeader](&d.Values)
	for i, c := range codes {
		if in.cache[c] != 0 {
			continue
		}
		in.cache[c] = pending
		miss = append(miss, uint32(i))
		if c == null || !d.Values.ValidAt(int(c)) {
			heads = append(heads, nullHeader())
		} else {
			heads = append(heads, values[c])
		}
	}
	in.missing = miss
	ids := in.newIDs[:len(heads)]
	err := in.internViews(heads, d.Values.Bufs, ids)
	for k, i := range miss {
		if err != nil {
			in.cache[codes[i]] = 0
		} else {
			in.cache[codes[i]] = ids[k] + 1
		}
	}
	for k, i := range in.first {
		in.first[k] = miss[i]
	}
	return err
}
