package graph_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// eval computes tasks one after the other, as the simplest scheduler does.
func eval(t testing.TB, g *graph.Graph, want ...graph.ID) (out []any) {
	t.Helper()
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	vals := make([]any, g.Len())
	for id := range graph.ID(g.Len()) {
		v, err := call(t.Context(), g, id, vals)
		if err != nil {
			t.Fatalf("%s: %v", g.Name(id), err)
		}
		vals[id] = v
	}
	for _, id := range want {
		out = append(out, vals[id])
	}
	return out
}

// call runs one task with the results it needs.
func call(ctx context.Context, g *graph.Graph, id graph.ID, vals []any) (any, error) {
	var in []any
	for _, d := range g.Deps(id) {
		in = append(in, vals[d])
	}
	if fn := g.Func(id); fn != nil {
		return fn(ctx, in)
	}
	op, args := g.Op(id)
	fn, ok := graph.Lookup(op)
	if !ok {
		return nil, fmt.Errorf("no operation %q", op)
	}
	return fn(ctx, args, in)
}

// sum adds its inputs and one; in text form, so that tests see who read what.
func sum(_ context.Context, in []any) (any, error) {
	n := 1
	for _, v := range in {
		n += v.(int)
	}
	return n, nil
}

func ExampleBuilder() {
	add := func(_ context.Context, in []any) (any, error) { return in[0].(int) + in[1].(int), nil }
	b := graph.NewBuilder()
	b.Task("total", add, "price", "vat") // names may come in any order
	b.Task("vat", func(_ context.Context, in []any) (any, error) { return in[0].(int) / 5, nil }, "price")
	b.Alias("price", "input[0]")
	b.Data("input[0]", 100)
	b.Data("input[1]", 200) // nobody needs it

	g, ids, err := b.Build("total")
	fmt.Println(g.Len(), g.Key(ids[0]), err)

	b.Task("report", add, "total", "prise")
	_, _, err = b.Build("report")
	fmt.Println(err)
	// Output:
	// 3 total[0] <nil>
	// graph: report needs prise, which is not there; did you mean "price"?
}

func TestBuilder(t *testing.T) {
	b := graph.NewBuilder()
	b.Task("d", sum, "b", "c", "b")
	b.Alias("also d", "other d")
	b.Alias("other d", "d")
	b.Task("b", sum, "a").Hint.Retries = 2
	b.Task("c", sum, "a", "x[7]")
	b.Data("a", 10)
	b.Data("x[7]", 100)
	b.Task("unused", sum, "d")
	g, ids, err := b.Build("also d", "d", "x[7]", "b")
	if err != nil {
		t.Fatal(err)
	}
	if g.Len() != 5 || ids[0] != ids[1] {
		t.Fatalf("%d tasks, %v", g.Len(), ids)
	}
	if got := eval(t, g, ids...); !slices.Equal(got, []any{1 + 11 + 111 + 11, 134, 100, 11}) {
		t.Error(got)
	}
	if g.Hint(ids[3]).Retries != 2 || !g.IsData(ids[2]) || g.IsData(ids[1]) {
		t.Error("the hints are lost")
	}
	g, ids, err = b.Build()
	if err != nil || len(ids) != 2 || g.Key(ids[0]).Group != "d" || g.Key(ids[1]).Group != "unused" {
		t.Errorf("all: %v, %v", ids, err)
	}
}

func TestBuilderErrors(t *testing.T) {
	for name, c := range map[string]struct {
		build func(b *graph.Builder)
		want  string
		parts []string
	}{
		"circle": {func(b *graph.Builder) {
			b.Task("a", sum, "b")
			b.Task("b", sum, "x", "c")
			b.Task("c", sum, "a")
			b.Data("x", 1)
		}, "a", []string{": a → b → c → a;"}},
		"below":       {func(b *graph.Builder) { b.Task("z", sum, "a"); b.Task("a", sum, "b"); b.Task("b", sum, "a") }, "z", []string{": a → b → a;"}},
		"itself":      {func(b *graph.Builder) { b.Task("a[3]", sum, "a[3]") }, "a[3]", []string{"a[3] → a[3]"}},
		"all circles": {func(b *graph.Builder) { b.Alias("a", "b"); b.Alias("b", "a") }, "", []string{"a → b → a"}},
		"missing":     {func(b *graph.Builder) { b.Task("sum", sum, "mid"); b.Task("mid", sum, "lode[2]"); b.Data("load[2]", 1) }, "sum", []string{"mid needs lode[2], which is not there", "sum → mid → lode[2]", `did you mean "load[2]"?`}},
		"wanted":      {func(b *graph.Builder) { b.Data("load", 1) }, "lode", []string{"lode is wanted and not there", `did you mean "load"?`}},
		"empty":       {func(b *graph.Builder) {}, "a", []string{"a is wanted"}},
		"twice":       {func(b *graph.Builder) { b.Task("a", sum); b.Data("b", 2); b.Task("a", sum, "b") }, "a", []string{"the key a stands for two different tasks"}},
		"data":        {func(b *graph.Builder) { b.Task("a", sum); b.Data("a", 2) }, "a", []string{"the key a"}},
		"no key":      {func(b *graph.Builder) { b.Task("", sum) }, "", []string{"needs a key"}},
		"no work":     {func(b *graph.Builder) { b.Add(graph.Node{Key: graph.Key{Group: "a"}}) }, "a", []string{"neither Run nor Op"}},
		"long": {func(b *graph.Builder) {
			for i := range 100 {
				b.Task(fmt.Sprintf("t[%d]", i+1), sum, fmt.Sprintf("t[%d]", (i+1)%100+1))
			}
		}, "t[1]", []string{"t[1] → t[2]", "…", "t[100] → t[1]"}},
	} {
		b := graph.NewBuilder()
		c.build(b)
		want := []string{c.want}
		if c.want == "" {
			want = nil
		}
		_, _, err := b.Build(want...)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Plan {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range c.parts {
			if !strings.Contains(err.Error(), p) {
				t.Errorf("%s: the error %q does not say %q", name, err, p)
			}
		}
	}
}

func TestBuilderMerge(t *testing.T) {
	a, b := graph.NewBuilder(), graph.NewBuilder()
	a.Task("x", sum)
	a.Task("y", sum, "x")
	b.Data("x", 50)
	b.Task("z", sum, "y", "x") // y is in the other
	h := graph.New()
	quiet := h.Add(graph.Task{Run: sum})
	h.Add(graph.Task{Key: graph.Key{Group: "q"}, Deps: []graph.ID{quiet, quiet}, Run: sum})
	b.MergeGraph(h)
	c := graph.NewBuilder()
	c.MergeGraph(h)
	c.MergeGraph(h)
	a.Merge(b, c)
	g, ids, err := a.Build("z", "q")
	if err != nil {
		t.Fatal(err)
	}
	if got := eval(t, g, ids...); !slices.Equal(got, []any{1 + 51 + 50, 3}) {
		t.Error(got)
	}
	if g.Len() != 5 {
		t.Errorf("%d tasks", g.Len())
	}
}

func TestParseKey(t *testing.T) {
	for name, key := range map[string]graph.Key{"a": {Group: "a"}, "a[3]": {Group: "a", Index: 3}, "a[1][-2]": {Group: "a[1]", Index: -2}, "[3]": {Index: 3},
		"a[b]": {Group: "a[b]"}, "a[": {Group: "a["}, "a]": {Group: "a]"}, "": {}} {
		if got := graph.ParseKey(name); got != key {
			t.Errorf("%q is %v, expected %v", name, got, key)
		}
		if k := graph.ParseKey(key.String()); k != key {
			t.Errorf("%v comes back as %v", key, k)
		}
	}
}
