//go:build unix

package writers_test

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// limit takes away what a write needs: "size:N" lets files grow to N bytes only; "readonly:N:DIR" makes a folder read-only before step N.
func limit(what string) {
	parts := strings.Split(what, ":")
	n, _ := strconv.Atoi(parts[1])
	switch parts[0] {
	case "size":
		signal.Ignore(syscall.SIGXFSZ) // a write beyond it is an error then, as on a full disk
		_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(n), Max: uint64(n)})
	case "readonly":
		steps := 0
		readOnly = func() {
			if steps++; steps == n {
				_ = os.Chmod(parts[2], 0o555)
			}
		}
	}
}

// TestFullDisk limits the size of files in a process of its own: every write fails at some point, and leaves nothing.
func TestFullDisk(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		for _, s := range scenes {
			for _, size := range []int{0, 1, 4000} {
				dir := t.TempDir()
				path := s.prepare(t, dir, k)
				out, err := startChild(t, k, s, dir, 0, 60_000, "size:"+strconv.Itoa(size)).CombinedOutput()
				require.Error(t, err, "%s, %d bytes", s.name, size)
				require.Contains(t, string(out), "file too large")
				require.Contains(t, string(out), path)
				require.Equal(t, s.before, s.visible(t, path, k), s.name)
				require.Empty(t, leftBehind(t, dir))
			}
		}
	})
}

// TestLostPermission takes the right to write away before each step, from a process that is not root.
func TestLostPermission(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	base, err := os.MkdirTemp("", "sheaf-permission-")
	require.NoError(t, err)
	defer os.RemoveAll(base)
	require.NoError(t, os.Chmod(base, 0o777))
	k := kinds[1]
	for i, s := range []scene{scenes[0], scenes[1], scenes[2], scenes[4]} {
		for step := 1; step < 40; step += 2 {
			dir := filepath.Join(base, strconv.Itoa(100*i+step))
			path := s.prepare(t, dir, k)
			parent := filepath.Dir(path)
			require.NoError(t, os.MkdirAll(parent, 0o777))
			own(t, dir)
			locked := parent
			if s.before >= 0 && !s.file {
				locked = path
			}
			cmd := startChild(t, k, s, dir, 0, 900, "readonly:"+strconv.Itoa(step)+":"+locked)
			asNobody(t, cmd, base)
			out, err := cmd.CombinedOutput()
			require.NoError(t, os.Chmod(locked, 0o777))
			want := s.after
			if err != nil {
				require.Contains(t, string(out), "permission", "%s, step %d", s.name, step)
				want = s.before
			}
			require.Equal(t, want, s.visible(t, path, k), "%s, step %d: %s", s.name, step, out)
			nextWriteClears(t, dir, path, k, s)
		}
	}
}

// own gives all below a folder to the user that asNobody takes.
func own(t *testing.T, dir string) {
	if os.Geteuid() != 0 {
		return
	}
	for _, n := range append(namesBelow(t, dir), ".") {
		require.NoError(t, os.Chown(filepath.Join(dir, n), nobody, nobody))
	}
}

const nobody = 65534

// copyFile copies the test's program to where others may run it.
func copyFile(t *testing.T, from, to string) {
	src, err := os.Open(from)
	require.NoError(t, err)
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(dst, src)
	require.NoError(t, err)
	require.NoError(t, dst.Close())
	require.NoError(t, os.Chmod(to, 0o755))
}

// asNobody has a command run without root's rights, where the test has them.
func asNobody(t *testing.T, cmd *exec.Cmd, base string) {
	if os.Geteuid() != 0 {
		return
	}
	program := filepath.Join(base, "program")
	if !exists(program) {
		copyFile(t, os.Args[0], program)
	}
	cmd.Path, cmd.Args = program, []string{program}
	cmd.Dir = base
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}
