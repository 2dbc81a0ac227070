package readers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/readers"
)

// TestWarningsAreInTheReceipt reads a file whose header names a column twice.
func TestWarningsAreInTheReceipt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "twice.csv")
	require.NoError(t, os.WriteFile(path, []byte("a,a\n1,2\n"), 0o600))
	receipt, err := readers.CSV(path, nil).Analyze(t.Context())
	require.NoError(t, err)
	require.Len(t, receipt.Warnings, 1)
	require.Contains(t, receipt.Warnings[0], "a_1")
	require.Contains(t, receipt.String(), "warning: ")
}
