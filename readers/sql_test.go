package readers

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
