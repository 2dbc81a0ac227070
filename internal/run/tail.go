package run

import (
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/exec"
)

// tailRows is how many rows of a join table a task of a tail looks at: a multiple of 64.
const tailRows = 256 << 10

// mark notes which rows of join tables a task has met, for the tails of the stage.
func (s *stage) mark(t *task, result any) {
	m, ok := result.(interface{ Marks() []exec.Mark })
	if !ok || len(s.tails) == 0 {
		return
	}
	for _, mark := range m.Marks() {
		table := t.tables[mark.Table-1]
		if s.met == nil {
			s.met = map[int][]uint64{}
		}
		if s.met[table] == nil {
			s.met[table] = mark.Met
			continue
		}
		for i, w := range mark.Met {
			s.met[table][i] |= w
		}
	}
}

// addTail adds the tasks of the stage's next tail, now that all tasks before are done: they give the rows of a join table that none of
// those has met.
func (q *query) addTail(s *stage) error {
	b := s.tails[0]
	from := b.Tables[0]
	var tables []graph.ID
	for _, t := range b.Tables {
		tables = append(tables, q.stages[t].ids()...)
	}
	table, err := q.tableOf(tables[0])
	if err != nil {
		return err
	}
	rows := table.NumRows()
	met := s.met[from]
	if met == nil { // there was no task: no row has a match
		met = make([]uint64, (rows+63)/64)
	}
	for at := 0; at < rows; at += tailRows {
		u := &exec.Unmet{From: at, Rows: min(tailRows, rows-at), Met: met[at/64:]}
		s.tasks = append(s.tasks, task{Task: exec.Task{Fragment: b.Fragment, Part: len(s.tasks), Unmet: u}, deps: tables, tables: b.Tables})
	}
	s.tails = s.tails[1:]
	return nil
}
