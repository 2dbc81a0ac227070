package graph

import (
	"fmt"
	"strconv"
	"strings"
)

// Drawing says how a graph is drawn. The zero Drawing draws everything.
type Drawing struct {
	// Want are the tasks to draw, with all that they need. None are those that no other reads.
	Want []ID
	// ByOrder colours tasks by when the static order has them run, from blue to red, and writes the place in that order.
	ByOrder bool
	// Most is how many tasks are drawn, 0 for 1000: a larger picture shows nothing.
	Most int
}

const mostDrawn = 1000

// Text returns the graph as a tree, what a task needs indented below it. What was written before is not written again, it ends in "…".
func (g *Graph) Text(d Drawing) string {
	t := drawing{graph: g, Drawing: d, met: make([]bool, g.Len())}
	t.prepare()
	for _, id := range t.Want {
		t.line(id, "", "", "")
	}
	t.rest()
	return t.out.String()
}

// DOT returns the graph in the language of Graphviz, the data flowing upwards: values as boxes, tasks as ellipses.
//
//	os.WriteFile("graph.dot", []byte(g.DOT(graph.Drawing{})), 0o644) // then: dot -Tsvg graph.dot -o graph.svg
func (g *Graph) DOT(d Drawing) string {
	t := drawing{graph: g, Drawing: d, met: make([]bool, g.Len())}
	t.prepare()
	needed := g.below(t.Want)
	t.out.WriteString("digraph {\n\trankdir=BT\n\tnode [fontname=\"sans-serif\"]\n")
	for id := range needed {
		if needed[id] && t.left > 0 {
			t.left--
			t.met[id] = true
			t.node(ID(id))
		} else if needed[id] {
			t.hidden++
		}
	}
	t.rest()
	t.out.WriteString("}\n")
	return t.out.String()
}

// drawing is one drawing in the making.
type drawing struct {
	Drawing
	graph  *Graph
	place  []int // in the static order, by ID
	last   int   // greatest place
	met    []bool
	left   int // how many tasks may still be drawn
	hidden int // how often something was not
	out    strings.Builder
}

func (t *drawing) prepare() {
	if t.left = t.Most; t.left <= 0 {
		t.left = mostDrawn
	}
	if len(t.Want) == 0 {
		t.Want = t.graph.Ends()
	}
	if !t.ByOrder {
		return
	}
	needed := t.graph.below(t.Want)
	t.place = make([]int, t.graph.Len())
	n := 0
	for _, id := range t.graph.Order(0, ID(t.graph.Len())) {
		if needed[id] {
			t.place[id] = n
			n++
		}
	}
	t.last = max(1, n-1)
}

// label returns the name of a task, with its place in the order where that is asked for.
func (t *drawing) label(id ID) string {
	name := t.graph.Name(id)
	if k := t.graph.Key(id); k != (Key{}) {
		name = short(k)
	}
	if t.ByOrder {
		name += " (" + strconv.Itoa(t.place[id]) + ")"
	}
	return name
}

// line writes a task and what it needs; the prefixes are of its own line, and of those below it. It uses the stack of this goroutine,
// which is deep enough for what a person reads.
func (t *drawing) line(id ID, own, below, times string) {
	if t.left == 0 {
		t.hidden++
		return
	}
	t.left--
	deps := t.graph.Deps(id)
	t.out.WriteString(own + t.label(id) + times)
	switch {
	case t.graph.IsData(id):
		t.out.WriteString(" =")
	case t.met[id] && len(deps) > 0:
		t.out.WriteString(" …")
	}
	t.out.WriteByte('\n')
	if t.met[id] {
		return
	}
	t.met[id] = true
	deps, counts := distinct(deps)
	for i, d := range deps {
		times := ""
		if counts[i] > 1 {
			times = fmt.Sprintf(" ×%d", counts[i])
		}
		if i < len(deps)-1 {
			t.line(d, below+"├─ ", below+"│  ", times)
		} else {
			t.line(d, below+"└─ ", below+"   ", times)
		}
	}
}

// distinct returns the dependencies in their order, each once, and how often each stood there.
func distinct(deps []ID) (once []ID, counts []int) {
	at := map[ID]int{}
	for _, d := range deps {
		i, met := at[d]
		if !met {
			i = len(once)
			at[d] = i
			once, counts = append(once, d), append(counts, 0)
		}
		counts[i]++
	}
	return once, counts
}

// node writes a task and its edges in DOT.
func (t *drawing) node(id ID) {
	shape := "ellipse"
	if t.graph.IsData(id) {
		shape = "box"
	}
	fmt.Fprintf(&t.out, "\t%d [label=%s shape=%s%s]\n", id, strconv.Quote(t.label(id)), shape, t.colour(id))
	deps, counts := distinct(t.graph.Deps(id))
	for i, d := range deps {
		if !t.met[d] {
			continue
		}
		label := ""
		if counts[i] > 1 {
			label = fmt.Sprintf(" [label=\"×%d\"]", counts[i])
		}
		fmt.Fprintf(&t.out, "\t%d -> %d%s\n", d, id, label)
	}
}

// colour goes from blue (hue 2/3) over green to red (hue 0).
func (t *drawing) colour(id ID) string {
	if !t.ByOrder {
		return ""
	}
	hue := (1 - float64(t.place[id])/float64(t.last)) * 2 / 3
	return fmt.Sprintf(" style=filled fillcolor=\"%.3f 0.4 1\"", hue)
}

// rest says how much is not drawn.
func (t *drawing) rest() {
	if t.hidden > 0 {
		t.out.WriteString("// there is more, which is not shown\n")
	}
}
