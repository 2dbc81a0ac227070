package proc

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
)

// process is a worker process as its scheduler sees it. One goroutine at a time may call do.
type process struct {
	cmd  *exec.Cmd
	out  *bufio.Reader
	seq  int64 // of the last task
	dead bool  // it has broken off

	mu sync.Mutex // guards in
	in io.WriteCloser
}

func startProcess() (*process, error) {
	if os.Getenv(workerEnv) != "" {
		return nil, fault.New(fault.Plan, "proc", "a worker process cannot have workers").
			WithHint("TestMain must call proc.Main and nothing else")
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, fault.New(fault.Internal, "proc", "%w", err)
	}
	p := &process{cmd: exec.Command(exe)}
	p.cmd.Env = append(os.Environ(), workerEnv+"=1")
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fault.New(fault.Internal, "proc", "%w", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "proc", "%w", err)
	}
	p.out = bufio.NewReaderSize(out, 1<<16)
	var greeting string
	if err := readFrame(p.out, &greeting); err != nil || greeting != hello {
		_ = p.cmd.Process.Kill()
		p.stop()
		return nil, fault.New(fault.Plan, "proc", "%s is no worker when it is run again", exe).
			WithHint("the test package needs: func TestMain(m *testing.M) { proc.Main(m) }")
	}
	return p, nil
}

// grace is how long a cancelled task may go on before its process is killed. Tasks look at their context once a batch.
const grace = 2 * time.Second

// do has the process execute a task.
func (p *process) do(ctx context.Context, m message) (any, error) {
	p.seq++
	m.Seq = p.seq
	if err := p.send(m); err != nil {
		return nil, p.broken(err)
	}
	done := make(chan struct{})
	defer close(done)
	stop := context.AfterFunc(ctx, func() {
		_ = p.send(message{Seq: m.Seq, Cancel: true}) // where that fails, reading the reply does too
		select {
		case <-done:
		case <-time.After(grace):
			_ = p.cmd.Process.Kill()
		}
	})
	defer stop()
	var r reply
	if err := readFrame(p.out, &r); err != nil {
		if ctx.Err() != nil {
			p.dead = true
			return nil, context.Cause(ctx)
		}
		return nil, p.broken(err)
	}
	if r.Failed {
		return nil, r.Error.unpack()
	}
	return graph.DecodeResult(r.Result)
}

func (p *process) send(m message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return writeFrame(p.in, m)
}

func (p *process) broken(err error) error {
	p.dead = true
	return fault.New(fault.Internal, "proc", "the worker process broke off: %w", err)
}

// stop ends the process: a worker exits at the end of its input.
func (p *process) stop() {
	p.mu.Lock()
	_ = p.in.Close()
	p.mu.Unlock()
	_ = p.cmd.Wait() // its exit code says nothing that a reply has not
}
