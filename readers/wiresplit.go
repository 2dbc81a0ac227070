package readers

import (
	"errors"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// Names of the operations that decode splits.
const (
	opParquetSplit = "sheaf.parquet"
	opJSONSplit    = "sheaf.json"
	opIPCSplit     = "sheaf.ipc"
)

func init() {
	partition.RegisterSplit(opParquetSplit, decodeParquetSplit)
	partition.RegisterSplit(opJSONSplit, decodeJSONSplit)
	partition.RegisterSplit(opIPCSplit, decodeIPCSplit)
}

// portable returns the split as it is given to the engine: with a wire form where another process can open the file.
func portable(s partition.PortableSplit, f fileio.File) partition.Split {
	if f.Portable() {
		return s
	}
	return localSplit{s}
}

// localSplit hides the wire form of a split of an fs.FS or of standard input.
type localSplit struct{ partition.Split }

// Op names the decoder.
func (s *parquetSplit) Op() string { return opParquetSplit }

// MarshalBinary encodes the split; statistics stay with the planner.
func (s *parquetSplit) MarshalBinary() ([]byte, error) {
	var e encoder
	if err := encodeSplitHead(&e, s.file, s.adapt); err != nil {
		return nil, err
	}
	for _, g := range s.groups {
		e.message(4, func(e *encoder) {
			e.int(1, int64(g.group))
			for _, r := range g.ranges {
				e.int(2, r.from)
				e.int(3, r.to)
			}
		})
	}
	e.int(5, s.bytes)
	if s.largePages {
		e.int(6, 1)
	}
	return e.b, nil
}

func decodeParquetSplit(b []byte) (partition.Split, error) {
	s := &parquetSplit{}
	err := decodeSplit(opParquetSplit, b, &s.file, &s.adapt, func(f wireField) (err error) {
		switch f.num {
		case 4:
			var g groupRanges
			if g, err = decodeGroup(f.bytes); err == nil {
				s.groups = append(s.groups, g)
			}
		case 5:
			s.bytes = f.int()
		case 6:
			s.largePages = f.int() != 0
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, g := range s.groups {
		for _, r := range g.ranges {
			s.rows += r.to - r.from
		}
	}
	return s, nil
}

func decodeGroup(b []byte) (g groupRanges, err error) {
	var from, to []int64
	err = decodeFields(b, func(f wireField) (err error) {
		switch f.num {
		case 1:
			if g.group, err = f.place(); err == nil && g.group < 0 {
				err = errors.New("a row group without a place")
			}
		case 2:
			from = append(from, f.int())
		case 3:
			to = append(to, f.int())
		}
		return err
	})
	if err != nil || len(from) != len(to) {
		return g, errors.Join(err, errIf(len(from) != len(to), "a range without an end"))
	}
	at := int64(0)
	for i := range from {
		if from[i] < at || to[i] < from[i] || to[i] > 1<<53 {
			return g, errors.New("ranges of rows are out of order")
		}
		at = to[i]
		g.ranges = append(g.ranges, rowRange{from[i], to[i]})
	}
	return g, nil
}

func errIf(bad bool, msg string) error {
	if bad {
		return errors.New(msg)
	}
	return nil
}

// Op names the decoder.
func (s *jsonSplit) Op() string { return opJSONSplit }

// MarshalBinary encodes the split.
func (s *jsonSplit) MarshalBinary() ([]byte, error) {
	var e encoder
	if err := encodeSplitHead(&e, s.file, s.adapt); err != nil {
		return nil, err
	}
	e.uint(4, uint64(s.framing))
	e.int(5, s.start)
	e.int(6, s.end)
	for _, n := range s.names {
		e.string(7, n)
	}
	for _, n := range s.known {
		e.string(8, n)
	}
	e.bool(9, s.ignore)
	e.bool(10, s.fold)
	e.bool(11, s.promote)
	e.int(12, int64(s.depth))
	return e.b, nil
}

func decodeJSONSplit(b []byte) (partition.Split, error) {
	s := &jsonSplit{}
	err := decodeSplit(opJSONSplit, b, &s.file, &s.adapt, func(f wireField) (err error) {
		switch f.num {
		case 4:
			s.framing = jsonFraming(f.value)
		case 5:
			s.start = f.int()
		case 6:
			s.end = f.int()
		case 7:
			s.names = append(s.names, string(f.bytes))
		case 8:
			s.known = append(s.known, string(f.bytes))
		case 9:
			s.ignore = f.value != 0
		case 10:
			s.fold = f.value != 0
		case 11:
			s.promote = f.value != 0
		case 12:
			s.depth, err = f.place()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(s.names) != len(s.adapt.read) || s.start < 0 || s.end < 0 || s.framing > jsonArray || s.depth < 0 || s.depth > maxWireDepth {
		return nil, fault.New(fault.Internal, opJSONSplit, "cannot decode the split: its fields do not fit")
	}
	if s.setTypes(); len(s.types) != len(s.names) {
		return nil, fault.New(fault.Internal, opJSONSplit, "cannot decode the split: a name is of no column")
	}
	return s, nil
}

// maxWireDepth keeps a damaged split from allowing nesting that exhausts the stack.
const maxWireDepth = 10000

// setTypes derives the types to build from the adapter.
func (s *jsonSplit) setTypes() {
	s.types, s.cells = nil, 0
	for i := range s.adapt.read {
		for _, c := range s.adapt.cols {
			if c.from == i {
				s.types = append(s.types, c.typ)
				s.cells += leaves(c.typ)
				break
			}
		}
	}
}

// Op names the decoder.
func (s *ipcSplit) Op() string { return opIPCSplit }

// MarshalBinary encodes the split.
func (s *ipcSplit) MarshalBinary() ([]byte, error) {
	var e encoder
	if err := encodeSplitHead(&e, s.file, s.adapt); err != nil {
		return nil, err
	}
	e.int(4, int64(s.from))
	e.int(5, int64(s.to))
	e.int(6, s.bytes)
	return e.b, nil
}

func decodeIPCSplit(b []byte) (partition.Split, error) {
	s := &ipcSplit{}
	err := decodeSplit(opIPCSplit, b, &s.file, &s.adapt, func(f wireField) (err error) {
		switch f.num {
		case 4:
			s.from, err = f.place()
		case 5:
			s.to, err = f.place()
		case 6:
			s.bytes = f.int()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.from < 0 || s.to < s.from {
		return nil, fault.New(fault.Internal, opIPCSplit, "cannot decode the split: its batches are out of order")
	}
	return s, nil
}
