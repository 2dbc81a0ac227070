package graph

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/sheafdata/sheaf/fault"
)

// opProgram is the operation of tasks that were made out of several portable ones; its arguments are the parts.
const opProgram = "graph.program"

func init() { Register(opProgram, runProgram) }

// program is several tasks that are executed as one, each after those whose results it reads. The last part's result is the
// program's.
type program []part

// part is one task of a program.
type part struct {
	Name string `json:",omitempty"` // for messages; "" where it is that of the whole task
	Op   string
	Args []byte  `json:",omitempty"`
	In   []int32 `json:",omitempty"` // input i of the program, or ^i for the result of part i
	Free []int32 `json:",omitempty"` // parts whose results nobody reads after this one

	run Func
}

// run executes the parts one after the other.
func (p program) run(ctx context.Context, in []any) (any, error) {
	vals := make([]any, len(p))
	for i := range p {
		part := &p[i]
		args := make([]any, len(part.In))
		for k, at := range part.In {
			if at >= 0 {
				args[k] = in[at]
			} else {
				args[k] = vals[^at]
			}
		}
		for _, at := range part.Free {
			vals[at] = nil
		}
		v, err := part.call(ctx, args)
		if err != nil {
			return nil, part.fail(err)
		}
		vals[i] = v
	}
	return vals[len(p)-1], nil
}

func (p *part) call(ctx context.Context, in []any) (any, error) {
	if p.run != nil {
		return p.run(ctx, in)
	}
	fn, ok := Lookup(p.Op)
	if !ok {
		return nil, fault.New(fault.Plan, "", "the operation %q is not registered in this process", p.Op)
	}
	return fn(ctx, p.Args, in)
}

// fail names the part in its error.
func (p *part) fail(err error) error {
	if p.Name == "" {
		return err
	}
	f, ok := err.(*fault.Error)
	if !ok {
		return &partError{p.Name, err}
	}
	c := *f
	if c.Err == nil {
		c.Err = errors.New(f.Kind.String() + " error")
	}
	c.Err = &partError{p.Name, c.Err}
	return &c
}

type partError struct {
	name string
	err  error
}

func (e *partError) Error() string { return "in " + e.name + ": " + e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

func runProgram(ctx context.Context, args []byte, in []any) (any, error) {
	var p program
	if err := json.Unmarshal(args, &p); err != nil {
		return nil, fault.New(fault.Internal, "graph", "the program of a task: %w", err)
	}
	if err := p.check(len(in)); err != nil {
		return nil, err
	}
	return p.run(ctx, in)
}

// check refuses a program that was damaged on its way.
func (p program) check(inputs int) error {
	for i, part := range p {
		for _, at := range part.In {
			if at >= 0 && int(at) >= inputs || at < 0 && int(^at) >= i {
				return fault.New(fault.Internal, "graph", "part %d of a program reads what is not there", i)
			}
		}
		for _, at := range part.Free {
			if at < 0 || int(at) >= i {
				return fault.New(fault.Internal, "graph", "part %d of a program frees what is not there", i)
			}
		}
	}
	if len(p) == 0 {
		return fault.New(fault.Internal, "graph", "a program without parts")
	}
	return nil
}

// compose returns a task that does what the members do, and the dependencies that are left, as IDs of g. The members are in
// increasing order; the last one is the task whose key and place the result has. It is portable when all members are.
func (g *Graph) compose(members []ID) Task {
	head := members[len(members)-1]
	t := Task{Key: g.Key(head), Hint: g.Hint(head)}
	t.Hint.data = false
	p := make(program, len(members))
	lastRead := make([]int, len(members))
	inputs := map[ID]int32{}
	portable := true
	for i, id := range members {
		p[i].run = g.Func(id)
		if id != head {
			p[i].Name = g.Name(id)
			t.Hint.join(g.Hint(id))
		}
		if portable {
			portable = g.Portable(id) || g.named(id)
		}
		for _, d := range g.Deps(id) {
			if k, inside := slices.BinarySearch(members[:i], d); inside {
				p[i].In = append(p[i].In, ^int32(k))
				lastRead[k] = i
				continue
			}
			k, met := inputs[d]
			if !met {
				k = int32(len(t.Deps))
				inputs[d] = k
				t.Deps = append(t.Deps, d)
			}
			p[i].In = append(p[i].In, k)
		}
	}
	for k, i := range lastRead[:len(members)-1] {
		p[i].Free = append(p[i].Free, int32(k))
	}
	g.finish(&t, p, members, portable)
	return t
}

// finish gives a composed task its function and, where it can have one, its operation.
func (g *Graph) finish(t *Task, p program, members []ID, portable bool) {
	for i, id := range members {
		if p[i].run == nil || portable {
			op, args, err := g.Remote(id)
			portable = portable && err == nil
			p[i].Op, p[i].Args = op, args
		}
	}
	t.Run = p.run
	if !portable {
		return
	}
	if args, err := json.Marshal(p); err == nil {
		t.Op, t.Args = opProgram, args
	}
}

// named says whether a local task can be carried to another process.
func (g *Graph) named(id ID) bool {
	if g.IsData(id) {
		return true
	}
	_, ok := FuncName(g.Func(id))
	return ok
}

// join adds what a task absorbs to the hint of the one that absorbs it.
func (h *Hint) join(o Hint) {
	h.Cost += o.Cost
	h.Memory = max(h.Memory, o.Memory)
	h.Pure = h.Pure && (o.Pure || o.data)
	h.Inline = h.Inline && o.Inline
}
