package delayed

import (
	"context"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// lowered is the graph of some nodes.
type lowered struct {
	g   *graph.Graph
	ids map[*Node]graph.ID
}

// lower makes a graph of the nodes and all they need; known values are no tasks.
func lower(nodes []*Node) (*lowered, error) {
	l := &lowered{g: graph.New(), ids: map[*Node]graph.ID{}}
	err := Walk(nodes, func(n *Node) error {
		l.add(n)
		return nil
	})
	return l, err
}

// Walk visits the nodes and all they need, each once and after its arguments, but for values that are known. It returns the first
// fault of a node, before any visit, or the first error of visit.
func Walk(nodes []*Node, visit func(n *Node) error) error {
	for _, n := range nodes {
		if n.err != nil {
			return n.err
		}
	}
	type step struct {
		n    *Node
		next int // argument to go to
	}
	seen := map[*Node]bool{}
	var path []step // explicit, because chains may be long
	for _, root := range nodes {
		if root.known != nil || seen[root] {
			continue
		}
		seen[root] = true
		path = append(path, step{root, 0})
		for len(path) > 0 {
			s := &path[len(path)-1]
			if s.next < len(s.n.args) {
				a := s.n.args[s.next]
				s.next++
				if a.known == nil && !seen[a] {
					seen[a] = true
					path = append(path, step{a, 0})
				}
				continue
			}
			n := s.n
			path = path[:len(path)-1]
			if err := visit(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// add makes a task of a node whose arguments are there.
func (l *lowered) add(n *Node) {
	var deps []graph.ID
	for _, a := range n.args {
		if a.known == nil {
			deps = append(deps, l.ids[a])
		}
	}
	l.ids[n] = l.g.Add(graph.Task{Key: n.key, Deps: deps, Run: n.Bind(), Hint: n.Hint()})
}

// task returns the task of a node, also of one that is known.
func (l *lowered) task(n *Node) graph.ID {
	if id, ok := l.ids[n]; ok {
		return id
	}
	id := l.g.Add(graph.Data(graph.Key{}, n.known.value))
	l.ids[n] = id
	return id
}

// compute runs the nodes and returns their results.
func compute(ctx context.Context, nodes []*Node, opts []sched.Option) ([]any, error) {
	if ctx == nil {
		return nil, misuse("Compute", here(1), "the context is nil").WithHint("give context.Background()")
	}
	l, err := lower(nodes)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(nodes))
	if l.g.Len() == 0 {
		for i, n := range nodes {
			out[i] = n.known.value
		}
		return out, nil
	}
	o := sched.Apply(opts...)
	if o.Workers < 0 || o.Memory < 0 {
		return nil, misuse("Compute", here(1), "negative options: %d workers, %d bytes of memory", o.Workers, o.Memory)
	}
	run := sched.Start(ctx, o)
	defer run.Close() //nolint:errcheck // what it could say, Wait has said
	return l.results(ctx, run, nodes, out)
}

func (l *lowered) results(ctx context.Context, run sched.Run, nodes []*Node, out []any) ([]any, error) {
	var want []graph.ID
	for _, n := range nodes {
		if n.known == nil {
			want = append(want, l.ids[n])
		}
	}
	if err := run.Submit(l.g, want...); err != nil {
		return nil, err
	}
	if err := run.Wait(ctx); err != nil {
		return nil, err
	}
	for i, n := range nodes {
		if n.known != nil {
			out[i] = n.known.value
			continue
		}
		v, err := run.Result(l.ids[n])
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}
