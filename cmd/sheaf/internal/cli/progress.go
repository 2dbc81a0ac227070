package cli

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/schollz/progressbar/v3"

	"github.com/sheafdata/sheaf/partition"
)

const (
	// barSteps is how finely the bar moves.
	barSteps = 1000
	// redrawEvery is how often the bar is drawn: often enough to live, seldom enough to cost nothing.
	redrawEvery = 100 * time.Millisecond
)

// progress draws how far a write is: the parts that are finished of those that will come, rows and their rate, the time left. It watches
// the sink, so that it knows what is written and nothing of how.
type progress struct {
	bar   *progressbar.ProgressBar
	start time.Time
	rows  atomic.Int64

	mu     sync.Mutex // guards what follows
	parts  int        // 0: not known
	closed int
	inside int64 // rows of closed parts
	drawn  time.Time
}

// newProgress returns a bar where standard error is a terminal and nobody switched it off, else nil.
func newProgress(env *environment, off bool) *progress {
	if off || !isTerminal(env.Err) {
		return nil
	}
	p := &progress{start: time.Now()}
	p.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(env.Err), progressbar.OptionEnableColorCodes(false), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30), progressbar.OptionSetDescription("reading"),
		progressbar.OptionSpinnerType(14), progressbar.OptionThrottle(redrawEvery))
	_ = p.bar.RenderBlank()
	return p
}

// stop removes the bar.
func (p *progress) stop() { _ = p.bar.Clear() }

// draw shows the state, if the last time is long enough ago.
func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.drawn) < redrawEvery {
		return
	}
	p.drawn = now
	rows := p.rows.Load()
	rate := float64(rows) / max(now.Sub(p.start).Seconds(), 1e-3)
	p.bar.Describe(fmt.Sprintf("%s, %s/s", count(rows, "row"), short(rate)))
	if p.parts > 1 && p.closed > 0 && p.inside > 0 { // parts that are open count by their rows, as if all parts had equally many
		done := float64(rows) / (float64(p.inside) / float64(p.closed) * float64(p.parts))
		_ = p.bar.Set(int(barSteps * min(done, 0.99)))
	}
}

// short writes a rate in three digits.
func short(v float64) string {
	for _, unit := range []string{"", "k", "M"} {
		if v < 999.5 {
			return fmt.Sprintf("%.3g%s", v, unit)
		}
		v /= 1000
	}
	return fmt.Sprintf("%.3gG", v)
}

// watch returns a sink that tells the bar what passes.
func (p *progress) watch(sink partition.Sink) partition.Sink { return watchedSink{sink, p} }

type watchedSink struct {
	partition.Sink
	p *progress
}

func (s watchedSink) Open(ctx context.Context, schema *arrow.Schema, parts int) (partition.PartitionedWriter, error) {
	w, err := s.Sink.Open(ctx, schema, parts)
	if err != nil {
		return nil, err
	}
	if parts > 1 {
		s.p.mu.Lock()
		s.p.parts = parts
		s.p.bar.ChangeMax(barSteps)
		s.p.mu.Unlock()
	}
	return watchedParts{w, s.p}, nil
}

type watchedParts struct {
	partition.PartitionedWriter
	p *progress
}

func (w watchedParts) Part(ctx context.Context, part int) (partition.Writer, error) {
	one, err := w.PartitionedWriter.Part(ctx, part)
	if err != nil {
		return nil, err
	}
	return &watchedPart{Writer: one, p: w.p}, nil
}

type watchedPart struct {
	partition.Writer
	p    *progress
	rows int64
}

func (w *watchedPart) Write(ctx context.Context, b partition.Batch) error {
	err := w.Writer.Write(ctx, b)
	w.rows += int64(b.Rows)
	w.p.rows.Add(int64(b.Rows))
	w.p.draw()
	return err
}

func (w *watchedPart) Close() error {
	err := w.Writer.Close()
	w.p.mu.Lock()
	w.p.closed++
	w.p.inside += w.rows
	w.p.mu.Unlock()
	w.p.draw()
	return err
}
