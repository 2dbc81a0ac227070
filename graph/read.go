package graph

import "strconv"

// The accessors below take an ID that Add returned; with another they panic.

// Err returns the first thing that was wrong with an Add, nil when all were right. It names the task. A scheduler refuses a graph
// that has one.
func (g *Graph) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// Deps returns the dependencies of a task, as given to Add. The slice is the graph's own: do not change it.
func (g *Graph) Deps(id ID) []ID {
	c, i := g.at(id)
	ref := c.deps[i]
	if ref == 0 {
		return nil
	}
	block := (*g.blocks.Load())[ref>>32-1]
	at := int(uint32(ref))
	end := at + 1 + int(block[at])
	return block[at+1 : end : end]
}

// Func returns the function of a local task, nil for one that has only an operation.
func (g *Graph) Func(id ID) Func {
	c, i := g.at(id)
	return c.run[i]
}

// Op returns the operation and the encoded arguments of a portable task, "" for one that has only a function. The arguments are
// the graph's own.
func (g *Graph) Op(id ID) (op string, args []byte) {
	c, i := g.at(id)
	ops := c.ops.Load()
	if ops == nil || (*ops)[i] == 0 {
		return "", nil
	}
	g.mu.Lock()
	op = g.ops[(*ops)[i]-1]
	g.mu.Unlock()
	return op, (*c.args.Load())[i]
}

// Portable says whether a task names an operation, and so can run in another process.
func (g *Graph) Portable(id ID) bool {
	c, i := g.at(id)
	ops := c.ops.Load()
	return ops != nil && (*ops)[i] != 0
}

// Key returns the key of a task, the zero Key for one without.
func (g *Graph) Key(id ID) Key {
	c, i := g.at(id)
	at := c.group[i]
	if at == noGroup {
		return Key{}
	}
	g.mu.Lock()
	group := g.groups[at].name
	g.mu.Unlock()
	return Key{Group: group, Index: c.index[i]}
}

// Name returns how messages name a task: its key, "#7" for task 7 when it has none.
func (g *Graph) Name(id ID) string { return name(g.Key(id), id) }

func name(k Key, id ID) string {
	if k == (Key{}) {
		return "#" + strconv.Itoa(int(id))
	}
	return k.String()
}

// Hint returns the hint of a task.
func (g *Graph) Hint(id ID) Hint {
	c, i := g.at(id)
	at := c.hints.Load()
	if at == nil || (*at)[i] == 0 {
		return Hint{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hints[(*at)[i]-1]
}

// Hinted says whether a task has a hint. It costs less than Hint.
func (g *Graph) Hinted(id ID) bool {
	c, i := g.at(id)
	at := c.hints.Load()
	return at != nil && (*at)[i] != 0
}

// IsData says whether a task is a value that was there from the start: see Data.
func (g *Graph) IsData(id ID) bool { return g.Hinted(id) && g.Hint(id).data }

// Find returns the task of a key. The zero Key finds nothing.
func (g *Graph) Find(k Key) (ID, bool) {
	if k == (Key{}) {
		return 0, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	at, ok := g.groupIDs[k.Group]
	if !ok {
		return 0, false
	}
	return g.groups[at].find(k.Index)
}

// Task returns a task as it was added. Deps and Args are the graph's own.
func (g *Graph) Task(id ID) Task {
	t := Task{Key: g.Key(id), Deps: g.Deps(id), Run: g.Func(id), Hint: g.Hint(id)}
	t.Op, t.Args = g.Op(id)
	return t
}
