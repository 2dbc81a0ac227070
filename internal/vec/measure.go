package vec

import "github.com/sheafdata/sheaf/internal/bitmap"

// Measure knows how many bytes of text and list elements the rows of a column have, beside what each row has anyway. It is good as long
// as the column is.
type Measure struct {
	// Widest is the bytes of the row that has most, or more.
	Widest int64

	col     *Vec
	heads   []ViewHeader
	element int64     // bytes of an element of a list, at most
	parts   []Measure // of the values of a dictionary, or of the fields of a struct
}

// MeasureOf measures a column: it looks at each row once, and of lists at each element.
func MeasureOf(v *Vec) Measure {
	m := measureOf(v)
	m.Widest = m.widest()
	return m
}

// measureOf is MeasureOf without Widest.
func measureOf(v *Vec) Measure {
	m := Measure{col: v}
	switch {
	case v.Dict != nil:
		m.parts = []Measure{measureOf(&v.Dict.Values)}
	case v.Phys == View:
		m.heads = Of[ViewHeader](v)
	case v.Phys == List && v.Len > 0:
		child := MeasureOf(&v.Child[0])
		m.element = max(1, int64(v.Child[0].Width)) + child.Widest
	case v.Phys == Struct:
		for i := range v.Child {
			m.parts = append(m.parts, MeasureOf(&v.Child[i]))
		}
	}
	return m
}

func (m *Measure) widest() int64 {
	v, most := m.col, int64(0)
	switch {
	case v.Dict != nil && v.Dict.Values.Len < v.Len:
		return m.parts[0].widest()
	case v.Dict != nil:
	case v.Phys == View && len(v.Bufs) == 0:
		return InlineLen
	case v.Phys == View:
		return longest(m.heads)
	case v.Phys == Struct:
		for i := range m.parts {
			most += m.parts[i].Widest
		}
		return most
	case v.Phys != List:
		return 0
	}
	for i := range v.Len {
		most = max(most, m.Row(i))
	}
	return most
}

// longest returns the length of the longest text; what lies under a null counts, too.
func longest(heads []ViewHeader) int64 {
	most := uint32(0)
	for i := range heads {
		most = max(most, heads[i].Len)
	}
	return int64(most)
}

// Row returns the bytes of row i, or more.
func (m *Measure) Row(i int) int64 {
	v := m.col
	switch {
	case v.Valid != nil && !bitmap.Get(v.Valid, i):
	case v.Dict != nil:
		return m.parts[0].Row(int(v.Codes()[i]))
	case v.Phys == View:
		return int64(m.heads[i].Len)
	case v.Phys == List:
		return int64(v.Offs[i+1]-v.Offs[i]) * m.element
	case v.Phys == Struct:
		sum := int64(0)
		for k := range m.parts {
			sum += m.parts[k].Row(i)
		}
		return sum
	}
	return 0
}

// SharedText returns the bytes of long text that the rows of a column have in its dictionary: 0 where there is none.
func SharedText(v *Vec) int64 {
	if v.Dict == nil || v.Phys != View || v.Dict.Values.Len == 0 || len(v.Dict.Values.Bufs) == 0 {
		return 0
	}
	sum, heads := int64(0), Of[ViewHeader](&v.Dict.Values)
	for _, c := range v.Codes() {
		sum += int64(heads[c].Len)
	}
	return sum
}
