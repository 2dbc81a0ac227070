package optimizer

import "github.com/apache/arrow-go/v18/arrow"

func isFixedWidth(t arrow.DataType) bool {
	_, fixed := t.(arrow.FixedWidthDataType)
	return fixed && t.ID() != arrow.DICTIONARY
}

// intBits returns the width of an integer type and whether it is signed; ok is false for other types.
func intBits(t arrow.DataType) (bits int, signed, ok bool) {
	switch t.ID() {
	case arrow.INT8:
		return 8, true, true
	case arrow.INT16:
		return 16, true, true
	case arrow.INT32:
		return 32, true, true
	case arrow.INT64:
		return 64, true, true
	case arrow.UINT8:
		return 8, false, true
	case arrow.UINT16:
		return 16, false, true
	case arrow.UINT32:
		return 32, false, true
	case arrow.UINT64:
		return 64, false, true
	}
	return 0, false, false
}
