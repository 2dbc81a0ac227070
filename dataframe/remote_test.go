package dataframe_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/sched/proc"
)

func TestMain(m *testing.M) { proc.Main(m) }

type trip struct {
	Zone string  `sheaf:"zone"`
	Fare float64 `sheaf:"fare"`
	ID   int64   `sheaf:"id"`
}

type billed struct {
	Zone  string
	Cents int64
	At    *int64
}

func bill(t trip) billed {
	if t.ID < 0 {
		panic("a negative trip")
	}
	return billed{Zone: t.Zone, Cents: int64(t.Fare * 100), At: &t.ID}
}

func legs(t trip) ([]trip, error) {
	if t.Fare > 1000 {
		return nil, fmt.Errorf("trip %d costs %v", t.ID, t.Fare)
	}
	return []trip{t, t}[:t.ID%3%2+1], nil
}

func firstTwo(_ context.Context, in arrow.RecordBatch) (arrow.RecordBatch, error) { return in, nil }

func init() {
	graph.RegisterFunc(bill)
	graph.RegisterFunc(legs)
	graph.RegisterFunc(firstTwo)
}

func tripsFile(t *testing.T, more ...string) *dataframe.DataFrame {
	var b strings.Builder
	b.WriteString("zone,fare,id\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "z%d,%d.25,%d\n", i%7, i%90, i)
	}
	b.WriteString(strings.Join(more, "\n"))
	path := filepath.Join(t.TempDir(), "trips.csv")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return readers.CSV(path, nil)
}

// Functions that are registered give the same rows in other processes, and so do aggregates whose state crosses between them.
func TestFunctionsInOtherProcesses(t *testing.T) {
	df := tripsFile(t)
	there := sched.On(proc.New(2))
	for what, f := range map[string]*dataframe.DataFrame{
		"Map":        dataframe.Map(df, bill),
		"FlatMap":    dataframe.FlatMap(df, legs).GroupBy("zone").Agg(expr.Count(), expr.Sum("fare")),
		"MapBatches": df.MapBatches(df.Schema(), firstTwo).Filter(col("id").Lt(5)),
		"Func":       df.Select(half("id").As("h"), join2("zone", "zone").As("j")),
		"aggregates": df.GroupBy("zone").Agg(expr.Median("fare"), expr.Mode("fare").As("mode"), expr.ListOf("id").As("ids"), expr.Corr("fare", "id").As("c"),
			expr.ApproxNUnique("id").As("u"), expr.ApproxQuantile("fare", 0.9).As("q"), expr.First("id").OrderBy(col("fare").Desc()).As("dear"),
			expr.Last(expr.StructOf("id", "zone")).As("s")),
		"shapes": df.DistinctLast("zone").Select("id", col("zone").Str().Split("z").As("parts")).Explode("parts"),
		"pivot":  df.GroupBy(col("id").Mod(3).As("m")).Pivot("zone", "z1", "z5").Agg(expr.Median("fare")),
	} {
		require.NoError(t, f.Err(), what)
		require.Equal(t, strs(t, f), strs(t, f, there), what)
	}
	_, err := dataframe.Map(df, func(v trip) trip { return v }).Collect(ctx, there)
	require.ErrorContains(t, err, "RegisterFunc", "a closure stays here")

	for _, on := range []dataframe.RunOption{there, sched.Workers(2)} {
		f := asFault(t, errOf(dataframe.Map(tripsFile(t, "z1,1.25,-4"), bill), on))
		require.Contains(t, f.Error(), "a negative trip")
		require.Equal(t, int64(3001), f.Row)
		f = asFault(t, errOf(dataframe.FlatMap(tripsFile(t, "z1,9999,4"), legs), on))
		require.Contains(t, f.Error(), "trip 4 costs 9999")
		require.Equal(t, int64(3001), f.Row)
	}
}

func errOf(df *dataframe.DataFrame, on dataframe.RunOption) error {
	_, err := df.Collect(ctx, on)
	return err
}
