package readers

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/partition/partitiontest"
	"github.com/sheafdata/sheaf/sched"
)

// fakeDB is a driver whose every query gives the same rows.
type fakeDB struct{}

func (fakeDB) Open(string) (driver.Conn, error) { return fakeDB{}, nil }
func (fakeDB) Prepare(q string) (driver.Stmt, error) {
	if q == "bad" {
		return nil, errors.New("syntax error")
	}
	return fakeDB{}, nil
}
func (fakeDB) Close() error                               { return nil }
func (fakeDB) Begin() (driver.Tx, error)                  { return nil, errors.ErrUnsupported }
func (fakeDB) NumInput() int                              { return -1 }
func (fakeDB) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported }
func (fakeDB) Query([]driver.Value) (driver.Rows, error)  { return &fakeRows{}, nil }

type fakeRows struct{ at int64 }

func (r *fakeRows) Columns() []string { return []string{"id", "x", "s", "at", "s"} }
func (r *fakeRows) Close() error      { return nil }
func (r *fakeRows) Next(dest []driver.Value) error {
	if r.at == 10000 {
		return io.EOF
	}
	r.at++
	copy(dest, []driver.Value{r.at, float64(r.at) / 2, "text", time.Unix(r.at, 0), nil})
	return nil
}
func (r *fakeRows) ColumnTypeScanType(i int) reflect.Type {
	return []reflect.Type{reflect.TypeFor[int64](), reflect.TypeFor[sql.NullFloat64](), reflect.TypeFor[string](), reflect.TypeFor[time.Time](), reflect.TypeFor[any]()}[i]
}

func TestSQL(t *testing.T) {
	sql.Register("sheaf-fake", fakeDB{})
	db, err := sql.Open("sheaf-fake", "")
	require.NoError(t, err)
	defer db.Close()
	src, err := newSQLSource(db, "select", nil)
	require.NoError(t, err)
	rows := rowsOf(t, src, partition.ScanRequest{})
	require.Len(t, rows, 10000)
	require.Equal(t, []string{"10000", "5000", "text", "1970-01-01T02:46:40Z", "∅"}, rows[9999])
	require.Equal(t, "s_1", src.Schema().Field(4).Name)
	partitiontest.TestSource(t, src)

	_, err = newSQLSource(db, "bad", nil)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, "read_sql", f.Op)
	_, err = newSQLSource(nil, "select", nil)
	require.Error(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = newSQLSource(db, "select", &SQLOptions{Context: ctx})
	require.ErrorIs(t, err, context.Canceled)
}

// A query of more rows than a task gives out at once: database/sql ends it with the context that it was begun with.
func TestSQLOfManyRows(t *testing.T) {
	sql.Register("sheaf-fake-many", manyRows{})
	db, err := sql.Open("sheaf-fake-many", "")
	require.NoError(t, err)
	defer db.Close()
	n := int64(0)
	for rec, err := range SQL(db, "select", nil).Batches(t.Context(), sched.Workers(2)) {
		require.NoError(t, err)
		n += rec.NumRows()
		runtime.Gosched() // database/sql watches the context on a goroutine of its own
	}
	require.EqualValues(t, 500_000, n)
}

type manyRows struct{ fakeDB }

func (manyRows) Open(string) (driver.Conn, error)          { return manyRows{}, nil }
func (manyRows) Prepare(string) (driver.Stmt, error)       { return manyRows{}, nil }
func (manyRows) Query([]driver.Value) (driver.Rows, error) { return &numbers{}, nil }

type numbers struct{ at int64 }

func (r *numbers) Columns() []string { return []string{"id", "x"} }
func (r *numbers) Close() error      { return nil }
func (r *numbers) Next(dest []driver.Value) error {
	if r.at == 500_000 {
		return io.EOF
	}
	r.at++
	dest[0], dest[1] = r.at, r.at/2
	return nil
}
func (r *numbers) ColumnTypeScanType(int) reflect.Type { return reflect.TypeFor[int64]() }

// Scans of a database with few connections wait for each other, whatever order they come in, and not for ever.
func TestSQLWithFewConnections(t *testing.T) {
	sql.Register("sheaf-fake-few", manyRows{})
	for _, conns := range []int{1, 2} {
		db, err := sql.Open("sheaf-fake-few", "")
		require.NoError(t, err)
		defer db.Close()
		q := SQL(db, "select", nil)
		db.SetMaxOpenConns(conns)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, workers := range []int{1, 2, 8} {
			for name, df := range map[string]*dataframe.DataFrame{
				"concat":          dataframe.Concat(q, q, q),
				"concat of joins": dataframe.Concat(q, q.Join(q.Filter(expr.Col("id").Lt(10)), dataframe.Inner, dataframe.Using("id")).Select(expr.Col("id"), expr.Col("x"))),
				"join":            q.Join(q, dataframe.Inner, dataframe.Using("id")),
			} {
				want := map[string]int64{"concat": 1_500_000, "concat of joins": 500_009, "join": 500_000}[name]
				n := int64(0)
				for rec, err := range df.Batches(ctx, sched.Workers(workers)) {
					require.NoError(t, err, "%s, %d connections, %d workers", name, conns, workers)
					n += rec.NumRows()
				}
				require.Equal(t, want, n)
				require.Zero(t, db.Stats().InUse)
			}
			for _, err := range dataframe.Concat(q, q, q).Batches(ctx, sched.Workers(workers)) {
				require.NoError(t, err)
				break
			}
			require.Zero(t, db.Stats().InUse, "broken off")
		}
	}
}

// Batches end by their bytes, too.
func TestSQLOfLongValues(t *testing.T) {
	sql.Register("sheaf-fake-long", longRows{})
	db, err := sql.Open("sheaf-fake-long", "")
	require.NoError(t, err)
	defer db.Close()
	n := int64(0)
	for rec, err := range SQL(db, "select", nil).Sort("id").Batches(t.Context(), sched.Workers(1), sched.Memory(64<<20), sched.SpillDir(t.TempDir())) {
		require.NoError(t, err)
		n += rec.NumRows()
	}
	require.EqualValues(t, 200, n)
}

type longRows struct{ fakeDB }

func (longRows) Open(string) (driver.Conn, error)          { return longRows{}, nil }
func (longRows) Prepare(string) (driver.Stmt, error)       { return longRows{}, nil }
func (longRows) Query([]driver.Value) (driver.Rows, error) { return &longTexts{}, nil }

type longTexts struct{ at int64 }

func (r *longTexts) Columns() []string { return []string{"id", "s"} }
func (r *longTexts) Close() error      { return nil }
func (r *longTexts) Next(dest []driver.Value) error {
	if r.at == 200 {
		return io.EOF
	}
	r.at++
	dest[0], dest[1] = 1000-r.at, strings.Repeat("x", 500_000)
	return nil
}
func (r *longTexts) ColumnTypeScanType(i int) reflect.Type {
	return []reflect.Type{reflect.TypeFor[int64](), reflect.TypeFor[string]()}[i]
}

// A driver that tells types by values has none of a null; a time that a database has no type for comes back.
func TestSQLTypesAsDeclared(t *testing.T) {
	for name, want := range map[string]arrow.DataType{"INTEGER": arrow.PrimitiveTypes.Int64, "bigint": arrow.PrimitiveTypes.Int64, "REAL": arrow.PrimitiveTypes.Float64,
		"DOUBLE PRECISION": arrow.PrimitiveTypes.Float64, "varchar(20)": arrow.BinaryTypes.String, "BLOB": arrow.BinaryTypes.Binary, "BOOLEAN": arrow.FixedWidthTypes.Boolean,
		"TIMESTAMP WITH TIME ZONE": arrow.FixedWidthTypes.Timestamp_us, "": arrow.BinaryTypes.String, "DECIMAL(20, 0)": arrow.BinaryTypes.String} {
		require.Equal(t, want, declaredType(name), name)
	}
	b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"})
	at := time.Date(2024, 3, 1, 12, 30, 15, 250_000_000, time.UTC)
	for _, v := range []any{at, at.String(), []byte(at.String()), "2024-03-01 12:30:15.25", "2024-03-01T12:30:15.25Z"} {
		require.NoError(t, appendSQL(b, v))
	}
	require.Error(t, appendSQL(b, "no time"))
	got := b.NewTimestampArray()
	for i := range 5 {
		require.Equal(t, at, got.Value(i).ToTime(arrow.Microsecond))
	}
}
