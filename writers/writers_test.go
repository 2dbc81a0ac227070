package writers

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

func TestSinksSayWhatIsNotBuilt(t *testing.T) {
	sinks := map[string]partition.Sink{
		"write_parquet": Parquet("out", nil), "write_csv": CSV("out", nil), "write_json": JSON("out", nil), "write_ipc": IPC("out", nil), "write_sql": SQL(nil, "out", nil),
	}
	for op, s := range sinks {
		_, err := s.Open(context.Background(), nil, 0)
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, fault.Plan, f.Kind)
		require.Equal(t, op, f.Op)
		require.Equal(t, "out", f.File)
		require.NotEmpty(t, f.Hint)
	}
}
