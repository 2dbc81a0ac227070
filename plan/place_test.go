package plan_test

import "runtime"

// here is the caller's place.
func here() (pc uintptr, file string, line int) {
	pc, file, line, _ = runtime.Caller(1)
	return pc, file, line
}
