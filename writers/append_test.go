package writers_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/writers"
)

// Several writes append at once to a folder that is not there yet: one makes it, and the rows of all are in it.
func TestAppendsMakeTheFolderTogether(t *testing.T) {
	rows := make([]struct{ A, B int }, 100) // more files than are synced one by one
	for i := range rows {
		rows[i].A, rows[i].B = i, i
	}
	df := dataframe.FromStructs(rows)
	for round := range 10 {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("new-%d", round), "rows")
		var wg sync.WaitGroup
		const appends = 6
		for i := range appends {
			wg.Go(func() {
				o := &writers.ParquetOptions{Mode: writers.Append}
				if i%2 == 1 {
					o.PartitionBy = []string{"B"}
				}
				report, err := df.Write(t.Context(), writers.Parquet(path, o))
				assert.NoError(t, err)
				for _, f := range report.Files {
					assert.FileExists(t, f)
				}
			})
		}
		wg.Wait()
		n, err := readers.Parquet(path+"/*.parquet", nil).Count(t.Context())
		require.NoError(t, err)
		m, err := readers.Parquet(path+"/B=*/*.parquet", nil).Count(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, appends*len(rows), n+m)
		left, err := filepath.Glob(filepath.Join(path, "..", ".*"))
		require.NoError(t, err)
		inside, err := filepath.Glob(filepath.Join(path, ".*"))
		require.NoError(t, err)
		require.Empty(t, append(left, inside...), "stages")
	}
}
