// Etl is one workflow three times: as plain Go, with package delayed, and with package futures. It loads the sales of some days and a
// price list, processes each day, rolls over three days at a time, compares pairs of those, and reduces all to one report.
//
//	go run ./examples/etl              10 days: 50 steps
//	go run ./examples/etl -days 100    500 steps
//
// The data is made up and lies in a temporary folder meanwhile. Sources answer after a while, as databases and object stores do;
// that is why the parallel runs gain more than the machine has cores.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	days := flag.Int("days", 10, "how many days of sales there are, at least 3")
	workers := flag.Int("workers", 8, "how many steps run at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *days, *workers, 20*time.Millisecond); err != nil {
		fmt.Fprintln(os.Stderr, "etl:", err)
		os.Exit(1)
	}
}

// job is what all three ways are given.
type job struct {
	days    []string // the files
	prices  string
	pairs   [][2]int // windows to compare
	workers int
}

// run makes the data, runs the workflow in each way, and prints the report and how long each took.
func run(ctx context.Context, w io.Writer, days, workers int, wait time.Duration) error {
	if days < 3 {
		return fmt.Errorf("%d days are too few: windows are of 3", days)
	}
	folder, err := os.MkdirTemp("", "etl")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	j, err := makeData(folder, days)
	if err != nil {
		return err
	}
	j.workers, sourceDelay = workers, wait

	ways := []struct {
		name string
		run  func(context.Context, job) (Report, error)
	}{{"plain Go", plain}, {"delayed", withDelayed}, {"futures", withFutures}}
	var first Report
	var alone time.Duration
	for i, way := range ways {
		start := time.Now()
		report, err := way.run(ctx, j)
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		took := time.Since(start)
		if i == 0 {
			first, alone = report, took
			fmt.Fprintln(w, report)
		} else if report != first {
			return fmt.Errorf("%s gives another report: %v", way.name, report)
		}
		fmt.Fprintf(w, "%-9s %6.3f s  %4.1f times as fast\n", way.name, took.Seconds(), alone.Seconds()/took.Seconds())
	}
	return nil
}
