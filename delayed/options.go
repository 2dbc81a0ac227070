package delayed

import (
	"maps"

	"github.com/sheafdata/sheaf/graph"
)

// Option says something about the calls of a function that Func0 to Func6 and their kin make lazy.
type Option func(*function)

// Name sets the name of the calls in messages, drawings and progress; it is that of the function otherwise.
func Name(name string) Option { return func(f *function) { f.name, f.named = name, true } }

// Pure says that the function gives equal results for equal arguments and does nothing else: equal calls are one task, wherever they
// are made. Calls are equal when the function is the same and the arguments have equal content, or come from equal calls. The
// function must be a top-level one, for what a closure holds cannot be compared; one with a Name counts as known by that.
func Pure() Option { return func(f *function) { f.pure = true } }

// Retries sets how often a call is tried again after an error.
func Retries(n int) Option { return func(f *function) { f.hint.Retries = n } }

// Priority sets what goes first among tasks that could run: higher is sooner.
func Priority(n int) Option { return func(f *function) { f.hint.Priority = n } }

// Memory says how many bytes a call holds while it runs.
func Memory(bytes int64) Option { return func(f *function) { f.hint.Memory = bytes } }

// Resource says that a call occupies n of a counted thing while it runs, of which the run has so many and no more.
func Resource(name string, n int) Option {
	return func(f *function) {
		f.hint.Resources = maps.Clone(f.hint.Resources)
		if f.hint.Resources == nil {
			f.hint.Resources = map[string]int{}
		}
		f.hint.Resources[name] = n
	}
}

// Hint sets everything that a scheduler can be told about a call.
func Hint(h graph.Hint) Option { return func(f *function) { f.hint = h } }
