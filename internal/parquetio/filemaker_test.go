package parquetio

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

// A writer of tiny Parquet files with full control of every byte, for what real writers no longer or never do.

// thriftWriter writes the compact protocol.
type thriftWriter struct {
	bytes.Buffer
	last []int16
}

func (w *thriftWriter) begin() { w.last = append(w.last, 0) }
func (w *thriftWriter) end() {
	w.WriteByte(tStop)
	w.last = w.last[:len(w.last)-1]
}

func (w *thriftWriter) head(id int16, typ byte) {
	top := &w.last[len(w.last)-1]
	if d := id - *top; d > 0 && d < 16 {
		w.WriteByte(byte(d)<<4 | typ)
	} else {
		w.WriteByte(typ)
		w.varint(int64(id))
	}
	*top = id
}

func (w *thriftWriter) uvarint(v uint64) { w.Write(binary.AppendUvarint(nil, v)) }
func (w *thriftWriter) varint(v int64)   { w.Write(binary.AppendVarint(nil, v)) }

func (w *thriftWriter) i32(id int16, v int) { w.head(id, tI32); w.varint(int64(v)) }
func (w *thriftWriter) i64(id int16, v int) { w.head(id, tI64); w.varint(int64(v)) }
func (w *thriftWriter) bool(id int16, v bool) {
	if v {
		w.head(id, tTrue)
	} else {
		w.head(id, tFalse)
	}
}
func (w *thriftWriter) bin(id int16, b []byte) {
	w.head(id, tBinary)
	w.uvarint(uint64(len(b)))
	w.Write(b)
}
func (w *thriftWriter) list(id int16, typ byte, n int) {
	w.head(id, tList)
	if n < 15 {
		w.WriteByte(byte(n)<<4 | typ)
	} else {
		w.WriteByte(0xf0 | typ)
		w.uvarint(uint64(n))
	}
}
func (w *thriftWriter) struct_(id int16, f func()) {
	w.head(id, tStruct)
	w.begin()
	f()
	w.end()
}

// testColumn is a column of a made file, with one chunk.
type testColumn struct {
	name    string
	typ     physType
	typeLen int
	rep     int
	conv    int // 0: none (UTF8 is -1, as 0 is its number)
	pages   []testPage
	min     []byte // new statistics where not nil
	max     []byte
	oldMin  []byte // deprecated statistics
	oldMax  []byte
	nulls   int // -1: none
	codec   int
}

type testPage struct {
	typ    int // page…
	values int
	enc    encoding
	defEnc encoding
	body   []byte // stored as it is, levels included
	size   int    // uncompressed size, 0: that of body
	crc    *int32
	// v2
	rows, defLen, repLen, nulls int
}

const testUTF8 = -1

func (p *testPage) encode() []byte {
	w := &thriftWriter{}
	w.begin()
	w.i32(1, p.typ)
	size := p.size
	if size == 0 {
		size = len(p.body)
	}
	w.i32(2, size)
	w.i32(3, len(p.body))
	if p.crc != nil {
		w.i32(4, int(*p.crc))
	}
	switch p.typ {
	case pageData:
		w.struct_(5, func() {
			w.i32(1, p.values)
			w.i32(2, int(p.enc))
			w.i32(3, int(p.defEnc))
			w.i32(4, int(encRLE))
		})
	case pageDict:
		w.struct_(7, func() { w.i32(1, p.values); w.i32(2, int(encPlain)) })
	case pageDataV2:
		w.struct_(8, func() {
			w.i32(1, p.values)
			w.i32(2, p.nulls)
			w.i32(3, p.rows)
			w.i32(4, int(p.enc))
			w.i32(5, p.defLen)
			w.i32(6, p.repLen)
			w.bool(7, false)
		})
	}
	w.end()
	return append(w.Bytes(), p.body...)
}

// makeFile makes a file of one row group of flat columns.
func makeFile(rows int, cols ...testColumn) []byte {
	var out bytes.Buffer
	out.WriteString(magic)
	type span struct{ start, size, dict, values int }
	spans := make([]span, len(cols))
	for i := range cols {
		s := span{start: out.Len(), dict: -1}
		for j := range cols[i].pages {
			p := &cols[i].pages[j]
			if p.typ == pageDict {
				s.dict = out.Len()
			} else {
				s.values += p.values
			}
			out.Write(p.encode())
		}
		s.size = out.Len() - s.start
		spans[i] = s
	}
	w := &thriftWriter{}
	w.begin()
	w.i32(1, 1)
	w.list(2, tStruct, len(cols)+1)
	w.begin()
	w.bin(4, []byte("root"))
	w.i32(5, len(cols))
	w.end()
	for i := range cols {
		cols[i].schema(w)
	}
	w.i64(3, rows)
	w.list(4, tStruct, 1)
	w.begin()
	w.list(1, tStruct, len(cols))
	for i := range cols {
		c, s := &cols[i], spans[i]
		w.begin()
		w.i64(2, s.start)
		w.struct_(3, func() { c.meta(w, s.start, s.size, s.dict, s.values) })
		w.end()
	}
	w.i64(2, out.Len())
	w.i64(3, rows)
	w.end()
	w.list(7, tStruct, len(cols))
	for range cols {
		w.begin()
		w.struct_(1, func() {})
		w.end()
	}
	w.end()
	out.Write(w.Bytes())
	out.Write(binary.LittleEndian.AppendUint32(nil, uint32(w.Len())))
	out.WriteString(magic)
	return out.Bytes()
}

func (c *testColumn) schema(w *thriftWriter) {
	w.begin()
	w.i32(1, int(c.typ))
	if c.typeLen > 0 {
		w.i32(2, c.typeLen)
	}
	w.i32(3, c.rep)
	w.bin(4, []byte(c.name))
	if c.conv == testUTF8 {
		w.i32(6, convUTF8)
	} else if c.conv != 0 {
		w.i32(6, c.conv)
	}
	w.end()
}

func (c *testColumn) meta(w *thriftWriter, start, size, dict, values int) {
	w.i32(1, int(c.typ))
	w.list(2, tI32, 0)
	w.list(3, tBinary, 1)
	w.uvarint(uint64(len(c.name)))
	w.WriteString(c.name)
	w.i32(4, c.codec)
	w.i64(5, values)
	w.i64(6, size)
	w.i64(7, size)
	w.i64(9, start)
	if dict >= 0 {
		w.i64(11, dict)
	}
	w.struct_(12, func() {
		if c.oldMax != nil {
			w.bin(1, c.oldMax)
		}
		if c.oldMin != nil {
			w.bin(2, c.oldMin)
		}
		if c.nulls >= 0 {
			w.i64(3, c.nulls)
		}
		if c.max != nil {
			w.bin(5, c.max)
		}
		if c.min != nil {
			w.bin(6, c.min)
		}
	})
}

// open opens a file in memory.
func openBytes(b []byte) (*File, error) {
	return Open(bytes.NewReader(b), int64(len(b)), "test.parquet")
}

func mustOpen(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := openBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// memFile is an io.ReaderAt that offers its bytes.
type memFile struct {
	*bytes.Reader
	b []byte
}

func newMemFile(b []byte) memFile { return memFile{bytes.NewReader(b), b} }

func (m memFile) Bytes(off int64, n int) ([]byte, bool) {
	if off < 0 || n < 0 || off+int64(n) > int64(len(m.b)) {
		return nil, false
	}
	return m.b[off : off+int64(n) : off+int64(n)], true
}

// Plain encodings.
func plain32(v ...int32) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func plain64(v ...int64) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return b
}

func plainDoubles(v ...float64) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

func plainStrings(v ...string) (b []byte) {
	for _, s := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

// rleRun is one RLE run of the hybrid.
func rleRun(n int, width uint, value uint32) []byte {
	b := binary.AppendUvarint(nil, uint64(n)<<1)
	for i := uint(0); i < (width+7)/8; i++ {
		b = append(b, byte(value>>(8*i)))
	}
	return b
}

// packedRun is one bit-packed run of the hybrid; len(v) is a multiple of 8.
func packedRun(width uint, v ...uint32) []byte {
	b := binary.AppendUvarint(nil, uint64(len(v)/8)<<1|1)
	return append(b, packBits(width, v...)...)
}

func packBits(width uint, v ...uint32) []byte {
	b := make([]byte, (len(v)*int(width)+7)/8)
	for i, x := range v {
		for j := uint(0); j < width; j++ {
			p := uint(i)*width + j
			b[p/8] |= byte(x>>j&1) << (p % 8)
		}
	}
	return b
}

// withLength puts the 4 bytes of length before levels.
func withLength(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}
