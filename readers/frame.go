package readers

import (
	"github.com/sheafdata/sheaf/partition"
)

// frame is what the readers return until dataframe is there.
type frame struct {
	src partition.Source
	err error
}

// newFrame makes the frame of a source, or of the error that kept it from being made.
func newFrame(src partition.Source, err error) *frame {
	if err != nil {
		return &frame{err: err}
	}
	return &frame{src: src}
}
