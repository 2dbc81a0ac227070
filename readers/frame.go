package readers

import (
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/partition"
)

// newFrame makes the frame of a source, or of the error that kept it from being made.
func newFrame(src partition.Source, err error) *dataframe.DataFrame {
	if err != nil {
		return dataframe.FromError(err)
	}
	return dataframe.FromSource(src)
}
