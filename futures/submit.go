package futures

import (
	"context"
	"errors"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// Submit starts a lazy call and returns at once. Arguments of the call may be known values, futures of the same client, and other
// calls, which become tasks as well. A call of a pure function whose equal has been submitted, and is still held, gives a future of
// the same task. What is wrong with the call is the future's error.
func Submit[T any](c Client, call delayed.Arg[T]) *Future[T] {
	if f, ok := call.(*Future[T]); ok && f != nil && f.h.c == c {
		return f
	}
	var v *delayed.Value[T]
	if call != nil {
		v = call.Delayed()
	}
	return newFuture[T](c, v.Node())
}

// SubmitAll submits several calls of one type.
func SubmitAll[A delayed.Arg[T], T any](c Client, calls []A) []*Future[T] {
	fs := make([]*Future[T], len(calls))
	for i, call := range calls {
		fs[i] = Submit[T](c, call)
	}
	return fs
}

// Map submits a call of fn, a lazy function, for every element, and returns the futures in their order.
func Map[A, R any](c Client, fn func(delayed.Arg[A]) *delayed.Value[R], xs []A) []*Future[R] {
	fs := make([]*Future[R], len(xs))
	for i, x := range xs {
		fs[i] = Submit(c, fn(delayed.Of(x)))
	}
	return fs
}

// Scatter hands a value to the client once, to be an argument of many calls.
func Scatter[T any](c Client, v T) *Future[T] { return Submit(c, delayed.Of(v)) }

// ScatterAll hands over several values.
func ScatterAll[T any](c Client, vs []T) []*Future[T] {
	fs := make([]*Future[T], len(vs))
	for i, v := range vs {
		fs[i] = Scatter(c, v)
	}
	return fs
}

// submit makes jobs of a call and what it needs, and submits them.
func submit(c Client, root *delayed.Node) (Task, error) {
	if c == nil {
		return nil, fault.New(fault.Plan, "Submit", "the client is nil")
	}
	if root.Err() != nil {
		return nil, root.Err()
	}
	if v, known := root.Constant(); known {
		give := func(context.Context, []any) (any, error) { return v, nil }
		return c.Submit([]Job{{Run: give}})
	}
	b := batch{c: c, at: map[*delayed.Node]Dep{}}
	if err := delayed.Walk([]*delayed.Node{root}, b.add); err != nil {
		return nil, err
	}
	return c.Submit(b.jobs)
}

// batch is the jobs of one Submit.
type batch struct {
	c    Client
	jobs []Job
	at   map[*delayed.Node]Dep
}

// add makes a job of a node whose arguments are there.
func (b *batch) add(n *delayed.Node) error {
	if r, ok := n.Foreign().(*ref); ok && r.h.c == b.c {
		if r.h.isReleased() {
			return fault.New(fault.Plan, "Submit", "an argument is the future %s, which was released", r.h.id)
		}
		t, _ := r.h.now()
		if failed, ok := t.(failedTask); ok {
			return failed.err
		}
		b.at[n] = Dep{Task: t}
		return nil
	}
	j := Job{Key: n.Key(), Run: n.Bind(), Hint: n.Hint()}
	if n.Foreign() != nil {
		j.Key = graph.Key{} // it is the key of a task elsewhere
	}
	for _, a := range n.Args() {
		if _, known := a.Constant(); !known {
			j.Deps = append(j.Deps, b.at[a])
		}
	}
	b.at[n] = Dep{Job: len(b.jobs)}
	b.jobs = append(b.jobs, j)
	return nil
}

// failedTask is the task of a call that could not be submitted.
type failedTask struct{ err error }

func (t failedTask) OnDone(fn func())     { fn() }
func (t failedTask) Result() (any, error) { return nil, t.err }
func (t failedTask) Cancel()              {}
func (t failedTask) Release()             {}

func kindOf(err error) fault.Kind {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return 0
}
