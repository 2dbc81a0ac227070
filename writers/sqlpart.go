package writers

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/textio"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/partition"
)

// sqlPart inserts rows, as many in a statement as it may have parameters for.
type sqlPart struct {
	w     *sqlWrite
	each  int    // rows of a full statement
	full  string // the statement of so many rows
	args  []any
	rows  int64 // inserted, and in args
	pool  vec.Scratch
	batch vec.Batch
	err   error
}

func newSQLPart(w *sqlWrite) *sqlPart {
	p := &sqlPart{w: w, each: max(1, w.sink.opts.MaxParams/w.schema.NumFields())}
	p.full = p.statement(p.each)
	return p
}

// statement returns the INSERT of so many rows.
func (p *sqlPart) statement(rows int) string {
	var b strings.Builder
	s := p.w.sink
	b.WriteString("INSERT INTO " + s.quotedTable() + " (")
	for i, f := range p.w.schema.Fields() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s.quoted(f.Name))
	}
	b.WriteString(") VALUES ")
	n := 0
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for i := range p.w.schema.NumFields() {
			if i > 0 {
				b.WriteString(", ")
			}
			n++
			if s.opts.Numbered {
				b.WriteString("$" + strconv.Itoa(n))
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}

// Write implements partition.Writer.
func (p *sqlPart) Write(ctx context.Context, b partition.Batch) error {
	if len(b.Cols) != p.w.schema.NumFields() {
		return p.w.sink.fail(fault.Internal, fault.New(fault.Internal, "", "a batch has %d columns", len(b.Cols)))
	}
	p.pool.Reset()
	p.batch.Rows = b.Rows
	p.batch.Cols = resize(p.batch.Cols, len(b.Cols))
	for i, c := range b.Cols {
		if err := vec.FromArrow(c, &p.batch.Cols[i], &p.pool); err != nil {
			return err
		}
	}
	return p.WriteVec(ctx, &p.batch)
}

// WriteVec is Write for the engine, which has rows as vec.Batch.
func (p *sqlPart) WriteVec(ctx context.Context, b *vec.Batch) error {
	if p.err != nil {
		return p.err
	}
	for i := range b.Rows {
		for c := range b.Cols {
			v, err := sqlValue(&b.Cols[c], i)
			if err != nil {
				p.err = err
				return err
			}
			p.args = append(p.args, v)
		}
		p.rows++
		if len(p.args) == p.each*len(b.Cols) {
			if p.err = p.flush(ctx, p.full); p.err != nil {
				return p.err
			}
		}
	}
	return nil
}

func (p *sqlPart) flush(ctx context.Context, statement string) error {
	err := p.w.exec(ctx, statement, p.args...)
	p.args = p.args[:0]
	return err
}

// Close implements partition.Writer.
func (p *sqlPart) Close() error {
	if p.err == nil && len(p.args) > 0 {
		p.err = p.flush(context.Background(), p.statement(len(p.args)/p.w.schema.NumFields()))
	}
	if p.err == nil {
		p.w.mu.Lock()
		p.w.rows += p.rows
		p.w.mu.Unlock()
		p.rows = 0
	}
	return p.err
}

// sqlValue returns a value as drivers take it: int64, float64, bool, []byte, string, time.Time, nil.
func sqlValue(v *vec.Vec, i int) (any, error) {
	if !v.ValidAt(i) {
		return nil, nil
	}
	if v.Dict != nil {
		return sqlValue(&v.Dict.Values, int(v.Codes()[i]))
	}
	switch t := v.Type.(type) {
	case *arrow.Date32Type:
		return time.Unix(int64(vec.Of[int32](v)[i])*86400, 0).UTC(), nil
	case *arrow.Date64Type:
		return time.UnixMilli(vec.Of[int64](v)[i]).UTC(), nil
	case *arrow.TimestampType:
		return arrow.Timestamp(vec.Of[int64](v)[i]).ToTime(t.Unit), nil
	case *arrow.BinaryType:
		return append([]byte{}, vec.Of[vec.ViewHeader](v)[i].Value(v.Bufs)...), nil
	case *arrow.FixedSizeBinaryType:
		return append([]byte{}, v.Data[i*v.Width:(i+1)*v.Width]...), nil
	case *arrow.StringType:
		return string(vec.Of[vec.ViewHeader](v)[i].Value(v.Bufs)), nil
	}
	switch v.Phys {
	case vec.Bool:
		return bitmap.Get(v.Bits(), i), nil
	case vec.Int8:
		return int64(vec.Of[int8](v)[i]), nil
	case vec.Int16:
		return int64(vec.Of[int16](v)[i]), nil
	case vec.Uint8:
		return int64(vec.Of[uint8](v)[i]), nil
	case vec.Uint16:
		return int64(vec.Of[uint16](v)[i]), nil
	case vec.Uint32:
		return int64(vec.Of[uint32](v)[i]), nil
	case vec.Float32:
		return float64(vec.Of[float32](v)[i]), nil
	case vec.Float64:
		return vec.Of[float64](v)[i], nil
	}
	switch {
	case v.Type.ID() == arrow.INT32:
		return int64(vec.Of[int32](v)[i]), nil
	case v.Type.ID() == arrow.INT64 || v.Type.ID() == arrow.DURATION:
		return vec.Of[int64](v)[i], nil
	}
	text, err := textio.AppendValue(nil, v, i) // unsigned numbers of 64 bits, decimals, times of day
	return string(text), err
}
