package shuffle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

var errNodes = errors.New("columns end early")

// decoder makes columns of nodes and buffers, over the buffers' memory where it can.
type decoder struct {
	scratch *vec.Scratch
	nodes   []byte
	bufs    [][]byte // aligned to 8 bytes
	dicts   []cachedDict
	dict    int // of which dictionary column it is the turn
	inDict  bool
}

// cachedDict is a dictionary as it was last met in a column: frames of a chunk have the same, and it stays one *Dict then.
type cachedDict struct {
	blob []byte
	dict *vec.Dict
}

// begin makes d ready for nodes and buffers.
func (d *decoder) begin(nodes []byte, bufs [][]byte) {
	d.nodes, d.bufs, d.dict = nodes, bufs, 0
}

// end says whether all was used.
func (d *decoder) end() error {
	if len(d.nodes) > 0 || len(d.bufs) > 0 {
		return fmt.Errorf("%d bytes of nodes and %d buffers are left over", len(d.nodes), len(d.bufs))
	}
	return nil
}

func (d *decoder) byte() (byte, error) {
	if len(d.nodes) == 0 {
		return 0, errNodes
	}
	b := d.nodes[0]
	d.nodes = d.nodes[1:]
	return b, nil
}

// buffer takes the next buffer, which must have so many bytes.
func (d *decoder) buffer(size int) ([]byte, error) {
	if len(d.bufs) == 0 {
		return nil, errNodes
	}
	b := d.bufs[0]
	d.bufs = d.bufs[1:]
	if size >= 0 && len(b) != size {
		return nil, fmt.Errorf("a buffer has %d bytes, %d expected", len(b), size)
	}
	return b, nil
}

func (d *decoder) column(c *column, n int, v *vec.Vec) error {
	flags, err := d.byte()
	if err != nil {
		return err
	}
	if flags&^(nodeNulls|nodeDict) != 0 {
		return fmt.Errorf("unknown flags %#x of a column", flags)
	}
	*v = vec.Vec{Type: c.typ, Phys: c.phys, Width: c.width, Len: n}
	if flags&nodeNulls != 0 {
		b, err := d.buffer(bitmap.Words(n) * 8)
		if err != nil {
			return err
		}
		v.Valid = words(b)
	}
	if flags&nodeDict != 0 {
		return d.dictionary(c, v)
	}
	switch c.phys {
	case vec.Null:
		return nil
	case vec.Bool:
		v.Data, err = d.buffer(bitmap.Words(n) * 8)
		return err
	case vec.View:
		return d.views(v)
	case vec.List:
		return d.list(c, v)
	case vec.Struct:
		v.Child = d.scratch.Vecs(len(c.child))
		for i := range c.child {
			if err := d.column(&c.child[i], n, &v.Child[i]); err != nil {
				return err
			}
		}
		return nil
	}
	v.Data, err = d.buffer(n * c.width)
	return err
}

// views checks every header against the text, so that no value can lie outside of it.
func (d *decoder) views(v *vec.Vec) (err error) {
	if v.Data, err = d.buffer(v.Len * 16); err != nil {
		return err
	}
	text, err := d.buffer(-1)
	if err != nil {
		return err
	}
	heads, size := vec.Of[vec.ViewHeader](v), uint64(len(text))
	for i := range heads {
		if h := &heads[i]; h.Len > vec.InlineLen && (h.Buf != 0 || uint64(h.Off)+uint64(h.Len) > size) {
			return fmt.Errorf("text of row %d is outside of its buffer", i)
		}
	}
	if size > 0 {
		v.Bufs = d.scratch.BufList(1)
		v.Bufs[0] = text
	}
	return nil
}

func (d *decoder) list(c *column, v *vec.Vec) error {
	elems, size := binary.Uvarint(d.nodes)
	if size <= 0 || elems > 1<<31-1 {
		return errNodes
	}
	d.nodes = d.nodes[size:]
	b, err := d.buffer((v.Len + 1) * 4)
	if err != nil {
		return err
	}
	v.Offs = unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b))), v.Len+1)
	last := int32(0)
	for i, o := range v.Offs {
		if o < last || i == 0 && o != 0 {
			return fmt.Errorf("list %d ends before it begins", i)
		}
		last = o
	}
	if uint64(last) != elems {
		return fmt.Errorf("lists have %d elements, %d expected", last, elems)
	}
	v.Child = d.scratch.Vecs(1)
	return d.column(&c.child[0], int(elems), &v.Child[0])
}

func (d *decoder) dictionary(c *column, v *vec.Vec) error {
	if d.inDict {
		return errors.New("a dictionary of a dictionary")
	}
	width, err := d.byte()
	if err != nil {
		return err
	}
	if width != 1 && width != 2 && width != 4 {
		return fmt.Errorf("codes of %d bytes", width)
	}
	codes, err := d.buffer(v.Len * int(width))
	if err != nil {
		return err
	}
	blob, err := d.buffer(-1)
	if err != nil {
		return err
	}
	if v.Dict, err = d.values(c, blob); err != nil {
		return err
	}
	v.Width = 4
	wide := vec.Alloc[uint32](d.scratch, v.Len)
	top := uint32(0)
	switch width {
	case 1:
		top = widen(wide, codes)
	case 2:
		top = widen(wide, unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(codes))), v.Len))
	default:
		top = widen(wide, unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(codes))), v.Len))
	}
	if v.Len > 0 && int(top) >= max(v.Dict.Values.Len, 1) {
		return fmt.Errorf("code %d of a dictionary of %d values", top, v.Dict.Values.Len)
	}
	v.Data = vec.Bytes(wide)
	return nil
}

func widen[T uint8 | uint16 | uint32](dst []uint32, src []T) (top uint32) {
	src = src[:len(dst)]
	for i, c := range src {
		dst[i] = uint32(c)
		top = max(top, uint32(c))
	}
	return top
}

// values returns the dictionary of a blob. It is on the heap, because who gets rows of it may keep it.
func (d *decoder) values(c *column, blob []byte) (*vec.Dict, error) {
	at := d.dict
	d.dict++
	for len(d.dicts) <= at {
		d.dicts = append(d.dicts, cachedDict{})
	}
	if had := &d.dicts[at]; had.dict != nil && had.dict.Values.Type == c.typ && bytes.Equal(had.blob, blob) {
		return had.dict, nil
	}
	rows, bufs, nodes, err := openBlob(blob)
	if err != nil {
		return nil, err
	}
	sub := decoder{nodes: nodes, bufs: bufs, inDict: true}
	dict := &vec.Dict{}
	if err := sub.column(c, rows, &dict.Values); err != nil {
		return nil, err
	}
	if err := sub.end(); err != nil {
		return nil, err
	}
	d.dicts[at] = cachedDict{blob: slices.Clone(blob), dict: dict}
	return dict, nil
}

// openBlob reads what encoder.blob wrote; buffers are copied to aligned memory of their own.
func openBlob(b []byte) (rows int, bufs [][]byte, nodes []byte, err error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > maxFrameRows {
		return 0, nil, nil, errNodes
	}
	b = b[size:]
	k, size := binary.Uvarint(b)
	if size <= 0 || k > uint64(len(b)-size) {
		return 0, nil, nil, errNodes
	}
	b = b[size:]
	nodes, b = slices.Clone(b[:k]), b[k:]
	for len(b) > 0 {
		k, size := binary.Uvarint(b)
		if size <= 0 || k > uint64(len(b)-size) {
			return 0, nil, nil, errNodes
		}
		b = b[size:]
		var none *vec.Scratch
		buf := none.Alloc(int(k))
		copy(buf, b[:k])
		bufs, b = append(bufs, buf), b[k:]
	}
	return int(n), bufs, nodes, nil
}

// words views bytes as words.
func words(b []byte) []uint64 {
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

// shorts views bytes as 16-bit numbers.
func shorts(b []byte) []uint16 {
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/2)
}
