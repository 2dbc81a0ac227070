package plan_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/plan/plantest"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// source is a portable source of a schema without rows.
type source struct{ s *arrow.Schema }

func (s source) Schema() *arrow.Schema { return s.s }

func (s source) Plan(context.Context, partition.ScanRequest) (*partition.Scan, error) {
	return &partition.Scan{}, nil
}

func (s source) Op() string                     { return "test_source" }
func (s source) MarshalBinary() ([]byte, error) { return expr.MarshalSchema(s.s) }

func init() {
	plan.RegisterSource("test_source", func(b []byte) (partition.Source, error) {
		s, err := expr.UnmarshalSchema(b)
		return source{s}, err
	})
}

func trips() plan.Node { return plan.NewScan(source{plantest.Trips}) }
func zones() plan.Node { return plan.NewScan(source{plantest.Zones}) }

// build makes the plan of a case.
func build(in plan.Node, c plantest.Case) (plan.Node, error) {
	exprs, _ := expr.ColumnsOf(c.Args...)
	text := func() []string {
		var out []string
		for _, a := range c.Args {
			out = append(out, a.(string))
		}
		return out
	}
	switch c.Method {
	case "Select":
		return plan.NewProject(in, exprs...)
	case "With":
		return plan.NewWith(in, exprs...)
	case "Filter":
		return plan.NewFilter(in, exprs...)
	case "Drop":
		return plan.NewDrop(in, text()...)
	case "Rename":
		return plan.NewRename(in, text()[0], text()[1])
	case "GroupBy":
		return in, plan.CheckKeys(in, exprs)
	case "Agg":
		keys, _ := expr.ColumnsOf(c.Args[0].([]any)...)
		aggs, _ := expr.ColumnsOf(c.Args[1:]...)
		return plan.NewAgg(in, keys, aggs, false)
	case "Sort":
		keys, _ := expr.SortKeys(c.Args...)
		return plan.NewSort(in, keys...)
	case "Offset":
		return plan.NewLimit(in, -1, c.Args[0].(int64))
	case "Distinct":
		return plan.NewDistinct(in, text(), false)
	case "Explode":
		return plan.NewExplode(in, text())
	case "Unpivot":
		return plan.NewUnpivot(in, c.Args[0].([]string), c.Args[1].(string), c.Args[2].(string))
	case "Repartition":
		return plan.NewRepartition(in, plan.RepartitionSpec{By: text()})
	case "JoinUsing":
		return plan.NewJoin(in, zones(), plan.JoinSpec{Using: text()})
	case "JoinOn":
		return plan.NewJoin(in, zones(), plan.JoinSpec{LeftOn: exprs[:1], RightOn: exprs[1:]})
	case "JoinExpr":
		renamed, err := plan.NewRename(zones(), "vendor_right", "v")
		if err != nil {
			return nil, err
		}
		return plan.NewJoin(in, renamed, plan.JoinSpec{Residual: exprs})
	case "Concat":
		a, err := plan.NewProject(in, exprs[0])
		if err != nil {
			return nil, err
		}
		b, err := plan.NewProject(in, exprs[1])
		if err != nil {
			return nil, err
		}
		return plan.NewConcat([]plan.Node{a, b})
	}
	return nil, fmt.Errorf("no method %s", c.Method)
}

// TestFaults pins the message of every faulty plan, and that it has a place in this file's caller.
func TestFaults(t *testing.T) {
	var out strings.Builder
	for _, c := range plantest.Faulty() {
		n, err := build(trips(), c)
		require.Error(t, err, c.Name)
		if c.Method != "GroupBy" {
			require.Nil(t, n, c.Name)
		}
		var f *fault.Error
		require.True(t, errors.As(err, &f), c.Name)
		require.Contains(t, f.At, "faults_test.go:", "%s: %v", c.Name, err)
		require.NotEmpty(t, f.Op, c.Name)
		pinned := *f
		pinned.At = ""
		fmt.Fprintf(&out, "%s\n    %s\n", c.Name, &pinned)
	}
	golden(t, "faults.txt", out.String())
}

// TestFaultPlace: a fault names the line where the expression was written.
func TestFaultPlace(t *testing.T) {
	bad := expr.Col("fare_amout") // line A
	_, _, lineA := here()
	_, err := plan.NewFilter(trips(),
		bad.Gt(0))
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	require.Equal(t, fmt.Sprintf("plan/faults_test.go:%d", lineA-1), f.At)
	require.Equal(t, fault.Plan, f.Kind)
}
