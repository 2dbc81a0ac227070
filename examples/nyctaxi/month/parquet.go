package month

import (
	"context"
	"errors"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// schema is that of yellow_tripdata_2023-01.parquet.
var schema = arrow.NewSchema([]arrow.Field{
	{Name: "VendorID", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "tpep_pickup_datetime", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "tpep_dropoff_datetime", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "passenger_count", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "trip_distance", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "RatecodeID", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "store_and_fwd_flag", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "PULocationID", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "DOLocationID", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "payment_type", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "fare_amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "extra", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "mta_tax", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "tip_amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "tolls_amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "improvement_surcharge", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "total_amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "congestion_surcharge", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "airport_fee", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
}, nil)

// batchRows is how many rows are encoded at a time; all of them go into one row group.
const batchRows = 1 << 16

// writeParquet writes n trips as the TLC does: one row group, snappy, dictionaries, no page index. It uses Arrow's own writer, so that
// the file is a stranger's to Sheaf.
func writeParquet(ctx context.Context, path string, n int, progress Progress) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithDictionaryDefault(true),
		parquet.WithMaxRowGroupLength(int64(n)))
	w, err := pqarrow.NewFileWriter(schema, keepOpen{f}, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return errors.Join(err, f.Close())
	}
	err = writeTrips(ctx, w, n, progress)
	return errors.Join(err, w.Close(), f.Sync(), f.Close())
}

// keepOpen hides Close from the Parquet writer: the file must be synced after its footer.
type keepOpen struct{ *os.File }

func (keepOpen) Close() error { return nil }

func writeTrips(ctx context.Context, w *pqarrow.FileWriter, n int, progress Progress) error {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	flush := func() error {
		rec := b.NewRecordBatch()
		defer rec.Release()
		return errors.Join(ctx.Err(), w.WriteBuffered(rec))
	}
	done := 0
	for t := range newMaker().all(n) {
		t.appendTo(b)
		if done++; done%batchRows == 0 {
			if err := flush(); err != nil {
				return err
			}
			progress("Parquet", done, 2*n)
		}
	}
	err := flush()
	progress("Parquet", done, 2*n)
	return err
}

// appendTo adds a row in the order of schema.
func (t *trip) appendTo(b *array.RecordBuilder) {
	column := 0
	field := func() array.Builder { column++; return b.Field(column - 1) }
	integer := func(v int64) { field().(*array.Int64Builder).Append(v) }
	moment := func(s int64) { field().(*array.TimestampBuilder).Append(arrow.Timestamp(s * 1_000_000)) }
	float := func(v int64, unit float64) { field().(*array.Float64Builder).Append(float64(v) / unit) }
	orNull := func(v int64, unit float64) {
		if !t.known {
			field().AppendNull()
			return
		}
		float(v, unit)
	}
	integer(t.vendor)
	moment(t.pickup)
	moment(t.dropoff)
	orNull(t.passengers, 1)
	float(t.miles, 100)
	orNull(t.rate, 1)
	switch flag := field().(*array.StringBuilder); {
	case !t.known:
		flag.AppendNull()
	case t.stored:
		flag.Append("Y")
	default:
		flag.Append("N")
	}
	integer(t.from)
	integer(t.to)
	integer(t.payment)
	for _, cents := range []int64{t.fare, t.extra, t.tax, t.tip, t.tolls, t.improvement, t.total} {
		float(cents, 100)
	}
	orNull(t.congestion, 100)
	orNull(t.airports, 100)
}
