package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/examples/nyctaxi/month"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
)

// busy asks a month that is one row group, as the TLC writes it, and prints how much of the processors' time the questions use: each is
// asked again and again for two seconds.
func busy(folder string) error {
	files, _, err := month.Ensure(context.Background(), filepath.Join(folder, "month"), nil)
	if err != nil {
		return err
	}
	fmt.Print("\n| question over one row group of 3 M rows | seconds | processors busy, % |\n|---|---|---|\n")
	for _, q := range append(questions, question{"all columns, dirty rows", func(t *dataframe.DataFrame) *dataframe.DataFrame {
		return t.Filter(expr.Col("fare_amount").Lt(0).Or(expr.Col("trip_distance").Eq(0)))
	}}) {
		ask(q.ask(readers.Parquet(files.Parquet, nil)))
		wall, used, n := time.Duration(0), processorTime(), 0
		for ; wall < 2*time.Second; n++ {
			wall += time.Duration(ask(q.ask(readers.Parquet(files.Parquet, nil))) * 1e9)
		}
		used = processorTime() - used
		fmt.Printf("| %s | %.3f | %.0f |\n", q.name, wall.Seconds()/float64(n), 100*used.Seconds()/wall.Seconds()/float64(runtime.GOMAXPROCS(0)))
	}
	return nil
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
