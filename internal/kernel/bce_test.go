package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBoundsChecks compiles the package, with the instances that its tests make, and fails where a line marked //gcassert:bce still has a
// bounds check.
func TestBoundsChecks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the package anew")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not on the path")
	}
	marked := map[string]bool{}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, f := range files {
		src, err := os.ReadFile(f)
		require.NoError(t, err)
		for i, line := range strings.Split(string(src), "\n") {
			if strings.HasSuffix(line, "//gcassert:bce") {
				marked[f+":"+strconv.Itoa(i+1)] = true
			}
		}
	}
	require.Greater(t, len(marked), 40)
	out, err := exec.Command(goTool, "test", "-c", "-o", filepath.Join(t.TempDir(), "kernel.test"), "-gcflags=-d=ssa/check_bce", ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "Found Is", "the compiler reports checks")
	for _, m := range regexp.MustCompile(`([a-z_]+\.go:\d+):\d+: Found Is`).FindAllStringSubmatch(string(out), -1) {
		require.False(t, marked[m[1]], "%s has a bounds check", m[1])
	}
}
