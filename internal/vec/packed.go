package vec

import (
	"unsafe"
)

// Packed holds the values of several columns row by row, so that to take a row at a random place is to read one place in memory, not
// one a column: in a table beyond the caches that is most of what a join costs.
type Packed struct {
	width int // of a row, a multiple of 16
	data  []byte
	cols  []packedColumn
	// replaced is the bytes of the columns that are packed.
	replaced int64
}

// packedColumn is a column that is taken from a Packed: as, without its values, and where they are in a row; or as alone, whole, where
// its values have no fixed width.
type packedColumn struct {
	as     Vec
	off    int
	packed bool
}

// packs says whether the values of v have their place in a row.
func packs(v *Vec) bool {
	switch v.Width {
	case 1, 2, 4, 8, 16, 32:
		return true
	}
	return false
}

// PackedWidth is the bytes of a row of such columns, 0 where fewer than two would be packed.
func PackedWidth(cols []Vec) int {
	n, width := 0, 0
	for i := range cols {
		if packs(&cols[i]) {
			n++
			width += cols[i].Width
		}
	}
	if n < 2 {
		return 0
	}
	return (width + 15) &^ 15
}

// Pack packs columns of equal length, of which PackedWidth is not 0. The values of what it packs are copied; validity, text that does
// not fit into its header, and other columns are shared.
func Pack(cols []Vec) *Packed {
	p := &Packed{width: PackedWidth(cols), cols: make([]packedColumn, len(cols))}
	for i := range cols {
		p.cols[i].as = cols[i]
	}
	p.data = alignedBytes(cols[0].Len * p.width)
	off := 0
	for _, w := range []int{32, 16, 8, 4, 2, 1} { // wide ones first, so that each lies at a multiple of its width
		for i := range cols {
			if c := &p.cols[i]; packs(&cols[i]) && cols[i].Width == w {
				c.off, c.packed = off, true
				off += w
			}
		}
	}
	const block = 256 // rows that stay in the first-level cache until all their columns are there
	for from := 0; from < cols[0].Len; from += block {
		n := min(block, cols[0].Len-from)
		for i := range p.cols {
			if c := &p.cols[i]; c.packed {
				scatterFixed(p.data[from*p.width+c.off:], p.width, c.as.Data[from*c.as.Width:], c.as.Width, n)
			}
		}
	}
	for i := range p.cols {
		if p.cols[i].packed {
			p.replaced += int64(len(p.cols[i].as.Data))
			p.cols[i].as.Data = nil
		}
	}
	return p
}

// Replaced is the memory that the values had in their columns.
func (p *Packed) Replaced() int64 { return p.replaced }

// Take makes dst[i] column i of the rows, in memory of s, for each i for which want is true.
func (p *Packed) Take(dst []Vec, want []bool, rows Rows, s *Scratch) {
	n := len(rows.Idx)
	dense := s.Alloc(n * p.width)
	takeRows(dense, p.data, rows.Idx, p.width)
	for i := range p.cols {
		c := &p.cols[i]
		switch {
		case !want[i]:
			continue
		case !c.packed:
			Take(&dst[i], &c.as, rows.Idx, s)
			dst[i].Valid = bothValid(dst[i].Valid, rows.Valid, n, s)
			continue
		}
		v := c.as
		v.Len, v.Valid = n, rows.Valid
		if c.as.Valid != nil {
			v.Valid = s.Bits(n)
			takeBits(v.Valid, c.as.Valid, rows.Idx)
			v.Valid = bothValid(v.Valid, rows.Valid, n, s)
		}
		v.Data = s.Alloc(n * v.Width)
		if n > 0 {
			collectFixed(v.Data, dense[c.off:], p.width, v.Width, n)
		}
		dst[i] = v
	}
}

// takeRows copies rows of w bytes, a multiple of 16.
func takeRows(dst, src []byte, idx []uint32, w int) {
	if len(idx) == 0 {
		return
	}
	if w == 64 {
		to, from := unsafe.Slice((*[64]byte)(unsafe.Pointer(&dst[0])), len(idx)), unsafe.Slice((*[64]byte)(unsafe.Pointer(&src[0])), len(src)/64)
		for i, k := range idx {
			to[i] = from[k]
		}
		return
	}
	for i, k := range idx {
		to, from := dst[i*w:(i+1)*w], src[int(k)*w:(int(k)+1)*w]
		for len(to) >= 16 && len(from) >= 16 {
			*(*[16]byte)(to) = *(*[16]byte)(from)
			to, from = to[16:], from[16:]
		}
	}
}

// collectFixed takes n values of w bytes that stand stride apart in src; scatterFixed puts them there.
func collectFixed(dst, src []byte, stride, w, n int) {
	switch w {
	case 1:
		collect[uint8](dst, src, stride, n)
	case 2:
		collect[uint16](dst, src, stride, n)
	case 4:
		collect[uint32](dst, src, stride, n)
	case 8:
		collect[uint64](dst, src, stride, n)
	case 16:
		collect[[16]byte](dst, src, stride, n)
	case 32:
		collect[[32]byte](dst, src, stride, n)
	}
}

func collect[T Element](dst, src []byte, stride, n int) {
	out := over[T](dst, n)
	for i := range out {
		out[i] = *(*T)(unsafe.Pointer(&src[i*stride]))
	}
}

func scatterFixed(dst []byte, stride int, src []byte, w, n int) {
	switch w {
	case 1:
		scatter[uint8](dst, src, stride, n)
	case 2:
		scatter[uint16](dst, src, stride, n)
	case 4:
		scatter[uint32](dst, src, stride, n)
	case 8:
		scatter[uint64](dst, src, stride, n)
	case 16:
		scatter[[16]byte](dst, src, stride, n)
	case 32:
		scatter[[32]byte](dst, src, stride, n)
	}
}

func scatter[T Element](dst, src []byte, stride, n int) {
	for i, x := range over[T](src, n) {
		*(*T)(unsafe.Pointer(&dst[i*stride])) = x
	}
}

// Columns returns the n rows from row from on as columns again, in memory of s.
func (p *Packed) Columns(from, n int, s *Scratch) []Vec {
	out := make([]Vec, len(p.cols))
	for i := range p.cols {
		c := &p.cols[i]
		if !c.packed {
			Slice(&out[i], &c.as, from, n, s)
			continue
		}
		v := c.as
		v.Len = n
		if v.Valid != nil && n > 0 {
			v.Valid = sliceBits(v.Valid, from, n, s)
		}
		v.Data = s.Alloc(n * v.Width)
		if n > 0 {
			collectFixed(v.Data, p.data[from*p.width+c.off:], p.width, v.Width, n)
		}
		out[i] = v
	}
	return out
}
