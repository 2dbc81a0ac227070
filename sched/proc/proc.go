// Package proc is a scheduler for tests: it runs every task in another process. It executes the test binary again, ships tasks,
// inputs and results over pipes, and so proves that a graph holds nothing but portable tasks and sendable results.
//
// A test package that uses it has
//
//	func TestMain(m *testing.M) { proc.Main(m) }
//
// and then sched.On(proc.New(2)) is an option like any other.
//
// The package schedules nothing itself, that is sched's, and knows neither Arrow nor plans. It may import packages fault, graph and sched.
package proc

import (
	"context"
	"os"
	"sync"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// workerEnv tells a process that it is a worker.
const workerEnv = "SHEAF_PROC_WORKER"

// Main runs the tests, or, in a worker process, the tasks that it is sent. It does not return. m is a *testing.M.
func Main(m interface{ Run() int }) {
	if os.Getenv(workerEnv) != "" {
		out := os.Stdout
		os.Stdout = os.Stderr // what tasks print must not come between the frames
		serve(os.Stdin, out)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// New returns a scheduler of that many worker processes. They are started when a task needs them and end when the last run closes.
func New(workers int) sched.Scheduler {
	s := &scheduler{processes: map[int]*process{}}
	s.pool = sched.PoolOf(max(1, workers), s.call)
	return s
}

type scheduler struct {
	pool sched.Scheduler

	mu        sync.Mutex
	open      int              // runs
	processes map[int]*process // by worker
}

// Start implements sched.Scheduler.
func (s *scheduler) Start(ctx context.Context, o sched.Options) sched.Run {
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	return &run{Run: s.pool.Start(context.WithValue(ctx, optionsKey{}, wireOptions(o)), o), scheduler: s}
}

type optionsKey struct{}

// run is a pool's run that ends the processes with the last of them.
type run struct {
	sched.Run
	scheduler *scheduler
	once      sync.Once
}

// Close implements sched.Run.
func (r *run) Close() error {
	err := r.Run.Close()
	r.once.Do(r.scheduler.closed)
	return err
}

func (s *scheduler) closed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.open > 0 {
		return
	}
	for worker, p := range s.processes {
		p.stop()
		delete(s.processes, worker)
	}
}

// call has a task executed by the worker's process.
func (s *scheduler) call(ctx context.Context, c sched.Call) (any, error) {
	op, args, err := c.Graph.Remote(c.Task)
	if err != nil {
		return nil, err
	}
	m := message{Op: op, Args: args}
	m.Options, _ = ctx.Value(optionsKey{}).(options)
	for i, v := range c.In {
		b, err := graph.EncodeResult(nil, v)
		if err != nil {
			return nil, fault.New(fault.Type, "", "input %d, the result of task %s: %w", i, c.Graph.Name(c.Graph.Deps(c.Task)[i]), err)
		}
		m.In = append(m.In, b)
	}
	p, err := s.process(c.Worker)
	if err != nil {
		return nil, err
	}
	v, err := p.do(ctx, m)
	if p.dead {
		s.mu.Lock()
		delete(s.processes, c.Worker)
		s.mu.Unlock()
		p.stop()
	}
	return v, err
}

// process returns the process of a worker, started where it is not there yet.
func (s *scheduler) process(worker int) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.processes[worker]; p != nil {
		return p, nil
	}
	p, err := startProcess()
	if err == nil {
		s.processes[worker] = p
	}
	return p, err
}
