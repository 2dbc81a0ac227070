package parquetio

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// number is the bit pattern of a 4- or 8-byte value.
type number interface{ uint32 | uint64 }

// numDict gives codes to numbers in order of appearance. While the values lie close together a table over their range has the codes,
// then a hash table.
type numDict[K number] struct {
	vals []K // by code
	// direct has code+1, 0 for none, of base and what follows; nil once the range is too wide.
	direct []uint32
	base   K
	hashed bool
	slots  []numSlot[K]
	shift  uint
}

type numSlot[K number] struct {
	key  K
	code uint32 // code+1, 0: free
}

const (
	// maxDirect bounds the direct table to what the second-level cache holds.
	maxDirect = 1 << 18
	minSlots  = 1 << 10
)

// reset forgets the values and keeps the memory.
func (d *numDict[K]) reset() {
	d.vals, d.direct, d.hashed, d.slots = d.vals[:0], d.direct[:0], false, d.slots[:0]
}

func (d *numDict[K]) bytes() int {
	var k K
	var s numSlot[K]
	return cap(d.vals)*int(unsafe.Sizeof(k)) + cap(d.direct)*4 + cap(d.slots)*int(unsafe.Sizeof(s))
}

// cover prepares for values from lo on, span above it at most. Any span is fine: a wide one means the hash table.
func (d *numDict[K]) cover(lo K, span uint64) {
	if d.hashed {
		return
	}
	if span >= maxDirect {
		d.toHash()
		return
	}
	if n := uint64(len(d.direct)); n > 0 && uint64(lo-d.base) < n && uint64(lo-d.base)+span < n {
		return
	}
	size := uint64(256)
	for size <= span {
		size *= 2
	}
	d.direct = zeroed(d.direct, int(size))
	d.base = lo - K((size-span-1)/2)
	for code, v := range d.vals {
		d.direct[v-d.base] = uint32(code) + 1
	}
}

// zeroed returns a slice of n zeros, over s where it fits.
func zeroed[T uint8 | uint32 | uint64](s []T, n int) []T {
	if n > cap(s) {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

func (d *numDict[K]) toHash() {
	d.hashed, d.direct = true, d.direct[:0]
	d.rehash(max(minSlots, 1<<bits.Len(uint(4*len(d.vals)))))
}

func (d *numDict[K]) rehash(size int) {
	if size > cap(d.slots) {
		d.slots = make([]numSlot[K], size)
	} else {
		d.slots = d.slots[:size]
		clear(d.slots)
	}
	d.shift = uint(64 - bits.Len(uint(size-1)))
	for code, v := range d.vals {
		s := hashNumber(uint64(v)) >> d.shift
		for d.slots[s].code != 0 {
			s = (s + 1) & uint64(size-1)
		}
		d.slots[s] = numSlot[K]{v, uint32(code) + 1}
	}
}

func hashNumber(v uint64) uint64 { return (v ^ v>>32) * 0x9E3779B97F4A7C15 }

// encode writes the codes of the values, which cover has been told of.
func (d *numDict[K]) encode(dst []uint32, v []K) {
	dst = dst[:len(v)]
	if d.hashed {
		d.encodeHashed(dst, v)
		return
	}
	direct, base := d.direct, d.base
	for i, x := range v {
		c := direct[x-base]
		if c == 0 {
			d.vals = append(d.vals, x)
			c = uint32(len(d.vals))
			direct[x-base] = c
		}
		dst[i] = c - 1
	}
}

func (d *numDict[K]) encodeHashed(dst []uint32, v []K) {
	slots, shift := d.slots, d.shift
	mask := uint64(len(slots) - 1)
	for i, x := range v {
		s := hashNumber(uint64(x)) >> shift & mask
		for {
			e := &slots[s]
			if e.key == x && e.code != 0 {
				dst[i] = e.code - 1
				break
			}
			if e.code == 0 {
				d.vals = append(d.vals, x)
				*e = numSlot[K]{x, uint32(len(d.vals))}
				dst[i] = e.code - 1
				if 2*len(d.vals) > len(slots) {
					d.rehash(2 * len(slots))
					slots, shift, mask = d.slots, d.shift, uint64(len(d.slots)-1)
				}
				break
			}
			s = (s + 1) & mask
		}
	}
}

// textDict gives codes to byte strings in order of appearance. arena is the body of the dictionary page.
type textDict struct {
	prefixed bool // lengths stand before the values in the arena
	long     bool // some values are longer than a view header holds
	// entries are the values by code+1: the first is none.
	entries []textEntry
	offs    []uint32 // where the bytes of each code stand in the arena
	arena   []byte
	slots   []uint32 // code+1, 0: free
	hint    int      // slots that the last dictionary needed
	hashes  []uint64 // scratch of encode
	first   []uint32 // scratch of encode
	rest    []int32  // scratch of encode
	seen    []uint8  // scratch of codeBounds
	// remap has code+1 of the codes of from, the dictionary that codes came from last; 0: not met yet.
	from  *vec.Dict
	remap []uint32
}

// textEntry is a value: both words of its view header where it is short, else length and prefix, and the hash.
type textEntry struct {
	lo, hi uint64
}

// noEntry is no value's: none is so long.
var noEntry = textEntry{lo: math.MaxUint64}

func (e *textEntry) len() int { return int(uint32(e.lo)) }

// reset forgets the values and keeps the memory.
func (d *textDict) reset() {
	if n := d.size(); n > 0 {
		d.hint = max(minSlots, 1<<bits.Len(uint(2*n)))
	}
	d.entries, d.offs, d.arena, d.slots, d.from, d.long = d.entries[:0], d.offs[:0], d.arena[:0], d.slots[:0], nil, false
}

// size is how many values there are.
func (d *textDict) size() int { return len(d.offs) }

func (d *textDict) bytes() int {
	n := cap(d.entries)*int(unsafe.Sizeof(textEntry{})) + 4*cap(d.offs) + cap(d.arena) + 4*cap(d.slots)
	return n + 8*cap(d.hashes) + 4*cap(d.first) + 4*cap(d.rest) + cap(d.seen) + 4*cap(d.remap)
}

// value returns the bytes of a code.
func (d *textDict) value(code int) []byte {
	off := int(d.offs[code])
	return d.arena[off : off+d.entry(code).len()]
}

func (d *textDict) entry(code int) *textEntry { return &d.entries[code+1] }

// words returns the words of a view header.
func words(h *vec.ViewHeader) *[2]uint64 { return (*[2]uint64)(unsafe.Pointer(h)) }

const (
	// maxSteps is how many slots after its own a value is looked for together with others.
	maxSteps = 3
	// cachedValues is how large a dictionary may be that the first-level cache holds.
	cachedValues = 1 << 10
)

// encode writes the codes of the values.
func (d *textDict) encode(dst []uint32, heads []vec.ViewHeader, bufs [][]byte) {
	n := len(heads)
	d.hashes, d.first = sized(d.hashes, n), sized(d.first, n)
	hash.Views(d.hashes, heads, bufs)
	if len(d.slots) == 0 {
		d.entries = append(d.entries[:0], noEntry)
		d.rehash(max(minSlots, d.hint))
	}
	slots, mask, hashes, first := d.slots, uint64(len(d.slots)-1), d.hashes, d.first
	for i, h := range hashes {
		first[i] = slots[h&mask]
	}
	if d.size() > cachedValues {
		d.encodeLarge(dst, heads, bufs)
		return
	}
	dst, entries := dst[:n], d.entries
	for i := range heads {
		x := first[i]
		if differs(&entries[x], words(&heads[i])) == 0 {
			dst[i] = x - 1
			continue
		}
		dst[i] = d.find(hashes[i], &heads[i], bufs)
		entries = d.entries
	}
}

// encodeLarge is encode where entries are far away. It goes over the values several times: the first pass compares the entries in first,
// and the next ones do the same a slot further for those that were not found. No pass has a branch that depends on the data, so many
// cache misses are under way at once. What is left, long and new values too, is found or added one by one.
func (d *textDict) encodeLarge(dst []uint32, heads []vec.ViewHeader, bufs [][]byte) {
	d.rest = sized(d.rest, len(heads))
	slots, mask, hashes, first := d.slots, uint64(len(d.slots)-1), d.hashes, d.first
	rest := d.compareAll(dst, heads)
	for step := uint64(1); step <= maxSteps && len(rest) > len(heads)/32 && !d.long; step++ {
		for _, i := range rest {
			first[i] = slots[(hashes[i]+step)&mask]
		}
		rest = d.compareRest(dst, heads, rest)
	}
	for _, i := range rest {
		dst[i] = d.find(hashes[i], &heads[i], bufs)
	}
}

// compareAll gives the values the codes of the entries in first, and returns the rows whose value is another or long.
func (d *textDict) compareAll(dst []uint32, heads []vec.ViewHeader) []int32 {
	entries := d.entries
	dst, first, rest := dst[:len(heads)], d.first[:len(heads)], d.rest[:len(heads)]
	left := 0
	for i := range heads {
		w, x := words(&heads[i]), first[i]
		e := &entries[x]
		dst[i] = x - 1
		rest[left] = int32(i)
		left += differs(e, w)
	}
	return rest[:left]
}

// compareRest is compareAll for some rows, over which it writes those that are left.
func (d *textDict) compareRest(dst []uint32, heads []vec.ViewHeader, rows []int32) []int32 {
	entries, first := d.entries, d.first
	left := 0
	for _, i := range rows {
		w, x := words(&heads[i]), first[i]
		e := &entries[x]
		dst[i] = x - 1
		rows[left] = i
		left += differs(e, w)
	}
	return rows[:left]
}

// differs returns 1 where a value is not that of the entry, or is longer than vec.InlineLen.
func differs(e *textEntry, w *[2]uint64) int {
	long := (uint64(uint32(w[0])) + 15 - vec.InlineLen) >> 4
	n := 0
	if e.lo^w[0]|e.hi^w[1]|long != 0 {
		n = 1
	}
	return n
}

// find returns the code of a value, which it adds where it is new.
func (d *textDict) find(h uint64, head *vec.ViewHeader, bufs [][]byte) uint32 {
	w := words(head)
	lo, hi := w[0], w[1]
	long := head.Len > vec.InlineLen
	if long {
		hi = h
	}
	mask := uint64(len(d.slots) - 1)
	s := h & mask
	for {
		x := d.slots[s]
		if x == 0 {
			return d.insert(s, lo, hi, head, bufs)
		}
		e := &d.entries[x]
		if e.lo == lo && e.hi == hi && (!long || string(d.value(int(x-1))) == string(head.Value(bufs))) {
			return x - 1
		}
		s = (s + 1) & mask
	}
}

// insert adds a value at the free slot s and returns its code.
func (d *textDict) insert(s, lo, hi uint64, head *vec.ViewHeader, bufs [][]byte) uint32 {
	if d.prefixed {
		d.arena = binary.LittleEndian.AppendUint32(d.arena, head.Len)
	}
	d.long = d.long || head.Len > vec.InlineLen
	d.entries = append(d.entries, textEntry{lo, hi})
	d.offs = append(d.offs, uint32(len(d.arena)))
	d.arena = append(d.arena, head.Value(bufs)...)
	n := d.size()
	d.slots[s] = uint32(n)
	if 2*n > len(d.slots) {
		d.rehash(2 * len(d.slots))
	}
	return uint32(n - 1)
}

func (d *textDict) rehash(size int) {
	d.slots = zeroed(d.slots, size)
	mask := uint64(size - 1)
	for code := range d.offs {
		e := d.entry(code)
		h := e.hi
		if e.len() <= vec.InlineLen {
			h = hash.Pair(e.lo, e.hi)
		}
		s := h & mask
		for d.slots[s] != 0 {
			s = (s + 1) & mask
		}
		d.slots[s] = uint32(code + 1)
	}
}

// recode writes the codes of values given as codes of another dictionary.
func (d *textDict) recode(dst, codes []uint32, from *vec.Dict) {
	if d.from != from {
		d.from, d.remap = from, zeroed(d.remap, from.Values.Len)
	}
	remap := d.remap
	heads := vec.Of[vec.ViewHeader](&from.Values)
	for i, c := range codes {
		x := remap[c]
		if x == 0 {
			var one [1]uint32
			d.encode(one[:], heads[c:c+1], from.Values.Bufs)
			x = one[0] + 1
			remap[c] = x
		}
		dst[i] = x - 1
	}
}

// expectDistinct extrapolates: of n values d were distinct; of total values how many will be? Values are taken to come at random from
// a set, whose size is found by bisection.
func expectDistinct(d, n, total int) int {
	if d >= n || total <= n {
		return int(float64(d) * float64(max(total, n)) / float64(max(n, 1)))
	}
	seen := func(size, n float64) float64 { return size * -math.Expm1(-n/size) }
	lo, hi := float64(d), 1e12
	for range 60 {
		if mid := math.Sqrt(lo * hi); seen(mid, float64(n)) < float64(d) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return min(total, int(math.Round(seen(hi, float64(total)))))
}
