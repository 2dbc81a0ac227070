package partition_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

// numbers yields the numbers from a first to a last one in batches of three.
func numbers(schema *arrow.Schema, first, last int64) func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
	return func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
			for n := first; n <= last; n += 3 {
				for i := n; i <= min(n+2, last); i++ {
					b.Field(0).(*array.Int64Builder).Append(i)
				}
				if !yield(b.NewRecordBatch(), nil) {
					return
				}
			}
		}
	}
}

// The ten-line reader: each function is a split, which one worker reads while others read the others. NewSource leaves conditions and
// columns to the engine; a type of one's own with the methods of Source can use them.
func ExampleNewSource() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	source := partition.NewSource(schema, numbers(schema, 1, 5), numbers(schema, 6, 10))
	sum, err := dataframe.One[int64](context.Background(),
		dataframe.FromSource(source).Filter(expr.Col("n").Mod(2).Eq(0)).GroupBy().Agg(expr.Sum("n")))
	fmt.Println(sum, err)
	// Output: 30 <nil>
}
