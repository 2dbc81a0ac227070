package sched

import (
	"time"

	"github.com/sheafdata/sheaf/graph"
)

// Observer sees what runs do: progress bars and profilers are observers. Observe is called from many goroutines, in the middle of
// scheduling: it must be quick, and must not call the run. A run without observers pays nothing for them.
type Observer interface {
	Observe(Event)
}

// Event is one step of one task.
type Event struct {
	Kind EventKind
	// Run numbers the runs of the process, from 1.
	Run  int64
	Task graph.ID
	Key  graph.Key
	// Worker is the number of the worker that did it, -1 where none did.
	Worker int
	Time   time.Time
	// Err is set when Kind is Failed or Retried.
	Err error
}

// EventKind says what happened.
type EventKind uint8

// The kinds of events. Every task that was added is Finished or Failed once, unless the run is cancelled or closed before.
const (
	GraphAdded EventKind = iota // a task is needed from now on
	Started                     // it runs
	Finished                    // it has a result
	Failed                      // it has none: an error of its own or of a task it needs, or a Cancel
	Released                    // its result was freed
	Retried                     // it failed and will be Started again
)

var eventNames = [...]string{"added", "started", "finished", "failed", "released", "retried"}

// String returns the kind's name in lower case.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// observed says whether anybody watches; call event only then.
func (r *run) observed() bool { return len(r.options.Observers) > 0 }

func (r *run) event(kind EventKind, id graph.ID, worker int, err error) {
	e := Event{Kind: kind, Run: r.number, Task: id, Key: r.graph.Key(id), Worker: worker, Time: time.Now(), Err: err}
	for _, o := range r.options.Observers {
		o.Observe(e)
	}
}
