package expr

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// site is where the user wrote an expression: return addresses from the library outwards. Finding the line is put off until a fault
// wants it, because naming frames costs far more than noting them.
type site struct{ pcs [6]uintptr }

// here notes the callers of the exported function that calls it.
func here() (s site) {
	runtime.Callers(3, s.pcs[:])
	return s
}

// libraryPrefix starts the functions that are no user code.
const libraryPrefix = "github.com/sheafdata/sheaf/"

// String returns the "folder/file.go:line" of the nearest caller outside the library, "" where there is none.
func (s site) String() string {
	if s.pcs[0] == 0 {
		return ""
	}
	n := 0
	for n < len(s.pcs) && s.pcs[n] != 0 {
		n++
	}
	frames := runtime.CallersFrames(s.pcs[:n])
	for {
		f, more := frames.Next()
		if f.File != "" && !isLibrary(f) {
			return filepath.Base(filepath.Dir(f.File)) + "/" + filepath.Base(f.File) + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return ""
		}
	}
}

// isLibrary follows the rule of fault.Caller: tests, examples and commands count as users.
func isLibrary(f runtime.Frame) bool {
	rest, own := strings.CutPrefix(f.Function, libraryPrefix)
	if !own {
		return strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "iter.")
	}
	return !strings.HasSuffix(f.File, "_test.go") && !strings.HasPrefix(rest, "examples/") && !strings.HasPrefix(rest, "cmd/")
}
