package group

import (
	"encoding/binary"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// widen sign- or zero-extends vals.
func widen[T integer](dst []uint64, vals []T) {
	dst = dst[:len(vals)]
	for i, x := range vals {
		dst[i] = uint64(x)
	}
}

// loadValues writes the rows from ≤ i < from+n of a plain fixed-width column to its lanes, in canonical form; lanes of nulls are unspecified.
func loadValues(dst [][]uint64, v *vec.Vec, from, n int) {
	to := from + n
	switch v.Phys {
	case vec.Bool:
		words := v.Bits()
		out := dst[0][:n]
		for i := range out {
			r := from + i
			out[i] = words[r>>6] >> (uint(r) & 63) & 1
		}
	case vec.Int8:
		widen(dst[0], vec.Of[int8](v)[from:to])
	case vec.Int16:
		widen(dst[0], vec.Of[int16](v)[from:to])
	case vec.Int32:
		widen(dst[0], vec.Of[int32](v)[from:to])
	case vec.Int64:
		widen(dst[0], vec.Of[int64](v)[from:to])
	case vec.Uint8:
		widen(dst[0], vec.Of[uint8](v)[from:to])
	case vec.Uint16:
		widen(dst[0], vec.Of[uint16](v)[from:to])
	case vec.Uint32:
		widen(dst[0], vec.Of[uint32](v)[from:to])
	case vec.Uint64:
		widen(dst[0], vec.Of[uint64](v)[from:to])
	case vec.Float16:
		loadHalfs(dst[0], vec.Of[uint16](v)[from:to])
	case vec.Float32:
		loadFloats(dst[0], vec.Of[uint32](v)[from:to])
	case vec.Float64:
		for i, x := range vec.Of[float64](v)[from:to] {
			dst[0][i] = hash.FloatBits(x)
		}
	case vec.Dec128, vec.Dec256, vec.Fixed:
		loadWide(dst, v, from, n)
	}
}

func loadHalfs(dst []uint64, vals []uint16) {
	for i, x := range vals {
		switch {
		case x&0x7fff == 0:
			x = 0
		case x&0x7c00 == 0x7c00 && x&0x3ff != 0:
			x = 0x7e00
		}
		dst[i] = uint64(x)
	}
}

// loadFloats takes the bits of float32 values.
func loadFloats(dst []uint64, vals []uint32) {
	for i, x := range vals {
		switch {
		case x<<1 == 0:
			x = 0
		case x<<1 > 0xff<<24: // NaN
			x = 0x7fc00000
		}
		dst[i] = uint64(x)
	}
}

func loadWide(dst [][]uint64, v *vec.Vec, from, n int) {
	w := v.Width
	for k := range dst {
		size := min(w-8*k, 8)
		for i := range n {
			at := (from+i)*w + 8*k
			b := v.Data[at : at+size]
			if size == 8 {
				dst[k][i] = binary.LittleEndian.Uint64(b)
				continue
			}
			var raw [8]byte
			copy(raw[:], b)
			dst[k][i] = binary.LittleEndian.Uint64(raw[:])
		}
	}
}

// load writes the lanes of rows from ≤ i < from+n and returns the validity words of these rows, nil where none is null. from is a
// multiple of 64 wherever v has nulls. valid is scratch.
func (c *keyColumn) load(dst [][]uint64, v *vec.Vec, from, n int, valid []uint64) []uint64 {
	if v.Dict == nil {
		loadValues(dst, v, from, n)
		if v.Valid == nil {
			return nil
		}
		return v.Valid[from>>6:]
	}
	c.cacheDict(v.Dict)
	codes := v.Codes()[from : from+n]
	if v.Dict.Values.Len == 0 {
		clear(valid)
		return valid
	}
	for k, values := range c.dictLanes {
		out := dst[k][:n]
		for i, code := range codes {
			out[i] = values[code]
		}
	}
	if c.dictValid == nil {
		if v.Valid == nil {
			return nil
		}
		return v.Valid[from>>6:]
	}
	for i, code := range codes {
		bit := c.dictValid[code>>6] >> (code & 63) & 1
		if v.Valid != nil {
			r := from + i
			bit &= v.Valid[r>>6] >> (uint(r) & 63)
		}
		valid[i>>6] = valid[i>>6]&^(1<<(uint(i)&63)) | bit<<(uint(i)&63)
	}
	return valid
}

// cacheDict loads the values of a dictionary not seen before. (Dictionaries of fixed-width values are small and rare, so their cache is
// not reserved.)
func (c *keyColumn) cacheDict(d *vec.Dict) {
	if c.dict == d {
		return
	}
	c.dict, c.dictValid = d, d.Values.Valid
	c.dictLanes = make([][]uint64, len(c.lanes))
	for k := range c.dictLanes {
		c.dictLanes[k] = make([]uint64, d.Values.Len)
	}
	loadValues(c.dictLanes, &d.Values, 0, d.Values.Len)
}
