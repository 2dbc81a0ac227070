package proc

import (
	"bufio"
	"context"
	"io"
	"os"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
)

// job is a task in its worker process.
type job struct {
	message
	ctx context.Context
}

// serve executes tasks until the input ends, which is when the scheduler's process has closed it or is gone.
func serve(in io.Reader, out io.Writer) {
	if writeFrame(out, hello) != nil {
		return
	}
	jobs := make(chan job, 1)
	go receive(bufio.NewReaderSize(in, 1<<16), jobs)
	for j := range jobs {
		if writeFrame(out, answer(j)) != nil {
			return
		}
	}
}

// receive reads tasks and cancels the one that is executed when it is told to. At the end of the input it ends the process, whatever
// the task does.
func receive(in *bufio.Reader, jobs chan<- job) {
	var seq int64
	cancel := func() {}
	for {
		var m message
		if readFrame(in, &m) != nil {
			cancel()
			os.Exit(0)
		}
		if !m.Cancel {
			var ctx context.Context
			ctx, cancel = context.WithCancel(context.Background())
			seq = m.Seq
			jobs <- job{m, ctx}
		} else if m.Seq == seq {
			cancel()
		}
	}
}

// answer executes a task.
func answer(j job) reply {
	result, err := execute(j)
	if err != nil {
		return reply{Failed: true, Error: packError(err)}
	}
	return reply{Result: result}
}

func execute(j job) ([]byte, error) {
	in := make([]any, len(j.In))
	for i, b := range j.In {
		v, err := graph.DecodeResult(b)
		if err != nil {
			return nil, err
		}
		in[i] = v
	}
	v, err := sched.Execute(j.ctx, j.Options.local(), j.Op, j.Args, in)
	if err != nil {
		return nil, err
	}
	return graph.EncodeResult(nil, v)
}
