package textio

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// column formats one column.
type column struct {
	name string
	typ  arrow.DataType // logical
	json bool
	null []byte // the text of null, without what follows
	// What stands before and after each value: the name of a field of JSON, the comma, the end of the line.
	prefix, sep []byte
	sepWord     uint32
	comma       []byte // for quoting
	commaAt     byte   // the first byte of comma
	single      bool   // it is the only column
	words       floatWords

	cells []cell
	lens  []uint32
	long  []byte // the text of cells that are too long
	from  []byte // long, or that of the dictionary
	tmp   []byte

	plain   vec.Vec // a batch without its dictionary
	scratch vec.Scratch

	dates dates
	dict  dictCells
}

func (c *column) init(f arrow.Field, o Options) error {
	c.name, c.typ, c.json = f.Name, vec.Logical(f.Type), o.JSON
	if _, _, ok := vec.PhysOf(f.Type); !ok {
		e := fault.New(fault.Plan, "write", "columns of type %s cannot be written as text", f.Type)
		e.Column = f.Name
		return e
	}
	c.comma = []byte(string(o.Comma))
	c.commaAt = c.comma[0]
	c.null = []byte(o.Null)
	c.words = floatWords{"NaN", "inf", "-inf"}
	if c.json {
		c.null = []byte("null")
		c.words = floatWords{"NaN", "Infinity", "-Infinity"}
	}
	c.cells, c.lens = make([]cell, blockRows), make([]uint32, blockRows)
	return nil
}

// end sets what stands around the values of a column.
func (c *column) end(o Options, first, last bool) {
	sep := string(o.Comma)
	if o.JSON {
		sep = ","
		open := ""
		if first {
			open = "{"
		}
		c.prefix = append(appendQuoted([]byte(open), []byte(c.name)), ':')
	}
	if last {
		sep = "\n"
		if o.JSON {
			sep = "}\n"
		}
	}
	c.sep = []byte(sep)
	for i, b := range c.sep {
		c.sepWord |= uint32(b) << (8 * i)
	}
	if c.single && !o.JSON && len(c.null) == 0 {
		c.null = []byte(`""`) // an empty line would be no row
	}
}

// finish puts what follows a value after the n bytes of the cell, which leave room for it.
func (c *column) finish(to *cell, n int) uint32 {
	*(*[4]byte)(unsafe.Add(unsafe.Pointer(to), n)) = [4]byte{byte(c.sepWord), byte(c.sepWord >> 8), byte(c.sepWord >> 16), byte(c.sepWord >> 24)}
	return uint32(n + len(c.sep))
}

// maxInCell is the longest text that a cell holds beside what follows it.
const maxInCell = cellSize - 4

// putBytes makes cell i hold a text of any length.
func (c *column) putBytes(i int, b []byte) {
	if len(b) <= maxInCell {
		to := &c.cells[i]
		c.lens[i] = c.finish(to, copy(to[:], b))
		return
	}
	at := len(c.long)
	c.long = append(append(c.long, b...), c.sep...)
	c.inArena(i, at)
}

// inArena makes cell i hold the text at the end of the arena, with what follows it.
func (c *column) inArena(i, from int) {
	n := len(c.long) - from
	c.lens[i] = uint32(n)
	if n <= cellSize {
		copy(c.cells[i][:], c.long[from:])
		c.long = c.long[:from]
		return
	}
	*(*uint64)(unsafe.Pointer(&c.cells[i])) = uint64(from)
}

// dictEach is how many entries for each row of a batch a dictionary may have to be formatted as such.
const dictEach = 4

// begin prepares for the rows of a batch.
func (c *column) begin(v *vec.Vec) error {
	c.plain = *v
	switch {
	case v.Dict == nil || c.dict.of == v.Dict:
		return nil
	case v.Dict.Values.Len > max(dictEach*v.Len, 1024):
		c.scratch.Reset()
		vec.Decode(&c.plain, v, &c.scratch)
		return nil
	}
	return c.beginDict(v.Dict)
}

// format fills the cells with n rows of the batch from row at on.
func (c *column) format(at, n int) error {
	c.long = c.long[:0]
	if c.plain.Dict != nil {
		c.formatDict(&c.plain, at, n)
		c.nulls(&c.plain, at, n)
		c.from = c.dict.long
		return nil
	}
	if err := c.values(&c.plain, at, n); err != nil {
		return err
	}
	c.nulls(&c.plain, at, n)
	c.from = c.long
	return nil
}

// nulls writes the text of null over the cells of null rows.
func (c *column) nulls(v *vec.Vec, at, n int) {
	switch {
	case v.Phys == vec.Null:
		for i := range n {
			c.putBytes(i, c.null)
		}
	case v.Valid != nil:
		for i := range n {
			if !bitmap.Get(v.Valid, at+i) {
				c.putBytes(i, c.null)
			}
		}
	}
}

// values formats rows of a column without a dictionary, those under nulls too.
func (c *column) values(v *vec.Vec, at, n int) error {
	switch v.Type.ID() {
	case arrow.DATE32, arrow.DATE64, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP, arrow.DURATION:
		return c.times(v, at, n)
	}
	switch v.Phys {
	case vec.Bool:
		c.bools(v, at, n)
	case vec.Int8:
		signed(c, vec.Of[int8](v)[at:at+n])
	case vec.Int16:
		signed(c, vec.Of[int16](v)[at:at+n])
	case vec.Int32:
		signed(c, vec.Of[int32](v)[at:at+n])
	case vec.Int64:
		signed(c, vec.Of[int64](v)[at:at+n])
	case vec.Uint8:
		unsigned(c, vec.Of[uint8](v)[at:at+n])
	case vec.Uint16:
		unsigned(c, vec.Of[uint16](v)[at:at+n])
	case vec.Uint32:
		unsigned(c, vec.Of[uint32](v)[at:at+n])
	case vec.Uint64:
		unsigned(c, vec.Of[uint64](v)[at:at+n])
	case vec.Float32:
		floats(c, vec.Of[float32](v)[at:at+n], 32)
	case vec.Float64:
		floats(c, vec.Of[float64](v)[at:at+n], 64)
	case vec.Dec128:
		c.decimals(v, at, n)
	case vec.View:
		return c.texts(v, at, n)
	case vec.Null:
	default:
		return c.others(v, at, n)
	}
	return nil
}

func (c *column) bools(v *vec.Vec, at, n int) {
	words := v.Bits()
	for i := range n {
		to := &c.cells[i]
		if bitmap.Get(words, at+i) {
			c.lens[i] = c.finish(to, copy(to[:], "true"))
		} else {
			c.lens[i] = c.finish(to, copy(to[:], "false"))
		}
	}
}

func signed[T int8 | int16 | int32 | int64](c *column, vals []T) {
	cells, lens := c.cells[:len(vals)], c.lens[:len(vals)]
	for i, x := range vals {
		lens[i] = c.finish(&cells[i], putInt(&cells[i], 0, int64(x)))
	}
}

func unsigned[T uint8 | uint16 | uint32 | uint64](c *column, vals []T) {
	cells, lens := c.cells[:len(vals)], c.lens[:len(vals)]
	for i, x := range vals {
		lens[i] = c.finish(&cells[i], putUint(&cells[i], 0, uint64(x)))
	}
}

func floats[T float32 | float64](c *column, vals []T, size int) {
	cells, lens := c.cells[:len(vals)], c.lens[:len(vals)]
	for i, x := range vals {
		lens[i] = c.finish(&cells[i], putFloat(&cells[i], float64(x), size, &c.words))
	}
}

// times formats dates, times, timestamps and durations.
func (c *column) times(v *vec.Vec, at, n int) error {
	if v.Phys == vec.Int32 {
		c.moments(v.Type, vec.Of[int32](v)[at:at+n], nil)
	} else {
		c.moments(v.Type, nil, vec.Of[int64](v)[at:at+n])
	}
	return nil
}

// moments formats the values of one of the slices.
func (c *column) moments(t arrow.DataType, narrow []int32, wide []int64) {
	n := max(len(narrow), len(wide))
	quote := 0
	if c.json {
		quote = 1
	}
	for i := range n {
		var x int64
		if narrow != nil {
			x = int64(narrow[i])
		} else {
			x = wide[i]
		}
		to := &c.cells[i]
		to[0] = '"'
		end := c.moment(to, quote, t, x)
		if end < 0 {
			c.tmp = c.appendFar(c.tmp[:0], t, x, quote > 0)
			c.putBytes(i, c.tmp)
			continue
		}
		if quote > 0 {
			to[end&31] = '"'
			end++
		}
		if end > maxInCell { // nanoseconds with all around them
			c.tmp = append(c.tmp[:0], to[:end]...)
			c.putBytes(i, c.tmp)
			continue
		}
		c.lens[i] = c.finish(to, end)
	}
}

// The days of the years 0 to 9999, since 1970.
const firstDay, lastDay = -719528, 2932896

// moment writes one value at a place of a cell and returns where it ends; −1 for durations and timestamps of far years, which may not
// fit there.
func (c *column) moment(to *cell, at int, t arrow.DataType, x int64) int {
	switch t := t.(type) {
	case *arrow.Date32Type:
		return c.dates.put(to, at, x)
	case *arrow.Date64Type:
		days, _ := floorDiv(x, 86400000)
		return c.dates.put(to, at, days)
	case *arrow.Time32Type:
		per, digits := perSecond(t.Unit)
		s, f := floorDiv(x, per)
		return putClock(to, at, uint64(s), uint64(f), digits)
	case *arrow.Time64Type:
		per, digits := perSecond(t.Unit)
		s, f := floorDiv(x, per)
		return putClock(to, at, uint64(s), uint64(f), digits)
	case *arrow.TimestampType:
		per, digits := perSecond(t.Unit)
		seconds, ticks := floorDiv(x, per)
		days, s := floorDiv(seconds, 86400)
		if days < firstDay || days > lastDay {
			return -1
		}
		at = c.dates.put(to, at, days)
		to[at&31] = 'T'
		at = putClock(to, at+1, uint64(s), uint64(ticks), digits)
		if t.TimeZone != "" {
			to[at&31] = 'Z'
			at++
		}
		return at
	}
	return -1
}

// appendFar appends what moment does not write.
func (c *column) appendFar(dst []byte, t arrow.DataType, x int64, json bool) []byte {
	ts, ok := t.(*arrow.TimestampType)
	if !ok {
		return appendDuration(dst, t, x, json)
	}
	per, digits := perSecond(ts.Unit)
	seconds, ticks := floorDiv(x, per)
	days, s := floorDiv(seconds, 86400)
	var date, clock cell
	if json {
		dst = append(dst, '"')
	}
	dst = append(dst, date[:c.dates.put(&date, 0, days)]...)
	clock[0] = 'T'
	dst = append(dst, clock[:putClock(&clock, 1, uint64(s), uint64(ticks), digits)]...)
	if ts.TimeZone != "" {
		dst = append(dst, 'Z')
	}
	if json {
		dst = append(dst, '"')
	}
	return dst
}
