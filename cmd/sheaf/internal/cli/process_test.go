package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary be the program, so that tests can pipe into it, interrupt and kill it.
const asProgram = "SHEAF_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	os.Exit(Run(ctx, os.Args[1:], Streams{Out: os.Stdout, Err: os.Stderr}))
}

// program is a run of the program in a folder.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// manyRows writes a CSV that takes a while to convert.
func manyRows(t *testing.T, path string, rows int) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "id,name,fare,day")
	for i := range rows {
		fmt.Fprintf(w, "%d,name %d,%d.25,2024-01-%02d\n", i, i%977, i%100, 1+i%28)
	}
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
}

func TestPipes(t *testing.T) {
	dir := t.TempDir()
	trips, err := os.ReadFile(filepath.Join("testdata", "in", "trips.csv"))
	require.NoError(t, err)
	pipe := func(stdin []byte, args ...string) []byte {
		cmd := program(t, dir, args...)
		cmd.Stdin = bytes.NewReader(stdin)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		require.NoError(t, cmd.Run(), "%v: %s", args, stderr.String())
		return stdout.Bytes()
	}
	require.Empty(t, pipe(trips, "convert", "-", "--from", "csv", "x.parquet"))
	for _, format := range []string{"parquet", "arrow", "json", "csv"} {
		passed := pipe(nil, "convert", "x.parquet", "-", "--to", format)
		require.Equal(t, "4\n", string(pipe(passed, "count", "-", "--from", format)), format)
		if back := pipe(passed, "convert", "-", "-", "--from", format, "--to", "csv", "--quiet"); format != "json" { // the order of columns stays, their types may not
			require.Equal(t, string(pipe(nil, "convert", "x.parquet", "-", "--to", "csv")), string(back), format)
		}
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// TestKilledConvert kills the program at random moments: OUT is whole or not there, and after the next run nothing else is.
func TestKilledConvert(t *testing.T) {
	work := t.TempDir()
	rows := 150_000
	manyRows(t, filepath.Join(work, "in.csv"), rows)
	for i := range 10 {
		out := t.TempDir()
		ext := []string{"parquet", "csv", "arrow"}[i%3]
		name := filepath.Join(out, "out."+ext)
		cmd := program(t, work, "convert", "in.csv", name, "--sort", "name", "--quiet")
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(rand.IntN(600)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, err := os.Stat(name); err == nil {
			stdout, stderr, code := sheaf(t, "count", name)
			require.Zero(t, code, stderr)
			require.Equal(t, fmt.Sprintln(rows), stdout)
		}
		_, stderr, code := sheaf(t, "convert", filepath.Join("testdata", "in", "trips.csv"), name, "--overwrite")
		require.Zero(t, code, stderr)
		entries, err := os.ReadDir(out)
		require.NoError(t, err)
		require.Len(t, entries, 1, "kill %d: %v", i, entries)
	}
}

// TestInterruptedConvert interrupts the program: it says so, and leaves nothing.
func TestInterruptedConvert(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted alone on Windows")
	}
	work := t.TempDir()
	manyRows(t, filepath.Join(work, "in.csv"), 400_000)
	interrupted := false
	// Early signals find the program before it has begun, late ones after its end, each in its time on slow and fast machines.
	for wait := time.Duration(20); wait < 4000 && !interrupted; wait = wait * 3 / 2 {
		cmd := program(t, work, "convert", "in.csv", "out.parquet", "--sort", "name,id:desc", "--threads", "1")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		require.NoError(t, cmd.Start())
		time.Sleep(wait * time.Millisecond)
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		err := cmd.Wait()
		if err == nil { // it was done before
			require.NoError(t, os.Remove(filepath.Join(work, "out.parquet")))
			continue
		}
		if code := cmd.ProcessState.ExitCode(); code >= 0 { // −1: the signal came before the program had begun
			interrupted = true
			require.Equal(t, exitFailed, code)
			require.Equal(t, "error: interrupted\n", stderr.String())
		}
		entries, err := os.ReadDir(work)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	}
	require.True(t, interrupted, "the program was never caught at work")
}

// TestFilesPutTogether mends a file that has its header twice, as the message says.
func TestFilesPutTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twice.csv")
	require.NoError(t, os.WriteFile(path, []byte("id,name\n1,a\nid,name\n2,b\n"), 0o600))
	_, stderr, code := sheaf(t, "head", path, "--types", "id=int64")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "the line looks like the header again")
	require.Contains(t, stderr, `--where "id != 'id'"`)
	stdout, stderr, code := sheaf(t, "head", path, "--where", "id != 'id'", "--json")
	require.Zero(t, code, stderr)
	require.Equal(t, "[\n  {\"id\": \"1\", \"name\": \"a\"},\n  {\"id\": \"2\", \"name\": \"b\"}\n]\n", stdout)
}

// TestNotCSV says what a file is that is no CSV.
func TestNotCSV(t *testing.T) {
	dir := t.TempDir()
	_, stderr, code := sheaf(t, "convert", filepath.Join("testdata", "in", "trips.csv"), filepath.Join(dir, "x.parquet"))
	require.Zero(t, code, stderr)
	_, stderr, code = sheaf(t, "head", filepath.Join(dir, "x.parquet"), "--from", "csv")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "this is no CSV file but Parquet")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o700))
	_, stderr, code = sheaf(t, "head", filepath.Join(dir, "empty"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "the folder holds no files")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "odd.csv"), []byte("PAR1\n7\n"), 0o600))
	stdout, stderr, code := sheaf(t, "count", filepath.Join(dir, "odd.csv"))
	require.Zero(t, code, stderr)
	require.Equal(t, "1\n", stdout)
}

// TestFailedConvertLeavesNothing is a file that fails near its end.
func TestFailedConvertLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in.csv")
	manyRows(t, path, 50_000)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("7,too few\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	for _, out := range []string{"out.parquet", "out.csv", "out.json", "out.dat", "folder"} {
		args := []string{"convert", path, filepath.Join(dir, out)}
		if !strings.Contains(out, ".") || out == "out.dat" {
			args = append(args, "--to", "arrow")
		}
		_, stderr, code := sheaf(t, args...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "2 fields where 4 are expected")
		require.Contains(t, stderr, "in.csv:50002:10\n")
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// TestNamedPipes reads and writes pipes that have a name, as shells give them.
func TestNamedPipes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("pipes have names of their own elsewhere")
	}
	dir := t.TempDir()
	trips, err := os.ReadFile(filepath.Join("testdata", "in", "trips.csv"))
	require.NoError(t, err)
	run := func(args ...string) string {
		cmd := program(t, dir, args...)
		from, to, err := os.Pipe()
		require.NoError(t, err)
		cmd.Stdin = from
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		require.NoError(t, cmd.Start())
		_, err = to.Write(trips)
		require.NoError(t, err)
		require.NoError(t, to.Close())
		require.NoError(t, cmd.Wait(), "%v: %s", args, stderr.String())
		return stdout.String()
	}
	require.Equal(t, "4\n", run("count", "/dev/stdin", "--from", "csv"))
	require.Equal(t, "4\n", run("count", "/proc/self/fd/0", "--from", "csv", "--where", "id > 0"))
	require.Equal(t, run("convert", "-", "-", "--from", "csv", "--to", "csv"), run("convert", "/dev/stdin", "/dev/stdout", "--from", "csv", "--to", "csv"))
}

// TestFoldersOfValues says what a folder of key=value holds that is not read.
func TestFoldersOfValues(t *testing.T) {
	dir := t.TempDir()
	parts := filepath.Join(dir, "parts")
	_, stderr, code := sheaf(t, "convert", filepath.Join("testdata", "in", "trips.csv"), parts, "--to", "parquet", "--partition-by", "paid")
	require.Zero(t, code, stderr)
	for _, args := range [][]string{{"count", parts}, {"convert", parts, filepath.Join(dir, "a.csv")}} {
		_, stderr, code = sheaf(t, args...)
		require.Zero(t, code, stderr)
		require.Contains(t, stderr, `looks like a value of a column "paid", which --hive reads`)
	}
	_, stderr, code = sheaf(t, "convert", filepath.Join("testdata", "in", "trips.csv"), parts, "--to", "csv", "--append")
	require.Zero(t, code, stderr)
	_, stderr, code = sheaf(t, "count", parts)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "holds files of several formats")
	stdout, stderr, code := sheaf(t, "count", parts, "--hive", "--from", "parquet", "--where", "paid = 'true'")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Equal(t, "2\n", stdout)
}
