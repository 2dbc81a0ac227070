package main

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAllWaysGiveOneReport(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), &out, 10, 4, time.Millisecond)) // it fails where reports differ
	require.Contains(t, out.String(), "20 comparisons: the largest change is shop ")
	require.Contains(t, out.String(), "\nplain Go ")
	require.Contains(t, out.String(), "\ndelayed ")
	require.Contains(t, out.String(), "\nfutures ")
}

func TestReportIsThatOfTheSteps(t *testing.T) {
	changes := []Change{{"a", 10}, {"b", 30}, {"c", 20}}
	require.Equal(t, Report{Compared: 3, Largest: Change{"b", 30}, Mean: 20}, Reduce(changes))
	require.Equal(t, Change{"b", 7}, Compare(Revenue{"a": 5}, Revenue{"a": 6, "b": 7}))
	require.Equal(t, Revenue{"a": 3, "b": 4}, Roll(Revenue{"a": 1}, Revenue{"a": 2}, Revenue{"b": 4}))
	require.Equal(t, Revenue{"a": 200}, Process([]Sale{{"a", 1, 2}, {"a", 9, 5}}, map[int]int{1: 100}))
}

// A day that is missing is an error of all ways that names the step and the file.
func TestMissingDay(t *testing.T) {
	j, err := makeData(t.TempDir(), 5)
	require.NoError(t, err)
	j.workers = 2
	require.NoError(t, os.Remove(j.days[3]))
	for name, way := range map[string]func(context.Context, job) (Report, error){"plain": plain, "delayed": withDelayed, "futures": withFutures} {
		_, err := way(context.Background(), j)
		require.ErrorIs(t, err, os.ErrNotExist, name)
		require.ErrorContains(t, err, "day003.csv", name)
		if name != "plain" {
			require.ErrorContains(t, err, "Load", name)
			require.ErrorContains(t, err, "etl/", name)
		}
	}
}

// The tutorial counts the steps: n loads, 1 reference, n processed, n-2 rolled, 2n compared, 1 reduced; and the list.
func TestNumberOfTasks(t *testing.T) {
	j, err := makeData(t.TempDir(), 10)
	require.NoError(t, err)
	g, _, err := graphOf(j).Graph()
	require.NoError(t, err)
	require.Equal(t, 10+1+10+8+20+1+1, g.Len())
}
