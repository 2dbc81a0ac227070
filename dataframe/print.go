package dataframe

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"golang.org/x/term"
)

const (
	// shownRows is how many rows a printed table shows at most: half of them from the top, half from the bottom.
	shownRows = 20
	// maxCell is the widest cell of text, in terminal cells; a longer one ends in an ellipsis. Numbers are never cut.
	maxCell = 40
	// leastCell is how narrow cells of text are made before columns are left out.
	leastCell = 16
	// plainWidth is the width assumed where standard output is no terminal.
	plainWidth = 120
)

// String draws the table for people: names, types, the first and last rows, as many columns from both sides as the terminal is wide,
// then the shape. Numbers stand to the right with their points below each other. Nulls read null; text that could be taken for
// something else (null, nothing, blanks at an end) is quoted, and line breaks are shown as \n.
func (t *Table) String() string { return t.draw(terminalWidth()) }

// Text draws the table as String does, with up to so many rows.
func (t *Table) Text(rows int64) string { return t.drawRows(terminalWidth(), rows) }

func terminalWidth() int {
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		return w
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 0 {
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

// frameWidth is what lines and blanks take of a column.
const frameWidth = 3

func (t *Table) draw(width int) string { return t.drawRows(width, shownRows) }

func (t *Table) drawRows(width int, most int64) string {
	rows, elided := t.shown(max(most, 2))
	d := drawing{elided: elided}
	for i, f := range t.schema.Fields() {
		d.columns = append(d.columns, t.drawColumn(i, f, rows))
	}
	left := d.fit(width)
	var b strings.Builder
	d.write(&b)
	b.WriteString(shape(t.NumRows(), t.schema.NumFields(), left))
	return b.String()
}

func shape(rows int64, cols, left int) string {
	text := plural(rows, "row") + " × " + plural(int64(cols), "column")
	if left > 0 {
		text += fmt.Sprintf(" (%d not shown)", left)
	}
	return text + "\n"
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return group3(n) + " " + what + "s"
}

// group3 writes n in groups of three digits.
func group3(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// shown returns the rows to draw, and where some were left out: never a single one, whose place the mark would take.
func (t *Table) shown(most int64) (rows []int64, elided int) {
	n := t.NumRows()
	elided = -1
	for i := int64(0); i < n; i++ {
		if n-1 > most && i == most/2 {
			elided = len(rows)
			i = n - most/2
		}
		rows = append(rows, i)
	}
	return rows, elided
}

func (t *Table) drawColumn(i int, f arrow.Field, rows []int64) drawnColumn {
	c := drawnColumn{cells: []string{visible(f.Name), visible(TypeName(f.Type))}, right: isNumeric(f.Type) || f.Type.ID() == arrow.DURATION}
	for _, r := range rows {
		b, at := t.locate(r)
		c.cells = append(c.cells, cellText(t.batches[b].Column(i), at))
	}
	if arrow.IsFloating(f.Type.ID()) || arrow.IsDecimal(f.Type.ID()) {
		alignPoints(c.cells[2:])
	}
	c.clip(maxCell)
	return c
}

// alignPoints puts blanks behind numbers so that their points stand below each other. What has no point, or an exponent, stays at the
// right.
func alignPoints(cells []string) {
	behind := func(s string) int {
		point := strings.IndexByte(s, '.')
		if point < 0 || strings.ContainsRune(s, 'e') {
			return -1
		}
		return len(s) - point
	}
	most := 0
	for _, s := range cells {
		most = max(most, behind(s))
	}
	for i, s := range cells {
		if n := behind(s); n >= 0 {
			cells[i] = s + strings.Repeat(" ", most-n)
		}
	}
}

// clip cuts the cells to a width, those of numbers but for their names and types excepted, and measures the column.
func (c *drawnColumn) clip(width int) {
	c.width = 1
	for i, s := range c.cells {
		if !c.right || i < 2 {
			c.cells[i] = clip(s, width)
		}
		c.width = max(c.width, textWidth(c.cells[i]))
	}
}

// fit makes the drawing at most width wide: first it cuts cells of text, then it takes out middle columns. It returns how many.
func (d *drawing) fit(width int) int {
	if d.width() <= width {
		return 0
	}
	for cell := maxCell - 1; cell >= leastCell; cell-- {
		for i := range d.columns {
			d.columns[i].clip(cell)
		}
		if d.width() <= width {
			return 0
		}
	}
	if len(d.columns) > 1 {
		return d.dropMiddle(width)
	}
	d.columns[0].clip(max(1, width-1-frameWidth))
	return 0
}

func (d *drawing) width() int {
	total := 1
	for _, c := range d.columns {
		total += c.width + frameWidth
	}
	return total
}

// dropMiddle keeps columns from the left and from the right in turn as long as they fit, at least the first, and puts one of ellipses in
// place of the others.
func (d *drawing) dropMiddle(width int) int {
	left, right := 0, len(d.columns)
	used := 1 + 1 + frameWidth // with the column of ellipses
	fits := func(i int) bool {
		take := d.columns[i].width + frameWidth
		if used+take <= width || left == 0 {
			used += take
			return true
		}
		return false
	}
	for more := true; more; {
		more = false
		if left < right && fits(left) {
			left++
			more = true
		}
		if left < right && fits(right-1) {
			right--
			more = true
		}
	}
	gone := right - left
	if gone == 0 {
		return 0
	}
	dots := drawnColumn{width: 1}
	for range d.columns[0].cells {
		dots.cells = append(dots.cells, ellipsis)
	}
	if left == 1 && right == len(d.columns) {
		d.columns[0].clip(max(1, width-2-2*frameWidth))
	}
	d.columns = slices.Replace(d.columns, left, right, dots)
	return gone
}

func (d *drawing) write(b *strings.Builder) {
	if len(d.columns) == 0 {
		return
	}
	d.rule(b, "┌", "┬", "┐")
	for row := range d.columns[0].cells {
		if row == 2 {
			d.rule(b, "├", "┼", "┤")
		}
		if d.elided >= 0 && row == d.elided+2 {
			d.line(b, func(drawnColumn) string { return ellipsis })
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
		pad := strings.Repeat(" ", max(0, c.width-textWidth(text)))
		if c.right {
			text = pad + text
		} else {
			text += pad
		}
		b.WriteString("│ " + text + " ")
	}
	b.WriteString("│\n")
}
