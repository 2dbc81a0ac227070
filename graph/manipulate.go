package graph

import "context"

func init() {
	RegisterFunc(nothing)
	RegisterFunc(first)
}

// nothing is the work of a barrier.
func nothing(context.Context, []any) (any, error) { return nil, nil }

// first gives the first of its inputs.
func first(_ context.Context, in []any) (any, error) { return in[0], nil }

// Checkpoint adds a task that is done when the given ones are, and returns it. Its result is nil. It holds none of their results: each
// goes as soon as it is there, unless somebody else reads it. A Key that is there already is that checkpoint.
func (g *Graph) Checkpoint(key Key, after ...ID) ID {
	if len(after) < 2 {
		return g.Add(Task{Key: key, Deps: after, Run: nothing})
	}
	done := make([]ID, len(after))
	for i, id := range after {
		t := Task{Deps: []ID{id}, Run: nothing}
		if key != (Key{}) {
			t.Key = Key{Group: key.String() + "-done", Index: i}
		}
		done[i] = g.Add(t)
	}
	return g.Add(Task{Key: key, Deps: done, Run: nothing})
}

// WaitOn returns, for each task, one that gives the same result but only once all of them are done. Their keys are of the group.
func (g *Graph) WaitOn(group string, ids ...ID) []ID {
	if len(ids) == 0 {
		return nil
	}
	barrier := g.Checkpoint(Key{Group: group + "-barrier"}, ids...)
	out := make([]ID, len(ids))
	for i, id := range ids {
		out[i] = g.Add(Task{Key: Key{Group: group, Index: i}, Deps: []ID{id, barrier}, Run: first})
	}
	return out
}

// Clone adds another copy of the wanted tasks and of all that they need, and returns the copies of the wanted. It is for computing
// again what would be held for too long: a result that is read early and late is, with a clone for the late reader, held twice for a
// short while. The group of a copied key gets the suffix; the same clone twice is one. Tasks in keep are not copied, nor is what only they
// need: the copies read them. Values are not copied either.
func (g *Graph) Clone(suffix string, want []ID, keep ...ID) []ID {
	return g.copies(suffix, want, keep, nil)
}

// Bind is Clone whose copies begin only when the tasks in after are done, although they do not read them: bound to the mean of x, a
// second reading of x begins when the first is over, and the two do not share what they read.
func (g *Graph) Bind(suffix string, want, after []ID, keep ...ID) []ID {
	barrier := g.Checkpoint(Key{Group: suffix + "-barrier"}, after...)
	return g.copies(suffix, want, keep, &barrier)
}

// copies clones; tasks without dependencies wait for the barrier where there is one.
func (g *Graph) copies(suffix string, want, keep []ID, barrier *ID) []ID {
	n := g.Len()
	needed, kept := make([]bool, n), make([]bool, n)
	for _, id := range want {
		needed[id] = true
	}
	for _, id := range keep {
		kept[id] = true
	}
	for id := ID(n) - 1; id >= 0; id-- {
		needed[id] = needed[id] && !kept[id] && (barrier != nil || !g.IsData(id))
		if needed[id] {
			for _, d := range g.Deps(id) {
				needed[d] = true
			}
		}
	}
	ids := make([]ID, n)
	for id := range ids {
		ids[id] = ID(id)
		if needed[id] {
			ids[id] = g.copyTask(ID(id), ids, suffix, barrier)
		}
	}
	return places(ids, want)
}

func (g *Graph) copyTask(id ID, ids []ID, suffix string, barrier *ID) ID {
	t := g.Task(id)
	t.Deps = places(ids, t.Deps)
	if barrier != nil && len(t.Deps) == 0 {
		t = g.compose([]ID{id})
		t.Deps = []ID{*barrier}
	}
	if t.Key != (Key{}) {
		t.Key.Group += suffix
	}
	return g.Add(t)
}
