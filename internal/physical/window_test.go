package physical_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/physical"
	"github.com/sheafdata/sheaf/plan"
)

// The stages of windows: dealt by the keys that all share, with what stands above in the same tasks; a filter by rank before the rows
// move; one task where no key is shared.
func TestWindowStages(t *testing.T) {
	fare := expr.Col("fare_amount")
	best := must(plan.NewFilter(scan("trips"), expr.RowNumber().OrderBy(fare.Desc()).Over("VendorID").Le(2), fare.Gt(0)))
	both := must(plan.NewWith(scan("trips"), fare.Div(expr.Sum(fare).Over("VendorID", "pickup_zone")).As("share"), expr.Rank().OrderBy(fare).Over("VendorID").As("rank")))
	none := must(plan.NewWith(scan("trips"), expr.CumSum(fare).Over().As("so_far"), expr.Count().Over("VendorID").As("n")))
	var b strings.Builder
	for _, n := range []plan.Node{best, both, none} {
		p, err := physical.Lower(n)
		require.NoError(t, err)
		b.WriteString(p.String() + "\n")
	}
	file := filepath.Join("testdata", "windows.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}
