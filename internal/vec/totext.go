package vec

import (
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sheafdata/sheaf/fault"
)

// textRows are rows of text as places in a column of headers: at[i] for row i, or i where at is nil. Rows whose bit in valid is 0 are
// null; valid is nil where none is.
type textRows struct {
	heads []ViewHeader
	bufs  [][]byte
	at    []uint32
	valid []uint64
	n     int
}

// array lays the values one after the other, as Arrow's types with offsets do.
func (r *textRows) array(t arrow.DataType, valid *memory.Buffer, nulls int) (*array.Data, error) {
	var offs, data []byte
	if id := t.ID(); id == arrow.LARGE_STRING || id == arrow.LARGE_BINARY {
		offs = freshBytes((r.n + 1) * 8)
		data, _ = layText(r, over[int64](offs, r.n+1), math.MaxInt64)
	} else {
		offs = freshBytes((r.n + 1) * 4)
		total := int64(0)
		if data, total = layText(r, over[int32](offs, r.n+1), math.MaxInt32); total > math.MaxInt32 {
			return nil, fault.New(fault.Memory, "arrow", "a batch holds %d bytes of text, more than the %s type can", total, t).
				WithHint("use a large type or smaller batches")
		}
	}
	return array.NewData(t, r.n, []*memory.Buffer{valid, memory.NewBufferBytes(offs), memory.NewBufferBytes(data)}, nil, nulls, 0), nil
}

// layText writes the offsets and returns the data and its length; no data where that is more than limit.
func layText[T int32 | int64](r *textRows, offs []T, limit int64) ([]byte, int64) {
	total, longest := measure(r, offs)
	if total > limit {
		return nil, total
	}
	data := freshBytes(int(total) + InlineLen)
	if longest > InlineLen {
		placeLong(r, offs, data)
	} else {
		placeShort(r, offs, data)
	}
	return data[:total:total], total
}

// measure writes where each row's value starts and the last one ends, and returns that and the length of the longest value.
func measure[T int32 | int64](r *textRows, offs []T) (total int64, longest uint32) {
	offs = offs[:r.n+1]
	offs[0] = 0
	offs = offs[1:]
	if r.valid != nil {
		return measureValid(r, offs)
	}
	heads := r.heads
	if r.at == nil {
		for i := range heads[:len(offs)] {
			n := heads[i].Len
			total += int64(n)
			longest = max(longest, n)
			offs[i] = T(total)
		}
		return total, longest
	}
	for i, k := range r.at[:len(offs)] {
		n := heads[k].Len
		total += int64(n)
		longest = max(longest, n)
		offs[i] = T(total)
	}
	return total, longest
}

// measureValid is measure of the ends alone, where some rows are null: those have no length, whatever their header says.
func measureValid[T int32 | int64](r *textRows, ends []T) (total int64, longest uint32) {
	for from := 0; from < len(ends); from += 64 {
		word := r.valid[from>>6]
		block := ends[from:min(from+64, len(ends))]
		if r.at == nil {
			heads := r.heads[from:][:len(block)]
			for i := range heads {
				n := heads[i].Len & -uint32(word&1)
				word >>= 1
				total += int64(n)
				longest = max(longest, n)
				block[i] = T(total)
			}
			continue
		}
		heads := r.heads
		for i, k := range r.at[from:][:len(block)] {
			n := heads[k].Len & -uint32(word&1)
			word >>= 1
			total += int64(n)
			longest = max(longest, n)
			block[i] = T(total)
		}
	}
	return total, longest
}

// short is the 12 bytes of a header behind the length: all of a short value.
func (h *ViewHeader) short() *[InlineLen]byte { return (*[InlineLen]byte)(unsafe.Pointer(&h.Prefix)) }

// placeShort writes values of at most InlineLen bytes. All of a header's bytes are written, whatever the value's length: what is too
// much is overwritten by the next value, or lies behind the last one, where data has room for it. The offsets are measure's, so none
// is beyond that room.
func placeShort[T int32 | int64](r *textRows, offs []T, data []byte) {
	heads, to := r.heads, unsafe.Pointer(unsafe.SliceData(data))
	if r.at == nil {
		heads = heads[:r.n]
		offs = offs[:len(heads)]
		for i := range heads {
			*(*[InlineLen]byte)(unsafe.Add(to, offs[i])) = *heads[i].short()
		}
		return
	}
	at := r.at[:r.n]
	offs = offs[:len(at)]
	for i, k := range at {
		*(*[InlineLen]byte)(unsafe.Add(to, offs[i])) = *heads[k].short()
	}
}

// placeLong is placeShort for values of any length.
func placeLong[T int32 | int64](r *textRows, offs []T, data []byte) {
	from := offs[0]
	for i, to := range offs[1 : r.n+1] {
		k := i
		if r.at != nil {
			k = int(r.at[i])
		}
		h := &r.heads[k]
		if to-from <= InlineLen { // also a null, whatever its header says
			*(*[InlineLen]byte)(data[from:]) = *h.short()
		} else {
			copy(data[from:to], r.bufs[h.Buf][h.Off:h.Off+h.Len])
		}
		from = to
	}
}
