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
	hint   int  // values expected where hardly any comes twice, 0 unknown
	sure   bool // hint holds in any case
	rows   int  // values that were looked up

	slots  []uint64         // the hash table: the upper half of a value's hash, and its id + 1; 0 is free. Null has none
	heads  []vec.ViewHeader // by id; long values stand in arena. The last is no value's: of an id that is not known
	hashes []uint64         // by id
	arena  [][]byte
	nullID int
	first  []uint32 // rows of the last call that made an id
	// stored is the number of ids whose heads and hashes are set; heads and hashes have room beyond.
	stored int
	// touched is what touchSlots and touchHeads gave, so that the compiler does not leave them out.
	touched uint64

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

// slotSize is the bytes of a place of the hash table. It holds no value: it is small, so that more of the table stays in the caches, and
// filling a larger table reads the hashes alone.
const slotSize = 8

// nullWord is the first word of a null's header: a length that no value has.
const nullWord = math.MaxUint64

// noLen is a length that neither a value nor null's header has.
const noLen = math.MaxUint32 - 1

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

// probe finds or adds each value. There is room for all of them. A first pass takes the first of two places whose hash fits, a second one
// looks whether that is the value: neither waits for what it finds, so that the memory fetches many places at a time. What was not there
// is looked for in order.
func (in *interner) probe(heads []vec.ViewHeader, bufs [][]byte, hs []uint64, out []uint32) error {
	out, hs = out[:len(heads)], hs[:len(heads)]
	own := in.heads
	in.touched += touchSlots(hs, in.slots)
	candidates(out, hs, in.slots, uint32(len(own)-1))
	in.touched += touchHeads(out, own)
	for _, i := range in.missed[:compareHeads(&in.missed, out, heads, own)] {
		if id := out[i]; heads[i].Len > vec.InlineLen && in.sameLong(asWords(&own[id]), asWords(&heads[i]), bufs) {
			continue
		}
		if err := in.seek(heads, bufs, hs[i], i, out); err != nil {
			return err
		}
	}
	return nil
}

// sameLong compares a value of over vec.InlineLen bytes, given by its header w, with one of the interner's of header o.
func (in *interner) sameLong(o, w *[2]uint64, bufs [][]byte) bool {
	if o[0] != w[0] || w[0] == nullWord {
		return false
	}
	n := uint64(uint32(w[0]))
	a, b := in.arena[uint32(o[1])], bufs[uint32(w[1])]
	return sameBytes(a[o[1]>>32:][:n], b[w[1]>>32:][:n])
}

// seek finds or adds value i.
func (in *interner) seek(heads []vec.ViewHeader, bufs [][]byte, h uint64, i uint32, out []uint32) error {
	w := asWords(&heads[i])
	if w[0] == nullWord {
		out[i] = in.null(h, i)
		return nil
	}
	slots := in.slots
	m := uint64(len(slots) - 1)
	short := heads[i].Len <= vec.InlineLen
	for p := h & m; ; p = (p + 1) & m {
		s := slots[p]
		if s == 0 {
			out[i] = uint32(in.stored)
			in.first = append(in.first, i)
			return in.add(&heads[i], bufs, h, p)
		}
		if (s^(h|taken))>>32 != 0 {
			continue
		}
		if o := asWords(&in.heads[uint32(s)-1]); short && *o == *w || !short && in.sameLong(o, w, bufs) {
			out[i] = uint32(s) - 1
			return nil
		}
	}
}

// null returns the id of null, which is made for value i where there was none before.
func (in *interner) null(h uint64, i uint32) uint32 {
	if in.nullID < 0 {
		in.nullID = in.stored
		in.heads[in.stored], in.hashes[in.stored] = vec.ViewHeader{}, h
		in.stored++
		in.first = append(in.first, i)
	}
	return uint32(in.nullID)
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

// add gives the value, which is not null, the next id and slot p.
func (in *interner) add(h *vec.ViewHeader, bufs [][]byte, sum, p uint64) error {
	id, kept := in.stored, *h
	if h.Len > vec.InlineLen {
		b := h.Value(bufs)
		buf, err := in.space(len(b))
		if err != nil {
			return err
		}
		kept = vec.Long(b, uint32(buf), uint32(len(in.arena[buf])))
		in.arena[buf] = append(in.arena[buf], b...)
	}
	in.heads[id], in.hashes[id] = kept, sum
	in.slots[p] = slotOf(sum, id)
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
const quickSlots = 32 << 10

// unlike says whether hardly any value came twice so far: there are then about as many as there are groups.
func (in *interner) unlike() bool { return in.sure || in.stored > 0 && 4*in.stored > 3*in.rows }

// room makes place for n more ids.
func (in *interner) room(n int) error {
	need := in.stored + n
	if need >= math.MaxUint32 {
		return fault.New(fault.Memory, "GroupBy", "more than %d different keys", uint32(math.MaxUint32-1))
	}
	if need >= len(in.heads) {
		size := max(need+1, len(in.heads)*2)
		if in.unlike() {
			size = max(size, in.hint+1)
		}
		if err := in.mem.grow(int64(size) * perID); err != nil {
			return err
		}
		in.mem.give(int64(len(in.heads)) * perID)
		in.heads, in.hashes = enlarge(in.heads, size), enlarge(in.hashes, size)
		in.heads[size-1] = vec.ViewHeader{Len: noLen}
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
	if err := in.mem.grow(int64(size) * slotSize); err != nil {
		return err
	}
	in.mem.give(int64(len(in.slots)) * slotSize)
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
	slots := make([]uint64, size)
	m := uint64(size - 1)
	for id, h := range in.hashes[:in.stored] {
		if id == in.nullID {
			continue
		}
		p := h & m
		for slots[p] != 0 {
			p = (p + 1) & m
		}
		slots[p] = slotOf(h, id)
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
