package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// tableLayout is what a join table holds of the right side. Both sides of a join derive it from the same node.
type tableLayout struct {
	keys []expr.Expr // that must be equal
	// columns of the right side in the payload: those of the joined row, those that stand for a merged key in rows without a left side,
	// and those that the condition reads.
	columns []string
	// ordered is the last of the right keys in an as-of join, which is the last column of the payload; else zero.
	ordered expr.Expr
	// all says that rows with a null key are kept, too: they come out as rows without a match.
	all bool
}

func layoutOf(n *plan.Join) tableLayout {
	l := tableLayout{keys: n.RightKeys[:n.EqualKeys()], all: keepsRight(n.Kind)}
	add := func(name string) {
		if !slices.Contains(l.columns, name) {
			l.columns = append(l.columns, name)
		}
	}
	if n.Kind != plan.Semi && n.Kind != plan.Anti {
		for _, c := range n.RightOut {
			add(c.Name)
		}
	}
	if l.all {
		for _, name := range n.Merged {
			add(name)
		}
	}
	for _, read := range n.Residual.Columns() {
		for _, c := range n.RightNames {
			if c.As == read {
				add(c.Name)
			}
		}
	}
	if n.AsOf != nil {
		l.ordered = n.RightKeys[len(n.RightKeys)-1]
	}
	return l
}

// at is the place of a right column in the payload.
func (l *tableLayout) at(name string) int { return slices.Index(l.columns, name) }

// keepsRight says whether right rows without a match are in the answer.
func keepsRight(k plan.JoinKind) bool { return k == plan.Right || k == plan.Full }

// buildStep collects the right side of a join into a table.
type buildStep struct {
	node    *plan.Join
	prog    *eval.Program // the keys, then the ordered one
	values  []vec.Vec
	keys    int
	payload []int
	cols    []vec.Vec
	builder *join.Builder
	options join.Options
	limit   int64   // bytes of the table; 0: as many as the budget has
	dealer  *dealer // takes the rows instead of builder once they are too many
	asOf    bool
	held    *mem.Reservation
	table   *Table
}

func (c *compiler) buildSink(ctx context.Context, schema *arrow.Schema) (sink, columns, error) {
	node, ok := c.frag.Breaker.(*plan.Join)
	if !ok {
		return nil, nil, fault.New(fault.Internal, "Join", "the fragment has no join")
	}
	prog, err := eval.Compile(node.RightKeys, schema)
	if err != nil {
		return nil, nil, err
	}
	layout := layoutOf(node)
	s := &buildStep{node: node, prog: prog, values: make([]vec.Vec, len(node.RightKeys)), keys: len(layout.keys), asOf: node.AsOf != nil, held: c.held}
	need := make(columns, schema.NumFields())
	var types []arrow.DataType
	for _, name := range layout.columns {
		at := columnAt(schema, name)
		s.payload = append(s.payload, at)
		need[at] = true
		types = append(types, schema.Field(at).Type)
	}
	if s.asOf {
		types = append(types, layout.ordered.Type())
	}
	s.cols = make([]vec.Vec, len(types))
	s.options = join.Options{Keys: exprTypes(layout.keys), Payload: types, KeepKeys: true, KeepAll: layout.all, Reserve: c.held.Grow}
	s.builder = join.NewBuilder(s.options)
	if !inOrder(ctx) && (!s.asOf || s.keys > 0) {
		s.limit = joinBytes(ctx)
	}
	c.atEnd(func() {
		if s.dealer != nil {
			s.dealer.writer.Abort()
		}
	})
	return s, need.add(schema, node.RightKeys...), nil
}

func (s *buildStep) push(ctx context.Context, b *vec.Batch) error {
	if err := s.prog.Run(ctx, b, s.values); err != nil {
		return err
	}
	for i, at := range s.payload {
		s.cols[i] = b.Cols[at]
	}
	if s.asOf {
		s.cols[len(s.payload)] = s.values[s.keys]
	}
	keys := s.values[:s.keys]
	if s.dealer != nil {
		return s.dealer.add(keys, s.cols, b.Rows)
	}
	err := s.builder.Add(keys, s.cols, b.Rows)
	if s.tooMuch(err) {
		return s.deal(ctx) // with this batch: it was added before memory was asked for
	}
	return err
}

func (s *buildStep) finish(ctx context.Context) error {
	if s.dealer == nil {
		table, err := s.builder.Build()
		if err == nil {
			if asksTable(s.node, table.NumRows()) {
				table.MakeMembers()
			}
			if s.table, err = newTable(table, s.asOf, s.held); err == nil {
				s.table.pack(s.node)
			}
			return err
		}
		if !s.tooMuch(err) {
			return err
		}
		if err := s.deal(ctx); err != nil {
			return err
		}
	}
	out, err := s.dealer.writer.Finish()
	if err != nil {
		return err
	}
	s.table = &Table{dealt: out, hashed: s.keys > 0, held: s.held}
	return nil
}

// expect looks at the rows to come, where nothing stands between them and the table: what is surely too much is dealt from the start.
func (s *buildStep) expect(ctx context.Context, in []any) {
	rows, bytes := int64(0), int64(0)
	for _, v := range in {
		if e, ok := v.(*Exchanged); ok {
			rows += e.NumRows()
			bytes += e.Bytes(0, shuffle.Buckets)
		}
	}
	if s.limit > 0 && bytes > s.limit/2 {
		s.dealer = newDealer(ctx, s.options)
		return
	}
	s.builder.Expect(int(min(rows, join.MaxRows)))
}

func (s *buildStep) result() any { return s.table }
