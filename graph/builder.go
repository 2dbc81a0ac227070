package graph

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sheafdata/sheaf/fault"
)

// Builder makes a graph out of tasks that name each other, in any order. The graph is made by Build, which finds what is missing and
// what goes round in circles. A Builder is for one goroutine at a time; the zero Builder is empty.
type Builder struct {
	nodes map[Key]*Node
	order []Key // in which they came
	quiet int   // tasks without a key that came with a graph
	err   error // the first contradiction
}

// Node is one task of a Builder: a Task whose dependencies are keys. One without Run and Op is an alias: another name for the one
// task in Deps.
type Node struct {
	Key  Key
	Deps []Key
	Run  Func
	Op   string
	Args []byte
	Hint Hint
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder { return &Builder{} }

// ParseKey returns the key that a name stands for: "load[3]" is {"load", 3}, and "sum", as well as "sum[0]", is {"sum", 0}. It is the
// inverse of Key.String.
func ParseKey(name string) Key {
	if at := strings.LastIndexByte(name, '['); at >= 0 && strings.HasSuffix(name, "]") {
		if i, err := strconv.Atoi(name[at+1 : len(name)-1]); err == nil {
			return Key{Group: name[:at], Index: i}
		}
	}
	return Key{Group: name}
}

func parseKeys(names []string) []Key {
	keys := make([]Key, len(names))
	for i, n := range names {
		keys[i] = ParseKey(n)
	}
	return keys
}

// Task adds a task that calls fn with the results of the tasks of those names, in that order. Names are as in ParseKey. The Node may
// be changed until Build: b.Task("load", load).Hint.Retries = 3.
func (b *Builder) Task(name string, fn Func, deps ...string) *Node {
	return b.Add(Node{Key: ParseKey(name), Deps: parseKeys(deps), Run: fn})
}

// Data adds a value under a name.
func (b *Builder) Data(name string, v any) *Node {
	t := Data(ParseKey(name), v)
	return b.Add(Node{Key: t.Key, Run: t.Run, Hint: t.Hint})
}

// Alias makes name another name of the task target.
func (b *Builder) Alias(name, target string) *Node {
	return b.Add(Node{Key: ParseKey(name), Deps: []Key{ParseKey(target)}})
}

// Add adds a task and returns it. Where its key is there already, the one that is there stays, and Build fails if the two differ in
// what can be compared: their dependencies, their operation, or that one is a value.
func (b *Builder) Add(n Node) *Node {
	old, ok := b.nodes[n.Key]
	if !ok {
		return b.put(n)
	}
	if b.err == nil && !old.same(&n) {
		b.err = fault.New(fault.Plan, "graph", "the key %s stands for two different tasks", short(n.Key))
	}
	return old
}

func (b *Builder) put(n Node) *Node {
	if b.nodes == nil {
		b.nodes = map[Key]*Node{}
	}
	if n.Key == (Key{}) && b.err == nil {
		b.err = fault.New(fault.Plan, "graph", "a task of a builder needs a key")
	}
	b.nodes[n.Key] = &n
	b.order = append(b.order, n.Key)
	return &n
}

// same says whether two tasks of one key may be the same work.
func (n *Node) same(o *Node) bool {
	return slices.Equal(n.Deps, o.Deps) && n.Op == o.Op && string(n.Args) == string(o.Args) && (n.Run == nil) == (o.Run == nil) &&
		n.Hint.data == o.Hint.data
}

// Merge adds the tasks of other builders. Equal keys are one task: the first stays, but a value goes before a task that would
// compute it.
func (b *Builder) Merge(others ...*Builder) {
	for _, o := range others {
		apart := func(k Key) Key {
			if k.Group == quietGroup {
				k.Index += b.quiet
			}
			return k
		}
		for _, k := range o.order {
			n := *o.nodes[k]
			n.Key, n.Deps = apart(n.Key), slices.Clone(n.Deps)
			for i, d := range n.Deps {
				n.Deps[i] = apart(d)
			}
			b.merge(n)
		}
		b.quiet += o.quiet
		if b.err == nil {
			b.err = o.err
		}
	}
}

// MergeGraph adds the tasks of a graph, as Merge does. Its tasks without a key can be reached through those that have one.
func (b *Builder) MergeGraph(g *Graph) {
	keys := make([]Key, g.Len())
	for id := range ID(len(keys)) {
		t := g.Task(id)
		if t.Key == (Key{}) {
			t.Key = Key{Group: quietGroup, Index: b.quiet}
			b.quiet++
		}
		keys[id] = t.Key
		n := Node{Key: t.Key, Run: t.Run, Op: t.Op, Args: t.Args, Hint: t.Hint}
		for _, d := range t.Deps {
			n.Deps = append(n.Deps, keys[d])
		}
		b.merge(n)
	}
	if b.err == nil {
		b.err = g.Err()
	}
}

// quietGroup is the group of tasks without a key while they are in a builder.
const quietGroup = "\x00"

func (b *Builder) merge(n Node) {
	if old, ok := b.nodes[n.Key]; !ok {
		b.put(n)
	} else if n.Hint.data && !old.Hint.data {
		*old = n
	}
}

// Build returns a graph of the named tasks and all that they need, and their IDs in it; without names a graph of all tasks, and the
// IDs of those that no other needs, in the order in which they were added. An alias is no task of the graph: it has the ID of its
// target. A missing name, a circle and a contradiction (see Add) are errors that say where.
func (b *Builder) Build(want ...string) (*Graph, []ID, error) { return b.BuildKeys(parseKeys(want)...) }

// BuildKeys is Build with keys in place of names.
func (b *Builder) BuildKeys(want ...Key) (*Graph, []ID, error) {
	if b.err != nil {
		return nil, nil, b.err
	}
	if len(want) == 0 {
		want = b.last()
	}
	w := walk{nodes: b.nodes, graph: New(), places: make(map[Key]ID, len(b.nodes))}
	ids := make([]ID, len(want))
	for i, k := range want {
		if _, ok := b.nodes[k]; !ok {
			return nil, nil, b.missing(k, short(k)+" is wanted and not there")
		}
		if why := w.visit(k); why != nil {
			return nil, nil, b.explain(why)
		}
		ids[i] = w.places[k]
	}
	return w.graph, ids, w.graph.Err()
}

// last returns the keys that no task needs, all of them where there is none such.
func (b *Builder) last() (keys []Key) {
	read := map[Key]bool{}
	for _, n := range b.nodes {
		for _, d := range n.Deps {
			read[d] = true
		}
	}
	for _, k := range b.order {
		if !read[k] {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return b.order // all goes in circles, which is found
	}
	return keys
}

// short returns how messages name a key: without its index where that is 0, as people write it.
func short(k Key) string {
	if k.Index == 0 {
		return k.Group
	}
	return k.String()
}
