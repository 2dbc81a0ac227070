// Nyctaxi answers seven questions about the trip records of the NYC Taxi and Limousine Commission.
//
//	go run ./examples/nyctaxi                                        a small sample that comes with the program
//	go run ./examples/nyctaxi -data yellow_tripdata_2024-01.parquet  a month as the TLC publishes it
//	go run ./examples/nyctaxi -data '2009/*.csv,2019/*.parquet'      several years, Parquet and CSV, yellow and green
//
// Files may differ in the names, the case and the types of their columns, as those of 2009 to 2025 do.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/sheafdata/sheaf/dataframe"
)

func main() {
	data := flag.String("data", "", "trip records: Parquet or CSV files, patterns or folders, separated by commas; none: a built-in sample")
	explain := flag.Bool("explain", false, "also print the plan of each question")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *data, *explain); err != nil {
		fmt.Fprintln(os.Stderr, "nyctaxi:", err)
		os.Exit(1)
	}
}

// run answers every question that the columns of the data can answer, and says which they cannot.
func run(ctx context.Context, w io.Writer, data string, explain bool) error {
	start := time.Now()
	trips, err := openTrips(data)
	if err != nil {
		return err
	}
	zones := openZones()
	if data == "" {
		fmt.Fprintln(w, "The built-in sample: 2,000 made-up trips of March 2019. Give real months with -data.")
	}
	for i, q := range questions {
		fmt.Fprintf(w, "\n%d. %s\n", i+1, q.title)
		lack, err := missing(ctx, trips, q.needs)
		if err != nil {
			return err
		}
		if lack != "" {
			fmt.Fprintf(w, "These records cannot tell: they have no %s.\n", lack)
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
		fmt.Fprintf(w, "%s%.3f s\n", table, time.Since(asked).Seconds())
	}
	fmt.Fprintf(w, "\nAll questions in %.2f s.\n", time.Since(start).Seconds())
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
