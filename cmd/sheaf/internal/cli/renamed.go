package cli

import (
	"context"
	"os"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// renamed is a sink of one file that gets its name at the end. The writer's own commit is whole or nothing, and so is a rename; a
// process that is killed between the two leaves a hidden file, which the next run to the same place replaces and renames.
type renamed struct {
	partition.Sink
	from, to string
	replace  bool
}

// Open implements partition.Sink.
func (r renamed) Open(ctx context.Context, s *arrow.Schema, parts int) (partition.PartitionedWriter, error) {
	w, err := r.Sink.Open(ctx, s, parts)
	if err != nil {
		return nil, err
	}
	return renamedParts{w, r}, nil
}

type renamedParts struct {
	partition.PartitionedWriter
	r renamed
}

// Commit implements partition.PartitionedWriter.
func (w renamedParts) Commit(ctx context.Context) (partition.Report, error) {
	report, err := w.PartitionedWriter.Commit(ctx)
	if err != nil {
		return report, err
	}
	if _, err := os.Lstat(w.r.to); err == nil && !w.r.replace {
		_ = os.Remove(w.r.from)
		return partition.Report{}, fault.New(fault.Exists, "", "%s came to be there meanwhile", w.r.to).WithHint("--overwrite replaces it")
	}
	if err := os.Rename(w.r.from, w.r.to); err != nil {
		_ = os.Remove(w.r.from)
		return partition.Report{}, &fault.Error{Kind: fault.Input, File: w.r.to, Err: err}
	}
	report.Files = []string{w.r.to}
	return report, nil
}
