package readers

import (
	"context"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/csvio"
	"github.com/sheafdata/sheaf/partition"
)

const opCSVSplit = "sheaf.csv"

func init() { partition.RegisterSplit(opCSVSplit, decodeCSVSplit) }

// Op names the decoder.
func (s *csvSplit) Op() string { return opCSVSplit }

// MarshalBinary encodes the split. A range is encoded with the exact start of its first row, for which the file before it may be
// scanned here: another process would have to do it again.
func (s *csvSplit) MarshalBinary() ([]byte, error) {
	ctx := context.Background()
	if !s.look.stream && !s.exact {
		h, err := s.file.Open(ctx)
		if err != nil {
			return nil, err
		}
		defer h.Close()
		start, err := s.seams.Start(ctx, h, s.part)
		if err != nil {
			return nil, s.home.fail(err)
		}
		s = &csvSplit{csvPlan: s.csvPlan, home: s.home}
		s.start, s.exact = start, true
	}
	a := s.adapt
	if a == nil {
		a = &adapter{}
	}
	var e encoder
	if err := encodeSplitHead(&e, s.file, a); err != nil {
		return nil, err
	}
	e.message(4, s.look.encode)
	for _, c := range s.columns {
		e.message(5, func(e *encoder) {
			e.uint(1, uint64(c.Order))
			e.bool(2, c.Inferred)
		})
	}
	e.bool(6, s.rejects)
	for _, c := range s.cols {
		e.uint(7, uint64(c))
	}
	e.int(8, s.maxRows)
	e.int(9, s.start)
	e.int(10, s.limit)
	return e.b, nil
}

func (l *csvLook) encode(e *encoder) {
	e.message(1, func(e *encoder) { encodeDialect(e, &l.head.Dialect) })
	e.uint(2, uint64(len(l.head.Names)))
	e.uint(3, uint64(l.head.Stride))
	e.int(4, l.head.Start)
	e.int(5, l.head.Line)
	e.uint(6, uint64(l.encoding))
	e.bool(7, l.stream)
	e.int(8, l.size)
	e.int(9, l.rowBytes)
}

func encodeDialect(e *encoder, d *csvio.Dialect) {
	e.bytes(1, []byte{d.Comma, d.Quote, d.Escape, d.Comment, d.Newline, d.Decimal, d.Thousands, byte(d.Ragged)})
	e.bool(2, d.ReplaceInvalid)
	e.bool(3, d.Nulls != nil)
	for _, w := range d.Nulls {
		e.string(4, w)
	}
	for _, w := range d.True {
		e.string(5, w)
	}
	for _, w := range d.False {
		e.string(6, w)
	}
	for _, w := range d.Layouts {
		e.string(7, w)
	}
	e.int(8, int64(d.MaxRow))
}

func decodeCSVSplit(b []byte) (partition.Split, error) {
	s := &csvSplit{}
	s.exact = true
	err := decodeSplit(opCSVSplit, b, &s.file, &s.adapt, func(f wireField) (err error) {
		switch f.num {
		case 4:
			err = s.look.decode(f.bytes)
		case 5:
			var c csvio.Column
			err = decodeFields(f.bytes, func(f wireField) error {
				switch f.num {
				case 1:
					c.Order = uint8(f.value)
				case 2:
					c.Inferred = f.value != 0
				}
				return nil
			})
			s.columns = append(s.columns, c)
		case 6:
			s.rejects = f.value != 0
		case 7:
			s.cols = append(s.cols, int(f.value))
		case 8:
			s.maxRows = f.int()
		case 9:
			s.start = f.int()
		case 10:
			s.limit = f.int()
		}
		return err
	})
	if err == nil && !s.fits() {
		err = fault.New(fault.Internal, opCSVSplit, "cannot decode the split: its fields do not fit")
	}
	if err != nil {
		return nil, err
	}
	s.home = &csvFile{file: s.file, csvLook: s.look, looked: true}
	return s, nil
}

// fits checks what was decoded, and gives the columns the names, types and places that the adapter has.
func (s *csvSplit) fits() bool {
	h := s.look.head
	if h == nil || len(s.columns) != len(s.adapt.read) || s.start < 0 || s.limit < s.start && !s.look.stream || s.start > s.look.size && !s.look.stream || s.maxRows < 0 {
		return false
	}
	for i := range s.columns {
		c := &s.columns[i]
		c.Field = s.adapt.read[i]
		if c.Order > 2 || c.Field >= len(h.Names) {
			return false
		}
		for _, a := range s.adapt.cols {
			if a.from == i {
				c.Name, c.Type = a.name, a.typ
			}
		}
		if c.Type == nil || !csvio.CanRead(c.Type) {
			return false
		}
	}
	for _, c := range s.cols {
		if !s.rejects || c < 0 || c >= rejectSchema.NumFields() {
			return false
		}
	}
	return true
}

func (l *csvLook) decode(b []byte) error {
	h := &csvio.Head{}
	width := uint64(0)
	err := decodeFields(b, func(f wireField) (err error) {
		switch f.num {
		case 1:
			err = decodeDialect(f.bytes, &h.Dialect)
		case 2:
			width = f.value
		case 3:
			h.Stride = int(min(f.value, 1<<30))
		case 4:
			h.Start = f.int()
		case 5:
			h.Line = f.int()
		case 6:
			l.encoding = csvio.Encoding(f.value)
		case 7:
			l.stream = f.value != 0
		case 8:
			l.size = f.int()
		case 9:
			l.rowBytes = f.int()
		}
		return err
	})
	if err != nil {
		return err
	}
	if width == 0 || width > csvio.MaxColumns || h.Stride > 16*csvio.MaxColumns || h.Start < 0 || h.Line < 0 || l.size < 0 || l.rowBytes < 0 || l.encoding > csvio.EncodingLatin1 {
		return fault.New(fault.Internal, opCSVSplit, "the head does not fit")
	}
	h.Names = make([]string, width)
	l.head = h
	return nil
}

func decodeDialect(b []byte, d *csvio.Dialect) error {
	nulls := false
	err := decodeFields(b, func(f wireField) error {
		switch f.num {
		case 1:
			if len(f.bytes) != 8 || f.bytes[7] > byte(csvio.RaggedReject) {
				return fault.New(fault.Internal, opCSVSplit, "the dialect does not fit")
			}
			c := f.bytes
			d.Comma, d.Quote, d.Escape, d.Comment, d.Newline, d.Decimal, d.Thousands, d.Ragged = c[0], c[1], c[2], c[3], c[4], c[5], c[6], csvio.Ragged(c[7])
		case 2:
			d.ReplaceInvalid = f.value != 0
		case 3:
			nulls = f.value != 0
		case 4:
			d.Nulls = append(d.Nulls, string(f.bytes))
		case 5:
			d.True = append(d.True, string(f.bytes))
		case 6:
			d.False = append(d.False, string(f.bytes))
		case 7:
			d.Layouts = append(d.Layouts, string(f.bytes))
		case 8:
			d.MaxRow = int(f.int())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if nulls && d.Nulls == nil {
		d.Nulls = []string{}
	}
	*d, err = d.WithDefaults()
	return err
}
