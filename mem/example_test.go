package mem_test

import (
	"fmt"

	"github.com/sheafdata/sheaf/mem"
)

// A structure reserves before it grows. A budget that cannot grant it says who wanted how much, and what to do.
func ExampleBudget() {
	run := mem.New("run", 1000)
	defer run.Close()
	table := run.Reservation("group_by")
	defer table.Free()
	fmt.Println(table.Grow(800))
	fmt.Println(table.Grow(800))
	fmt.Println(run.Used())
	// Output:
	// <nil>
	// group_by: needs 800 bytes more; 800 of the 1000 bytes of the memory budget (run) are in use; raise it with sched.Memory(bytes)
	// 800
}

// letters is a structure that can be written to a file: here it just forgets.
type letters struct {
	held  *mem.Reservation
	bytes int64
}

func (l *letters) Spillable() int64 { return l.bytes }

func (l *letters) Spill(int64) (freed int64, err error) {
	freed, l.bytes = l.bytes, 0
	l.held.Free()
	fmt.Println("spilled", freed)
	return freed, nil
}

// Where half of the budget is in use, those who can give memory back are asked before anybody is refused.
func ExampleBudget_Register() {
	run := mem.New("run", 1000)
	defer run.Close()
	l := &letters{held: run.Reservation("rows"), bytes: 400}
	_ = l.held.Grow(400)
	defer run.Register(l)()
	table := run.Reservation("sort")
	defer table.Free()
	fmt.Println(table.Grow(300))
	fmt.Println(run.Used())
	// Output:
	// spilled 400
	// <nil>
	// 300
}
