package optimizer

import (
	"fmt"
	"strings"
	"time"

	"github.com/sheafdata/sheaf/plan"
)

// Trace is the story of an optimization: the plan before, and after each phase.
type Trace struct {
	Before plan.Node
	Phases []PhaseTrace
}

// PhaseTrace is what one phase did.
type PhaseTrace struct {
	Name string
	// Plan is what the phase left.
	Plan plan.Node
	// Fired are the rules that changed the plan, in order of their first change.
	Fired []Firing
	// Undone tells of changes that were not kept because they broke a promise; each is a defect of a rule.
	Undone []string
	Time   time.Duration
}

// Firing is how often a rule changed a node.
type Firing struct {
	Rule  string
	Times int
}

func (p *PhaseTrace) fired(rule string, times int) {
	for i := range p.Fired {
		if p.Fired[i].Rule == rule {
			p.Fired[i].Times += times
			return
		}
	}
	p.Fired = append(p.Fired, Firing{rule, times})
}

// Rules returns the names of the rules that fired, each once, in order.
func (t *Trace) Rules() []string {
	var names []string
	seen := map[string]bool{}
	for _, p := range t.Phases {
		for _, f := range p.Fired {
			if !seen[f.Rule] {
				seen[f.Rule] = true
				names = append(names, f.Rule)
			}
		}
	}
	return names
}

// String prints the plan before and after each phase that changed it, with the rules that did.
func (t *Trace) String() string {
	var b strings.Builder
	b.WriteString("logical plan\n" + indented(t.Before))
	for _, p := range t.Phases {
		if len(p.Fired) == 0 && len(p.Undone) == 0 {
			fmt.Fprintf(&b, "%s: nothing to do\n", p.Name)
			continue
		}
		fmt.Fprintf(&b, "%s:", p.Name)
		for i, f := range p.Fired {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(" " + f.Rule)
			if f.Times > 1 {
				fmt.Fprintf(&b, " ×%d", f.Times)
			}
		}
		b.WriteByte('\n')
		for _, u := range p.Undone {
			b.WriteString("  undone: " + u + "\n")
		}
		b.WriteString(indented(p.Plan))
	}
	return b.String()
}

func indented(n plan.Node) string {
	text := strings.TrimRight(plan.Format(n), "\n")
	return "  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
}
