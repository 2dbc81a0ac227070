package readers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/partition"
)

func TestParquetReadsATaxiMonth(t *testing.T) {
	src, err := newParquetSource(shared(t, "taxi/green_tripdata_2023-01.parquet"), (*ParquetOptions)(nil).file())
	require.NoError(t, err)
	rows := rowsOf(t, src, partition.ScanRequest{})
	require.Len(t, rows, 68211)
	t.Log(src.Schema())
	t.Log(rows[0])
}
