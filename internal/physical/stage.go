// Package physical cuts a logical plan into stages: pipelines that end where all rows of a part, or of the whole, must be seen before
// one can go on (group-by, sort, the build side of a join…). A stage is a set of tasks that do the same to different parts.
//
// It chooses strategies and must not touch data. It imports plan and internal/exec, whose fragments it makes.
package physical

import (
	"fmt"
	"strings"

	"github.com/sheafdata/sheaf/internal/exec"
	"github.com/sheafdata/sheaf/plan"
)

// Gather says how the results of a stage's tasks reach the tasks of the next.
type Gather uint8

// The ways to gather.
const (
	// All gives all results, in order, to one task.
	All Gather = iota
	// Each gives every result to a task of its own.
	Each
	// ByBucket gives all results to several tasks, each of which takes a range of hash buckets; how many is decided when the number of
	// groups is known.
	ByBucket
	// ByRange gives all sorted runs to several tasks, each of which merges a range of their rows; how many is decided when the number of
	// rows is known.
	ByRange
	// ByJoin gives all rows, dealt by hash, to several tasks, each of which joins a range of buckets with those of the first table, whose
	// rows are dealt alike.
	ByJoin
)

// String returns the way's name as plans show it.
func (g Gather) String() string {
	return [...]string{"all", "each", "by hash bucket", "by range of rows", "by hash bucket, to be joined"}[g]
}

// Plan is the stages of a query, each after those it needs. The last one's rows are the answer.
type Plan struct {
	Stages []*Stage
	// Roots are the stages whose rows are the answers, one a frame.
	Roots []int
}

// Stage is a set of tasks of which none needs another.
type Stage struct {
	ID       int
	Branches []Branch
	// Enough > 0 says that the first so many rows of the results, in order, suffice.
	Enough int64
	// Final says that the rows are an answer: they go to the user as they finish.
	Final bool
	// Write is set where the rows go to its sink.
	Write *plan.Write
}

// Branch is the tasks of a stage that do the same fragment.
type Branch struct {
	Fragment *exec.Fragment
	// Tables are the stages whose one result is a join table of the fragment, by leaf.
	Tables []int
	// Scan is the main input where that is a source; else the results of stage From are.
	Scan   *plan.Scan
	From   int
	Gather Gather
	// Single says that operators of the fragment count on one task that sees all rows.
	Single bool
	// Tail says that the main input is the rows of the first table that no task of the branches before has met.
	Tail bool
}

// String draws the stages for people.
func (p *Plan) String() string {
	var b strings.Builder
	for _, s := range p.Stages {
		fmt.Fprintf(&b, "stage %d", s.ID)
		if s.Enough > 0 {
			fmt.Fprintf(&b, ", the first %d rows suffice", s.Enough)
		}
		if s.Final {
			b.WriteString(", answer")
		}
		b.WriteByte('\n')
		for _, br := range s.Branches {
			br.draw(&b)
		}
	}
	return b.String()
}

func (br *Branch) draw(b *strings.Builder) {
	f := br.Fragment
	line := func(format string, args ...any) { fmt.Fprintf(b, "  "+format+"\n", args...) }
	line("%s", f.Mode)
	if f.Breaker != nil {
		line("  %s", plan.Describe(f.Breaker))
	}
	for n := f.Root; len(n.Inputs()) > 0; n = n.Inputs()[0] {
		line("%s", plan.Describe(n))
	}
	switch {
	case br.Tail:
		line("rows of join table 1 without a match")
	case br.Scan != nil:
		line("%s, a task a split", plan.Describe(br.Scan))
	case f.Merge != nil:
		line("merge the %s of stage %d, %s", mergeWhat(f.Merge), br.From, br.Gather)
	default:
		line("rows of stage %d, %s", br.From, br.Gather)
	}
	for i, t := range br.Tables {
		line("join table %d is stage %d", i+1, t)
	}
}

func mergeWhat(n plan.Node) string {
	if _, ok := n.(*plan.Sort); ok {
		return "sorted runs"
	}
	return "partial groups"
}
