// Package graph holds the one task graph of Sheaf: what is to be run, under which key, after what. Every collection lowers to it
// and every scheduler reads it.
//
// A task is local when it holds a Go function and portable when it names a registered operation with encoded arguments; only a
// portable task can run in another process. A graph only grows, also while a run executes it.
//
// A Builder makes a graph by hand out of tasks that name each other, in any order. Cull, Fuse and Inline make a graph smaller; Checkpoint,
// WaitOn, Clone and Bind say what comes after what and what is computed twice; Order is the static order, which keeps few results
// alive; Text and DOT draw.
//
// The package runs nothing, and knows neither Arrow nor plans nor schedulers. It may import package fault alone.
//
//	g := graph.New()
//	one := g.Add(graph.Task{Key: graph.Key{Group: "one"}, Run: one})
//	sum := g.Add(graph.Task{Key: graph.Key{Group: "sum"}, Deps: []graph.ID{one, one}, Run: add})
package graph

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
)

// ID names a task within its graph: dense, from 0, in the order of Add. A task's dependencies have smaller IDs than itself, so
// increasing IDs are a valid order of execution.
type ID int32

// Key is the stable name of a task: the same work has the same key in every graph and process. The zero Key is no name.
type Key struct {
	// Group is what the task belongs to, its operation and a token of its inputs: "read_csv-4f2a".
	Group string
	// Index is the task's place within its group, from 0.
	Index int
}

// String returns "group[index]", "" for the zero Key.
func (k Key) String() string {
	if k == (Key{}) {
		return ""
	}
	return k.Group + "[" + strconv.Itoa(k.Index) + "]"
}

// Func is the work of a local task. in holds the results of Task.Deps, in their order; the slice is the function's own, what it
// points to is shared with other tasks and must not be changed. ctx ends when the task is cancelled, and when it has returned.
type Func func(ctx context.Context, in []any) (any, error)

// Task is one piece of work. Either Run or Op is set; with both, a scheduler in this process calls Run and one in another process
// runs Op.
type Task struct {
	Key  Key
	Deps []ID // results the task reads, in the order it gets them; an ID may stand twice
	Run  Func
	Op   string // name given to Register
	Args []byte // arguments of Op; kept, not copied: do not change them after Add
	Hint Hint
}

// Graph is a growing set of tasks. Its methods may be called by many goroutines at once, also while a run executes it.
//
// It is columnar, because a graph of a million tasks must cost tens of bytes and nanoseconds each: a struct of pointers and a
// map from Key to ID were measured at 245 bytes and over a microsecond a task, these columns at about 44 bytes and a tenth of
// that time (Go 1.26, 2 virtual cores).
type Graph struct {
	// n is the number of tasks. It is stored after everything else about a task is written: a reader that has seen n, or was given
	// an ID, may read the columns below it without the lock.
	n      atomic.Int32
	chunks [maxChunks]atomic.Pointer[chunk]
	blocks atomic.Pointer[[][]ID] // flat dependencies, see columns.go

	mu       sync.Mutex // guards what follows, and writing above
	groups   []group
	groupIDs map[string]int32
	last     int32 // group of the last Add: most Adds come in rows of one group
	ops      []string
	opIDs    map[string]int32
	hints    []Hint // distinct ones; the chunks say whose they are
	fill     int    // used length of the last block
	err      error  // the first bad Add
}

// New returns an empty graph.
func New() *Graph { return &Graph{} }

// Len returns the number of tasks; their IDs are 0 to Len()-1.
func (g *Graph) Len() int { return int(g.n.Load()) }

// Add copies t into the graph and returns its ID. Where a task of the same non-zero Key is there already, its ID is returned and
// t is dropped. A dependency that is no earlier task, or a task with neither Run nor Op, is remembered: see Err.
func (g *Graph) Add(t Task) ID {
	g.mu.Lock()
	id := g.add(&t)
	g.mu.Unlock()
	return id
}

func (g *Graph) add(t *Task) ID {
	id := ID(g.n.Load())
	at := noGroup
	if t.Key != (Key{}) {
		at = g.groupOf(t.Key.Group)
		slot := g.groups[at].slot(t.Key.Index, id)
		if slot != id {
			return slot
		}
	}
	c, i := g.locate(id)
	c.run[i], c.index[i], c.group[i] = t.Run, t.Key.Index, at
	if len(t.Deps) > 0 {
		c.deps[i] = g.store(t.Deps)
		g.checkDeps(id, t)
	}
	if t.Op != "" {
		c.setOp(i, g.opOf(t.Op), t.Args)
	} else if t.Run == nil {
		g.remember(t, "the task has neither Run nor Op")
	}
	if !t.Hint.isZero() {
		c.setHint(i, g.hintOf(&t.Hint))
	}
	g.n.Store(int32(id) + 1)
	return id
}
