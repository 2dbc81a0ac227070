package exec

import (
	"encoding/binary"
	"fmt"

	"github.com/sheafdata/sheaf/fault"
)

// Mark says which rows of a join table the probes of a task met, for joins that give the right rows without a match in the end. A task's
// marks are part of its result, so that they can come from another process.
type Mark struct {
	// Table is the join table, by its leaf in the fragment: from 1.
	Table int
	// Met has a bit a row.
	Met []uint64
}

// marked is the part of results that carries marks.
type marked struct{ marks []Mark }

// Marks returns the marks of the task and forgets them: the caller keeps them.
func (m *marked) Marks() []Mark {
	marks := m.marks
	m.marks = nil
	return marks
}

func (m *marked) setMarks(marks []Mark) { m.marks = marks }

func (m *marked) getMarks() []Mark { return m.marks }

// result is what the task makes, with its marks.
func (p *pipeline) result() (any, error) {
	v := p.sink.result()
	if len(p.marks) == 0 {
		return v, nil
	}
	c, ok := v.(carrier)
	if !ok {
		return nil, fault.New(fault.Internal, "Join", "a %T cannot carry marks", v)
	}
	c.setMarks(p.marks)
	return v, nil
}

// carrier is a result that can carry marks.
type carrier interface {
	setMarks([]Mark)
	getMarks() []Mark
}

// appendMarks writes the marks of a result behind its bytes: each as words, their number and its table, then how many marks there are.
func appendMarks(b []byte, v any) []byte {
	var marks []Mark
	if c, ok := v.(carrier); ok {
		marks = c.getMarks()
	}
	for _, m := range marks {
		for _, w := range m.Met {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(m.Met)))
		b = binary.LittleEndian.AppendUint32(b, uint32(m.Table))
	}
	return binary.LittleEndian.AppendUint32(b, uint32(len(marks)))
}

// cutMarks reads what appendMarks wrote and returns the bytes before.
func cutMarks(b []byte) (rest []byte, marks []Mark, err error) {
	damaged := fmt.Errorf("damaged marks")
	number := func() int {
		if len(b) < 4 {
			err = damaged
			return 0
		}
		n := binary.LittleEndian.Uint32(b[len(b)-4:])
		b = b[:len(b)-4]
		return int(n)
	}
	for n := number(); n > 0 && err == nil; n-- {
		m := Mark{Table: number()}
		words := number()
		if err != nil || words > len(b)/8 {
			return nil, nil, damaged
		}
		m.Met = make([]uint64, words)
		from := b[len(b)-8*words:]
		for i := range m.Met {
			m.Met[i] = binary.LittleEndian.Uint64(from[8*i:])
		}
		b = b[:len(b)-8*words]
		marks = append([]Mark{m}, marks...)
	}
	return b, marks, err
}
