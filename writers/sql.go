package writers

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/partition"
)

// SQLOptions are the options of SQL; nil and zero fields are the defaults.
type SQLOptions struct {
	// Mode says what to do where the table is there already. Overwrite drops it and creates it anew, Append adds rows.
	Mode Mode
	// Types are the SQL types of columns of a table that is created, by name, where the usual ones do not do.
	Types map[string]string
	// Numbered writes parameters as $1, $2…, as PostgreSQL wants them; else they are question marks.
	Numbered bool
	// Quote stands around names; 0 is '"', MySQL wants '`'.
	Quote rune
	// MaxParams is how many parameters a statement may have; 0 is 900, which every database allows.
	MaxParams int
}

// SQL writes into a table of a database, in one transaction: all rows or none. A table that is not there is created, with types of
// standard SQL. In which order the rows stand is the database's business.
func SQL(db *sql.DB, table string, opts *SQLOptions) partition.Sink {
	s := &sqlSink{db: db, table: table}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Quote == 0 {
		s.opts.Quote = '"'
	}
	if s.opts.MaxParams == 0 {
		s.opts.MaxParams = 900
	}
	return s
}

type sqlSink struct {
	db    *sql.DB
	table string
	opts  SQLOptions
}

const sqlOp = "write_sql"

// Open implements partition.Sink: it begins the transaction and sees to the table.
func (s *sqlSink) Open(ctx context.Context, schema *arrow.Schema, _ int) (partition.PartitionedWriter, error) {
	switch {
	case s.db == nil:
		return nil, s.fail(fault.Plan, fmt.Errorf("the database is nil"))
	case s.table == "":
		return nil, s.fail(fault.Plan, fmt.Errorf("no table is given"))
	case s.opts.Mode < ErrorIfExists || s.opts.Mode > Append:
		return nil, s.fail(fault.Plan, fmt.Errorf("there is no mode %d", s.opts.Mode))
	case schema == nil || schema.NumFields() == 0:
		return nil, s.fail(fault.Plan, fmt.Errorf("a table has one column at least"))
	}
	create, err := s.createStatement(schema)
	if err != nil {
		return nil, err
	}
	there := s.exists(ctx)
	if there && s.opts.Mode == ErrorIfExists {
		return nil, s.fail(fault.Exists, fmt.Errorf("the table is there already")).WithHint("set Mode: Overwrite or Append")
	}
	// The transaction outlives the context of Open: Commit and Abort end it.
	tx, err := s.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, s.fail(fault.Input, err)
	}
	w := &sqlWrite{sink: s, tx: tx, schema: schema}
	if there && s.opts.Mode == Overwrite {
		err = w.exec(ctx, "DROP TABLE "+s.quotedTable())
	}
	if err == nil && (!there || s.opts.Mode == Overwrite) {
		err = w.exec(ctx, create)
	}
	if err != nil {
		_ = tx.Rollback()
		return nil, err
	}
	return w, nil
}

func (s *sqlSink) fail(kind fault.Kind, err error) *fault.Error {
	e := fault.New(kind, sqlOp, "%w", err)
	e.File = s.table
	return e
}

// exists says whether the table can be read. It asks outside the transaction, which some databases break off at the first error.
func (s *sqlSink) exists(ctx context.Context) bool {
	rows, err := s.db.QueryContext(ctx, "SELECT * FROM "+s.quotedTable()+" WHERE 1 = 0")
	if err != nil {
		return false
	}
	err = rows.Err()
	return rows.Close() == nil && err == nil
}

// quoted returns a name in quotes; quotes in it are doubled.
func (s *sqlSink) quoted(name string) string {
	q := string(s.opts.Quote)
	return q + strings.ReplaceAll(name, q, q+q) + q
}

// quotedTable quotes each part of schema.table.
func (s *sqlSink) quotedTable() string {
	parts := strings.Split(s.table, ".")
	for i := range parts {
		parts[i] = s.quoted(parts[i])
	}
	return strings.Join(parts, ".")
}

func (s *sqlSink) createStatement(schema *arrow.Schema) (string, error) {
	var cols []string
	for _, f := range schema.Fields() {
		t := s.opts.Types[f.Name]
		if t == "" {
			t = sqlType(f.Type)
		}
		if t == "" || !sqlHolds(f.Type) {
			e := s.fail(fault.Plan, fmt.Errorf("columns of type %s cannot be written into a table", f.Type))
			e.Column = f.Name
			return "", e.WithHint("cast the column")
		}
		cols = append(cols, s.quoted(f.Name)+" "+t)
	}
	return "CREATE TABLE " + s.quotedTable() + " (" + strings.Join(cols, ", ") + ")", nil
}

// sqlType returns the type of standard SQL for a column, "" where there is none.
func sqlType(t arrow.DataType) string {
	switch t := vec.Logical(t).(type) {
	case *arrow.BooleanType:
		return "BOOLEAN"
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Uint8Type:
		return "SMALLINT"
	case *arrow.Int32Type, *arrow.Uint16Type:
		return "INTEGER"
	case *arrow.Int64Type, *arrow.Uint32Type, *arrow.DurationType:
		return "BIGINT"
	case *arrow.Uint64Type:
		return "DECIMAL(20, 0)"
	case *arrow.Float16Type, *arrow.Float32Type:
		return "REAL"
	case *arrow.Float64Type:
		return "DOUBLE PRECISION"
	case arrow.DecimalType:
		return fmt.Sprintf("DECIMAL(%d, %d)", t.GetPrecision(), t.GetScale())
	case *arrow.StringType, *arrow.NullType:
		return "VARCHAR"
	case *arrow.BinaryType, *arrow.FixedSizeBinaryType:
		return "BLOB"
	case *arrow.Date32Type, *arrow.Date64Type:
		return "DATE"
	case *arrow.Time32Type, *arrow.Time64Type:
		return "TIME"
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return "TIMESTAMP WITH TIME ZONE"
		}
		return "TIMESTAMP"
	}
	return ""
}

// sqlHolds says whether values of the type can be given to a database.
func sqlHolds(t arrow.DataType) bool { return sqlType(t) != "" }

// sqlWrite is a transaction under way. Its parts share the one connection of it.
type sqlWrite struct {
	sink   *sqlSink
	schema *arrow.Schema

	mu    sync.Mutex
	tx    *sql.Tx
	parts map[int]bool
	rows  int64
	ended bool
}

func (w *sqlWrite) exec(ctx context.Context, statement string, args ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.tx.ExecContext(ctx, statement, args...); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := w.sink.fail(fault.Input, err)
		if len(statement) < 200 {
			e.Text = statement
		}
		return e
	}
	return nil
}

// Part implements partition.PartitionedWriter. A part cannot be written twice: what the first try has inserted stays.
func (w *sqlWrite) Part(ctx context.Context, i int) (partition.Writer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.parts[i] {
		return nil, w.sink.fail(fault.Internal, fmt.Errorf("part %d was begun before", i))
	}
	if w.parts == nil {
		w.parts = map[int]bool{}
	}
	w.parts[i] = true
	return newSQLPart(w), ctx.Err()
}

// Commit implements partition.PartitionedWriter.
func (w *sqlWrite) Commit(ctx context.Context) (partition.Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return partition.Report{}, w.sink.fail(fault.Internal, errEnded)
	}
	w.ended = true
	if err := ctx.Err(); err != nil {
		_ = w.tx.Rollback()
		return partition.Report{}, err
	}
	if err := w.tx.Commit(); err != nil {
		return partition.Report{}, w.sink.fail(fault.Input, err)
	}
	return partition.Report{Rows: w.rows}, nil
}

// Abort implements partition.PartitionedWriter.
func (w *sqlWrite) Abort(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return nil
	}
	w.ended = true
	if err := w.tx.Rollback(); err != nil {
		return w.sink.fail(fault.Input, err)
	}
	return nil
}
