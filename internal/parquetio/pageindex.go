package parquetio

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/partition"
)

// PageStats is what the page index knows of a data page of a column chunk.
type PageStats struct {
	// Rows are the rows of the page within the row group.
	Rows RowRange
	// AllNull says that no row has a value.
	AllNull bool
	// Stats bounds the values as Stats of the row group does.
	Stats partition.ColumnStats
}

// Pages returns the statistics of the pages of a flat column's chunk, in row order and covering all rows, or nil where the file
// has no page index for it or one that cannot be right. Errors are of reading.
func (f *File) Pages(rowGroup, column int) (pages []PageStats, err error) {
	c := f.tree.columns[column]
	if !c.flat() {
		return nil, nil
	}
	defer func() {
		if p := recover(); p != nil {
			pages, err = nil, f.fail(fmt.Errorf("the page index is damaged: %v", p))
		}
	}()
	chunk := &f.meta.groups[rowGroup].cols[c.leaf.index]
	if chunk.encrypted || chunk.external || chunk.columnIdxLen <= 0 {
		return nil, nil
	}
	dir := f.offsetDirectory(rowGroup, c.leaf)
	if dir == nil {
		return nil, nil
	}
	b, err := f.indexBytes(chunk.columnIdxOff, chunk.columnIdxLen)
	if b == nil || err != nil {
		return nil, err
	}
	idx, ok := decodeColumnIndex(b, len(dir.pages))
	if !ok {
		return nil, nil
	}
	trusted := f.orderOf(c.leaf) != orderUnknown || signedOrder(c.leaf)
	pages = make([]PageStats, len(dir.pages))
	for i := range pages {
		p := &pages[i]
		from := dir.pages[i].row
		p.Rows = RowRange{from, from + dir.rows(i)}
		p.AllNull = idx.nullPages[i]
		if idx.nulls != nil && idx.nulls[i] >= 0 && idx.nulls[i] <= dir.rows(i) {
			p.Stats.NullsKnown, p.Stats.Nulls = true, idx.nulls[i]
		} else if c.leaf.maxDef == 0 {
			p.Stats.NullsKnown = true
		}
		if !p.AllNull && trusted {
			p.Stats.Min, p.Stats.Max = bounds(c.leaf, c.field.Type, idx.mins[i], idx.maxs[i])
		}
	}
	return pages, nil
}

// maxIndex bounds the page index of a chunk.
const maxIndex = 256 << 20

// indexBytes reads a part of the page index; nil where there is none within the file.
func (f *File) indexBytes(off int64, n int32) ([]byte, error) {
	if n <= 0 || n > maxIndex || off < int64(len(magic)) || off > f.dataEnd-int64(n) {
		return nil, nil
	}
	b, err := f.readAt(off, int(n))
	if err != nil {
		return nil, f.fail(err)
	}
	return b, nil
}

// offsetIndex reads where the pages of a chunk are.
func (f *File) offsetIndex(c *columnChunk) ([]pagePlace, error) {
	b, err := f.indexBytes(c.offsetIdxOff, c.offsetIdxLen)
	if b == nil || err != nil {
		return nil, err
	}
	r := &thriftReader{b: b}
	var places []pagePlace
	r.each(func(id int16, typ byte) bool {
		if id != 1 {
			return false
		}
		return r.elems(typ, func(n int) { places = make([]pagePlace, 0, min(n, maxFooterHint)) }, func() {
			var p pagePlace
			r.each(func(id int16, typ byte) bool {
				switch id {
				case 1:
					return r.fi64(typ, &p.off)
				case 3:
					return r.fi64(typ, &p.row)
				}
				return false
			})
			places = append(places, p)
		})
	})
	return places, r.err
}

// columnIndex has an entry a page.
type columnIndex struct {
	nullPages  []bool
	mins, maxs [][]byte
	nulls      []int64 // nil where the index has none
}

// decodeColumnIndex decodes the column index of a chunk of n pages. It returns false where the index is damaged or of another
// number of pages.
func decodeColumnIndex(b []byte, n int) (*columnIndex, bool) {
	r := &thriftReader{b: b}
	x := &columnIndex{}
	list := func(typ, elem byte) int {
		t, k := byte(0), 0
		if typ == tList {
			t, k = r.list()
		}
		if k != n || t != elem && !(elem == tTrue && t == tFalse) {
			r.fail(errThriftBad)
			return 0
		}
		return k
	}
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			for k := list(typ, tTrue); k > 0; k-- {
				x.nullPages = append(x.nullPages, r.bool())
			}
		case 2:
			for k := list(typ, tBinary); k > 0; k-- {
				x.mins = append(x.mins, r.bytes())
			}
		case 3:
			for k := list(typ, tBinary); k > 0; k-- {
				x.maxs = append(x.maxs, r.bytes())
			}
		case 5:
			for k := list(typ, tI64); k > 0; k-- {
				x.nulls = append(x.nulls, r.i64())
			}
		default:
			return false
		}
		return true
	})
	ok := r.err == nil && len(x.nullPages) == n && len(x.mins) == n && len(x.maxs) == n && (x.nulls == nil || len(x.nulls) == n)
	return x, ok
}

// DictionaryValues returns all values that a flat column has in a row group, where they are known from its dictionary because
// every data page is dictionary-encoded; else nil. Values may repeat, may occur in no row, and say nothing of nulls. The array is
// of the column's type, views for strings, and belongs to the caller.
func (f *File) DictionaryValues(rowGroup, column int) (values arrow.Array, err error) {
	c := f.tree.columns[column]
	chunk := &f.meta.groups[rowGroup].cols[c.first().leaf.index]
	if !c.flat() || c.leaf.out == outNull || c.leaf.out == outBool || chunk.encrypted || chunk.external {
		return nil, nil
	}
	if chunk.plainPages > 0 || chunk.encodings != 0 && chunk.encodings&(1<<encPlainDict|1<<encRLEDict) == 0 {
		return nil, nil
	}
	mem := &arena{limit: baseLimit + limitPerByte*f.size}
	defer mem.close()
	r, err := f.newLeafReader(c, true, mem, &ReadOptions{RowGroup: rowGroup}, minWindow)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			values, err = nil, r.fail(fmt.Errorf("the dictionary is damaged: %v", p))
		}
	}()
	if err := r.firstDictionary(); err != nil {
		return nil, r.fail(err)
	}
	if r.dict == nil || !r.onlyCodes(chunk) {
		return nil, nil
	}
	t := c.arrayType()
	if c.leaf.out == outView {
		return r.dict.array(t), nil
	}
	own := bytes.Clone(r.dict.data) // that is the arena's, which other readers take from here on
	data := array.NewData(t, r.dict.n, []*memory.Buffer{nil, memory.NewBufferBytes(own)}, nil, 0, 0)
	return array.MakeFromData(data), nil
}

// onlyCodes says whether all data pages are dictionary-encoded: by the encoding statistics, else by the page headers.
func (r *leafReader) onlyCodes(chunk *columnChunk) bool {
	if chunk.dictPages > 0 {
		return chunk.plainPages == 0
	}
	rows := int64(0)
	for off := r.src.off; rows < chunk.numValues; {
		codes, values, next, err := r.peekDict(off)
		if err != nil || values == 0 || !codes {
			return false
		}
		rows += int64(values)
		off = next
	}
	return true
}
