package exec

import (
	"context"
	"errors"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/join"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/plan"
)

// probeStep joins its input, the left side, with a table built of the right side. Columns that nothing downstream reads are left
// empty.
type probeStep struct {
	link
	prog     *eval.Program // the left keys
	prober   *join.Prober
	nearest  *join.AsOfProber // instead of prober in an as-of join
	cond     *pairFilter      // nil where equal keys suffice
	kind     plan.JoinKind
	pass     *pass    // of a join by blocks
	outer    bool     // rows without a match come too, with nulls on the right
	met      []uint64 // a bit for each row of the table with a match; nil where nobody asks
	payload  []vec.Vec
	packed   *vec.Packed // instead of payload
	wants    []bool      // the columns of packed that are read
	unpacked []vec.Vec   // and their rows
	cols     []probeColumn
	keys     []vec.Vec
	out      vec.Batch
	scratch  vec.Scratch
	wide     pieces
	// emit is the next step where that emits the joined rows as they are: they are then gathered into the answer at once.
	emit  *emitStep
	taken []takenColumn
}

// probeColumn says where an output column comes from.
type probeColumn struct {
	from  int
	right bool
	live  bool
}

// probeKinds is how the table is asked. Where a condition decides which pairs match, it is asked for all.
var probeKinds = map[plan.JoinKind]join.Kind{plan.Inner: join.Inner, plan.Left: join.Left, plan.Right: join.Inner, plan.Full: join.Left,
	plan.Semi: join.Semi, plan.Anti: join.Anti, plan.Cross: join.Inner}

func (c *compiler) probe(n *plan.Join, l link, need columns) (step, columns, error) {
	kind, ok := probeKinds[n.Kind]
	if !ok {
		return nil, nil, fault.New(fault.Internal, "Join", "exec has no probe for this kind of join")
	}
	leaf, ok := n.Right.(*plan.Input)
	if !ok || leaf.Index < 1 || leaf.Index > len(c.tables) {
		return nil, nil, fault.New(fault.Internal, "Join", "the right side of a join in a task is not a table")
	}
	left := n.Left.Schema()
	prog, err := eval.Compile(n.LeftKeys, left)
	if err != nil {
		return nil, nil, err
	}
	table := c.tables[leaf.Index-1]
	if table.Dealt() != (c.frag.ByParts && leaf.Index == 1) {
		return nil, nil, fault.New(fault.Internal, "Join", "a table is not of the kind that its fragment joins")
	}
	s := &probeStep{link: l, prog: prog, kind: n.Kind, payload: table.payload, outer: kind == join.Left, keys: make([]vec.Vec, len(n.LeftKeys))}
	in := make(columns, left.NumFields())
	layout := layoutOf(n)
	for _, name := range n.LeftOut {
		at := columnAt(left, name)
		s.cols = append(s.cols, probeColumn{from: at, live: need[len(s.cols)]})
		in[at] = in[at] || need[len(s.cols)-1]
	}
	if n.Kind != plan.Semi && n.Kind != plan.Anti {
		for _, col := range n.RightOut {
			s.cols = append(s.cols, probeColumn{from: layout.at(col.Name), right: true, live: need[len(s.cols)]})
		}
	}
	s.out.Cols = make([]vec.Vec, len(s.cols))
	if emit, ok := l.next.(*emitStep); ok {
		s.emit, s.taken = emit, make([]takenColumn, len(s.cols))
	}
	if !n.Residual.IsZero() {
		if s.cond, err = newPairFilter(n, &layout, kind); err != nil {
			return nil, nil, err
		}
		in = in.add(left, n.Residual)
	}
	if table.Dealt() {
		c.parts = &parts{probe: s, node: n, layout: layout, table: table}
		return s, in.add(left, n.LeftKeys...), nil
	}
	if n.AsOf != nil && table.asOf == nil {
		return nil, nil, fault.New(fault.Internal, "Join", "the table of an as-of join has no order")
	}
	s.use(table, n)
	if s.met != nil {
		c.marks = append(c.marks, Mark{Table: leaf.Index, Met: s.met})
	}
	return s, in.add(left, n.LeftKeys...), nil
}

// use makes s probe a table.
func (s *probeStep) use(table *Table, n *plan.Join) {
	kind := probeKinds[n.Kind]
	s.payload = table.payload
	s.wide.use(s, table)
	if s.packed = table.packed; s.packed != nil {
		width := len(layoutOf(n).columns)
		s.wants, s.unpacked = make([]bool, width), make([]vec.Vec, width)
		for _, c := range s.cols {
			if c.right && c.live {
				s.wants[c.from] = true
			}
		}
	}
	if keepsRight(n.Kind) {
		s.met = make([]uint64, (table.NumRows()+63)/64)
	}
	switch {
	case n.AsOf != nil:
		s.nearest = table.asOf.NewProber(kind, join.Near{Dir: join.Direction(n.AsOf.Dir), Bounded: n.AsOf.Bounded, Whole: n.AsOf.Whole, Real: n.AsOf.Real})
		return
	case s.cond != nil:
		s.cond.payload = table.payload
		kind = join.Inner
	}
	if s.pass != nil { // which rows have no match is known after the last block
		kind = join.Inner
		if s.cond != nil {
			s.cond.kind = join.Inner
		}
	}
	s.prober = table.NewProber(kind)
}

func (s *probeStep) push(ctx context.Context, b *vec.Batch) error {
	s.wide.begin()
	if s.pass != nil {
		s.pass.begin(b.Rows)
		defer func() { s.pass.at += b.Rows }()
		if s.pass.last {
			return s.give(ctx, b, s.pass.unseen(s.kind, b.Rows))
		}
	}
	if err := s.prog.Run(ctx, b, s.keys); err != nil {
		return err
	}
	if s.nearest != nil {
		n := len(s.keys) - 1
		pairs, err := s.nearest.Pairs(s.keys[:n], &s.keys[n], b.Rows)
		if err != nil {
			return err
		}
		return s.give(ctx, b, pairs)
	}
	if err := s.prober.Probe(s.keys, b.Rows); err != nil {
		return err
	}
	for {
		pairs, ok := s.prober.Next()
		if ok && s.cond != nil {
			var err error
			if pairs, err = s.cond.keep(ctx, b, pairs); err != nil {
				return err
			}
		}
		if !ok {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.pass != nil {
			pairs = s.pass.pairs(s.kind, pairs)
		}
		if err := s.give(ctx, b, pairs); err != nil {
			return err
		}
	}
	if s.cond == nil {
		return nil
	}
	return s.give(ctx, b, s.cond.rest(b.Rows)) // the last rows none of whose pairs satisfied the condition
}

// give pushes the joined rows of pairs, if there are any: wide ones a few at a time.
func (s *probeStep) give(ctx context.Context, b *vec.Batch, pairs join.Pairs) error {
	for len(pairs.Left) > 0 {
		n := s.wide.next(b, pairs)
		if n == len(pairs.Left) {
			return s.gather(ctx, b, pairs)
		}
		if err := s.gather(ctx, b, join.Pairs{Left: pairs.Left[:n], Right: pairs.Right[:n]}); err != nil {
			return err
		}
		pairs = join.Pairs{Left: pairs.Left[n:], Right: pairs.Right[n:]}
	}
	return nil
}

// gather pushes the joined rows of the pairs.
func (s *probeStep) gather(ctx context.Context, b *vec.Batch, pairs join.Pairs) error {
	if s.met != nil {
		setMet(s.met, pairs.Right)
	}
	s.scratch.Reset()
	if s.packed != nil {
		s.packed.Take(s.unpacked, s.wants, s.rightRows(pairs), &s.scratch)
	}
	if s.emit != nil && s.emit.takes(len(pairs.Left)) {
		return s.link.give(len(pairs.Left), func() error { return s.emitPairs(b, pairs) })
	}
	for i, c := range s.cols {
		switch {
		case !c.live:
		case c.right && s.packed != nil:
			s.out.Cols[i] = s.unpacked[c.from]
		case c.right && s.outer:
			vec.TakeOpt(&s.out.Cols[i], &s.payload[c.from], pairs.Right, &s.scratch)
		case c.right:
			vec.Take(&s.out.Cols[i], &s.payload[c.from], pairs.Right, &s.scratch)
		case pairs.Whole:
			s.out.Cols[i] = b.Cols[c.from]
		default:
			vec.Take(&s.out.Cols[i], &b.Cols[c.from], pairs.Left, &s.scratch)
		}
	}
	s.out.Rows, s.out.Seq = len(pairs.Left), b.Seq
	return s.link.push(ctx, &s.out)
}

// rightRows are the rows of the table in the pairs.
func (s *probeStep) rightRows(pairs join.Pairs) vec.Rows {
	if s.outer {
		return vec.RowsOpt(pairs.Right, &s.scratch)
	}
	return vec.Rows{Idx: pairs.Right}
}

// emitPairs is gather where the next step emits the rows.
func (s *probeStep) emitPairs(b *vec.Batch, pairs join.Pairs) error {
	left, right := vec.Rows{Idx: pairs.Left}, vec.Rows{}
	if s.packed == nil {
		right = s.rightRows(pairs)
	}
	for i, c := range s.cols {
		switch {
		case c.right && s.packed != nil:
			s.taken[i] = takenColumn{col: &s.unpacked[c.from]}
		case c.right:
			s.taken[i] = takenColumn{&s.payload[c.from], &right}
		case pairs.Whole:
			s.taken[i] = takenColumn{col: &b.Cols[c.from]}
		default:
			s.taken[i] = takenColumn{&b.Cols[c.from], &left}
		}
	}
	return s.emit.emitTaken(s.taken, len(pairs.Left), &s.scratch)
}

// setMet notes the rows of a table that have a match.
func setMet(met []uint64, rows []uint32) {
	for _, r := range rows {
		if r != join.NoRow {
			met[r>>6] |= 1 << (r & 63)
		}
	}
}

// pairFilter keeps the pairs for which a condition on the joined row holds, and says which rows have none: a row whose only matches
// fail the condition has no match.
type pairFilter struct {
	kind    join.Kind
	prog    *eval.Program
	payload []vec.Vec
	left    []pairColumn
	right   []pairColumn
	batch   vec.Batch
	scratch vec.Scratch
	// row is the first probe row of the batch that is not settled; hit says that it has a match.
	row int
	hit bool

	outLeft, outRight []uint32
}

// pairColumn is a column that the condition reads: its place among the condition's columns, and in its side.
type pairColumn struct{ to, from int }

func newPairFilter(n *plan.Join, layout *tableLayout, kind join.Kind) (*pairFilter, error) {
	schema := n.Joined()
	prog, err := eval.Compile([]expr.Expr{n.Residual}, schema)
	if err != nil {
		return nil, err
	}
	f := &pairFilter{kind: kind, prog: prog}
	f.batch.Cols = make([]vec.Vec, schema.NumFields())
	width := n.Left.Schema().NumFields()
	for _, name := range n.Residual.Columns() {
		to := columnAt(schema, name)
		if to < width {
			f.left = append(f.left, pairColumn{to, to})
		} else {
			f.right = append(f.right, pairColumn{to, layout.at(n.RightNames[to-width].Name)})
		}
	}
	return f, nil
}

// keep returns what the join gives for the pairs, which are of rows in ascending order: the pairs that hold, or the rows.
func (f *pairFilter) keep(ctx context.Context, b *vec.Batch, pairs join.Pairs) (join.Pairs, error) {
	f.scratch.Reset()
	for _, c := range f.left {
		if pairs.Whole {
			f.batch.Cols[c.to] = b.Cols[c.from]
		} else {
			vec.Take(&f.batch.Cols[c.to], &b.Cols[c.from], pairs.Left, &f.scratch)
		}
	}
	for _, c := range f.right {
		vec.Take(&f.batch.Cols[c.to], &f.payload[c.from], pairs.Right, &f.scratch)
	}
	f.batch.Rows, f.batch.Seq = len(pairs.Left), b.Seq
	bits, count, err := f.prog.Filter(ctx, &f.batch)
	if err != nil {
		return join.Pairs{}, withoutRow(err)
	}
	if f.kind == join.Inner && count == len(pairs.Left) {
		return pairs, nil
	}
	f.outLeft, f.outRight = f.outLeft[:0], f.outRight[:0]
	for i, l := range pairs.Left {
		if count < len(pairs.Left) && bits[i>>6]>>(uint(i)&63)&1 == 0 {
			continue
		}
		if f.kind == join.Inner {
			f.outLeft, f.outRight = append(f.outLeft, l), append(f.outRight, pairs.Right[i])
			continue
		}
		f.settle(int(l))
		if f.kind == join.Left || f.kind == join.Semi && !f.hit {
			f.outLeft, f.outRight = append(f.outLeft, l), append(f.outRight, pairs.Right[i])
		}
		f.hit = true
	}
	return f.given(), nil
}

// withoutRow drops the row from an error of a value: a pair of rows has no place in the input.
func withoutRow(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	c := *f
	c.Row = 0
	return &c
}

// settle gives the rows before to that have no match, where the kind asks for them, and goes on at row to.
func (f *pairFilter) settle(to int) {
	for ; f.row < to; f.row++ {
		if !f.hit && (f.kind == join.Left || f.kind == join.Anti) {
			f.outLeft, f.outRight = append(f.outLeft, uint32(f.row)), append(f.outRight, join.NoRow)
		}
		f.hit = false
	}
}

// rest settles the last rows of a batch and begins the next one.
func (f *pairFilter) rest(rows int) join.Pairs {
	f.outLeft, f.outRight = f.outLeft[:0], f.outRight[:0]
	f.settle(rows)
	f.row, f.hit = 0, false
	return f.given()
}

func (f *pairFilter) given() join.Pairs {
	p := join.Pairs{Left: f.outLeft, Right: f.outRight}
	if f.kind == join.Semi || f.kind == join.Anti {
		p.Right = nil
	}
	return p
}
