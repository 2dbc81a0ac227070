package partitiontest_test

import (
	"context"
	"iter"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/partition/partitiontest"
)

func TestNewSource(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}, {Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	split := func(from, to int64) func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
			return func(yield func(arrow.RecordBatch, error) bool) {
				for at := from; at < to; at += 100 {
					b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
					for i := at; i < min(at+100, to); i++ {
						b.Field(0).(*array.Int64Builder).Append(i)
						if s := b.Field(1).(*array.StringBuilder); i%7 == 0 {
							s.AppendNull()
						} else {
							s.Append("row " + strconv.FormatInt(i, 10))
						}
					}
					if !yield(b.NewRecordBatch(), nil) {
						return
					}
				}
			}
		}
	}
	partitiontest.TestSource(t, partition.NewSource(schema, split(0, 1000), split(1000, 1000), split(1000, 1510)))
}
