package exec

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/eval"
	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/mem"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/shuffle"
)

// Exchanged is a task's rows for other tasks of the run: in memory, or in files where that is short.
type Exchanged struct {
	*shuffle.Output
	marked
}

// Held implements Result: the run's space frees what nobody has read.
func (*Exchanged) Held() *mem.Reservation { return nil }

// NumRows is the number of rows.
func (e *Exchanged) NumRows() int64 { return e.Rows(0, shuffle.Buckets) }

// NumberField is the column that Fragment.Number adds: the place of a row among all rows of its stage, ascending within a task and from
// task to task.
var NumberField = arrow.Field{Name: "__row", Type: arrow.PrimitiveTypes.Int64}

// numberBits is how many bits of a row's number count the rows of its task.
const numberBits = 40

// exchangeStep writes rows for the tasks of the next stage: the sink of a task.
type exchangeStep struct {
	writer *shuffle.Writer
	prog   *eval.Program // the keys that rows are dealt by; nil: they are not
	keys   []vec.Vec
	hasher hash.Hasher
	hashes []uint64
	number bool
	next   int64 // number of the next row
	cols   []vec.Vec
	nums   []int64
	out    *Exchanged
}

// exchangeSink makes the sink of Exchange. Breaker's expressions, if there is one, are the keys.
func (c *compiler) exchangeSink(ctx context.Context, schema *arrow.Schema) (sink, columns, error) {
	s := &exchangeStep{number: c.frag.Number, next: int64(c.part) << numberBits}
	o := shuffle.Options{Name: "exchange"}
	for _, f := range schema.Fields() {
		o.Types = append(o.Types, vec.Logical(f.Type))
	}
	if s.number {
		o.Types = append(o.Types, NumberField.Type)
	}
	if keys := exchangeKeys(c.frag); keys != nil {
		var err error
		if s.prog, err = eval.Compile(keys, schema); err != nil {
			return nil, nil, err
		}
		s.keys = make([]vec.Vec, len(keys))
		o.Hashed, o.Name = true, sourceName(c.frag)
	}
	s.writer = shuffle.From(ctx).Writer(o)
	c.atEnd(s.writer.Abort)
	c.atEnd(c.held.Free) // tables of steps: the rows are the space's
	return s, allColumns(schema), nil
}

// exchangeKeys returns the expressions that rows are dealt by; nil where they are not.
func exchangeKeys(f *Fragment) []expr.Expr {
	if p, ok := f.Breaker.(*plan.Project); ok {
		return p.Exprs
	}
	return nil
}

func (s *exchangeStep) push(ctx context.Context, b *vec.Batch) error {
	cols := b.Cols
	if s.number {
		cols = append(append(s.cols[:0], cols...), s.numbers(b.Rows))
		s.cols = cols
	}
	if s.prog == nil {
		return s.writer.Add(cols, nil, b.Rows)
	}
	if err := s.prog.Run(ctx, b, s.keys); err != nil {
		return err
	}
	s.hashes = growTo(s.hashes, b.Rows)
	s.hasher.Hash(s.hashes, s.keys, b.Rows)
	return s.writer.Add(cols, s.hashes, b.Rows)
}

// numbers returns the column of the next rows' numbers.
func (s *exchangeStep) numbers(rows int) vec.Vec {
	s.nums = growTo(s.nums, rows)
	for i := range s.nums {
		s.nums[i] = s.next + int64(i)
	}
	s.next += int64(rows)
	return vec.Vec{Type: NumberField.Type, Phys: vec.Int64, Width: 8, Len: rows, Data: vec.Bytes(s.nums)}
}

func (s *exchangeStep) finish(context.Context) error {
	out, err := s.writer.Finish()
	if err != nil {
		return err
	}
	s.out = &Exchanged{Output: out}
	return nil
}

func (s *exchangeStep) result() any { return s.out }

// given implements giver.
func (s *exchangeStep) given() (rows, bytes int64) {
	return s.out.NumRows(), s.out.Bytes(0, shuffle.Buckets)
}

// giver is a sink whose rows go to other tasks.
type giver interface {
	// given returns the rows and bytes that go on, after finish.
	given() (rows, bytes int64)
}

// Spilled returns the bytes of a task's result that were written to files, so far.
func Spilled(r Result) int64 {
	switch r := r.(type) {
	case *Exchanged:
		return r.Output.Spilled()
	case *Groups:
		if r.Out != nil {
			return r.Out.Spilled()
		}
	case *SortedRun:
		n := int64(0)
		for _, p := range r.runs {
			if p.out != nil {
				n += p.out.Spilled()
			}
		}
		return n
	}
	return 0
}

// pushExchanged pushes the rows of buckets [lo, hi) of earlier tasks, in order.
func pushExchanged(ctx context.Context, parts []*Exchanged, lo, hi int, l *link) error {
	return readAll(ctx, shuffle.NewReader(outputsOf(parts), lo, hi), func(b *vec.Batch, _ []uint64) error { return l.pushAll(ctx, b) })
}

func outputsOf(parts []*Exchanged) []*shuffle.Output {
	outs := make([]*shuffle.Output, len(parts))
	for i, p := range parts {
		outs[i] = p.Output
	}
	return outs
}

// readAll gives the batches of a reader to f, and closes it.
func readAll(ctx context.Context, r *shuffle.Reader, f func(b *vec.Batch, hashes []uint64) error) error {
	defer r.Close()
	var b vec.Batch
	for {
		hashes, err := r.Next(ctx, &b)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(&b, hashes); err != nil {
			return err
		}
	}
}

// exchanged is the rows of buckets of earlier tasks as a source, in order.
type exchanged struct {
	link
	pending
	task   *Task
	in     []any           // results of the tasks
	reader *shuffle.Reader // once open
}

// open begins to read.
func (s *exchanged) open(ctx context.Context) error {
	parts, err := inputs[*Exchanged](s.in)
	if err != nil {
		return err
	}
	if b, ok := s.next.(*buildStep); ok {
		b.expect(ctx, s.in)
	}
	s.reader = shuffle.NewReader(outputsOf(parts), s.task.Lo, s.task.Hi)
	return nil
}

func (s *exchanged) run(ctx context.Context) (err error) {
	if s.reader == nil {
		if err := s.open(ctx); err != nil {
			return err
		}
	}
	paused := false
	defer func() { // also when a step panics
		if !paused {
			s.reader.Close()
		}
	}()
	for err == nil {
		if s.at < s.out.Rows {
			err = s.some(ctx, &s.link)
			continue
		}
		if _, err = s.reader.Next(ctx, &s.out); err == io.EOF {
			return nil
		}
		s.begin()
	}
	paused = errors.Is(err, errPaused)
	return err
}

func (s *exchanged) close() error {
	s.reader.Close()
	return nil
}
