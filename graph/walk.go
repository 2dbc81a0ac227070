package graph

import (
	"slices"
	"strings"

	"github.com/sheafdata/sheaf/fault"
)

// walk is one Build: it adds tasks after what they need.
type walk struct {
	nodes  map[Key]*Node
	graph  *Graph
	places map[Key]ID // of the tasks that were met; onPath while they are not added
	path   []step     // from a wanted task down
}

// step is a task on the path, and how many of its dependencies have been seen to.
type step struct {
	node *Node
	seen int
}

const onPath ID = -1

// broken is why a task cannot be added: the path ends in a key that is missing, or that is on the path already.
type broken []Key

// visit adds a task and what it needs.
func (w *walk) visit(k Key) broken {
	if _, met := w.places[k]; met {
		return nil
	}
	w.push(w.nodes[k])
	for len(w.path) > 0 {
		top := &w.path[len(w.path)-1]
		if top.seen == len(top.node.Deps) {
			w.add(top.node)
			w.path = w.path[:len(w.path)-1]
			continue
		}
		d := top.node.Deps[top.seen]
		top.seen++
		place, met := w.places[d]
		switch n := w.nodes[d]; {
		case n == nil || met && place == onPath:
			return w.broken(d)
		case !met:
			w.push(n)
		}
	}
	return nil
}

func (w *walk) push(n *Node) {
	w.places[n.Key] = onPath
	w.path = append(w.path, step{node: n})
}

func (w *walk) broken(k Key) (path broken) {
	for _, s := range w.path {
		path = append(path, s.node.Key)
	}
	return append(path, k)
}

func (w *walk) add(n *Node) {
	if n.isAlias() {
		w.places[n.Key] = w.places[n.Deps[0]]
		return
	}
	t := Task{Key: n.Key, Run: n.Run, Op: n.Op, Args: n.Args, Hint: n.Hint}
	if n.Key.Group == quietGroup {
		t.Key = Key{}
	}
	for _, d := range n.Deps {
		t.Deps = append(t.Deps, w.places[d])
	}
	w.places[n.Key] = w.graph.Add(t)
}

func (n *Node) isAlias() bool { return n.Run == nil && n.Op == "" && len(n.Deps) == 1 }

// explain makes an error of a path.
func (b *Builder) explain(path broken) error {
	end := path[len(path)-1]
	if start := slices.Index(path, end); start < len(path)-1 {
		return fault.New(fault.Plan, "graph", "the tasks go round in a circle: %s", arrows(path[start:])).
			WithHint("one of them must not need the next")
	}
	by := path[len(path)-2]
	why := short(by) + " needs " + short(end) + ", which is not there"
	if len(path) > 2 {
		why += " (" + arrows(path) + ")"
	}
	return b.missing(end, why)
}

// missing returns the error for a key that nobody has added.
func (b *Builder) missing(k Key, why string) error {
	e := fault.New(fault.Plan, "graph", "%s", why)
	if hint := fault.Suggest(short(k), b.names()); hint != "" {
		return e.WithHint("%s", hint)
	}
	return e
}

// arrows writes a path, without its middle where it is long.
func arrows(path []Key) string {
	const most = 12
	var names []string
	for i, k := range path {
		if len(path) <= most || i < most/2 || i >= len(path)-most/2 {
			names = append(names, short(k))
		} else if i == most/2 {
			names = append(names, "…")
		}
	}
	return strings.Join(names, " → ")
}

// names returns all keys as one would write them, sorted.
func (b *Builder) names() []string {
	names := make([]string, 0, len(b.nodes))
	for k := range b.nodes {
		if k.Group != quietGroup {
			names = append(names, short(k))
		}
	}
	slices.Sort(names)
	return names
}
