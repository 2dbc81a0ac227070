package sched

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress is an observer that draws a bar. Write errors are ignored: a run does not fail for its bar.
type progress struct {
	mu                  sync.Mutex
	to                  io.Writer
	added, done, failed int
	start, drawn        time.Time
}

const (
	progressEvery = 100 * time.Millisecond // a person sees no more than that
	progressWidth = 30                     // characters of the bar
)

func newProgress(to io.Writer) *progress { return &progress{to: to} }

// Observe implements Observer.
func (p *progress) Observe(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case GraphAdded:
		p.added++
	case Finished:
		p.done++
	case Failed:
		p.failed++
	default:
		return
	}
	if p.start.IsZero() {
		p.start = e.Time
	}
	over := p.done+p.failed == p.added
	if e.Kind == GraphAdded || !over && e.Time.Sub(p.drawn) < progressEvery {
		return
	}
	p.drawn = e.Time
	p.draw(e.Time.Sub(p.start), over)
}

func (p *progress) draw(passed time.Duration, over bool) {
	full := progressWidth * (p.done + p.failed) / p.added
	line := fmt.Sprintf("\r[%s%s] %d of %d tasks", strings.Repeat("#", full), strings.Repeat(" ", progressWidth-full), p.done, p.added)
	if p.failed > 0 {
		line += fmt.Sprintf(", %d failed", p.failed)
	}
	line += fmt.Sprintf(", %.1f s", passed.Seconds())
	if over {
		line += "\n"
	}
	_, _ = io.WriteString(p.to, line)
}
