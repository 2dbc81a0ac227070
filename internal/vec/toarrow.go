package vec

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
)

// ToArrow copies v to an array of exactly the type t, whose logical form is v's type: plain, large or view text, a dictionary, run-ends
// and so on as t says. The array is ordinary Go heap, compact, shares nothing with v, and needs no Release.
func ToArrow(v *Vec, t arrow.DataType) (arrow.Array, error) {
	d, err := toData(v, t)
	if err != nil {
		return nil, err
	}
	return array.MakeFromData(d), nil
}

func toData(v *Vec, t arrow.DataType) (*array.Data, error) {
	switch t := t.(type) {
	case arrow.ExtensionType:
		d, err := toData(v, t.StorageType())
		if err != nil {
			return nil, err
		}
		out := array.NewData(t, d.Len(), d.Buffers(), d.Children(), d.NullN(), 0)
		if d.Dictionary() != arrow.ArrayData((*array.Data)(nil)) {
			out.SetDictionary(d.Dictionary())
		}
		return out, nil
	case *arrow.DictionaryType:
		return toDictionary(v, t)
	case *arrow.RunEndEncodedType:
		return toRunEnds(v, t)
	}
	p, w, ok := PhysOf(t)
	if !ok || p != v.Phys && v.Phys != Null && !(isDecimal(p) && isDecimal(v.Phys)) {
		return nil, fault.New(fault.Internal, "arrow", "a column of %s cannot become an array of %s", v.Type, t)
	}
	if v.Phys == Null && p != Null {
		b := NewBuilder(t)
		b.AppendNulls(v.Len)
		nulls := b.Vec()
		return toData(&nulls, t)
	}
	if v.Dict != nil {
		if values := &v.Dict.Values; gathers(values, t) {
			return gathered(values, v.Codes(), v.Nulls(nil), t)
		}
		var plain Vec
		Decode(&plain, v, nil)
		v = &plain
	}
	valid, nulls := validBuffer(v)
	switch t := t.(type) {
	case *arrow.NullType:
		return array.NewData(t, v.Len, []*memory.Buffer{nil}, nil, v.Len, 0), nil
	case *arrow.BooleanType:
		out := bitmap.ToBytes(v.Bits(), v.Len)
		if valid != nil {
			for i, b := range valid.Bytes()[:len(out)] {
				out[i] &= b
			}
		}
		return array.NewData(t, v.Len, []*memory.Buffer{valid, memory.NewBufferBytes(out)}, nil, nulls, 0), nil
	case *arrow.StringType, *arrow.BinaryType, *arrow.LargeStringType, *arrow.LargeBinaryType:
		rows := textRows{heads: Of[ViewHeader](v), bufs: v.Bufs, n: v.Len}
		if nulls > 0 {
			rows.valid = v.Valid
		}
		return rows.array(t, valid, nulls)
	case *arrow.StringViewType, *arrow.BinaryViewType:
		return toViews(v, t, valid, nulls)
	case *arrow.StructType:
		return toStruct(v, t, valid, nulls)
	}
	switch {
	case p == List:
		return toList(v, t, valid, nulls)
	case isDecimal(p) && bytesOfType(t) != v.Width:
		return toDecimal(v, t, valid, nulls)
	}
	data := heapCopy(v.Data[:v.Len*w])
	zeroNulls(data.Bytes(), w, v.Valid, v.Len, nulls)
	return array.NewData(t, v.Len, []*memory.Buffer{valid, data}, nil, nulls, 0), nil
}

// bytesOfType is the bytes that a value of a fixed-width type takes in an array, 0 for other types.
func bytesOfType(t arrow.DataType) int {
	if f, ok := t.(arrow.FixedWidthDataType); ok {
		return f.BitWidth() / 8
	}
	return 0
}

func isDecimal(p Phys) bool { return p == Dec128 || p == Dec256 }

// validBuffer returns v's validity as a buffer, nil where no row is null, and the number of nulls.
func validBuffer(v *Vec) (*memory.Buffer, int) {
	if v.Valid == nil {
		return nil, 0
	}
	nulls := v.Len - bitmap.Count(v.Valid, v.Len)
	if nulls == 0 {
		return nil, 0
	}
	return memory.NewBufferBytes(bitmap.ToBytes(v.Valid, v.Len)), nulls
}

func toViews(v *Vec, t arrow.DataType, valid *memory.Buffer, nulls int) (*array.Data, error) {
	b := NewBuilder(v.Type)
	b.Append(v)
	heads := Of[ViewHeader](&Vec{Data: b.data, Len: v.Len})
	for i := range heads {
		if valid != nil && !bitmap.Get(v.Valid, i) {
			heads[i] = ViewHeader{}
		}
	}
	bufs := []*memory.Buffer{valid, memory.NewBufferBytes(b.data)}
	for _, x := range b.text.bufs {
		bufs = append(bufs, memory.NewBufferBytes(x[:len(x):len(x)]))
	}
	return array.NewData(t, v.Len, bufs, nil, nulls, 0), nil
}

func toStruct(v *Vec, t *arrow.StructType, valid *memory.Buffer, nulls int) (*array.Data, error) {
	children := make([]arrow.ArrayData, t.NumFields())
	if len(children) != len(v.Child) {
		return nil, fault.New(fault.Internal, "arrow", "a struct of %d fields cannot become %s", len(v.Child), t)
	}
	for i := range children {
		d, err := toData(&v.Child[i], t.Field(i).Type)
		if err != nil {
			return nil, err
		}
		children[i] = d
	}
	return array.NewData(t, v.Len, []*memory.Buffer{valid}, children, nulls, 0), nil
}

func toDecimal(v *Vec, t arrow.DataType, valid *memory.Buffer, nulls int) (*array.Data, error) {
	w := bytesOfType(t)
	from := 32
	if v.Phys == Dec128 {
		from = 16
	}
	out := alignedBytes(v.Len * w)
	for i := range v.Len {
		src, dst := v.Data[i*from:(i+1)*from], out[i*w:(i+1)*w]
		n := copy(dst, src)
		sign := byte(int8(src[from-1]) >> 7)
		for k := n; k < w; k++ {
			dst[k] = sign
		}
		for k := n; k < from; k++ {
			if top := byte(int8(dst[w-1]) >> 7); src[k] != top && v.ValidAt(i) {
				return nil, &fault.Error{Kind: fault.Data, Op: "arrow", Row: int64(i) + 1, Err: fault.New(fault.Data, "", "a decimal does not fit %s", t)}
			}
		}
	}
	zeroNulls(out, w, v.Valid, v.Len, nulls)
	return array.NewData(t, v.Len, []*memory.Buffer{valid, memory.NewBufferBytes(out)}, nil, nulls, 0), nil
}

// zeroNulls clears the values of w bytes under nulls, of n rows: there lies whatever the memory was used for before.
func zeroNulls(data []byte, w int, valid []uint64, n, nulls int) {
	if nulls == 0 {
		return
	}
	for k, word := range valid[:(n+63)/64] {
		gone := ^word
		if left := n - 64*k; left < 64 {
			gone &= 1<<left - 1
		}
		if gone == ^uint64(0) {
			clear(data[64*k*w : 64*(k+1)*w])
			continue
		}
		for ; gone != 0; gone &= gone - 1 {
			at := (64*k + bits.TrailingZeros64(gone)) * w
			clear(data[at : at+w])
		}
	}
}
