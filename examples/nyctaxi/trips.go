package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/readers"
)

// builtin holds the 263 taxi zones of the TLC.
//
//go:embed testdata/zones.csv
var builtin embed.FS

func openZones() *dataframe.DataFrame {
	return readers.CSV("testdata/zones.csv", &readers.CSVOptions{FS: builtin})
}

// columns are the names that the questions use and how the files have called them since 2009, in lower case without underscores and
// blanks.
var columns = []struct {
	name  string
	names []string
}{
	{"pickup", []string{"tpeppickupdatetime", "lpeppickupdatetime", "pickupdatetime", "trippickupdatetime", "pickup"}},
	{"dropoff", []string{"tpepdropoffdatetime", "lpepdropoffdatetime", "dropoffdatetime", "tripdropoffdatetime", "dropoff"}},
	{"passenger_count", []string{"passengercount", "passengers"}},
	{"trip_distance", []string{"tripdistance", "distance"}},
	{"payment_type", []string{"paymenttype", "payment"}},
	{"fare_amount", []string{"fareamount", "fareamt", "fare"}},
	{"tip_amount", []string{"tipamount", "tipamt", "tip"}},
	{"total_amount", []string{"totalamount", "totalamt", "total"}},
	{"pickup_zone", []string{"pulocationid"}},
}

// openTrips returns the trips of all files under the names of columns, with the types that the questions need.
func openTrips(data string) (*dataframe.DataFrame, error) {
	files, err := list(data)
	if err != nil {
		return nil, err
	}
	var frames []*dataframe.DataFrame
	for _, f := range files {
		frame, err := tidy(f, open(f))
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
	}
	if len(frames) == 1 {
		return frames[0], nil
	}
	trips := dataframe.Union(dataframe.UnionOptions{UnionByName: true, PromoteTypes: true}, frames...)
	return trips, trips.Err()
}

// list expands patterns and folders.
func list(data string) ([]string, error) {
	var files []string
	for _, pattern := range strings.Split(data, ",") {
		pattern = strings.TrimSpace(pattern)
		if info, err := os.Stat(pattern); err == nil && info.IsDir() {
			pattern = filepath.Join(pattern, "*")
		}
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pattern, err)
		}
		found = slices.DeleteFunc(found, func(f string) bool { return format(f) == "" })
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no .parquet or .csv file there", pattern)
		}
		files = append(files, found...)
	}
	return files, nil
}

func format(file string) string {
	name := strings.ToLower(filepath.Base(file))
	switch {
	case strings.HasSuffix(name, ".parquet"):
		return "parquet"
	case strings.HasSuffix(name, ".csv"), strings.HasSuffix(name, ".csv.gz"), strings.HasSuffix(name, ".csv.zst"):
		return "csv"
	}
	return ""
}

func open(file string) *dataframe.DataFrame {
	if format(file) == "parquet" {
		return readers.Parquet(file, nil)
	}
	return readers.CSV(file, nil)
}

// tidy selects the columns that the questions use, under one name and in types that go together over the years: the files of 2009 and
// 2010 have times as text, some have zone numbers as text.
func tidy(file string, df *dataframe.DataFrame) (*dataframe.DataFrame, error) {
	var keep []any
	for _, c := range columns {
		for _, f := range df.Schema().Fields() {
			if !slices.Contains(c.names, plain(f.Name)) {
				continue
			}
			col := expr.Col(f.Name)
			switch isText := f.Type.ID() == arrow.STRING || f.Type.ID() == arrow.LARGE_STRING; {
			case isText && (c.name == "pickup" || c.name == "dropoff"):
				col = col.TryCast(&arrow.TimestampType{Unit: arrow.Microsecond})
			case isText && c.name == "pickup_zone", f.Type.ID() == arrow.FLOAT64 && c.name == "payment_type":
				col = col.TryCast(arrow.PrimitiveTypes.Int64)
			}
			keep = append(keep, col.As(c.name))
			break
		}
	}
	if err := df.Err(); err != nil {
		return nil, err
	}
	if len(keep) == 0 {
		return nil, fmt.Errorf("%s: none of its columns is one of trip records", file)
	}
	df = df.Select(keep...)
	return df, df.Err()
}

// plain is a column name without what differs between years: case, underscores, blanks.
func plain(name string) string {
	return strings.NewReplacer("_", "", " ", "").Replace(strings.ToLower(name))
}

// hasValues says whether the frame has the column, and not only nulls in it: before July 2016 the files have places and no zones, and
// some have the zones' columns all the same.
func hasValues(ctx context.Context, df *dataframe.DataFrame, column string) (bool, error) {
	f, ok := df.Schema().FieldsByName(column)
	if !ok || f[0].Type.ID() == arrow.NULL {
		return false, nil
	}
	if column != "pickup_zone" {
		return true, nil
	}
	first, err := df.Filter(expr.Col(column).NotNull()).Select(column).Head(ctx, 1)
	if err != nil {
		return false, err
	}
	return first.NumRows() > 0, nil
}
