package fault

import (
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Caller returns the "file.go:line" of the nearest caller outside the library, "" where there is none. The file is given with its
// folder, which is enough to find it and does not depend on where the module was built. Tests of the library count as users.
func Caller() string {
	var pcs [32]uintptr
	n := runtime.Callers(2, pcs[:])
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if !isLibrary(f) {
			return filepath.Join(filepath.Base(filepath.Dir(f.File)), filepath.Base(f.File)) + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return ""
		}
	}
}

// between are packages of the standard library that call back: what stands above them on the stack asked for the call.
var between = []string{"iter", "maps", "reflect", "runtime", "slices", "sync"}

const modulePrefix = "github.com/sheafdata/sheaf/"

// root is the folder of the module as files of frames have it: where it was compiled, or with -trimpath its import path.
var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return strings.TrimSuffix(file, "fault/caller.go")
}()

// isLibrary says whether a frame belongs to the library proper: not a test, an example program or a command. Its file tells: a function
// literal of a method that was inlined bears the name of the function around it, which is the user's.
func isLibrary(f runtime.Frame) bool {
	rest, inside := strings.CutPrefix(f.File, root)
	if !inside {
		if rest, inside = strings.CutPrefix(f.Function, modulePrefix); !inside {
			return slices.Contains(between, strings.SplitN(f.Function, ".", 2)[0])
		}
	}
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	return !strings.HasPrefix(rest, "examples/") && !strings.HasPrefix(rest, "cmd/")
}
