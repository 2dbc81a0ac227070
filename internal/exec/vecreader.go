package exec

import (
	"context"

	"github.com/sheafdata/sheaf/internal/vec"
)

// vecReader is a partition.Reader of rows that are the engine's already: it gives them as they are, good until the next call.
type vecReader interface {
	NextVec(ctx context.Context, b *vec.Batch) error
}

// next makes s.out the reader's next batch.
func (s *scan) next(ctx context.Context) error {
	if r, ok := s.reader.(vecReader); ok {
		return r.NextVec(ctx, &s.out)
	}
	b, err := s.reader.Next(ctx)
	if err != nil {
		return err
	}
	return s.convert(b)
}
