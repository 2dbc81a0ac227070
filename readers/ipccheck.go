package readers

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/internal/vec"
)

// Arrays of an IPC file are its bytes as they are: lengths, offsets, indices and text are checked here before anything follows them.

// maxCheckDepth is how deep types may nest.
const maxCheckDepth = 64

var errShort = errors.New("a buffer is shorter than the column")

// maxBatchRows bounds the rows that a batch may claim: columns of nulls have no bytes to show for them.
const maxBatchRows = 1 << 31

func checkData(d arrow.ArrayData, depth int) error {
	n, off := d.Len(), d.Offset()
	if n < 0 || off < 0 || n > maxBatchRows || off > maxBatchRows || d.NullN() > n {
		return fmt.Errorf("it claims %d rows and %d nulls", n, d.NullN())
	}
	if depth == 0 {
		return errors.New("types nest too deep")
	}
	bufs := d.Buffers()
	if len(bufs) > 0 && bufs[0] != nil && bufs[0].Len() > 0 && int64(bufs[0].Len())*8 < int64(off+n) {
		return errShort
	}
	if d.NullN() > 0 && d.DataType().ID() != arrow.NULL && hasBitmap(d.DataType()) && (len(bufs) == 0 || bufs[0] == nil || bufs[0].Len() == 0) {
		return errors.New("it has nulls and no bitmap of them")
	}
	return checkType(d, depth)
}

func hasBitmap(t arrow.DataType) bool { return t.ID() != arrow.RUN_END_ENCODED }

func checkType(d arrow.ArrayData, depth int) error {
	n, off := d.Len(), d.Offset()
	switch t := d.DataType().(type) {
	case *arrow.NullType:
		return nil
	case *arrow.StringType, *arrow.BinaryType:
		return checkText(d, offsets32(d), isText(t))
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		return checkText(d, offsets64(d), isText(t))
	case arrow.BinaryViewDataType:
		return checkViews(d, isText(t))
	case *arrow.ListType, *arrow.MapType:
		return checkList(d, offsets32(d), depth)
	case *arrow.LargeListType:
		return checkList(d, offsets64(d), depth)
	case *arrow.ListViewType:
		return checkListView(d, arrow.Int32Traits.CastFromBytes(bufferBytes(d, 1)), arrow.Int32Traits.CastFromBytes(bufferBytes(d, 2)), depth)
	case *arrow.LargeListViewType:
		return checkListView(d, arrow.Int64Traits.CastFromBytes(bufferBytes(d, 1)), arrow.Int64Traits.CastFromBytes(bufferBytes(d, 2)), depth)
	case *arrow.FixedSizeListType:
		return checkChildren(d, int64(off+n)*int64(t.Len()), depth)
	case *arrow.StructType:
		if len(d.Children()) != t.NumFields() {
			return errShort
		}
		return checkChildren(d, int64(off+n), depth)
	case *arrow.DictionaryType:
		return checkDictionary(d, t, depth)
	case *arrow.RunEndEncodedType:
		return checkRuns(d, t, depth)
	case arrow.ExtensionType:
		return fmt.Errorf("the extension type %s is not supported", t.ExtensionName())
	case arrow.FixedWidthDataType:
		if need := (int64(off+n)*int64(t.BitWidth()) + 7) / 8; n > 0 && (len(d.Buffers()) < 2 || d.Buffers()[1] == nil || int64(d.Buffers()[1].Len()) < need) {
			return errShort
		}
		return nil
	default:
		return fmt.Errorf("the type %s is not supported", t)
	}
}

func checkChildren(d arrow.ArrayData, need int64, depth int) error {
	for _, c := range d.Children() {
		if int64(c.Len()) < need {
			return errShort
		}
		if err := checkData(c, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// checkListView checks that every list, also one under a null, lies within the elements.
func checkListView[T int32 | int64](d arrow.ArrayData, from, sizes []T, depth int) error {
	n, off := d.Len(), d.Offset()
	if len(d.Children()) != 1 || len(from) < off+n || len(sizes) < off+n {
		return errShort
	}
	elements := int64(d.Children()[0].Len())
	for i := off; i < off+n; i++ {
		if from[i] < 0 || sizes[i] < 0 || int64(from[i]) > elements-int64(sizes[i]) {
			return errors.New("a list lies beyond the elements")
		}
	}
	return checkChildren(d, 0, depth)
}

// offsets32 are the row ends of the array with the start before them; nil where the buffer is too short.
func offsets32(d arrow.ArrayData) []int32 {
	n, off := d.Len(), d.Offset()
	b := bufferBytes(d, 1)
	if len(b) < (off+n+1)*4 {
		return nil
	}
	return arrow.Int32Traits.CastFromBytes(b)[off : off+n+1]
}

func offsets64(d arrow.ArrayData) []int64 {
	n, off := d.Len(), d.Offset()
	b := bufferBytes(d, 1)
	if len(b) < (off+n+1)*8 {
		return nil
	}
	return arrow.Int64Traits.CastFromBytes(b)[off : off+n+1]
}

func bufferBytes(d arrow.ArrayData, i int) []byte {
	if bufs := d.Buffers(); i < len(bufs) && bufs[i] != nil {
		return bufs[i].Bytes()
	}
	return nil
}

// checkOffsets checks that offsets go up within limit.
func checkOffsets[T int32 | int64](offs []T, limit int) error {
	last := T(0)
	for _, o := range offs {
		if o < last {
			return errors.New("offsets go down")
		}
		last = o
	}
	if int64(last) > int64(limit) {
		return errors.New("an offset is beyond the values")
	}
	return nil
}

func checkText[T int32 | int64](d arrow.ArrayData, offs []T, text bool) error {
	if d.Len() == 0 {
		return nil
	}
	if offs == nil {
		return errShort
	}
	data := bufferBytes(d, 2)
	if err := checkOffsets(offs, len(data)); err != nil || !text {
		return err
	}
	if utf8.Valid(data[offs[0]:offs[len(offs)-1]]) && startsRunes(offs, data) {
		return nil
	}
	bits, off := bitmapOf(d)
	for i := range d.Len() {
		if (bits == nil || bitutil.BitIsSet(bits, off+i)) && !utf8.Valid(data[offs[i]:offs[i+1]]) {
			return fmt.Errorf("row %d of it is text that is not valid UTF-8", i+1)
		}
	}
	return nil
}

// startsRunes says whether each value begins where a character does: then all are valid when the whole is.
func startsRunes[T int32 | int64](offs []T, data []byte) bool {
	for _, o := range offs {
		if int(o) < len(data) && !utf8.RuneStart(data[o]) {
			return false
		}
	}
	return true
}

func bitmapOf(d arrow.ArrayData) ([]byte, int) {
	if d.NullN() == 0 {
		return nil, 0
	}
	if b := bufferBytes(d, 0); len(b) > 0 {
		return b, d.Offset()
	}
	return nil, 0
}

func checkViews(d arrow.ArrayData, text bool) error {
	n, off := d.Len(), d.Offset()
	if n == 0 {
		return nil
	}
	raw := bufferBytes(d, 1)
	if len(raw) < (off+n)*16 {
		return errShort
	}
	var bufs [][]byte
	for _, b := range d.Buffers()[2:] {
		bufs = append(bufs, bytesOfBuffer(b))
	}
	views := vec.Of[vec.ViewHeader](&vec.Vec{Len: off + n, Data: raw})[off:]
	bits, bitOff := bitmapOf(d)
	for i := range views {
		v := &views[i]
		if bits != nil && !bitutil.BitIsSet(bits, bitOff+i) {
			*v = vec.ViewHeader{} // what a null points to does not matter, so let it be harmless
			continue
		}
		if v.Len > vec.InlineLen && (int64(v.Buf) >= int64(len(bufs)) || int64(v.Off)+int64(v.Len) > int64(len(bufs[v.Buf]))) {
			return errors.New("a text lies outside its buffers")
		}
		if int32(v.Len) < 0 {
			return errors.New("a text has a negative length")
		}
		if val := v.Value(bufs); text && !utf8.Valid(val) {
			return fmt.Errorf("row %d of it is text that is not valid UTF-8", i+1)
		}
	}
	return nil
}

func bytesOfBuffer(b *memory.Buffer) []byte {
	if b == nil {
		return nil
	}
	return b.Bytes()
}

func checkList[T int32 | int64](d arrow.ArrayData, offs []T, depth int) error {
	if len(d.Children()) != 1 {
		return errShort
	}
	if d.Len() > 0 {
		if offs == nil {
			return errShort
		}
		if err := checkOffsets(offs, d.Children()[0].Len()); err != nil {
			return err
		}
	}
	return checkData(d.Children()[0], depth-1)
}

func checkDictionary(d arrow.ArrayData, t *arrow.DictionaryType, depth int) error {
	dict := d.Dictionary()
	if dict == nil || dict.DataType() == nil {
		return errors.New("its dictionary is missing")
	}
	if err := checkData(dict, depth-1); err != nil {
		return err
	}
	n, off := d.Len(), d.Offset()
	w := t.IndexType.(arrow.FixedWidthDataType).BitWidth() / 8
	b := bufferBytes(d, 1)
	if n > 0 && len(b) < (off+n)*w {
		return errShort
	}
	bits, bitOff := bitmapOf(d)
	for i := range n {
		if bits != nil && !bitutil.BitIsSet(bits, bitOff+i) {
			continue
		}
		var code uint64
		for k := w - 1; k >= 0; k-- {
			code = code<<8 | uint64(b[(off+i)*w+k])
		}
		if code >= uint64(dict.Len()) {
			return errors.New("an index is beyond its dictionary")
		}
	}
	return nil
}

func checkRuns(d arrow.ArrayData, t *arrow.RunEndEncodedType, depth int) error {
	if len(d.Children()) != 2 {
		return errShort
	}
	ends, vals := d.Children()[0], d.Children()[1]
	if err := checkData(ends, depth-1); err != nil {
		return err
	}
	if err := checkData(vals, depth-1); err != nil {
		return err
	}
	if ends.NullN() > 0 || vals.Len() < ends.Len() {
		return errShort
	}
	w := t.RunEnds().(arrow.FixedWidthDataType).BitWidth() / 8
	b := bufferBytes(ends, 1)
	last := int64(0)
	for i := range ends.Len() {
		at := (ends.Offset() + i) * w
		var end int64
		switch w {
		case 2:
			end = int64(arrow.Int16Traits.CastFromBytes(b[at : at+2])[0])
		case 4:
			end = int64(arrow.Int32Traits.CastFromBytes(b[at : at+4])[0])
		default:
			end = arrow.Int64Traits.CastFromBytes(b[at : at+8])[0]
		}
		if end <= last {
			return errors.New("run ends do not go up")
		}
		last = end
	}
	if last < int64(d.Offset()+d.Len()) {
		return errors.New("the runs end before the column")
	}
	return nil
}
