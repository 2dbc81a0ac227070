package delayed

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// where is a place in the user's code, as return addresses: finding the file and line costs more than most calls that are built, and
// only errors need them.
type where [3]uintptr

// here returns the place that called the exported function which calls here, skip frames further up.
func here(skip int) (w where) {
	runtime.Callers(3+skip, w[:])
	return w
}

const thisModule = "github.com/sheafdata/sheaf/"

// String returns "folder/file.go:line" of the nearest frame outside this package and package futures, "" where there is none.
func (w where) String() string {
	n := 0
	for n < len(w) && w[n] != 0 {
		n++
	}
	if n == 0 {
		return ""
	}
	frames := runtime.CallersFrames(w[:n])
	for {
		f, more := frames.Next()
		if f.Function != "" && !ours(f) {
			return filepath.Join(filepath.Base(filepath.Dir(f.File)), filepath.Base(f.File)) + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return ""
		}
	}
}

// ours says whether a frame belongs to this package or to futures. Their tests count as users.
func ours(f runtime.Frame) bool {
	rest, ok := strings.CutPrefix(f.Function, thisModule)
	if !ok {
		return strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "slices.")
	}
	return (strings.HasPrefix(rest, "delayed.") || strings.HasPrefix(rest, "futures.")) && !strings.HasSuffix(f.File, "_test.go")
}
