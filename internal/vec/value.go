package vec

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
)

// EqualRows says whether row i of a and row j of b, of one logical type, hold the same value, or are both null: by bits, so NaNs of one
// pattern are equal and zeros of different sign are not. It is for tests and rare paths: loops compare typed slices.
func EqualRows(a *Vec, i int, b *Vec, j int) bool {
	return bytes.Equal(a.appendKey(nil, i), b.appendKey(nil, j))
}

// Equal says whether a and b have the same type, length and rows, whatever their encoding.
func Equal(a, b *Vec) bool {
	if a.Len != b.Len || !arrow.TypeEqual(a.Type, b.Type) {
		return false
	}
	for i := range a.Len {
		if !EqualRows(a, i, b, i) {
			return false
		}
	}
	return true
}

// Text returns row i as users read it, "(null)" for a null: for messages.
func (v *Vec) Text(i int) string {
	var one Vec
	Slice(&one, v, i, 1, nil)
	arr, err := ToArrow(&one, v.Type)
	if err != nil {
		return "?"
	}
	return arr.ValueStr(0)
}
