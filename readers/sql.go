package readers

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// SQLOptions are the options of SQL; nil and zero fields are the defaults.
type SQLOptions struct {
	// Context bounds the first look at the query's columns; nil is none.
	Context context.Context
	// Args are the query's parameters.
	Args []any
	// Schema is the frame's schema, by the order of the query's columns; values are converted to it. Without it the types are those
	// that the driver names.
	Schema *arrow.Schema
}

// SQL returns the frame of a query's rows. The query runs once now, for the types of its columns, without reading rows (not with
// Schema set), and again each time that the frame runs. It is one split, and local: it cannot run in another process.
//
// A query holds a connection of db from its first row to its last, and as long as whoever takes the rows of Batches takes his time. With
// SetMaxOpenConns, queries of one run wait for each other; but whoever queries db within a loop over Batches, or writes what is read to
// db itself (writers.SQL), needs a second connection and waits for ever where there is none.
func SQL(db *sql.DB, query string, opts *SQLOptions) *dataframe.DataFrame {
	src, err := newSQLSource(db, query, opts)
	return newFrame(src, err)
}

type sqlSource struct {
	db     *sql.DB
	query  string
	args   []any
	schema *arrow.Schema
}

const opSQL = "read_sql"

func newSQLSource(db *sql.DB, query string, opts *SQLOptions) (partition.Source, error) {
	if opts == nil {
		opts = &SQLOptions{}
	}
	if db == nil {
		return nil, fault.New(fault.Plan, opSQL, "the database is nil")
	}
	s := &sqlSource{db: db, query: query, args: opts.Args, schema: opts.Schema}
	if s.schema != nil {
		return s, nil
	}
	ctx := opts.Context
	if ctx == nil {
		ctx = context.Background()
	}
	rows, err := db.QueryContext(ctx, query, s.args...)
	if err != nil {
		return nil, sqlFault(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, sqlFault(err)
	}
	names := make([]string, len(types))
	for i, c := range types {
		names[i] = c.Name()
	}
	fields := make([]arrow.Field, len(types))
	for i, n := range uniqueNames(names) {
		fields[i] = arrow.Field{Name: n, Type: sqlType(types[i]), Nullable: true}
	}
	s.schema = arrow.NewSchema(fields, nil)
	return s, nil
}

func sqlFault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.New(fault.Input, opSQL, "%w", err)
}

// longBytes is what a value of any length takes.
func longBytes(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 0
}

// declared are parts of the names of types, in the order in which they tell a type: SQLite's rules, and its times.
var declared = []struct {
	part string
	typ  arrow.DataType
}{
	{"INT", arrow.PrimitiveTypes.Int64}, {"CHAR", arrow.BinaryTypes.String}, {"CLOB", arrow.BinaryTypes.String}, {"TEXT", arrow.BinaryTypes.String},
	{"BLOB", arrow.BinaryTypes.Binary}, {"REAL", arrow.PrimitiveTypes.Float64}, {"FLOA", arrow.PrimitiveTypes.Float64}, {"DOUB", arrow.PrimitiveTypes.Float64},
	{"BOOL", arrow.FixedWidthTypes.Boolean}, {"TIMESTAMP", arrow.FixedWidthTypes.Timestamp_us}, {"DATETIME", arrow.FixedWidthTypes.Timestamp_us},
}

// declaredType is the type of a column by its declaration, for drivers that know a type only of a value: of none, or of null, they do not.
func declaredType(name string) arrow.DataType {
	for _, d := range declared {
		if strings.Contains(strings.ToUpper(name), d.part) {
			return d.typ
		}
	}
	return arrow.BinaryTypes.String
}

// sqlType is the type that the driver scans a column into; what it does not name is as the column is declared, else text.
func sqlType(c *sql.ColumnType) arrow.DataType {
	t := c.ScanType()
	if t == nil {
		return declaredType(c.DatabaseTypeName())
	}
	switch reflect.New(t).Elem().Interface().(type) {
	case int64, int32, int16, int8, int, sql.NullInt64, sql.NullInt32, sql.NullInt16:
		return arrow.PrimitiveTypes.Int64
	case uint64, uint32, uint16, uint8, uint:
		return arrow.PrimitiveTypes.Uint64
	case float64, float32, sql.NullFloat64:
		return arrow.PrimitiveTypes.Float64
	case bool, sql.NullBool:
		return arrow.FixedWidthTypes.Boolean
	case time.Time, sql.NullTime:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case []byte, sql.RawBytes:
		return arrow.BinaryTypes.Binary
	}
	return arrow.BinaryTypes.String
}

func (s *sqlSource) Schema() *arrow.Schema { return s.schema }

// Plan gives the one split.
func (s *sqlSource) Plan(_ context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	return &partition.Scan{Splits: []partition.Split{&sqlSplit{src: s, cols: cols}}, Residual: r.Predicate}, nil
}

type sqlSplit struct {
	src  *sqlSource
	cols []int
}

func (s *sqlSplit) Stats() partition.Stats { return partition.Stats{} }

// Scarce implements partition.ScarceSplit.
func (s *sqlSplit) Scarce() bool { return s.src.db.Stats().MaxOpenConnections > 0 }

// Open runs the query.
func (s *sqlSplit) Open(ctx context.Context, env *partition.Env) (partition.Reader, error) {
	rows, err := s.src.db.QueryContext(ctx, s.src.query, s.src.args...)
	if err != nil {
		return nil, sqlFault(err)
	}
	names, err := rows.Columns()
	if err == nil && len(names) != s.src.schema.NumFields() {
		err = fault.New(fault.Type, opSQL, "the query has %d columns, the schema %d", len(names), s.src.schema.NumFields())
	}
	if err != nil {
		_ = rows.Close()
		return nil, sqlFault(err)
	}
	r := &sqlReader{split: s, rows: rows, alloc: env.Allocator(), dest: make([]any, len(names)), at: make([]any, len(names))}
	for i := range r.at {
		r.at[i] = &r.dest[i]
	}
	return r, nil
}

// sqlReader scans rows into batches.
type sqlReader struct {
	split *sqlSplit
	rows  *sql.Rows
	alloc memory.Allocator
	dest  []any
	at    []any // pointers to dest
	row   int64
	last  []arrow.Array
	seq   int
}

func (r *sqlReader) Next(ctx context.Context) (partition.Batch, error) {
	releaseAll(r.last)
	r.last = nil
	if err := ctx.Err(); err != nil {
		return partition.Batch{}, err
	}
	build := make([]array.Builder, len(r.split.cols))
	for i, c := range r.split.cols {
		build[i] = array.NewBuilder(r.alloc, r.split.src.schema.Field(c).Type)
		defer build[i].Release()
	}
	n, size := 0, 0
	for n < batchRows && size < batchBytes && r.rows.Next() {
		if err := r.rows.Scan(r.at...); err != nil {
			return partition.Batch{}, sqlFault(err)
		}
		r.row++
		n++
		for i, c := range r.split.cols {
			size += longBytes(r.dest[c])
			if err := appendSQL(build[i], r.dest[c]); err != nil {
				f := fault.New(fault.Data, opSQL, "the value is no %s: %w", r.split.src.schema.Field(c).Type, err)
				f.Column, f.Row = r.split.src.schema.Field(c).Name, r.row
				return partition.Batch{}, f
			}
		}
	}
	if err := r.rows.Err(); err != nil {
		return partition.Batch{}, sqlFault(err)
	}
	if n == 0 {
		return partition.Batch{}, io.EOF
	}
	for _, b := range build {
		r.last = append(r.last, b.NewArray())
	}
	b := partition.Batch{Cols: r.last, Rows: n, Seq: partition.MakeSeq(0, r.seq)}
	r.seq++
	return b, nil
}

// Close ends the query.
func (r *sqlReader) Close() error {
	releaseAll(r.last)
	r.last = nil
	return r.rows.Close()
}
