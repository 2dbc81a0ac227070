package proc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/sched/proc"
	"github.com/sheafdata/sheaf/sched/schedtest"
)

func TestMain(m *testing.M) { proc.Main(m) }

// TestConformance uses two processes for all tests: another run keeps them, and the workers that call them, from ending with each test.
func TestConformance(t *testing.T) {
	s := proc.New(2)
	started := make(chan sched.Event, 8)
	keep := s.Start(t.Context(), sched.Options{Observers: []sched.Observer{observer{started}}})
	defer keep.Close()
	g := graph.New()
	block := []graph.ID{g.Add(graph.Task{Op: "proctest.block"}), g.Add(graph.Task{Op: "proctest.block"})}
	if err := keep.Submit(g, block...); err != nil {
		t.Fatal(err)
	}
	<-started
	<-started
	keep.Cancel(block...)
	if err := keep.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	schedtest.RunPortable(t, func() sched.Scheduler { return s })
}

// observer passes on which tasks have started.
type observer struct{ started chan<- sched.Event }

func (o observer) Observe(e sched.Event) {
	if e.Kind == sched.Started {
		o.started <- e
	}
}

func init() {
	graph.Register("proctest.pid", func(context.Context, []byte, []any) (any, error) { return os.Getpid(), nil })
	graph.Register("proctest.options", func(ctx context.Context, _ []byte, _ []any) (any, error) {
		o, ok := sched.OptionsFrom(ctx)
		_, run := sched.RunFrom(ctx)
		return fmt.Sprint(ok, run, o.Reproducible, o.InOrder, o.Memory), nil
	})
	graph.Register("proctest.print", func(context.Context, []byte, []any) (any, error) {
		_, err := os.Stdout.Write(nil) // after os.Stdout was replaced, printing does not disturb the frames
		return os.Stdout == os.Stderr, err
	})
	graph.Register("proctest.block", func(ctx context.Context, _ []byte, _ []any) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	graph.Register("proctest.exit", func(context.Context, []byte, []any) (any, error) {
		os.Exit(3)
		return nil, nil
	})
	graph.Register("proctest.fault", func(context.Context, []byte, []any) (any, error) {
		e := fault.New(fault.Data, "read_csv", "bad number").WithHint("quote it")
		e.File, e.Line, e.Column, e.Text = "a.csv", 7, "price", "1,2"
		return nil, e
	})
	graph.Register("proctest.channel", func(context.Context, []byte, []any) (any, error) { return make(chan int), nil })
	graph.RegisterFunc(double)
}

func double(_ context.Context, in []any) (any, error) { return in[0].(int) * 2, nil }

func unregistered(context.Context, []any) (any, error) { return nil, nil }

// run computes one task on a fresh scheduler.
func run(t *testing.T, o sched.Options, tasks ...graph.Task) (any, error) {
	t.Helper()
	r := proc.New(1).Start(t.Context(), o)
	defer r.Close()
	g := graph.New()
	var last graph.ID
	for _, task := range tasks {
		last = g.Add(task)
	}
	if err := r.Submit(g, last); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(t.Context()); err != nil {
		return nil, err
	}
	return r.Result(last)
}

func TestOtherProcess(t *testing.T) {
	v, err := run(t, sched.Options{}, graph.Task{Op: "proctest.pid"}, graph.Task{Deps: []graph.ID{0}, Run: double})
	if err != nil {
		t.Fatal(err)
	}
	if v == 2*os.Getpid() || v.(int)%2 != 0 {
		t.Errorf("twice the process id is %v, that of this process %d", v, os.Getpid())
	}
}

func TestOptions(t *testing.T) {
	v, err := run(t, sched.Options{Reproducible: true, Memory: 7}, graph.Task{Op: "proctest.options"})
	if err != nil || v != "true false true false 7" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestPrinting(t *testing.T) {
	if v, err := run(t, sched.Options{}, graph.Task{Op: "proctest.print"}); err != nil || v != true {
		t.Errorf("%v, %v", v, err)
	}
}

func TestRefusesLocalTasks(t *testing.T) {
	key := graph.Key{Group: "load"}
	for name, c := range map[string]struct {
		fn    graph.Func
		parts []string
	}{
		"function": {unregistered, []string{"load[0]", "proc_test.unregistered", "graph.RegisterFunc(proc_test.unregistered)"}},
		"closure": {func(context.Context, []any) (any, error) { return name(t), nil },
			[]string{"load[0]", "proc_test.TestRefusesLocalTasks.func", "top-level", "graph.RegisterFunc(F)"}},
	} {
		_, err := run(t, sched.Options{}, graph.Task{Key: key, Run: c.fn})
		for _, p := range c.parts {
			if err == nil || !strings.Contains(err.Error(), p) {
				t.Errorf("%s: the error %v does not say %q", name, err, p)
			}
		}
	}
}

func name(t *testing.T) string { return t.Name() }

func TestErrorsKeepTheirPlace(t *testing.T) {
	_, err := run(t, sched.Options{}, graph.Task{Op: "proctest.fault"})
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Data || f.File != "a.csv" || f.Line != 7 || f.Column != "price" || f.Text != "1,2" || f.Hint != "quote it" || f.Op != "read_csv" {
		t.Errorf("%+v", err)
	}
	if !strings.Contains(err.Error(), "task #0: bad number") {
		t.Error(err)
	}
}

func TestUnsendableResult(t *testing.T) {
	_, err := run(t, sched.Options{}, graph.Task{Op: "proctest.channel"})
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Type || !strings.Contains(err.Error(), "chan int") || !strings.Contains(err.Error(), "RegisterResult") {
		t.Error(err)
	}
}

// TestBrokenProcess: a process that dies fails its task; the next gets a new one.
func TestBrokenProcess(t *testing.T) {
	r := proc.New(1).Start(t.Context(), sched.Options{})
	defer r.Close()
	g := graph.New()
	bad, good := g.Add(graph.Task{Op: "proctest.exit"}), g.Add(graph.Task{Op: "proctest.pid"})
	if err := r.Submit(g, bad, good); err != nil {
		t.Fatal(err)
	}
	err := r.Wait(t.Context())
	if err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Error(err)
	}
	if _, err := r.Result(good); err != nil {
		t.Error(err)
	}
}
