package sched_test

import (
	"testing"

	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/sched/schedtest"
)

func TestInline(t *testing.T) { schedtest.Run(t, sched.Inline) }

func TestPool(t *testing.T) {
	for name, workers := range map[string]int{"1": 1, "2": 2, "8": 8, "GOMAXPROCS": 0} {
		t.Run(name, func(t *testing.T) {
			schedtest.Run(t, func() sched.Scheduler { return sched.Pool(workers) })
		})
	}
}
