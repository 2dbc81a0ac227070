package run

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/partition"
)

// stage is a physical stage and its tasks.
type stage struct {
	*physical.Stage
	needs   []int // stages that must be complete before
	readers int   // stages that still read the results
	frame   int   // of a final stage

	started, complete bool
	tails             []*physical.Branch // whose tasks are not added yet
	met               map[int][]uint64   // by the stage of a join table: its rows that the consumed tasks have met
	tasks             []task
	submitted         int   // tasks given to the run
	consumed          int   // tasks, in order, whose results are counted and, in a final stage, given out
	rows              int64 // of consumed results
	held              []exec.Result
	write             *writing // of a stage that writes
	largest           int64    // bytes of the largest result that was given out
	expands           bool     // tasks emit far more than they read: few at a time, for each holds rows and its reader
}

// task is one task of a stage, before and after it is in the graph.
type task struct {
	exec.Task
	deps []graph.ID
	// tables are the stages of the join tables among deps.
	tables []int
	id     graph.ID
	done   bool
	err    error // it failed, in a stage whose first rows may do
	// resumed says that it paused and goes on.
	resumed bool
}

func needsOf(s *physical.Stage) []int {
	var needs []int
	for _, b := range s.Branches {
		needs = append(needs, b.Tables...)
		if b.Scan == nil && !b.Tail {
			needs = append(needs, b.From)
		}
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// start lists the stage's tasks and submits the first of them.
func (q *query) start(s *stage) error {
	s.started = true
	for i := range s.Branches {
		if s.Branches[i].Tail {
			s.tails = append(s.tails, &s.Branches[i])
			continue
		}
		if err := q.addTasks(s, &s.Branches[i]); err != nil {
			return err
		}
	}
	if err := q.openWrite(s); err != nil {
		return err
	}
	return q.advance(s)
}

func (q *query) addTasks(s *stage, b *physical.Branch) error {
	var tables []graph.ID
	for _, t := range b.Tables {
		tables = append(tables, q.stages[t].ids()...)
	}
	add := func(t exec.Task, from []graph.ID) {
		t.Part = len(s.tasks)
		s.tasks = append(s.tasks, task{Task: t, deps: append(slices.Clone(tables), from...), tables: b.Tables})
	}
	if b.Scan != nil {
		return q.addScan(b, func(f *exec.Fragment, split partition.Split) { add(exec.Task{Fragment: f, Split: split}, nil) })
	}
	from := q.stages[b.From].ids()
	switch b.Gather {
	case physical.Each:
		for _, id := range from {
			add(exec.Task{Fragment: b.Fragment, Hi: exec.Buckets}, []graph.ID{id})
		}
	case physical.ByBucket:
		n, err := q.mergeTasks(from)
		if err != nil {
			return err
		}
		for i := range n {
			add(exec.Task{Fragment: b.Fragment, Lo: i * exec.Buckets / n, Hi: (i + 1) * exec.Buckets / n}, from)
		}
	case physical.ByJoin:
		n, err := q.joinTasks(tables[0], from)
		if err != nil {
			return err
		}
		if b.Single {
			n = 1
		}
		for i := range n {
			add(exec.Task{Fragment: b.Fragment, Lo: i * exec.Buckets / n, Hi: (i + 1) * exec.Buckets / n}, from)
		}
	case physical.ByRange:
		n, err := q.rangeTasks(from)
		if err != nil {
			return err
		}
		for i := range n {
			add(exec.Task{Fragment: b.Fragment, Lo: i, Hi: n}, from)
		}
	default:
		add(exec.Task{Fragment: b.Fragment, Hi: exec.Buckets}, from)
	}
	return nil
}

// addScan plans the scan of a branch and adds a task a split.
func (q *query) addScan(b *physical.Branch, add func(*exec.Fragment, partition.Split)) error {
	columns := []string{} // never nil, which would be all
	for _, f := range b.Scan.Schema().Fields() {
		columns = append(columns, f.Name)
	}
	for _, c := range b.Scan.Predicate.Columns() {
		if !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
	}
	request := partition.ScanRequest{Columns: columns, Predicate: b.Scan.Predicate, Limit: b.Scan.Limit, Coarse: b.Fragment.FewRows()}
	scan, err := planScan(q.ctx, b.Scan.Source, request)
	if err != nil {
		return err
	}
	q.receipt.addWarnings(b.Scan.Source)
	fragment, err := b.Fragment.OfScan(b.Scan, columns, scan.Residual)
	if err != nil {
		return err
	}
	for _, split := range scan.Splits {
		add(fragment, split)
	}
	return nil
}

// planScan plans a scan; a panic of the source is an error, and so is what breaks the contract of Plan.
func planScan(ctx context.Context, src partition.Source, r partition.ScanRequest) (scan *partition.Scan, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Panic, "scan", "panic in the source's Plan: %v\n%s", p, debug.Stack())
		}
	}()
	scan, err = src.Plan(ctx, r)
	var f *fault.Error
	switch {
	case err == nil && scan == nil:
		return nil, fault.New(fault.Internal, "scan", "the source's Plan gave neither a scan nor an error")
	case err == nil || errors.As(err, &f) || ctx.Err() != nil:
		return scan, err
	}
	return nil, &fault.Error{Kind: fault.Input, Op: "scan", Err: err}
}

// ids are the tasks of the stage whose results its readers get, in order.
func (s *stage) ids() []graph.ID {
	ids := make([]graph.ID, 0, s.consumed)
	for i := range s.tasks[:s.consumed] {
		ids = append(ids, s.tasks[i].id)
	}
	return ids
}

// windowed says whether tasks are submitted a few at a time: where rows stream to the user, and where the first rows may do.
func (s *stage) windowed() bool { return s.Final || s.Enough > 0 || s.Write != nil }

// window is how many tasks of a windowed stage may be ahead of what is consumed: enough to keep the workers busy while one result is
// given out.
func (q *query) window() int { return 2*q.workers() + 2 }

// workers is how many tasks run at once.
func (q *query) workers() int {
	if q.options.Workers > 0 {
		return q.options.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// ahead is how many tasks may be submitted beyond those consumed. A stage of which the first rows may do begins with one task and
// doubles: one is mostly enough, and where it is not, the rest follows soon.
func (q *query) ahead(s *stage) int {
	if s.Enough > 0 {
		return min(q.window(), 1+s.consumed)
	}
	if s.expands {
		return q.workers()
	}
	largest := s.largest
	if largest == 0 && s.Final && len(s.tasks) > 0 && s.tasks[0].Split != nil {
		largest = exec.MayEmit(s.tasks[0].Split) // nothing has come yet
	}
	if soft := mem.From(q.ctx).Soft(); soft > 0 && largest > 0 {
		// What waits for the user takes a quarter of what may live at most.
		return max(q.workers(), min(q.window(), int(soft/4/largest)))
	}
	return q.window()
}

// advance consumes what has finished in order, submits what may run, and completes the stage.
func (q *query) advance(s *stage) error {
	for s.consumed < len(s.tasks) && s.tasks[s.consumed].done {
		if err := s.tasks[s.consumed].err; err != nil {
			return err
		}
		more, err := q.consume(s, &s.tasks[s.consumed])
		if err != nil {
			return err
		}
		if s.Enough > 0 && s.rows >= s.Enough {
			s.consumed++ // also where it has more: finish drops that
			return q.finish(s)
		}
		if more != nil {
			if err := q.resume(s, more); err != nil {
				return err
			}
			break
		}
		s.consumed++
	}
	for s.consumed == len(s.tasks) {
		if len(s.tails) == 0 {
			return q.finish(s)
		}
		if err := q.addTail(s); err != nil {
			return err
		}
	}
	to := len(s.tasks)
	if s.windowed() {
		to = min(to, s.consumed+q.ahead(s))
	}
	return q.submit(s, to)
}

func (q *query) submit(s *stage, to int) error {
	if to <= s.submitted {
		return nil
	}
	ids := make([]graph.ID, 0, to-s.submitted)
	for i := s.submitted; i < to; i++ {
		t := &s.tasks[i]
		node, err := q.graphTask(t, s.key(i))
		if err != nil {
			return err
		}
		t.id = q.graph.Add(node)
		q.byTask[t.id] = place{s.ID, i}
		ids = append(ids, t.id)
	}
	s.submitted = to
	return q.run.Submit(q.graph, ids...)
}

// graphTask makes a task of the graph: portable where it may be sent away, and the fragment and the split are.
func (q *query) graphTask(t *task, key graph.Key) (graph.Task, error) {
	node := graph.Task{Key: key, Deps: t.deps, Run: q.ledger.enter(t.Do)}
	if q.inProcess {
		return node, nil
	}
	args, ok, err := exec.EncodeTask(q.portable(&t.Task))
	if err != nil {
		return node, err
	}
	if ok {
		node.Op, node.Args = exec.TaskOp, args
	}
	return node, nil
}

// consume counts a result and gives an answer's rows out. What a paused task has left comes back.
func (q *query) consume(s *stage, t *task) (*exec.Resume, error) {
	v, err := q.run.Result(t.id)
	if err != nil {
		return nil, err
	}
	if t.Split != nil && !t.resumed {
		q.receipt.addSplit(s.ID, t.Split.Stats())
	}
	s.mark(t, v)
	if s.write != nil { // its tasks give the heap buffers of their size, and nothing of them lives on
		collectGarbage()
	}
	rows, isRows := v.(*exec.Rows)
	switch v := v.(type) {
	case *exec.Rows:
		s.rows += v.N
	case *exec.Exchanged:
		s.rows += v.NumRows()
	}
	if !s.Final {
		if r, ok := v.(exec.Result); ok {
			s.held = append(s.held, r)
		}
		return nil, nil
	}
	if !isRows {
		return nil, fault.New(fault.Internal, "run", "an answer is a %T", v)
	}
	s.largest = max(s.largest, rows.Bytes())
	if s.expands = t.Split != nil && (rows.More != nil || exec.Expands(rows.Bytes(), t.Split)); s.expands {
		collectGarbage()
	}
	rows.Free()
	q.run.Release(t.id)
	if !q.yield(s.frame, rows) {
		return nil, errStopped
	}
	return rows.More, nil
}

// resume lets the task whose rows come next go on.
func (q *query) resume(s *stage, more *exec.Resume) error {
	t := &s.tasks[s.consumed]
	t.done, t.resumed = false, true
	q.pauses++
	t.id = q.graph.Add(graph.Task{Key: graph.Key{Group: s.key(0).Group + "-on", Index: q.pauses}, Run: q.ledger.enter(q.ledger.resume(more))})
	q.byTask[t.id] = place{s.ID, s.consumed}
	return q.run.Submit(q.graph, t.id)
}

// finish completes a stage: tasks that are not needed any more are cancelled, and results that nobody reads any more go.
func (q *query) finish(s *stage) error {
	s.complete = true
	q.open--
	var late []graph.ID
	for i := s.consumed; i < s.submitted; i++ {
		if t := &s.tasks[i]; t.done {
			q.release(t.id) // also one that failed: the rows before it suffice
		} else {
			late = append(late, t.id)
		}
	}
	if len(late) > 0 {
		q.run.Cancel(late...)
	}
	for _, n := range s.needs {
		q.read(q.stages[n])
	}
	return nil
}

// read notes that one reader of a stage is done.
func (q *query) read(s *stage) {
	s.readers--
	if s.readers > 0 || s.Final {
		return
	}
	for _, r := range s.held {
		q.receipt.addSpilled(s.ID, exec.Spilled(r))
		r.Free()
	}
	s.held = nil
	q.run.Release(s.ids()...)
}
