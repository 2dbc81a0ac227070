package sched

import (
	"context"
	"io"
	"maps"
)

// Options are the settings of one run. The zero Options are the defaults.
type Options struct {
	// Workers caps how many workers the run uses at once, 0 for all that the scheduler has.
	Workers int
	// Memory is the run's budget in bytes, 0 for the process's. With a budget, a task with Hint.Memory begins when its bytes fit beside
	// those of the tasks that run or whose results are held, or when no other such task runs.
	Memory int64
	// Resources are how many there are of what Hint.Resources names: {"db": 2} has at most two tasks at once that need one "db". Counted
	// in each run for itself.
	Resources map[string]int
	// Cache keeps results of pure tasks (Hint.Pure) from run to run, nil for none.
	Cache *Cache
	// SpillDir is the folder for what does not fit into the budget, "" for the system's temporary folder.
	SpillDir string
	// On is the scheduler, nil for the process-wide pool.
	On Scheduler
	// Observers see every event of the run.
	Observers []Observer
	// Progress gets a line that shows how far the run is, rewritten in place.
	Progress io.Writer
	// InOrder keeps row order everywhere; Reproducible makes sums of floats independent of how the input is divided.
	InOrder, Reproducible bool
}

// Option sets one of the Options of an action.
type Option func(*Options)

// Apply returns the Options that opts set, the later over the earlier. A nil Option is skipped.
func Apply(opts ...Option) Options {
	var o Options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return o
}

// Workers caps how many workers the run uses at once; never more than the scheduler has.
func Workers(n int) Option { return func(o *Options) { o.Workers = n } }

// Memory sets the run's budget in bytes, a part of the process's.
func Memory(bytes int64) Option { return func(o *Options) { o.Memory = bytes } }

// Resources sets how many there are of what tasks need: see Options.Resources. A later one adds to an earlier.
func Resources(counts map[string]int) Option {
	return func(o *Options) {
		sum := maps.Clone(o.Resources)
		if sum == nil {
			sum = map[string]int{}
		}
		maps.Copy(sum, counts)
		o.Resources = sum
	}
}

// Cached keeps results of pure tasks in a cache, and takes them from there.
func Cached(c *Cache) Option { return func(o *Options) { o.Cache = c } }

// SpillDir sets the folder for what does not fit into the budget.
func SpillDir(path string) Option { return func(o *Options) { o.SpillDir = path } }

// On sets the scheduler.
func On(s Scheduler) Option { return func(o *Options) { o.On = s } }

// Observe adds an observer.
func Observe(ob Observer) Option {
	return func(o *Options) { o.Observers = append(o.Observers[:len(o.Observers):len(o.Observers)], ob) }
}

// Progress writes a line to w that shows how far the run is, rewritten in place.
func Progress(w io.Writer) Option { return func(o *Options) { o.Progress = w } }

// InOrder keeps row order everywhere, at its cost.
func InOrder() Option { return func(o *Options) { o.InOrder = true } }

// Reproducible makes sums, means, variances and correlations of floats the same to the last bit however the input is divided into files,
// splits and batches, and whatever the other options are: they are computed without rounding on the way, at some cost in time and memory.
// The order of rows is InOrder's.
func Reproducible() Option { return func(o *Options) { o.Reproducible = true } }

// contextKey is the type of this package's context keys.
type contextKey int

const (
	keyTask contextKey = iota // *taskContext
)

// RunFrom returns the run whose task was given ctx; false when ctx is no task's, or the task's run is in another process.
func RunFrom(ctx context.Context) (Run, bool) {
	if c, ok := ctx.Value(keyTask).(*taskContext); ok && c.run.engine != nil {
		return c.run, true
	}
	return nil, false
}

// OptionsFrom returns the options of the run whose task was given ctx.
func OptionsFrom(ctx context.Context) (Options, bool) {
	if c, ok := ctx.Value(keyTask).(*taskContext); ok {
		return c.run.options, true
	}
	return Options{}, false
}
