// Nyctaxi answers eight questions about the trip records of the NYC Taxi and Limousine Commission, with a table and a chart for each.
//
//	go run ./examples/nyctaxi                                        a made-up month of 3,000,000 trips
//	go run ./examples/nyctaxi -data yellow_tripdata_2024-01.parquet  a month as the TLC publishes it
//	go run ./examples/nyctaxi -data '2009/*.csv,2019/*.parquet'      several years, Parquet and CSV, yellow and green
//
// Files may differ in the names, the case and the types of their columns, as those of 2009 to 2025 do. The charts and one page with all of
// it, report.html, go to a folder that the program names.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/examples/nyctaxi/month"
)

func main() {
	data := flag.String("data", "", "trip records: Parquet or CSV files, patterns or folders, separated by commas; none: a made-up month")
	out := flag.String("out", "nyctaxi-report", "folder for the charts and report.html")
	explain := flag.Bool("explain", false, "also print the plan of each question")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	start := time.Now()
	err := makeMonth(ctx, data)
	if err == nil {
		err = run(ctx, os.Stdout, *data, *out, *explain)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "nyctaxi:", err)
		os.Exit(1)
	}
	fmt.Printf("All in %.1f s.\n", time.Since(start).Seconds())
}

// makeMonth makes the month that is asked about when the user names no data, in the user's cache folder; later runs find it there.
func makeMonth(ctx context.Context, data *string) error {
	if *data != "" {
		return nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("no folder for the month of trips: %w; name your own data with -data", err)
	}
	files, made, err := month.Ensure(ctx, filepath.Join(cache, "sheaf", "nyctaxi"), showProgress())
	if err != nil {
		return err
	}
	if made {
		fmt.Println("Made a month of 3,000,000 trips, once and for all:")
	} else {
		fmt.Println("A made-up month of 3,000,000 trips; give real ones with -data:")
	}
	fmt.Printf("  %s\n  %s (the same rows)\n", files.Parquet, files.CSV)
	*data = files.Parquet
	return nil
}

// showProgress draws a bar if standard error is a terminal.
func showProgress() month.Progress {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func(string, int, int) {}
	}
	var bar *progressbar.ProgressBar
	return func(file string, rows, of int) {
		if bar == nil {
			bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionClearOnFinish(),
				progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30))
		}
		bar.Describe("making a month of trips: " + file)
		_ = bar.Set(rows)
	}
}

// run answers every question that the columns of the data can answer, and says which they cannot.
func run(ctx context.Context, w io.Writer, data, out string, explain bool) error {
	trips, err := openTrips(data)
	if err != nil {
		return err
	}
	zones := openZones()
	r, err := newReport(out, data)
	if err != nil {
		return err
	}
	for i, q := range questions {
		fmt.Fprintf(w, "\n%d. %s\n", i+1, q.title)
		lack, err := missing(ctx, trips, q.needs)
		if err != nil {
			return err
		}
		if lack != "" {
			fmt.Fprintf(w, "These records cannot tell: they have no %s.\n", lack)
			r.skip(q, lack)
			continue
		}
		answer := q.ask(trips, zones)
		if explain {
			fmt.Fprint(w, answer.Explain())
		}
		asked := time.Now()
		table, err := answer.Collect(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		took := time.Since(asked)
		fmt.Fprintf(w, "%s%s\n%.3f s\n", table, q.text, took.Seconds())
		if err := r.add(ctx, q, table, took); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	page, err := r.write()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nCharts and all tables: %s\n", page)
	return nil
}

// missing returns the first of the columns that the trips do not have, or have without a value.
func missing(ctx context.Context, trips *dataframe.DataFrame, needs []string) (string, error) {
	for _, n := range needs {
		if ok, err := hasValues(ctx, trips, n); err != nil || !ok {
			return n, err
		}
	}
	return "", nil
}
