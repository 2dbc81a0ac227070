// Package schedtest is the conformance kit of schedulers: whoever writes one calls Run, or RunPortable where it takes portable tasks only, in a
// test. The kit's own tasks are portable, so that it can judge a scheduler whose tasks run in other processes; those processes must import this
// package too.
//
// The kit may import packages fault, graph and sched, and testing.
package schedtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// Run tests a scheduler that runs tasks in this process. start returns the scheduler under test; it is called for each test.
func Run(t *testing.T, start func() sched.Scheduler) {
	RunPortable(t, start)
	for name, test := range localTests {
		t.Run(name, func(t *testing.T) { test(newKit(t, start())) })
	}
}

// RunPortable is Run without the tests that need closures as tasks.
func RunPortable(t *testing.T, start func() sched.Scheduler) {
	for name, test := range portableTests {
		t.Run(name, func(t *testing.T) { test(newKit(t, start())) })
	}
}

// patience is how long the kit waits for what must happen soon before it calls the scheduler stuck. Sound schedulers never take it.
const patience = 20 * time.Second

// kit is one test of one scheduler.
type kit struct {
	*testing.T
	on  sched.Scheduler
	g   *graph.Graph
	run sched.Run
	ctx context.Context
	log *eventLog
}

// newKit opens a run, which is closed, and its goroutines counted, when the test ends.
func newKit(t *testing.T, on sched.Scheduler) *kit {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), valueKey{}, "from start"), patience)
	k := &kit{T: t, on: on, g: graph.New(), ctx: ctx, log: newEventLog()}
	k.run = on.Start(ctx, sched.Options{Observers: []sched.Observer{k.log}, SpillDir: "kit"})
	t.Cleanup(func() {
		if err := k.run.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		cancel()
		k.noGoroutines(before)
	})
	return k
}

type valueKey struct{}

// noGoroutines waits until no more goroutines run than before; it fails with their stacks.
func (k *kit) noGoroutines(before int) {
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			k.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// add adds a task of group "t" that does what the spec says.
func (k *kit) add(s spec, deps ...graph.ID) graph.ID {
	return k.g.Add(graph.Task{Key: graph.Key{Group: "t", Index: k.g.Len()}, Deps: deps, Op: opWork, Args: s.encode()})
}

func (k *kit) submit(want ...graph.ID) {
	k.Helper()
	if err := k.run.Submit(k.g, want...); err != nil {
		k.Fatalf("Submit: %v", err)
	}
}

func (k *kit) wait() error { return k.run.Wait(k.ctx) }

// background waits in another goroutine, which makes inline runs go on; the test must wait for the channel.
func (k *kit) background() <-chan error {
	done := make(chan error, 1)
	go func() { done <- k.wait() }()
	return done
}

func (k *kit) noError(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// fails checks the kind of an error and that its text holds the parts.
func (k *kit) fails(err error, kind fault.Kind, parts ...string) {
	k.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		k.Fatalf("the error is %v (%T), expected a *fault.Error", err, err)
	}
	if f.Kind != kind {
		k.Fatalf("the error %v is of kind %v, expected %v", err, f.Kind, kind)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			k.Fatalf("the error %v does not say %q", err, p)
		}
	}
}

func (k *kit) result(id graph.ID, expected int64) {
	k.Helper()
	v, err := k.run.Result(id)
	if err != nil {
		k.Fatalf("Result(%d): %v", id, err)
	}
	if v != expected {
		k.Fatalf("Result(%d) is %v, expected %d", id, v, expected)
	}
}

// eventually waits until a condition holds.
func (k *kit) eventually(what string, cond func() bool) {
	k.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			k.Fatalf("it never happened that %s", what)
		}
	}
}

// seen waits for an event of a task.
func (k *kit) seen(kind sched.EventKind, id graph.ID) {
	k.Helper()
	k.eventually(fmt.Sprintf("task %d was %s", id, kind), func() bool { return k.log.has(kind, id) })
}

// eventLog is an observer that remembers.
type eventLog struct {
	mu     sync.Mutex
	events []sched.Event
	count  map[sched.EventKind]map[graph.ID]int
}

func newEventLog() *eventLog {
	return &eventLog{count: map[sched.EventKind]map[graph.ID]int{}}
}

// Observe implements sched.Observer.
func (l *eventLog) Observe(e sched.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
	if l.count[e.Kind] == nil {
		l.count[e.Kind] = map[graph.ID]int{}
	}
	l.count[e.Kind][e.Task]++
}

func (l *eventLog) has(kind sched.EventKind, id graph.ID) bool { return l.times(kind, id) > 0 }

func (l *eventLog) times(kind sched.EventKind, id graph.ID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count[kind][id]
}

// total returns how many tasks had an event.
func (l *eventLog) total(kind sched.EventKind) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.count[kind])
}
