package plan

import (
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

// Scan gives the rows of a source, as far as they satisfy Predicate.
type Scan struct {
	Source partition.Source
	// Columns to give, in this order; nil is all of the source's, empty is none (rows without columns: a count).
	Columns []string
	// Predicate is over the source's columns, bound; zero is none. The columns it reads are among Columns.
	Predicate expr.Expr
	// Limit says that so many rows suffice; 0 is all. The scan may give more.
	Limit int64

	schema *arrow.Schema
}

// NewScan returns a scan of all columns and rows.
func NewScan(src partition.Source) *Scan { return &Scan{Source: src, schema: src.Schema()} }

// With returns the scan of other columns, predicate and limit; predicate is bound already.
func (s *Scan) With(columns []string, predicate expr.Expr, limit int64) (*Scan, error) {
	idx, err := partition.ColumnIndexes(s.Source.Schema(), columns)
	if err != nil {
		return nil, err
	}
	fields := make([]arrow.Field, len(idx))
	for i, c := range idx {
		fields[i] = s.Source.Schema().Field(c)
	}
	return &Scan{Source: s.Source, Columns: columns, Predicate: predicate, Limit: limit, schema: arrow.NewSchema(fields, nil)}, nil
}

// Request is what the scan asks of its source.
func (s *Scan) Request() partition.ScanRequest {
	return partition.ScanRequest{Columns: s.Columns, Predicate: s.Predicate, Limit: s.Limit}
}

// Schema implements Node.
func (s *Scan) Schema() *arrow.Schema { return s.schema }

// Inputs implements Node: none.
func (s *Scan) Inputs() []Node { return nil }

// WithInputs implements Node.
func (s *Scan) WithInputs(...Node) Node { return s }

func (s *Scan) label() string {
	l := "Scan"
	if named, ok := s.Source.(interface{ String() string }); ok {
		l += " " + named.String()
	}
	switch {
	case s.Columns == nil:
		l += ", all columns"
	case len(s.Columns) == 0:
		l += ", no columns"
	default:
		l += ", columns " + join(s.Columns)
	}
	if !s.Predicate.IsZero() {
		l += ", where " + s.Predicate.String()
	}
	if s.Limit > 0 {
		l += ", first " + strconv.FormatInt(s.Limit, 10) + " rows"
	}
	return l
}

// Input stands for rows that come from elsewhere: the main input (Index 0) or a join table (Index from 1) of a task's part of a plan.
type Input struct {
	Index  int
	schema *arrow.Schema
}

// NewInput returns an Input of the schema.
func NewInput(index int, schema *arrow.Schema) *Input { return &Input{Index: index, schema: schema} }

// Schema implements Node.
func (n *Input) Schema() *arrow.Schema { return n.schema }

// Inputs implements Node: none.
func (n *Input) Inputs() []Node { return nil }

// WithInputs implements Node.
func (n *Input) WithInputs(...Node) Node { return n }

func (n *Input) label() string { return "Input " + strconv.Itoa(n.Index) }

// names returns the column names of a schema.
func names(s *arrow.Schema) []string {
	list := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		list[i] = f.Name
	}
	return list
}

func hasColumn(s *arrow.Schema, name string) bool { return slices.Contains(names(s), name) }
