package readers

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// castDictionary keeps a dictionary of text as it is for a text column, and decodes any other.
func castDictionary(alloc memory.Allocator, d *array.Dictionary, to arrow.DataType) (arrow.Array, error) {
	if v := d.Dictionary().DataType(); arrow.TypeEqual(v, textType(to)) || isText(to) && v.ID() == arrow.STRING_VIEW || isBinary(to) && v.ID() == arrow.BINARY_VIEW {
		if isText(to) || isBinary(to) {
			// As it is: the dictionary's identity is what caches of its values hold on to.
			d.Retain()
			return d, nil
		}
	}
	vals, err := castExact(alloc, d.Dictionary(), dictValueType(to))
	if err != nil {
		return nil, err
	}
	defer vals.Release()
	if isText(to) || isBinary(to) {
		typ := &arrow.DictionaryType{IndexType: d.Indices().DataType(), ValueType: vals.DataType()}
		return array.NewDictionaryArray(typ, d.Indices(), vals), nil
	}
	return gather(alloc, vals, dictRows(d))
}

func dictValueType(to arrow.DataType) arrow.DataType {
	if isText(to) || isBinary(to) {
		return textType(to)
	}
	return to
}

// decodeDictionary gives the plain array of a dictionary of type to's values.
func decodeDictionary(alloc memory.Allocator, d *array.Dictionary, to arrow.DataType) (arrow.Array, error) {
	vals, err := castExact(alloc, d.Dictionary(), to)
	if err != nil {
		return nil, err
	}
	defer vals.Release()
	return gather(alloc, vals, dictRows(d))
}

// dictRows lists each row's place in the dictionary, -1 for null.
func dictRows(d *array.Dictionary) []int {
	rows := make([]int, d.Len())
	for i := range rows {
		if rows[i] = -1; d.IsValid(i) {
			rows[i] = d.GetValueIndex(i)
		}
	}
	return rows
}

// castRuns expands a run-end encoded column.
func castRuns(alloc memory.Allocator, r *array.RunEndEncoded, to arrow.DataType) (arrow.Array, error) {
	vals, err := castExact(alloc, r.Values(), dictValueType(to))
	if err != nil {
		return nil, err
	}
	defer vals.Release()
	rows := make([]int, r.Len())
	for i := range rows {
		rows[i] = r.GetPhysicalIndex(i)
	}
	return gather(alloc, vals, rows)
}

// gather returns vals at the places, null where a place is -1. Runs of neighbours are copied as one: it serves layouts that are rare.
func gather(alloc memory.Allocator, vals arrow.Array, places []int) (arrow.Array, error) {
	if len(places) == 0 {
		return nullArray(alloc, vals.DataType(), 0), nil
	}
	null := nullArray(alloc, vals.DataType(), 1)
	defer null.Release()
	parts := make([]arrow.Array, 0, len(places))
	defer func() { releaseAll(parts) }()
	for i := 0; i < len(places); {
		p := places[i]
		if p >= vals.Len() {
			return nil, fmt.Errorf("index %d into a dictionary of %d values", p, vals.Len())
		}
		j := i + 1
		if p < 0 {
			null.Retain()
			parts = append(parts, null)
			i = j
			continue
		}
		for j < len(places) && places[j] == p+(j-i) && places[j] < vals.Len() {
			j++
		}
		parts = append(parts, array.NewSlice(vals, int64(p), int64(p+j-i)))
		i = j
	}
	return array.Concatenate(parts, alloc)
}
