package graph_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sheafdata/sheaf/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s: got\n%s\nexpected\n%s", name, got, want)
	}
}

// etl is a small graph of every kind of node.
func etl(t *testing.T) (*graph.Graph, []graph.ID) {
	b := graph.NewBuilder()
	b.Data("rates", map[string]float64{})
	for i := range 3 {
		b.Data(fmt.Sprintf("path[%d]", i+1), "x")
		b.Task(fmt.Sprintf("load[%d]", i+1), sum, fmt.Sprintf("path[%d]", i+1))
		b.Task(fmt.Sprintf("convert[%d]", i+1), sum, fmt.Sprintf("load[%d]", i+1), "rates", "rates")
	}
	b.Task("total", sum, "convert[1]", "convert[2]", "convert[3]")
	b.Task(`say "total"`, sum, "total", "load[1]")
	g, ids, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	g.Add(graph.Task{Run: nothing, Deps: ids})
	return g, ids
}

func TestDraw(t *testing.T) {
	g, ids := etl(t)
	total, _ := g.Find(graph.Key{Group: "total"})
	golden(t, "etl.txt", g.Text(graph.Drawing{}))
	golden(t, "etl.dot", g.DOT(graph.Drawing{}))
	golden(t, "total.txt", g.Text(graph.Drawing{Want: []graph.ID{total}, ByOrder: true}))
	golden(t, "total.dot", g.DOT(graph.Drawing{Want: []graph.ID{total}, ByOrder: true}))
	golden(t, "few.txt", g.Text(graph.Drawing{Want: ids, Most: 4}))
	golden(t, "few.dot", g.DOT(graph.Drawing{Want: ids, Most: 4}))
	empty := graph.New()
	golden(t, "empty.txt", empty.Text(graph.Drawing{})+empty.DOT(graph.Drawing{ByOrder: true}))
}

func ExampleGraph_Text() {
	b := graph.NewBuilder()
	b.Data("x", 1)
	b.Task("double", sum, "x", "x")
	b.Task("both", sum, "double", "x")
	g, _, _ := b.Build("both")
	fmt.Print(g.Text(graph.Drawing{}))
	// Output:
	// both
	// ├─ double
	// │  └─ x ×2 =
	// └─ x =
}
