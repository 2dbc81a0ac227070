package vec

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
)

// FromArrow makes v a view of an array of any type but a union, at any offset: values are shared with the array wherever the layouts
// agree (fixed-width values, views, text bytes), validity where it starts at a word; the rest is made in s. The view is good while the
// array and s are. A dictionary is copied once and remembered in s by the identity of its array, so its *Dict outlives both.
func FromArrow(arr arrow.Array, v *Vec, s *Scratch) error {
	d := arr.Data()
	return fromData(d, d.Offset(), d.Len(), v, s)
}

func badArray(t arrow.DataType, what string) error {
	return fault.New(fault.Input, "arrow", "array of %s: %s", t, what)
}

// fromData views rows off … off+n-1 of d's buffers.
func fromData(d arrow.ArrayData, off, n int, v *Vec, s *Scratch) error {
	t := d.DataType()
	for {
		e, ok := t.(arrow.ExtensionType)
		if !ok {
			break
		}
		t = e.StorageType()
	}
	p, w, ok := PhysOf(t)
	if !ok {
		return fault.New(fault.Type, "arrow", "columns of type %s are not supported", t)
	}
	*v = Vec{Type: s.logical(t), Phys: p, Width: w, Len: n}
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return fromDictionary(t, d, off, v, s)
	case *arrow.RunEndEncodedType:
		return fromRunEnds(t, d, off, v, s)
	}
	if p == Null {
		return nil
	}
	if err := fromValidity(d, off, v, s); err != nil {
		return err
	}
	switch t.ID() {
	case arrow.STRING, arrow.BINARY, arrow.LARGE_STRING, arrow.LARGE_BINARY:
		return fromText(t, d, off, v, s)
	case arrow.STRING_VIEW, arrow.BINARY_VIEW:
		return fromViews(t, d, off, v, s)
	case arrow.DECIMAL32, arrow.DECIMAL64:
		return fromSmallDecimal(t, d, off, v, s)
	case arrow.STRUCT:
		return fromStruct(d, off, v, s)
	}
	switch p {
	case List:
		return fromList(t, d, off, v, s)
	case Bool:
		return fromBool(d, off, v, s)
	}
	return fromFixed(d, off, v, s)
}

// bytesOf returns the bytes of buffer i, nil where it is absent.
func bytesOf(d arrow.ArrayData, i int) []byte {
	bufs := d.Buffers()
	if i >= len(bufs) || bufs[i] == nil {
		return nil
	}
	return bufs[i].Bytes()
}

// bufBytes is the bytes of a buffer that may be nil.
func bufBytes(b *memory.Buffer) []byte {
	if b == nil {
		return nil
	}
	return b.Bytes()
}

func fromValidity(d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	b := bytesOf(d, 0)
	if b == nil || d.NullN() == 0 || v.Len == 0 {
		return nil
	}
	if len(b)*8 < off+v.Len {
		return badArray(d.DataType(), "validity bitmap is too short")
	}
	v.Valid = bitsFrom(b, off, v.Len, s)
	if bitmap.All(v.Valid, v.Len) {
		v.Valid = nil
	}
	return nil
}

// bitsFrom returns n bits of b from bit off as words: over b where they start at an aligned word, else copied.
func bitsFrom(b []byte, off, n int, s *Scratch) []uint64 {
	if off&63 == 0 {
		if words, ok := bitmap.Of(b[off>>3:], n); ok {
			return words
		}
	}
	words := s.Bits(n)
	bitmap.FromBytes(words, b, off, n)
	return words
}

func fromBool(d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	if v.Len == 0 {
		return nil
	}
	b := bytesOf(d, 1)
	if len(b)*8 < off+v.Len {
		return badArray(d.DataType(), "values are too short")
	}
	v.Data = Bytes(bitsFrom(b, off, v.Len, s))
	return nil
}

func fromFixed(d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	w := v.Width
	if v.Len == 0 || w == 0 {
		return nil
	}
	b := bytesOf(d, 1)
	if len(b) < (off+v.Len)*w {
		return badArray(d.DataType(), "values are too short")
	}
	v.Data = alignedTo(b[off*w:(off+v.Len)*w], w, s)
	return nil
}

// alignedTo returns b, or a copy of it where its address does not suit elements of w bytes.
func alignedTo(b []byte, w int, s *Scratch) []byte {
	need := uintptr(w & -w)
	if need > 8 {
		need = 8
	}
	if uintptr(unsafe.Pointer(unsafe.SliceData(b)))&(need-1) == 0 {
		return b
	}
	c := s.Alloc(len(b))
	copy(c, b)
	return c
}

func fromSmallDecimal(t arrow.DataType, d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	w := 4
	if t.ID() == arrow.DECIMAL64 {
		w = 8
	}
	raw := Vec{Width: w, Len: v.Len}
	if err := fromFixed(d, off, &raw, s); err != nil {
		return err
	}
	out := Alloc[[2]uint64](s, v.Len)
	if w == 4 {
		widen(out, Of[int32](&raw))
	} else {
		widen(out, Of[int64](&raw))
	}
	v.Data = Bytes(out)
	return nil
}

func widen[T int32 | int64](out [][2]uint64, in []T) {
	in = in[:len(out)]
	for i, x := range in {
		out[i] = [2]uint64{uint64(int64(x)), uint64(int64(x) >> 63)}
	}
}

func fromStruct(d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	children := d.Children()
	v.Child = s.Vecs(len(children))
	for i, c := range children {
		if c.Len() < off+v.Len {
			return badArray(d.DataType(), "a field is too short")
		}
		if err := fromData(c, c.Offset()+off, v.Len, &v.Child[i], s); err != nil {
			return err
		}
	}
	return nil
}

func fromDictionary(t *arrow.DictionaryType, d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	values := d.Dictionary()
	dict := s.findDict(values)
	if dict == nil {
		var err error
		if dict, err = copyDict(values); err != nil {
			return err
		}
		s.keepDict(values, dict)
	}
	if v.Phys == Null {
		return nil
	}
	if err := fromValidity(d, off, v, s); err != nil {
		return err
	}
	raw := Vec{Len: v.Len}
	_, raw.Width, _ = PhysOf(t.IndexType)
	if err := fromFixed(d, off, &raw, s); err != nil {
		return err
	}
	v.Dict, v.Width = dict, 4
	ok := true
	switch t.IndexType.ID() {
	case arrow.INT32, arrow.UINT32:
		v.Data, ok = sameCodes(&raw, v, s)
	case arrow.INT8:
		v.Data, ok = codesFrom(Of[int8](&raw), v, s)
	case arrow.UINT8:
		v.Data, ok = codesFrom(Of[uint8](&raw), v, s)
	case arrow.INT16:
		v.Data, ok = codesFrom(Of[int16](&raw), v, s)
	case arrow.UINT16:
		v.Data, ok = codesFrom(Of[uint16](&raw), v, s)
	case arrow.INT64:
		v.Data, ok = codesFrom(Of[int64](&raw), v, s)
	case arrow.UINT64:
		v.Data, ok = codesFrom(Of[uint64](&raw), v, s)
	}
	if !ok {
		return badArray(t, "an index is outside of its dictionary")
	}
	v.Valid = v.Nulls(s)
	return nil
}

// copyDict copies the values of an arrow dictionary to memory of their own.
func copyDict(values arrow.ArrayData) (*Dict, error) {
	var tmp Vec
	if err := fromData(values, values.Offset(), values.Len(), &tmp, nil); err != nil {
		return nil, err
	}
	b := NewBuilder(tmp.Type)
	if tmp.Dict != nil {
		Decode(&tmp, &tmp, nil)
	}
	b.Append(&tmp)
	return &Dict{Values: b.Vec()}, nil
}

type index interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// codesFrom widens or narrows indices to codes. Those under a null that lie outside of the dictionary become 0; ok is false where one
// of a value does.
func codesFrom[T index](in []T, v *Vec, s *Scratch) (data []byte, ok bool) {
	out := Alloc[uint32](s, len(in))
	size := uint64(v.Dict.Values.Len)
	bad := false
	for i, x := range in {
		c := uint64(int64(x)) // a negative index is a huge one
		bad = bad || c >= size
		out[i] = uint32(c)
	}
	if bad {
		ok = fixCodes(in, out, v)
		return Bytes(out), ok
	}
	return Bytes(out), true
}

func fixCodes[T index](in []T, out []uint32, v *Vec) bool {
	size := uint64(v.Dict.Values.Len)
	for i, x := range in {
		if uint64(int64(x)) < size {
			continue
		}
		if v.Valid == nil || bitmap.Get(v.Valid, i) {
			return false
		}
		out[i] = 0
	}
	return true
}

// sameCodes shares 32-bit indices where all lie in the dictionary.
func sameCodes(raw, v *Vec, s *Scratch) (data []byte, ok bool) {
	size, top := uint32(v.Dict.Values.Len), uint32(0)
	in := Of[uint32](raw)
	for _, c := range in {
		top = max(top, c)
	}
	if len(in) == 0 || top < size {
		return raw.Data, true
	}
	return codesFrom(in, v, s)
}

// fromRunEnds decodes runs: the values of the runs that off … off+n touch, gathered.
func fromRunEnds(t *arrow.RunEndEncodedType, d arrow.ArrayData, off int, v *Vec, s *Scratch) error {
	n := v.Len
	ends := d.Children()[0]
	var raw Vec
	if err := fromData(ends, ends.Offset(), ends.Len(), &raw, s); err != nil {
		return err
	}
	idx := Alloc[uint32](s, n)
	ok := false
	switch t.RunEnds().ID() {
	case arrow.INT16:
		ok = runIndices(idx, Of[int16](&raw), off)
	case arrow.INT32:
		ok = runIndices(idx, Of[int32](&raw), off)
	case arrow.INT64:
		ok = runIndices(idx, Of[int64](&raw), off)
	}
	values := d.Children()[1]
	if !ok || n > 0 && int(idx[n-1]) >= values.Len() {
		return badArray(t, "runs end before the array does")
	}
	lo, hi := 0, 0
	if n > 0 {
		lo, hi = int(idx[0]), int(idx[n-1])+1
	}
	for i := range idx {
		idx[i] -= uint32(lo)
	}
	var runs Vec
	if err := fromData(values, values.Offset()+lo, hi-lo, &runs, s); err != nil {
		return err
	}
	Take(v, &runs, idx, s)
	return nil
}

// runIndices sets idx to the run of each row from off on; false where the runs do not reach.
func runIndices[T int16 | int32 | int64](idx []uint32, ends []T, off int) bool {
	lo, hi := 0, len(ends)
	for lo < hi { // the first run that ends beyond off
		if m := (lo + hi) / 2; int(ends[m]) <= off {
			lo = m + 1
		} else {
			hi = m
		}
	}
	for i := range idx {
		for lo < len(ends) && int(ends[lo]) <= off+i {
			lo++
		}
		if lo == len(ends) {
			return false
		}
		idx[i] = uint32(lo)
	}
	return true
}
