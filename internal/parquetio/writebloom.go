package parquetio

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// bloomFilter is the split-block Bloom filter of the format: blocks of 256 bits, of which a value sets 8. The format's BloomFilter page
// describes it.
type bloomFilter struct {
	bits   []uint64 // 4 words a block
	blocks int      // a power of two
}

const (
	// bloomBits is the bits a distinct value gets, for about 1 false positive in 100.
	bloomBits      = 10.5
	bloomWords     = 4
	maxBloomBlocks = 128 << 20 / 32
)

// bloomSalts choose the bits within a block, as the format says.
var bloomSalts = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

func newBloom(distinct int64) *bloomFilter {
	blocks := 1
	for blocks < maxBloomBlocks && float64(blocks)*256 < bloomBits*float64(distinct) {
		blocks *= 2
	}
	return &bloomFilter{make([]uint64, blocks*bloomWords), blocks}
}

func (f *bloomFilter) add(h uint64) {
	block := f.bits[int((h>>32)*uint64(f.blocks)>>32)*bloomWords:][:bloomWords]
	x := uint32(h)
	for i, salt := range bloomSalts {
		block[i/2] |= 1 << ((x * salt) >> 27) << (uint(i&1) * 32)
	}
}

// fold halves the filter while it stays sparse enough: values were fewer than expected, or equal.
func (f *bloomFilter) fold() {
	for f.blocks > 1 {
		ones := 0
		half := make([]uint64, f.blocks/2*bloomWords)
		for b := range f.blocks / 2 {
			for k := range bloomWords {
				x := f.bits[2*b*bloomWords+k] | f.bits[(2*b+1)*bloomWords+k]
				half[b*bloomWords+k] = x
				ones += bits.OnesCount64(x)
			}
		}
		if ones > len(half)*32 {
			return
		}
		f.bits, f.blocks = half, f.blocks/2
	}
}

// encode returns the filter as it is in the file: a header, then the bits.
func (f *bloomFilter) encode() []byte {
	w := &thriftEncoder{}
	w.begin(0)
	w.i32(1, int32(len(f.bits)*8))
	for id := int16(2); id <= 4; id++ { // split blocks, xxHash, not compressed
		w.begin(id)
		w.empty(1)
		w.end()
	}
	w.end()
	return append(w.b, raw(f.bits)...)
}

func bloomNumbers[K number](f *bloomFilter, v []K) {
	b := bytesOfNumbers(v)
	size := int(unsafe.Sizeof(v[0]))
	for ; len(b) > 0; b = b[size:] {
		f.add(xxhash(b[:size]))
	}
}

// startBloom makes the filter of a column whose values will not go through the dictionary any more.
func (w *leafWriter) startBloom() {
	w.bloom = newBloom(w.g.e.o.RowGroupRows)
	w.bloomDict(w.bloom)
}

// finishBloom returns the encoded filter.
func (w *leafWriter) finishBloom() []byte {
	f := w.bloom
	if f == nil {
		f = newBloom(int64(w.dictLen()))
		w.bloomDict(f)
		return f.encode()
	}
	f.fold()
	return f.encode()
}

// bloomDict adds the values of the dictionary.
func (w *leafWriter) bloomDict(f *bloomFilter) {
	if len(w.d32.vals) > 0 {
		bloomNumbers(f, w.d32.vals)
	}
	if len(w.d64.vals) > 0 {
		bloomNumbers(f, w.d64.vals)
	}
	for code := range w.dt.size() {
		f.add(xxhash(w.dt.value(code)))
	}
}

const (
	xxPrime1 = 0x9E3779B185EBCA87
	xxPrime2 = 0xC2B2AE3D27D4EB4F
	xxPrime3 = 0x165667B19E3779F9
	xxPrime4 = 0x85EBCA77C2B2AE63
	xxPrime5 = 0x27D4EB2F165667C5
)

// xxhash is xxHash64 with seed 0, which the format prescribes for Bloom filters.
func xxhash(b []byte) uint64 {
	n := uint64(len(b))
	var h uint64
	if len(b) >= 32 {
		h, b = xxStripes(b)
	} else {
		h = xxPrime5
	}
	h += n
	for ; len(b) >= 8; b = b[8:] {
		h ^= xxRound(0, binary.LittleEndian.Uint64(b))
		h = bits.RotateLeft64(h, 27)*xxPrime1 + xxPrime4
	}
	if len(b) >= 4 {
		h ^= uint64(binary.LittleEndian.Uint32(b)) * xxPrime1
		h = bits.RotateLeft64(h, 23)*xxPrime2 + xxPrime3
		b = b[4:]
	}
	for _, c := range b {
		h ^= uint64(c) * xxPrime5
		h = bits.RotateLeft64(h, 11) * xxPrime1
	}
	h ^= h >> 33
	h *= xxPrime2
	h ^= h >> 29
	h *= xxPrime3
	return h ^ h>>32
}

func xxRound(acc, x uint64) uint64 { return bits.RotateLeft64(acc+x*xxPrime2, 31) * xxPrime1 }

// xxStripes hashes 32 bytes a step and returns the rest.
func xxStripes(b []byte) (uint64, []byte) {
	p1, p2 := uint64(xxPrime1), uint64(xxPrime2)
	v := [4]uint64{p1 + p2, p2, 0, -p1}
	for ; len(b) >= 32; b = b[32:] {
		for i := range v {
			v[i] = xxRound(v[i], binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
	h := bits.RotateLeft64(v[0], 1) + bits.RotateLeft64(v[1], 7) + bits.RotateLeft64(v[2], 12) + bits.RotateLeft64(v[3], 18)
	for _, x := range v {
		h = (h^xxRound(0, x))*xxPrime1 + xxPrime4
	}
	return h, b
}
