package optimizer

import (
	"hash/maphash"
	"slices"

	"github.com/sheafdata/sheaf/plan"
)

// OptimizeAll optimises the plans of frames that run together. A subplan that several of them hold, and that is more than scans and
// row-wise steps over them, is optimised by itself, once, and they all read its rows from one Cache: it runs once. The traces are those
// of the frames, in which a shared subplan is an Input.
func OptimizeAll(nodes []plan.Node, o Options) ([]plan.Node, []*Trace, error) {
	if err := checkNames(o.Disable); err != nil {
		return nil, nil, err
	}
	f := &frames{inputs: map[plan.Node]*plan.Input{}, caches: map[*plan.Input]plan.Node{}}
	if len(nodes) > 1 && !slices.Contains(o.Disable, shareSubplans.Name) {
		var err error
		if nodes, err = interned(nodes); err != nil {
			return nil, nil, err
		}
		if err := f.share(nodes, o); err != nil {
			return nil, nil, err
		}
	}
	out, traces := make([]plan.Node, len(nodes)), make([]*Trace, len(nodes))
	for i, n := range nodes {
		var err error
		if out[i], traces[i], err = f.optimize(f.cut(n, nil), o); err != nil {
			return nil, nil, err
		}
	}
	return out, traces, nil
}

// interned makes equal subplans of several plans one node.
func interned(nodes []plan.Node) ([]plan.Node, error) {
	s := &sharer{byHash: map[uint64][]plan.Node{}, seed: maphash.MakeSeed()}
	out := make([]plan.Node, len(nodes))
	for i, n := range nodes {
		var err error
		if out[i], err = plan.TransformUp(n, func(n plan.Node) (plan.Node, error) { return s.intern(n), nil }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// frames is the state of OptimizeAll: the leaf that stands for each shared subplan while what reads it is optimised, and the Cache that
// takes the leaf's place afterwards.
type frames struct {
	inputs map[plan.Node]*plan.Input
	caches map[*plan.Input]plan.Node
}

// share finds the shared subplans, those inside others first, and optimises them.
func (f *frames) share(roots []plan.Node, o Options) error {
	for _, n := range sharedNodes(roots) {
		better, _, err := f.optimize(f.cut(n, n), o)
		if err != nil {
			return err
		}
		in := plan.NewInput(len(f.inputs), n.Schema())
		f.inputs[n], f.caches[in] = in, plan.NewCache(better)
	}
	return nil
}

// sharedNodes lists the costly nodes that are read from several places, roots among them, and belong to several plans; inputs come before
// their readers.
func sharedNodes(roots []plan.Node) []plan.Node {
	uses, plans := map[plan.Node]int{}, map[plan.Node]int{}
	var order []plan.Node
	for _, r := range roots {
		seen := map[plan.Node]bool{}
		var visit func(n plan.Node)
		visit = func(n plan.Node) {
			if seen[n] {
				return
			}
			seen[n] = true
			first := plans[n] == 0
			plans[n]++
			for _, in := range n.Inputs() {
				if first {
					uses[in]++
				}
				visit(in)
			}
			if first {
				order = append(order, n)
			}
		}
		uses[r]++
		visit(r)
	}
	c := &Context{costly: map[plan.Node]bool{}}
	return slices.DeleteFunc(order, func(n plan.Node) bool { return uses[n] < 2 || plans[n] < 2 || !c.isCostly(n) })
}

// cut returns the plan with leaves in place of shared subplans, but for the one being optimised.
func (f *frames) cut(n, except plan.Node) plan.Node {
	if in, ok := f.inputs[n]; ok && n != except {
		return in
	}
	old := n.Inputs()
	ins := make([]plan.Node, len(old))
	for i, in := range old {
		ins[i] = f.cut(in, except)
	}
	if slices.Equal(old, ins) {
		return n
	}
	return n.WithInputs(ins...)
}

// optimize optimises a plan over leaves and puts the Caches in their place.
func (f *frames) optimize(n plan.Node, o Options) (plan.Node, *Trace, error) {
	better, trace, err := Optimize(n, o)
	if err != nil || len(f.caches) == 0 {
		return better, trace, err
	}
	better, err = plan.TransformUp(better, func(n plan.Node) (plan.Node, error) {
		if in, ok := n.(*plan.Input); ok {
			if c, ok := f.caches[in]; ok {
				return c, nil
			}
		}
		return n, nil
	})
	return better, trace, err
}
