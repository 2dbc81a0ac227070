package writers_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/partition/partitiontest"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/writers"
)

// database is a driver that knows the statements that the sink makes: tables of rows, with transactions.
type database struct {
	mu     sync.Mutex
	tables map[string][][]driver.Value
	// created are the statements that made tables; most is the largest number of parameters of a statement.
	created []string
	most    int
	// fails is called before each INSERT.
	fails func() error
}

func open(t *testing.T, d *database) *sql.DB {
	if d.tables == nil {
		d.tables = map[string][][]driver.Value{}
	}
	db := sql.OpenDB(d)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func (d *database) Connect(context.Context) (driver.Conn, error) { return &connection{db: d}, nil }
func (d *database) Driver() driver.Driver                        { return nil }

// connection keeps what its transaction has done until it is committed.
type connection struct {
	db *database
	tx map[string][][]driver.Value
}

func (c *connection) Prepare(string) (driver.Stmt, error) { return nil, errors.New("no statements") }
func (c *connection) Close() error                        { return nil }

func (c *connection) Begin() (driver.Tx, error) {
	c.db.mu.Lock()
	defer c.db.mu.Unlock()
	c.tx = map[string][][]driver.Value{}
	for name, rows := range c.db.tables {
		c.tx[name] = rows
	}
	return c, nil
}

func (c *connection) Commit() error {
	c.db.mu.Lock()
	defer c.db.mu.Unlock()
	c.db.tables, c.tx = c.tx, nil
	return nil
}

func (c *connection) Rollback() error { c.tx = nil; return nil }

var (
	insertSyntax = regexp.MustCompile(`^INSERT INTO "(\w+)" \((.*?)\) VALUES (\(.*\))$`)
	createSyntax = regexp.MustCompile(`^CREATE TABLE "(\w+)" \(.*\)$`)
	dropSyntax   = regexp.MustCompile(`^DROP TABLE "(\w+)"$`)
	lookSyntax   = regexp.MustCompile(`^SELECT \* FROM "(\w+)" WHERE 1 = 0$`)
)

func (c *connection) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m := createSyntax.FindStringSubmatch(q); m != nil {
		c.db.created = append(c.db.created, q)
		c.tx[m[1]] = [][]driver.Value{}
		return driver.ResultNoRows, nil
	}
	if m := dropSyntax.FindStringSubmatch(q); m != nil {
		delete(c.tx, m[1])
		return driver.ResultNoRows, nil
	}
	m := insertSyntax.FindStringSubmatch(q)
	if m == nil || c.tx[m[1]] == nil {
		return nil, errors.New("syntax error: " + q)
	}
	if c.db.fails != nil {
		if err := c.db.fails(); err != nil {
			return nil, err
		}
	}
	c.db.most = max(c.db.most, len(args))
	width := strings.Count(m[2], ",") + 1
	if strings.Count(m[3], "?") != len(args) || strings.Count(m[3], "(")*width != len(args) {
		return nil, errors.New("wrong number of parameters")
	}
	for at := 0; at < len(args); at += width {
		var row []driver.Value
		for _, a := range args[at : at+width] {
			row = append(row, a.Value)
		}
		c.tx[m[1]] = append(c.tx[m[1]], row)
	}
	return driver.ResultNoRows, nil
}

func (c *connection) QueryContext(_ context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	m := lookSyntax.FindStringSubmatch(q)
	if m == nil {
		return nil, errors.New("syntax error: " + q)
	}
	c.db.mu.Lock()
	defer c.db.mu.Unlock()
	if _, ok := c.db.tables[m[1]]; !ok {
		return nil, errors.New("no such table")
	}
	return noRows{}, nil
}

type noRows struct{}

func (noRows) Columns() []string         { return []string{"x"} }
func (noRows) Close() error              { return nil }
func (noRows) Next([]driver.Value) error { return io.EOF }

func TestLifeOfTheSQLSink(t *testing.T) {
	partitiontest.TestSink(t, rowsSchema, batchOf(rowsFrom(0, 400)), func(t *testing.T) (partition.Sink, func() int64) {
		d := &database{}
		return writers.SQL(open(t, d), "rows", nil), func() int64 {
			d.mu.Lock()
			defer d.mu.Unlock()
			return int64(len(d.tables["rows"]))
		}
	})
}

func TestSQLValuesAndTypes(t *testing.T) {
	type row struct {
		I int32
		F float32
		S *string
		B bool
		T time.Time
		D time.Duration
		U uint64
		R []byte
	}
	text := `it's "quoted"`
	at := time.Date(2024, 2, 29, 12, 30, 0, 5000, time.UTC)
	df := dataframe.FromStructs([]row{{-1, 1.5, &text, true, at, time.Second, 1<<64 - 1, []byte{0, 255}}, {2, 0, nil, false, at, 0, 7, nil}}).
		With(expr.Col("I").Cast(&arrow.Decimal128Type{Precision: 9, Scale: 2}).As("N"), expr.Col("T").Dt().Date().As("Day"))
	d := &database{}
	rep, err := df.Write(context.Background(), writers.SQL(open(t, d), "t", &writers.SQLOptions{Types: map[string]string{"S": "TEXT COLLATE x"}}))
	require.NoError(t, err)
	require.EqualValues(t, 2, rep.Rows)
	require.Equal(t, []string{`CREATE TABLE "t" ("I" INTEGER, "F" REAL, "S" TEXT COLLATE x, "B" BOOLEAN, "T" TIMESTAMP WITH TIME ZONE, "D" BIGINT, "U" DECIMAL(20, 0), "R" BLOB, "N" DECIMAL(9, 2), "Day" DATE)`}, d.created)
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	require.Equal(t, [][]driver.Value{
		{int64(-1), 1.5, text, true, at, int64(time.Second), "18446744073709551615", []byte{0, 255}, "-1.00", day},
		{int64(2), 0.0, nil, false, at, int64(0), "7", nil, "2.00", day},
	}, d.tables["t"])
}

func TestSQLModes(t *testing.T) {
	ctx := context.Background()
	d := &database{}
	db := open(t, d)
	write := func(n int, m writers.Mode) error {
		_, err := frame(n).Write(ctx, writers.SQL(db, "t", &writers.SQLOptions{Mode: m, MaxParams: 50}), sched.Workers(3))
		return err
	}
	require.NoError(t, write(100, writers.ErrorIfExists))
	require.Equal(t, 48, d.most, "8 rows of 6 columns")
	var f *fault.Error
	require.ErrorAs(t, write(100, writers.ErrorIfExists), &f)
	require.Equal(t, fault.Exists, f.Kind)
	require.Equal(t, "t", f.File)
	require.NoError(t, write(7, writers.Append))
	require.Len(t, d.tables["t"], 107)
	require.NoError(t, write(9, writers.Overwrite))
	require.Len(t, d.tables["t"], 9)
	broken := errors.New("the disk of the database is full")
	n := 0
	d.fails = func() error {
		if n++; n == 5 {
			return broken
		}
		return nil
	}
	require.ErrorIs(t, write(100, writers.Overwrite), broken)
	require.Len(t, d.tables["t"], 9, "the transaction is taken back")
	for name, s := range map[string]partition.Sink{"nil": writers.SQL(nil, "t", nil), "no table": writers.SQL(db, "", nil), "mode": writers.SQL(db, "x", &writers.SQLOptions{Mode: 9})} {
		_, err := frame(1).Write(ctx, s)
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, fault.Plan, f.Kind, name)
	}
	_, err := frame(1).Select(expr.StructOf("i", "s").As("x")).Write(ctx, writers.SQL(db, "nested", nil))
	require.ErrorContains(t, err, "cast the column")
}
