package parquetio

// SplitGoal is how large parts of a row group should be; zero fields do not count.
type SplitGoal struct {
	// Bytes is the wished compressed bytes of the selected columns in a part, Rows the wished rows.
	Bytes, Rows int64
	// MinRows is the least rows of a part; 0 is 65,536, below which opening a part costs more than it gives.
	MinRows int64
}

// defaultMinRows is the least rows of a part of a row group.
const defaultMinRows = 64 << 10

// RowGroupPlan proposes row ranges that divide a row group into parts of about the goal's size over the selected columns (nil is
// all), in row order. Ranges are equal to within a row; where to cut does not depend on pages, because reading a range costs at
// most a page a side and column. A row group at most half again as large as the goal stays whole.
func (f *File) RowGroupPlan(rowGroup int, columns []int, goal SplitGoal) []RowRange {
	info := f.RowGroup(rowGroup)
	if info.Rows == 0 {
		return nil
	}
	bytes := int64(0)
	if columns == nil {
		bytes = info.CompressedBytes
	}
	for _, c := range columns {
		bytes += info.ColumnBytes[c]
	}
	minRows := goal.MinRows
	if minRows <= 0 {
		minRows = defaultMinRows
	}
	parts := int64(1)
	if goal.Bytes > 0 {
		parts = max(parts, (bytes+goal.Bytes/2)/goal.Bytes)
	}
	if goal.Rows > 0 {
		parts = max(parts, (info.Rows+goal.Rows/2)/goal.Rows)
	}
	parts = max(1, min(parts, info.Rows/minRows))
	ranges := make([]RowRange, parts)
	size, rest := info.Rows/parts, info.Rows%parts
	var at int64
	for i := range ranges {
		n := size
		if int64(i) < rest {
			n++
		}
		ranges[i] = RowRange{at, at + n}
		at += n
	}
	return ranges
}
