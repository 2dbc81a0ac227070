package proc_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/sched/proc"
)

// A task that names a registered operation runs in another process. The test package needs func TestMain(m *testing.M) { proc.Main(m) }.
func ExampleNew() {
	ctx := context.Background()
	g := graph.New()
	pid := g.Add(graph.Task{Op: "proctest.pid"})

	run := proc.New(2).Start(ctx, sched.Options{})
	defer run.Close()
	if err := run.Submit(g, pid); err != nil {
		fmt.Println(err)
		return
	}
	if err := run.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	there, err := run.Result(pid)
	fmt.Println("another process:", there != os.Getpid(), err)
	// Output: another process: true <nil>
}
