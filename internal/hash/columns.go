package hash

import (
	"math/bits"

	"github.com/sheafdata/sheaf/internal/vec"
)

// Hasher hashes rows of key columns. It keeps the hashes of the dictionaries it saw last, so that a dictionary is hashed once for
// all batches that share it. The zero Hasher is ready; it is not for concurrent use.
type Hasher struct {
	dicts []dictHashes // by column
	next  []uint64
}

type dictHashes struct {
	dict   *vec.Dict
	hashes []uint64
}

// Hash is Hasher.Hash without memory of dictionaries.
func Hash(dst []uint64, cols []vec.Vec, rows int) {
	var h Hasher
	h.Hash(dst, cols, rows)
}

// Hash writes the hash of each of the rows to dst: of one column the hash of its value, of several their combination in order. Rows of
// no columns all hash to 0.
func (h *Hasher) Hash(dst []uint64, cols []vec.Vec, rows int) {
	dst = dst[:rows]
	if len(cols) == 0 || allEqual.Load() {
		clear(dst)
		return
	}
	for len(h.dicts) < len(cols) {
		h.dicts = append(h.dicts, dictHashes{})
	}
	h.column(dst, &cols[0], &h.dicts[0])
	if len(cols) == 1 {
		return
	}
	if cap(h.next) < rows {
		h.next = make([]uint64, rows)
	}
	next := h.next[:rows]
	for c := 1; c < len(cols); c++ {
		h.column(next, &cols[c], &h.dicts[c])
		CombineAll(dst, next)
	}
}

func (h *Hasher) column(dst []uint64, v *vec.Vec, cache *dictHashes) {
	if v.Dict == nil {
		Column(dst, v)
		return
	}
	if cache.dict != v.Dict {
		// A dictionary much larger than the batch is hashed all the same: the batches to come share it.
		n := v.Dict.Values.Len
		if cap(cache.hashes) < n {
			cache.hashes = make([]uint64, n)
		}
		cache.dict, cache.hashes = v.Dict, cache.hashes[:n]
		Column(cache.hashes, &v.Dict.Values)
	}
	gather(dst, v, cache.hashes)
}

func gather(dst []uint64, v *vec.Vec, hashes []uint64) {
	if len(hashes) == 0 {
		fill(dst, Null)
		return
	}
	codes := v.Codes()[:len(dst)]
	for i, c := range codes {
		dst[i] = hashes[c]
	}
	patchNulls(dst, v.Valid)
}

// Column writes the hash of each row of one column to dst, which has v.Len elements.
func Column(dst []uint64, v *vec.Vec) {
	dst = dst[:v.Len]
	if v.Len == 0 {
		return
	}
	if allEqual.Load() {
		clear(dst)
		return
	}
	if v.Dict != nil {
		hashes := make([]uint64, v.Dict.Values.Len)
		Column(hashes, &v.Dict.Values)
		gather(dst, v, hashes)
		return
	}
	values(dst, v)
	patchNulls(dst, v.Valid)
}

// values hashes every lane of a plain column, null or not.
func values(dst []uint64, v *vec.Vec) {
	switch v.Phys {
	case vec.Null:
		fill(dst, Null)
	case vec.Bool:
		words := v.Bits()
		for i := range dst {
			dst[i] = fold((words[i>>6]>>(uint(i)&63)&1)^k0, k1)
		}
	case vec.Int8:
		Ints(dst, vec.Of[int8](v))
	case vec.Int16:
		Ints(dst, vec.Of[int16](v))
	case vec.Int32:
		Ints(dst, vec.Of[int32](v))
	case vec.Int64:
		Ints(dst, vec.Of[int64](v))
	case vec.Uint8:
		Ints(dst, vec.Of[uint8](v))
	case vec.Uint16:
		Ints(dst, vec.Of[uint16](v))
	case vec.Uint32:
		Ints(dst, vec.Of[uint32](v))
	case vec.Uint64:
		Ints(dst, vec.Of[uint64](v))
	case vec.Float16:
		for i, x := range vec.Of[uint16](v) {
			dst[i] = Word(Half(x))
		}
	case vec.Float32:
		Floats(dst, vec.Of[float32](v))
	case vec.Float64:
		Floats(dst, vec.Of[float64](v))
	case vec.Dec128:
		for i, x := range vec.Of[[2]uint64](v) {
			dst[i] = Pair(x[0], x[1])
		}
	case vec.View:
		Views(dst, vec.Of[vec.ViewHeader](v), v.Bufs)
	case vec.List:
		lists(dst, v)
	case vec.Struct:
		structs(dst, v)
	default: // Dec256, Fixed
		fixedBytes(dst, v.Data, v.Width)
	}
}

// lists hashes each list as the combination of its elements, begun with its length.
func lists(dst []uint64, v *vec.Vec) {
	offs := v.Offs[:len(dst)+1]
	elems := make([]uint64, v.Child[0].Len)
	Column(elems, &v.Child[0])
	for i := range dst {
		from, to := offs[i], offs[i+1]
		h := Word(uint64(to - from))
		for _, e := range elems[from:max(from, to)] {
			h = Combine(h, e)
		}
		dst[i] = h
	}
}

func structs(dst []uint64, v *vec.Vec) {
	fill(dst, k4)
	field := make([]uint64, len(dst))
	for c := range v.Child {
		Column(field, &v.Child[c])
		CombineAll(dst, field)
	}
}

// patchNulls overwrites the hash of each null row.
func patchNulls(dst []uint64, valid []uint64) {
	if valid == nil {
		return
	}
	for base := 0; base < len(dst); base += 64 {
		nulls := ^valid[base>>6]
		if rest := len(dst) - base; rest < 64 {
			nulls &= 1<<uint(rest) - 1
		}
		for ; nulls != 0; nulls &= nulls - 1 {
			dst[base+bits.TrailingZeros64(nulls)] = Null
		}
	}
}

func fill(dst []uint64, x uint64) {
	for i := range dst {
		dst[i] = x
	}
}
