package writers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/writers"
)

// scene is a write into a place where something may be already.
type scene struct {
	name   string
	file   bool
	before int // rows that are there before; -1: nothing is
	after  int // rows that are there once the write is done
	opts   options
}

var scenes = []scene{
	{"new folder", false, -1, 900, options{rows: 400}},
	{"new file", true, -1, 900, options{}},
	{"replaced folder", false, 50, 900, options{mode: writers.Overwrite, rows: 400}},
	{"replaced file", true, 50, 900, options{mode: writers.Overwrite}},
	{"appended", false, 50, 950, options{mode: writers.Append, rows: 300}},
	{"keys", false, -1, 900, options{by: []string{"b"}}},
	{"appended keys", false, 50, 950, options{mode: writers.Append, by: []string{"b"}}},
}

func (s scene) path(dir string, k kind) string {
	path := filepath.Join(dir, "sub", "out")
	if s.file {
		path += k.ext
	}
	return path
}

// prepare makes what is there before.
func (s scene) prepare(t *testing.T, dir string, k kind) string {
	t.Helper()
	path := s.path(dir, k)
	if s.before >= 0 {
		_, err := frame(s.before).Write(context.Background(), k.write(path, options{by: s.opts.by}))
		require.NoError(t, err)
	}
	return path
}

// visible counts the rows that a reader sees; -1 where there is nothing.
func (s scene) visible(t *testing.T, path string, k kind) int {
	t.Helper()
	if !exists(path) || len(dataFiles(t, path)) == 0 {
		return -1
	}
	n, err := k.read(path, nil, true).Count(context.Background())
	require.NoError(t, err)
	return int(n)
}

// leftBehind lists hidden names.
func leftBehind(t *testing.T, dir string) []string {
	return slices.DeleteFunc(namesBelow(t, dir), func(n string) bool { return !strings.Contains(n, ".sheaf-") })
}

var errStep = errors.New("this step fails")

// atStep sets a hook that calls do before step n and reports whether it came to that.
func atStep(t *testing.T, n int, do func() error) (reached func() bool) {
	count := make(chan int, 1)
	count <- 0
	fileio.SetHook(func(string) error {
		c := <-count + 1
		count <- c
		if c == n {
			return do()
		}
		return nil
	})
	t.Cleanup(func() { fileio.SetHook(nil) })
	return func() bool {
		fileio.SetHook(nil)
		c := <-count
		count <- c
		return c >= n
	}
}

// TestEveryStepMayFail has each step of a write on disk fail, one after the other: nothing of the write may be left then.
func TestEveryStepMayFail(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		for _, s := range scenes {
			for step := 1; ; step++ {
				dir := t.TempDir()
				path := s.prepare(t, dir, k)
				reached := atStep(t, step, func() error { return errStep })
				_, err := frame(900).Write(context.Background(), k.write(path, s.opts), sched.Workers(2))
				if !reached() {
					require.NoError(t, err)
					require.Equal(t, s.after, s.visible(t, path, k), s.name)
					require.Greater(t, step, 4, "there must be steps")
					break
				}
				var f *fault.Error
				require.ErrorAs(t, err, &f, "%s, step %d", s.name, step)
				require.ErrorIs(t, err, errStep)
				require.Equal(t, path, f.File)
				require.Equal(t, s.before, s.visible(t, path, k), "%s, step %d", s.name, step)
				require.Empty(t, leftBehind(t, dir), "%s, step %d", s.name, step)
			}
		}
	})
}

// TestCancelAtEveryStep ends the context before each step: the write is there whole, or nothing of it is.
func TestCancelAtEveryStep(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		for _, s := range scenes {
			for step := 1; ; step++ {
				dir := t.TempDir()
				path := s.prepare(t, dir, k)
				ctx, cancel := context.WithCancel(context.Background())
				reached := atStep(t, step, func() error { cancel(); return nil })
				_, err := frame(900).Write(ctx, k.write(path, s.opts), sched.Workers(2))
				cancel()
				if !reached() {
					require.NoError(t, err)
					break
				}
				want := s.after
				if err != nil {
					var f *fault.Error
					require.ErrorAs(t, err, &f)
					require.Equal(t, fault.Canceled, f.Kind, "%v", err)
					want = s.before
				}
				require.Equal(t, want, s.visible(t, path, k), "%s, step %d: %v", s.name, step, err)
				require.Empty(t, leftBehind(t, dir), "%s, step %d", s.name, step)
			}
		}
	})
}

// childEnv holds format, scene, folder and what to do.
const childEnv = "SHEAF_TEST_WRITE"

// readOnly is called before each step of the program.
var readOnly = func() {}

// TestMain is also the program that the tests below kill.
func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		os.Exit(child(strings.Split(job, "|")))
	}
	os.Exit(m.Run())
}

// child does the write of a scene. The last argument is the number of the step before which it kills itself, or 0, and then how many
// rows it writes.
func child(job []string) int {
	k := kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == job[0] })]
	s := scenes[slices.IndexFunc(scenes, func(s scene) bool { return s.name == job[1] })]
	step, _ := strconv.Atoi(job[3])
	rows, _ := strconv.Atoi(job[4])
	if len(job) > 5 {
		limit(job[5])
	}
	count := make(chan int, 1)
	count <- 0
	fileio.SetHook(func(string) error {
		c := <-count + 1
		readOnly()
		if c == step {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
		count <- c
		return nil
	})
	_, err := frame(rows).Write(context.Background(), k.write(s.path(job[2], k), s.opts), sched.Workers(2))
	if err != nil {
		fmt.Println(err)
		return 3
	}
	return 0
}

// startChild starts the program.
func startChild(t *testing.T, k kind, s scene, dir string, step, rows int, more ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	job := append([]string{k.name, s.name, dir, strconv.Itoa(step), strconv.Itoa(rows)}, more...)
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(job, "|"))
	return cmd
}

// nextWriteClears writes a file beside and one into the place: what a killed write left behind goes with it.
func nextWriteClears(t *testing.T, dir, path string, k kind, s scene) {
	t.Helper()
	for _, to := range []string{path, filepath.Join(dir, "other"+k.ext), filepath.Join(filepath.Dir(path), "other"+k.ext)} {
		o := options{mode: writers.Append, by: s.opts.by}
		if to != path || s.file {
			o = options{mode: writers.Overwrite}
		}
		_, err := frame(10).Write(context.Background(), k.write(to, o))
		require.NoError(t, err)
	}
	require.Empty(t, leftBehind(t, dir))
}

// TestKilledAtEveryStep kills a process before each step of its write.
func TestKilledAtEveryStep(t *testing.T) {
	if testing.Short() {
		t.Skip("starts hundreds of processes")
	}
	k := kinds[1] // all formats take the same steps
	for _, s := range scenes {
		for step := 1; ; step++ {
			dir := t.TempDir()
			path := s.prepare(t, dir, k)
			out, err := startChild(t, k, s, dir, step, 900).CombinedOutput()
			if err == nil {
				require.Equal(t, s.after, s.visible(t, path, k))
				break
			}
			require.Empty(t, string(out), "it must be killed, and not fail")
			n := s.visible(t, path, k)
			require.Contains(t, []int{s.before, s.after}, n, "%s, step %d", s.name, step)
			nextWriteClears(t, dir, path, k, s)
			if n == s.before && !s.file {
				require.Equal(t, max(s.before, 0)+10, s.visible(t, path, k), "%s, step %d: what was half done must not come back", s.name, step)
			}
		}
	}
}

// TestKilledAtAnyMoment kills a process that writes much, at moments that have nothing to do with its steps.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for i, s := range scenes {
		k := kinds[[]int{0, 1, 5, 0, 3, 1, 0}[i]]
		dir := t.TempDir()
		path := s.prepare(t, dir, k)
		cmd := startChild(t, k, s, dir, 0, 300_000)
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(50+170*i) * time.Millisecond)
		_ = cmd.Process.Kill()
		err := cmd.Wait()
		want := s.before
		if n := s.visible(t, path, k); err == nil || n == 300_000+max(s.before, 0) && s.opts.mode == writers.Append || n == 300_000 {
			want = n // it was faster
		}
		require.Equal(t, want, s.visible(t, path, k), s.name)
		nextWriteClears(t, dir, path, k, s)
	}
}
