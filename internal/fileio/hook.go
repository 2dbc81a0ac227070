package fileio

import "sync/atomic"

// Hook is called before every step that a write takes on disk, with the step's name, where tests have set it. An error fails the step
// as a failing disk would.
type Hook func(step string) error

var hook atomic.Pointer[Hook]

// SetHook has h called before every step of every write; nil ends it. It is for tests.
func SetHook(h Hook) {
	if h == nil {
		hook.Store(nil)
		return
	}
	hook.Store(&h)
}

// before runs the hook for a step.
func before(step string) error {
	if h := hook.Load(); h != nil {
		return (*h)(step)
	}
	return nil
}
