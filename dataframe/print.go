package dataframe

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"golang.org/x/term"
)

const (
	// shownRows is how many rows a printed table shows at most: half of them from the top, half from the bottom.
	shownRows = 20
	// maxCell is the widest cell, in characters; a longer one ends in an ellipsis.
	maxCell = 40
	// plainWidth is the width assumed where standard output is no terminal.
	plainWidth = 120
	nullText   = "null"
)

// String draws the table for people: names, types, the first and last rows, numbers to the right, as many columns as the terminal is
// wide, then the shape. Nulls read null, empty text is empty, and text that reads null is quoted.
func (t *Table) String() string { return t.draw(terminalWidth()) }

func terminalWidth() int {
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 20 {
		return w
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 20 {
		return w
	}
	return plainWidth
}

// drawing is a table as text: columns of cells, the first two of each being name and type.
type drawing struct {
	columns []drawnColumn
	elided  int // the row before which rows were left out, -1 none
}

type drawnColumn struct {
	cells []string
	width int
	right bool
}

func (t *Table) draw(width int) string {
	rows, elided := t.shown()
	d := drawing{elided: elided}
	for _, f := range t.schema.Fields() {
		d.columns = append(d.columns, t.drawColumn(f, rows))
	}
	left := d.fit(width)
	var b strings.Builder
	d.write(&b)
	b.WriteString(shape(t.NumRows(), t.schema.NumFields(), left))
	return b.String()
}

func shape(rows int64, cols, left int) string {
	plural := func(n int64, what string) string {
		if n == 1 {
			return "1 " + what
		}
		return group3(n) + " " + what + "s"
	}
	text := plural(rows, "row") + " × " + plural(int64(cols), "column")
	if left > 0 {
		text += fmt.Sprintf(" (%d not shown)", left)
	}
	return text + "\n"
}

// group3 writes n with thin groups of three digits.
func group3(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// shown returns the rows to draw, and where some were left out.
func (t *Table) shown() (rows []int64, elided int) {
	n := t.NumRows()
	elided = -1
	for i := int64(0); i < n; i++ {
		if n > shownRows && i == shownRows/2 {
			elided = len(rows)
			i = n - shownRows/2
		}
		rows = append(rows, i)
	}
	return rows, elided
}

func (t *Table) drawColumn(f arrow.Field, rows []int64) drawnColumn {
	c := drawnColumn{cells: []string{clip(f.Name), clip(TypeName(f.Type))}, right: isNumber(f.Type)}
	format := cellFormat(f.Type)
	for _, r := range rows {
		c.cells = append(c.cells, clip(format(t.Value(r, f.Name))))
	}
	for _, cell := range c.cells {
		c.width = max(c.width, utf8.RuneCountInString(cell))
	}
	return c
}

func clip(s string) string {
	s = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
	if utf8.RuneCountInString(s) <= maxCell {
		return s
	}
	return string([]rune(s)[:maxCell-1]) + "…"
}

func isNumber(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL32, arrow.DECIMAL64, arrow.DECIMAL128, arrow.DECIMAL256, arrow.DURATION:
		return true
	}
	return false
}

// TypeName returns a type's name as tables and plans show it: text, int64, timestamp[us]…
func TypeName(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return "text"
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return "binary"
	case *arrow.Date32Type, *arrow.Date64Type:
		return "date"
	case *arrow.DictionaryType:
		return "dict " + TypeName(t.ValueType)
	}
	return t.String()
}

// cellFormat returns how values of a type are written in a cell.
func cellFormat(t arrow.DataType) func(any) string {
	layout := timeLayout(t)
	return func(v any) string {
		switch v := v.(type) {
		case nil:
			return nullText
		case string:
			if v == nullText {
				return strconv.Quote(v)
			}
			return v
		case float64:
			return floatText(v, 64)
		case float32:
			return floatText(float64(v), 32)
		case time.Time:
			return v.Format(layout)
		case []byte:
			return fmt.Sprintf("0x%x", v)
		}
		return fmt.Sprint(v)
	}
}

func timeLayout(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.Date32Type, *arrow.Date64Type:
		return time.DateOnly
	case *arrow.Time32Type, *arrow.Time64Type:
		return "15:04:05.999999999"
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return "2006-01-02 15:04:05.999999999Z07:00"
		}
	}
	return "2006-01-02 15:04:05.999999999"
}

// floatText writes a float with up to nine significant digits, which hides the noise of binary fractions; large and small values
// have an exponent.
func floatText(v float64, bits int) string {
	digits := 9
	if bits == 32 {
		digits = 7
	}
	if abs := math.Abs(v); v == 0 || abs >= 1e-4 && abs < 1e15 {
		s := strconv.FormatFloat(v, 'g', digits, 64)
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			s = strconv.FormatFloat(f, 'f', -1, 64)
		}
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	return strconv.FormatFloat(v, 'g', digits, 64)
}

// fit takes out middle columns until the drawing is at most width wide, and returns how many.
func (d *drawing) fit(width int) int {
	total := 1
	for _, c := range d.columns {
		total += c.width + 3
	}
	if total <= width || len(d.columns) < 3 {
		return 0
	}
	const more = 4 // a column of an ellipsis
	left, right := 0, len(d.columns)
	used := 1 + more
	for left < right {
		take := d.columns[left].width + 3
		fromRight := left > len(d.columns)-right
		if fromRight {
			take = d.columns[right-1].width + 3
		}
		if used+take > width && left > 0 {
			break
		}
		used += take
		if fromRight {
			right--
		} else {
			left++
		}
	}
	dots := drawnColumn{width: 1}
	for range d.columns[0].cells {
		dots.cells = append(dots.cells, "…")
	}
	gone := right - left
	if gone > 0 {
		kept := append([]drawnColumn{}, d.columns[:left]...)
		d.columns = append(append(kept, dots), d.columns[right:]...)
	}
	return gone
}

func (d *drawing) write(b *strings.Builder) {
	if len(d.columns) == 0 {
		return
	}
	d.rule(b, "┌", "┬", "┐")
	for row := range d.columns[0].cells {
		switch {
		case row == 2:
			d.rule(b, "├", "┼", "┤")
		}
		if d.elided >= 0 && row == d.elided+2 {
			d.line(b, func(drawnColumn) string { return "·" })
		}
		d.line(b, func(c drawnColumn) string { return c.cells[row] })
	}
	if len(d.columns[0].cells) == 2 {
		d.rule(b, "├", "┼", "┤")
	}
	d.rule(b, "└", "┴", "┘")
}

func (d *drawing) rule(b *strings.Builder, left, mid, right string) {
	b.WriteString(left)
	for i, c := range d.columns {
		if i > 0 {
			b.WriteString(mid)
		}
		b.WriteString(strings.Repeat("─", c.width+2))
	}
	b.WriteString(right + "\n")
}

func (d *drawing) line(b *strings.Builder, cell func(drawnColumn) string) {
	for _, c := range d.columns {
		text := cell(c)
		pad := strings.Repeat(" ", c.width-utf8.RuneCountInString(text))
		if c.right {
			text = pad + text
		} else {
			text += pad
		}
		b.WriteString("│ " + text + " ")
	}
	b.WriteString("│\n")
}
