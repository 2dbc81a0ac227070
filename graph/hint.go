package graph

import (
	"context"
	"maps"
	"time"
)

// Hint tells a scheduler about a task. The zero Hint says nothing; none of it changes an answer.
type Hint struct {
	// Cost is how long the task runs, 0 unknown.
	Cost time.Duration
	// Memory is how many bytes the task holds while it runs, and its result until it is freed, 0 unknown.
	Memory int64
	// Resources are the named, counted things the task occupies while it runs: {"db": 1}. The graph keeps the map: do not change it.
	Resources map[string]int
	// Retries is how often the task is tried again after an error.
	Retries int
	// Backoff is the pause before the first of the retries, 0 none. It doubles with each.
	Backoff time.Duration
	// Timeout is how long one try may take, 0 as long as it likes.
	Timeout time.Duration
	// Priority goes before the static order; higher is sooner.
	Priority int
	// Pure says that a task of this key gives this result in every run of the process, so that a cache may keep it.
	Pure bool
	// Inline says that the task is so cheap that its readers may each compute it again: see Inline.
	Inline bool

	data bool // the task is a value
}

func (h *Hint) isZero() bool {
	return h.Cost == 0 && h.Memory == 0 && h.Priority == 0 && !h.Pure && !h.Inline && !h.data && !h.shapes()
}

// shapes says whether the hint is about how the task is executed, rather than when.
func (h *Hint) shapes() bool {
	return len(h.Resources) > 0 || h.Retries != 0 || h.Backoff != 0 || h.Timeout != 0
}

// alike says whether two tasks may be executed as one.
func (h *Hint) alike(o *Hint) bool {
	return h.Retries == o.Retries && h.Backoff == o.Backoff && h.Timeout == o.Timeout && h.Priority == o.Priority &&
		maps.Equal(h.Resources, o.Resources)
}

// Equal says whether two hints say the same.
func (h *Hint) Equal(o *Hint) bool {
	return h.alike(o) && h.Cost == o.Cost && h.Memory == o.Memory && h.Pure == o.Pure && h.Inline == o.Inline && h.data == o.data
}

// Data returns a task that is a value: it needs nothing and gives v.
func Data(key Key, v any) Task {
	value := func(context.Context, []any) (any, error) { return v, nil }
	return Task{Key: key, Run: value, Hint: Hint{Inline: true, data: true}}
}
