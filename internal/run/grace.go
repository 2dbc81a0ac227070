package run

import (
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/physical"
)

// splitJoin looks at the join tables of a stage that is about to start. Where one was too large for memory, so that its rows are dealt
// by hash instead, the stage is cut at that join: a new stage, which it waits for, deals the left rows in the same way.
func (q *query) splitJoin(s *stage) (bool, error) {
	for _, b := range s.Branches {
		for i, t := range b.Tables {
			if b.Fragment.ByParts && i == 0 {
				continue
			}
			table, err := q.table(t)
			if err != nil {
				return false, err
			}
			if table.Dealt() {
				return true, q.split(s, t)
			}
		}
	}
	return false, nil
}

// table is the result of a stage that builds a join table.
func (q *query) table(stage int) (*exec.Table, error) {
	ids := q.stages[stage].ids()
	if len(ids) != 1 {
		return nil, fault.New(fault.Internal, "Join", "%d tables of one join", len(ids))
	}
	return q.tableOf(ids[0])
}

func (q *query) tableOf(id graph.ID) (*exec.Table, error) {
	v, err := q.run.Result(id)
	if err != nil {
		return nil, err
	}
	table, ok := v.(*exec.Table)
	if !ok {
		return nil, fault.New(fault.Internal, "Join", "a join table is a %T", v)
	}
	return table, nil
}

// split puts a stage before s that deals the left rows of the join with a table.
func (q *query) split(s *stage, table int) error {
	id := len(q.stages)
	below, above, err := physical.Split(s.Stage, table, id)
	if err != nil {
		return err
	}
	for _, n := range s.needs { // counted anew: some are now the new stage's
		q.stages[n].readers--
	}
	dealing := &stage{Stage: &physical.Stage{ID: id, Branches: below}}
	dealing.needs = needsOf(dealing.Stage)
	q.plan.Stages = append(q.plan.Stages, dealing.Stage)
	q.stages = append(q.stages, dealing)
	q.receipt.addStage()
	q.open++
	s.Branches = above
	s.needs = needsOf(s.Stage)
	for _, reader := range []*stage{dealing, s} {
		for _, n := range reader.needs {
			q.stages[n].readers++
		}
	}
	return nil
}

// joinTasks decides how many tasks join the buckets of both sides: a power of two, so that the rows and the answer of each are a small
// part of the budget.
func (q *query) joinTasks(table graph.ID, left []graph.ID) (int, error) {
	t, err := q.tableOf(table)
	if err != nil {
		return 0, err
	}
	if !t.Hashed() {
		return 1, nil // one bucket
	}
	bytes := 2 * t.DealtBytes() // and what the index takes
	for _, id := range left {
		v, err := q.run.Result(id)
		if err != nil {
			return 0, err
		}
		e, ok := v.(*exec.Exchanged)
		if !ok {
			return 0, fault.New(fault.Internal, "Join", "the left rows of a join by parts are a %T", v)
		}
		bytes += e.Bytes(0, exec.Buckets)
	}
	each := max(1, exec.PartBytes(q.ctx)/4)
	n := 1
	for n < exec.Buckets && bytes/int64(n) > each {
		n *= 2
	}
	return n, nil
}
