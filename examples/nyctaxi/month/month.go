// Package month makes a month of yellow taxi trips as the New York City Taxi and Limousine Commission (TLC) writes them: one Parquet file
// of 3,000,000 rows in one row group, and the same rows as CSV.
//
// The trips are made up; their shares are real. The tables folder has what was measured on real records and how: when and where trips
// start, how far they go, how many are wrong. The seed is fixed, so the month is the same everywhere. Nothing but the example uses this
// package: readers and plans do not know where a file comes from.
package month

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/writers"
)

// Rows is the number of trips in the month.
const Rows = 3_000_000

// Files are the paths of a made month.
type Files struct{ Parquet, CSV string }

// start is the first moment of the month.
var start = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)

// Progress is told which file is being made, and how many rows of how many are written into both.
type Progress func(file string, rows, of int)

// Ensure returns the month in a folder and makes it first if it is not there: made is then true. A run that is killed leaves no file of
// the month, and the next run removes what is behind. progress may be nil.
func Ensure(ctx context.Context, folder string, progress Progress) (files Files, made bool, err error) {
	return ensure(ctx, folder, Rows, progress)
}

func ensure(ctx context.Context, folder string, rows int, progress Progress) (files Files, made bool, err error) {
	files = Files{filepath.Join(folder, "yellow_tripdata_2023-01.parquet"), filepath.Join(folder, "yellow_tripdata_2023-01.csv")}
	if exists(files.Parquet) && exists(files.CSV) {
		return files, false, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return files, false, err
	}
	if progress == nil {
		progress = func(string, int, int) {}
	}
	removeAbandoned(folder)
	work := filepath.Join(folder, working+strconv.Itoa(os.Getpid()))
	if err := os.MkdirAll(work, 0o755); err != nil {
		return files, false, err
	}
	defer os.RemoveAll(work)
	parquet, csv := filepath.Join(work, "month.parquet"), filepath.Join(work, "month.csv")
	if err := writeParquet(ctx, parquet, rows, progress); err != nil {
		return files, false, fmt.Errorf("%s: %w", parquet, err)
	}
	if _, err := readers.Parquet(parquet, nil).Write(ctx, writers.CSV(csv, nil), sched.Observe(&tasks{rows: rows, tell: progress})); err != nil {
		return files, false, err
	}
	return files, true, errors.Join(os.Rename(csv, files.CSV), os.Rename(parquet, files.Parquet))
}

// tasks observes the run that writes the CSV and tells its progress.
type tasks struct {
	mu          sync.Mutex
	rows        int
	added, done int
	tell        Progress
}

// Observe counts tasks, for sched.Observer.
func (t *tasks) Observe(e sched.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Kind {
	case sched.GraphAdded:
		t.added++
	case sched.Finished:
		t.done++
		t.tell("CSV", t.rows+t.rows*t.done/t.added, 2*t.rows)
	}
}

// working begins the names of the folders in which months are made, the id of the process ends them.
const working = ".making-"

// removeAbandoned removes the folders of processes that are no more.
func removeAbandoned(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		id, isWork := strings.CutPrefix(e.Name(), working)
		if pid, err := strconv.Atoi(id); isWork && err == nil && !running(pid) {
			os.RemoveAll(filepath.Join(folder, e.Name()))
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return !errors.Is(err, fs.ErrNotExist)
}
