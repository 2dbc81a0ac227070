package parquetio

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"unsafe"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
)

// selection is the values to take of a Vec: the rows idx, or n rows from from where idx is nil. None of them is null.
type selection struct {
	from, n int
	idx     []int32
}

// addValid appends the validity of the selected rows to the page and takes the nulls out of the selection.
func (w *leafWriter) addValid(v *vec.Vec, s *selection) {
	at := w.entries
	if need := (at+s.n+7)/8 + 8; need > len(w.valid) {
		w.valid = append(w.valid, make([]byte, need-len(w.valid)+need/2)...)
	}
	switch {
	case v.Phys == vec.Null:
		fillBits(w.valid, at, s.n, false)
		w.nulls += s.n
		s.idx, s.n = w.idx[:0:0], 0
		return
	case v.Dict != nil && hasNulls(&v.Dict.Values):
		w.addDictValid(v, s)
		return
	case v.Valid == nil:
		fillBits(w.valid, at, s.n, true)
		return
	}
	ones := copyBits(w.valid, at, vec.Bytes(v.Valid), s.from, s.n)
	w.nulls += s.n - ones
	if ones == s.n {
		return
	}
	w.idx = sized(w.idx, s.n)[:0]
	for i := 0; i < s.n; i += 64 {
		x := load64Bits(vec.Bytes(v.Valid), s.from+i, min(64, s.n-i))
		for ; x != 0; x &= x - 1 {
			w.idx = append(w.idx, int32(s.from+i+bits.TrailingZeros64(x)))
		}
	}
	s.n, s.idx = len(w.idx), w.idx
}

// addDictValid is addValid for dictionaries with nulls in them.
func (w *leafWriter) addDictValid(v *vec.Vec, s *selection) {
	w.idx = w.idx[:0]
	for i := range s.n {
		ok := v.ValidAt(s.from + i)
		fillBits(w.valid, w.entries+i, 1, ok)
		if ok {
			w.idx = append(w.idx, int32(s.from+i))
		}
	}
	w.nulls += s.n - len(w.idx)
	s.n, s.idx = len(w.idx), w.idx
}

// values encodes the selected values.
func (w *leafWriter) values(v *vec.Vec, s selection) *fault.Error {
	if s.n == 0 || w.l.conv == writeNull || v.Phys == vec.Null {
		return nil
	}
	if v.Dict != nil {
		if v.Phys == vec.View && w.mode <= modeDict {
			w.putCodes(v, s)
			return nil
		}
		w.n32 = pick(w.n32, vec.Of[uint32](v), s)
		w.idx = sized(w.idx, len(w.n32))
		for i, c := range w.n32 {
			w.idx[i] = int32(c)
		}
		v, s = &v.Dict.Values, selection{n: len(w.idx), idx: w.idx}
	}
	switch w.l.elem.typ {
	case physBoolean:
		w.putBools(v, s)
		return nil
	case physInt32, physFloat:
		return w.values32(v, s)
	case physInt64, physDouble:
		return w.values64(v, s)
	case physFixed:
		return w.valuesFixed(v, s)
	}
	return w.putText(pickInto(&w.heads, vec.Of[vec.ViewHeader](v), s), v.Bufs)
}

// pick copies the selected values to dst.
func pick[T any](dst, src []T, s selection) []T {
	dst = sized(dst, s.n)
	if s.idx == nil {
		copy(dst, src[s.from:s.from+s.n])
		return dst
	}
	for i, x := range s.idx {
		dst[i] = src[x]
	}
	return dst
}

// pickInto returns the selected values: a part of src where they stand together, else over scratch.
func pickInto[T any](scratch *[]T, src []T, s selection) []T {
	if s.idx == nil {
		return src[s.from : s.from+s.n]
	}
	*scratch = pick(*scratch, src, s)
	return *scratch
}

// values32 encodes values of 4 bytes.
func (w *leafWriter) values32(v *vec.Vec, s selection) *fault.Error {
	var err *fault.Error
	switch w.l.conv {
	case writeWiden:
		w.n32 = sized(w.n32, s.n)
		switch v.Phys {
		case vec.Int8:
			widen(w.n32, vec.Of[int8](v), s)
		case vec.Uint8:
			widen(w.n32, vec.Of[uint8](v), s)
		case vec.Int16:
			widen(w.n32, vec.Of[int16](v), s)
		case vec.Uint16:
			widen(w.n32, vec.Of[uint16](v), s)
		}
		putNumbers(w, &w.d32, w.n32)
	case writeScale32:
		w.n32 = pick(w.n32, vec.Of[uint32](v), s)
		err = scale(asSigned32(w.n32), int32(w.l.mul), math.MaxInt32)
		putNumbers(w, &w.d32, w.n32)
	case writeDays:
		w.n32 = sized(w.n32, s.n)
		w.n64 = pick(w.n64, vec.Of[uint64](v), s)
		err = days(w.n32, asSigned64(w.n64), w.l.div)
		putNumbers(w, &w.d32, w.n32)
	case writeDec32:
		w.n32 = sized(w.n32, s.n)
		err = narrowDecimals(w.n32, v, s, math.MaxInt32)
		putNumbers(w, &w.d32, w.n32)
	default:
		putNumbers(w, &w.d32, pickInto(&w.n32, vec.Of[uint32](v), s))
	}
	return err
}

// values64 encodes values of 8 bytes.
func (w *leafWriter) values64(v *vec.Vec, s selection) *fault.Error {
	var err *fault.Error
	switch w.l.conv {
	case writeScale64:
		w.n64 = pick(w.n64, vec.Of[uint64](v), s)
		err = scale(asSigned64(w.n64), w.l.mul, math.MaxInt64)
		putNumbers(w, &w.d64, w.n64)
	case writeDec64:
		w.n64 = sized(w.n64, s.n)
		err = narrowDecimals(w.n64, v, s, math.MaxInt64)
		putNumbers(w, &w.d64, w.n64)
	default:
		putNumbers(w, &w.d64, pickInto(&w.n64, vec.Of[uint64](v), s))
	}
	return err
}

// widen turns narrow integers into 32 bits, with their sign.
func widen[T int8 | uint8 | int16 | uint16](dst []uint32, src []T, s selection) {
	if s.idx == nil {
		for i, x := range src[s.from : s.from+s.n] {
			dst[i] = uint32(int32(x))
		}
		return
	}
	for i, x := range s.idx {
		dst[i] = uint32(int32(src[x]))
	}
}

func asSigned32(v []uint32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

func asSigned64(v []uint64) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// scale multiplies values in place.
func scale[T int32 | int64](v []T, mul, most T) *fault.Error {
	for i, x := range v {
		if x > most/mul || x < -most/mul {
			return outOfRange(fmt.Sprint(x), "seconds", "milliseconds, which Parquet has instead,")
		}
		v[i] = x * mul
	}
	return nil
}

func outOfRange(value, what, as string) *fault.Error {
	err := fault.New(fault.Data, writeOp, "%s %s do not fit as %s in the file's type", value, what, as)
	err.Text = value
	return err
}

// days rounds milliseconds down to days.
func days(dst []uint32, v []int64, div int64) *fault.Error {
	for i, x := range v {
		d := x / div
		if x%div < 0 {
			d--
		}
		if d != int64(int32(d)) {
			return outOfRange(fmt.Sprint(x), "milliseconds", "days")
		}
		dst[i] = uint32(int32(d))
	}
	return nil
}

// narrowDecimals takes the lower part of decimals, which the precision says is all.
func narrowDecimals[K number](dst []K, v *vec.Vec, s selection, most int64) *fault.Error {
	n := v.Width / 8 // words of a value: 2 of decimal128, 4 of decimal256
	words := vec.Of[uint64](&vec.Vec{Data: v.Data, Len: n * v.Len})
	for i := range dst {
		x := s.from + i
		if s.idx != nil {
			x = int(s.idx[i])
		}
		d := words[n*x : n*x+n]
		lo := int64(d[0])
		beyond := lo > most || lo < -most-1
		for _, w := range d[1:] {
			beyond = beyond || int64(w) != lo>>63
		}
		if beyond {
			return wideDecimal()
		}
		dst[i] = K(lo)
	}
	return nil
}

func wideDecimal() *fault.Error {
	return fault.New(fault.Data, writeOp, "a decimal value has more digits than its type").WithHint("cast the column to a decimal of a higher precision")
}

// valuesFixed encodes values of a fixed number of bytes.
func (w *leafWriter) valuesFixed(v *vec.Vec, s selection) *fault.Error {
	width := int(w.l.elem.typeLen)
	w.fixed = sized(w.fixed, s.n*width)
	for i := range s.n {
		x := s.from + i
		if s.idx != nil {
			x = int(s.idx[i])
		}
		value, to := v.Data[x*v.Width:(x+1)*v.Width], w.fixed[i*width:(i+1)*width]
		if w.l.conv != writeDecimal {
			copy(to, value)
			continue
		}
		if !putBigEndian(to, value) {
			return wideDecimal()
		}
	}
	w.heads = sized(w.heads, s.n)
	for i := range w.heads {
		value := w.fixed[i*width : (i+1)*width]
		if width <= vec.InlineLen {
			w.heads[i] = vec.Inline(value)
		} else {
			w.heads[i] = vec.Long(value, 0, uint32(i*width))
		}
	}
	return w.putText(w.heads, [][]byte{w.fixed})
}

// putBigEndian writes little-endian two's complement as big-endian of fewer bytes, false where it does not fit.
func putBigEndian(dst, src []byte) bool {
	n := len(dst)
	for i := range dst {
		dst[n-1-i] = src[i]
	}
	sign := byte(int8(dst[0]) >> 7)
	for _, c := range src[n:] {
		if c != sign {
			return false
		}
	}
	return true
}

// putBools appends booleans to the page as bits.
func (w *leafWriter) putBools(v *vec.Vec, s selection) {
	if need := (w.bits+s.n+7)/8 + 8; need > len(w.plain) {
		w.plain = append(w.plain, make([]byte, need-len(w.plain))...)
	}
	ones := 0
	if s.idx == nil {
		ones = copyBits(w.plain, w.bits, v.Data, s.from, s.n)
	} else {
		for i, x := range s.idx {
			on := v.Data[x>>3]>>(uint(x)&7)&1 != 0
			fillBits(w.plain, w.bits+i, 1, on)
			if on {
				ones++
			}
		}
	}
	w.bits += s.n
	w.plain = w.plain[:(w.bits+7)/8]
	if w.bits&7 != 0 {
		w.plain[w.bits>>3] &= 1<<(w.bits&7) - 1
	}
	lo, hi := uint64(0), uint64(0)
	if ones == s.n {
		lo = 1
	}
	if ones > 0 {
		hi = 1
	}
	w.bounds.addInts(lo, hi)
}

// putNumbers encodes numbers as codes or appends them as they are.
func putNumbers[K number](w *leafWriter, d *numDict[K], v []K) {
	lo, hi := observe(w, v)
	if w.mode > modeDict {
		w.plain = append(w.plain, bytesOfNumbers(v)...)
		if w.bloom != nil {
			bloomNumbers(w.bloom, v)
		}
		return
	}
	if w.l.order == orderFloat {
		d.cover(0, math.MaxUint64)
	} else {
		if w.bounds.has { // all values so far: the dictionary may have more
			lo, hi = min(lo, w.bounds.lo), max(hi, w.bounds.hi)
		}
		if w.all.has {
			lo, hi = min(lo, w.all.lo), max(hi, w.all.hi)
		}
		base := lo
		if w.l.order == orderSigned {
			base ^= flip
		}
		d.cover(K(base), hi-lo)
	}
	at := len(w.codes)
	w.codes = grownCodes(w.codes, len(v))
	d.encode(w.codes[at:], v)
}

func bytesOfNumbers[K number](v []K) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(v[0])))
}

func grownCodes(c []uint32, n int) []uint32 {
	if need := len(c) + n; need > cap(c) {
		g := make([]uint32, len(c), min(max(need, 2*cap(c)), max(need, 2*pageRows)))
		copy(g, c)
		c = g
	}
	return c[:len(c)+n]
}

// observe adds numbers to the bounds of the page and returns the least and the greatest, mapped as the bounds are.
func observe[K number](w *leafWriter, v []K) (lo, hi uint64) {
	p := unsafe.Pointer(unsafe.SliceData(v))
	wide := unsafe.Sizeof(v[0]) == 8
	switch {
	case w.l.order == orderFloat && wide:
		w.bounds.addFloats(floatMinMax(unsafe.Slice((*float64)(p), len(v))))
		return 0, 0
	case w.l.order == orderFloat:
		w.bounds.addFloats(floatMinMax(unsafe.Slice((*float32)(p), len(v))))
		return 0, 0
	case w.l.order == orderUnsigned && wide:
		lo, hi = minMax(unsafe.Slice((*uint64)(p), len(v)))
	case w.l.order == orderUnsigned:
		a, b := minMax(unsafe.Slice((*uint32)(p), len(v)))
		lo, hi = uint64(a), uint64(b)
	case wide:
		a, b := minMax(unsafe.Slice((*int64)(p), len(v)))
		lo, hi = uint64(a)^flip, uint64(b)^flip
	default:
		a, b := minMax(unsafe.Slice((*int32)(p), len(v)))
		lo, hi = uint64(int64(a))^flip, uint64(int64(b))^flip
	}
	w.bounds.addInts(lo, hi)
	return lo, hi
}

// putCodes encodes text given as codes of a dictionary.
func (w *leafWriter) putCodes(v *vec.Vec, s selection) {
	codes := pickInto(&w.n32, vec.Of[uint32](v), s)
	at := len(w.codes)
	w.codes = grownCodes(w.codes, len(codes))
	w.dt.recode(w.codes[at:], codes, v.Dict)
	if w.dt.prefixed {
		n := 0
		for _, c := range w.codes[at:] {
			n += w.dt.entry(int(c)).len()
		}
		w.meta.textBytes += int64(n)
	}
}

// putText encodes byte strings.
func (w *leafWriter) putText(heads []vec.ViewHeader, bufs [][]byte) *fault.Error {
	n := sumLens(heads)
	w.meta.textBytes += int64(n)
	if w.mode <= modeDict {
		at := len(w.codes)
		w.codes = grownCodes(w.codes, len(heads))
		w.dt.encode(w.codes[at:], heads, bufs)
		return nil
	}
	if len(w.plain)+n+4*len(heads) > cap(w.plain) {
		w.plain = grown(w.plain, n+4*len(heads))[:len(w.plain)]
	}
	sign, most, bounded := w.l.sign(), w.l.boundBytes(), w.l.order != orderNone
	for i := range heads {
		value := heads[i].Value(bufs)
		w.appendBytes(value)
		if bounded {
			p, q := prefix12(words(&heads[i]), value)
			w.bounds.addText(p^sign, q, value, most)
		}
	}
	return nil
}

// appendBytes appends a byte string in plain encoding.
func (w *leafWriter) appendBytes(value []byte) {
	if w.dt.prefixed {
		w.plain = binary.LittleEndian.AppendUint32(w.plain, uint32(len(value)))
	}
	w.plain = append(w.plain, value...)
	if w.bloom != nil {
		w.bloom.add(xxhash(value))
	}
}

// textBytes is the bytes of the selected rows of text, nulls included.
func textBytes(v *vec.Vec, s selection) int {
	values, n := v, 0
	if v.Dict != nil {
		values = &v.Dict.Values
	}
	if values.Len == 0 {
		return 0
	}
	heads := vec.Of[vec.ViewHeader](values)
	if v.Dict == nil && s.idx == nil {
		return sumLens(heads[s.from : s.from+s.n])
	}
	for i := range s.n {
		x := s.from + i
		if s.idx != nil {
			x = int(s.idx[i])
		}
		if v.Dict != nil {
			x = int(v.Codes()[x])
		}
		n += int(heads[x].Len)
	}
	return n
}

func sumLens(heads []vec.ViewHeader) int {
	n := 0
	for i := range heads {
		n += int(heads[i].Len)
	}
	return n
}
