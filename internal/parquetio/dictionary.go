package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// dictionary is the values of a dictionary page as their Arrow type. Views are on the heap, because arrays made with them may outlive
// the Reader; other values are the arena's, and batches have copies.
type dictionary struct {
	n    int
	data []byte // n values of the leaf's width; views for strings
	buf  []byte // what long views point into
	// values is the one array that all batches of the chunk share, made at need.
	values arrow.Array
}

// loadDictionary reads the dictionary page whose header of length l is at off.
func (r *leafReader) loadDictionary(off int64, l int, h *pageHeader) error {
	switch {
	case r.dict != nil:
		return errors.New("the column chunk has two dictionary pages")
	case r.seenData:
		return errors.New("a dictionary page comes after data pages")
	case h.enc != encPlain && h.enc != encPlainDict:
		return fmt.Errorf("the dictionary page has encoding %d", h.enc)
	}
	b, err := r.src.payload(off, l, h)
	if err != nil {
		return err
	}
	data, owned, err := r.src.expand(r.codec, b, int(h.uncompressed))
	if err != nil {
		return err
	}
	n := int(h.values)
	if w := r.leaf.physWidth(); owned && r.leaf.conv == convSame && w > 0 && w == r.leaf.width && n <= len(data)/w {
		r.dict = &dictionary{n: n, data: data[:n*w]} // the values stand there as they are wanted
		return nil
	}
	r.dict, err = r.makeDictionary(data, n)
	if owned {
		r.mem.put(data)
	}
	return err
}

func (r *leafReader) makeDictionary(data []byte, n int) (*dictionary, error) {
	switch r.leaf.out {
	case outNull:
		return &dictionary{}, nil
	case outBool:
		return nil, errors.New("a dictionary of booleans")
	case outView:
		return r.viewDictionary(data, n)
	}
	d := &dictionary{n: n}
	w := r.leaf.physWidth()
	if w > 0 && n > len(data)/w || w == 0 && n > len(data)/4 {
		return nil, errDictShort
	}
	var err error
	if d.data, err = r.mem.get(n * r.leaf.width); err != nil {
		return nil, err
	}
	if w == 0 {
		_, err = convertBytes(r.leaf, d.data, data, n)
		return d, err
	}
	return d, r.leaf.convert(d.data, data[:n*w])
}

var errDictShort = errors.New("the dictionary page ends before its values do")

// viewDictionary copies the values' bytes, because the page's buffer is the arena's, and makes views of them.
func (r *leafReader) viewDictionary(data []byte, n int) (*dictionary, error) {
	if n > len(data)/4 {
		return nil, errDictShort
	}
	d := &dictionary{n: n}
	var err error
	if d.data, err = r.mem.heap(n * 16); err != nil {
		return nil, err
	}
	if d.buf, err = r.mem.heap(len(data)); err != nil {
		return nil, err
	}
	copy(d.buf, data)
	views := as[viewHeader](d.data)
	end, err := plainViews(views, d.buf, 0, 0)
	if err != nil {
		return nil, errDictShort
	}
	if r.leaf.isUTF8 && r.utf8 != UTF8Keep {
		if i := invalidView(views, d.buf, d.buf[:end]); i >= 0 {
			if r.utf8 == UTF8Error {
				return nil, invalidText(views[i].bytes(d.buf))
			}
			return d, r.replaceInvalid(d, views)
		}
	}
	return d, nil
}

// replaceInvalid replaces what is not UTF-8 in a dictionary.
func (r *leafReader) replaceInvalid(d *dictionary, views []viewHeader) error {
	extra := d.buf
	for i := range views {
		s := views[i].bytes(d.buf)
		if utf8.Valid(s) {
			continue
		}
		at := len(extra)
		extra = appendValid(extra, s)
		views[i] = makeView(extra[at:], 0, uint32(at))
	}
	if err := r.mem.claim(int64(len(extra) - len(d.buf))); err != nil {
		return err
	}
	d.buf = extra
	return nil
}

// array returns the dictionary as an array, the same one each time.
func (d *dictionary) array(t arrow.DataType) arrow.Array {
	if d.values == nil {
		bufs := []*memory.Buffer{nil, memory.NewBufferBytes(d.data), memory.NewBufferBytes(d.buf)}
		data := array.NewData(t, d.n, bufs, nil, 0, 0)
		d.values = array.MakeFromData(data)
	}
	return d.values
}

// viewHeader is the 16 bytes of an Arrow string view: length, then up to 12 bytes inline, or 4 bytes of prefix, the buffer's
// number and the offset in it.
type viewHeader struct {
	lo, hi uint64
}

const inlineLen = 12

// makeView returns the view of s, which stands at off of buffer buf.
func makeView(s []byte, buf, off uint32) viewHeader {
	if len(s) <= inlineLen {
		return inlineView(s)
	}
	return viewHeader{
		lo: uint64(len(s)) | uint64(binary.LittleEndian.Uint32(s))<<32,
		hi: uint64(buf) | uint64(off)<<32,
	}
}

func inlineView(s []byte) viewHeader {
	var raw [16]byte
	copy(raw[4:], s)
	return viewHeader{
		lo: binary.LittleEndian.Uint64(raw[:]) | uint64(len(s)),
		hi: binary.LittleEndian.Uint64(raw[8:]),
	}
}

func (v *viewHeader) len() int { return int(uint32(v.lo)) }

// bytes returns the value of a view into buf; a short one lies in the view itself.
func (v *viewHeader) bytes(buf []byte) []byte {
	n := v.len()
	if n <= inlineLen {
		return unsafe.Slice((*byte)(unsafe.Pointer(v)), 16)[4 : 4+n]
	}
	off := int(v.hi >> 32)
	return buf[off : off+n]
}
