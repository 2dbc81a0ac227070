// Package partitiontest checks implementations of partition.Source and partition.Sink against the contract of partition: run TestSource
// from a test of yours over a source of a few thousand rows and several splits.
//
//	func TestMine(t *testing.T) { partitiontest.TestSource(t, mine.New("testdata/a.mine")) }
//
// It is for tests only and imports partition, expr and arrow.
package partitiontest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

// TestSource checks src: schema, columns in any order, none and all of them, hints, statistics, repeated, concurrent and early ended
// reading, cancellation, lifetime of memory, and wire forms where its splits have them.
func TestSource(t *testing.T, src partition.Source) {
	t.Helper()
	s := src.Schema()
	if s == nil {
		t.Fatal("the schema is nil")
	}
	k := &kit{src: src, names: names(s)}
	var err error
	if k.rows, err = k.read(partition.ScanRequest{}); err != nil {
		t.Fatalf("reading all: %v", err)
	}
	for _, c := range []struct {
		name string
		test func(*testing.T)
	}{
		{"schema", k.schema}, {"columns", k.columns}, {"no columns", k.noColumns}, {"unknown column", k.unknownColumn}, {"predicate", k.predicate},
		{"limit", k.limit}, {"small splits", k.smallSplits}, {"statistics", k.statistics}, {"open again", k.openAgain}, {"concurrent", k.concurrent},
		{"close early", k.closeEarly}, {"cancelled", k.cancelled}, {"memory", k.memory}, {"wire form", k.wireForm},
	} {
		t.Run(c.name, c.test)
	}
}

type kit struct {
	src   partition.Source
	names []string
	rows  [][]string // all rows as text
}

func names(s *arrow.Schema) []string {
	var out []string
	for _, f := range s.Fields() {
		out = append(out, f.Name)
	}
	return out
}

// null marks a null among texts.
const null = "\x00null"

// read reads all splits of a scan as text.
func (k *kit) read(r partition.ScanRequest) ([][]string, error) {
	scan, err := k.src.Plan(context.Background(), r)
	if err != nil {
		return nil, err
	}
	return k.readSplits(scan.Splits, r, nil)
}

func (k *kit) readSplits(splits []partition.Split, r partition.ScanRequest, env *partition.Env) ([][]string, error) {
	var out [][]string
	for i, s := range splits {
		rows, err := k.readSplit(s, r, env)
		if err != nil {
			return nil, fmt.Errorf("split %d: %w", i, err)
		}
		out = append(out, rows...)
	}
	return out, nil
}

func (k *kit) readSplit(s partition.Split, r partition.ScanRequest, env *partition.Env) (rows [][]string, err error) {
	ctx := context.Background()
	rd, err := s.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := rd.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		b, err := rd.Next(ctx)
		if errors.Is(err, io.EOF) {
			if _, again := rd.Next(ctx); !errors.Is(again, io.EOF) {
				return nil, fmt.Errorf("after io.EOF, Next gave %v", again)
			}
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if err := k.checkBatch(b, r); err != nil {
			return nil, err
		}
		rows = append(rows, texts(b)...)
	}
}

func (k *kit) checkBatch(b partition.Batch, r partition.ScanRequest) error {
	want := r.Columns
	if want == nil {
		want = k.names
	}
	if len(b.Cols) != len(want) {
		return fmt.Errorf("a batch has %d columns, %d were asked for", len(b.Cols), len(want))
	}
	for i, c := range b.Cols {
		f, _ := k.src.Schema().FieldsByName(want[i])
		if c.Len() != b.Rows {
			return fmt.Errorf("column %q has %d rows in a batch of %d", want[i], c.Len(), b.Rows)
		}
		if !fits(c.DataType(), f[0].Type) {
			return fmt.Errorf("column %q is %s, the schema says %s", want[i], c.DataType(), f[0].Type)
		}
		if !f[0].Nullable && c.NullN() > 0 && c.DataType().ID() != arrow.NULL {
			return fmt.Errorf("column %q has nulls, the schema says that it has none", want[i])
		}
	}
	return nil
}

// fits says whether an array of type got serves a column of type want: itself, or text and bytes in another layout.
func fits(got, want arrow.DataType) bool {
	if arrow.TypeEqual(got, want) {
		return true
	}
	if d, ok := got.(*arrow.DictionaryType); ok {
		got = d.ValueType
	}
	if d, ok := want.(*arrow.DictionaryType); ok {
		want = d.ValueType
	}
	return arrow.TypeEqual(got, want) || kin(got) != 0 && kin(got) == kin(want)
}

func kin(t arrow.DataType) int {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return 1
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		return 2
	}
	return 0
}

func texts(b partition.Batch) [][]string {
	rows := make([][]string, b.Rows)
	for i := range rows {
		rows[i] = make([]string, len(b.Cols))
		for c, a := range b.Cols {
			rows[i][c] = null
			if a.IsValid(i) {
				rows[i][c] = string([]byte(a.ValueStr(i))) // the text may lie in the batch's memory
			}
		}
	}
	return rows
}

// project picks columns of the rows.
func (k *kit) project(cols []int) [][]string {
	out := make([][]string, len(k.rows))
	for i, row := range k.rows {
		out[i] = make([]string, len(cols))
		for j, c := range cols {
			out[i][j] = row[c]
		}
	}
	return out
}

func mustEqual(t *testing.T, what string, got, want [][]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Fatalf("%s: row %d is %q, want %q", what, i, got[i], want[i])
		}
	}
}

func (k *kit) schema(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range k.names {
		if seen[n] || n == "" {
			t.Errorf("the name %q is empty or there twice", n)
		}
		seen[n] = true
	}
	if !k.src.Schema().Equal(k.src.Schema()) {
		t.Error("two calls of Schema differ")
	}
}

func (k *kit) columns(t *testing.T) {
	n := len(k.names)
	orders := [][]int{}
	all, back, odd := []int{}, []int{}, []int{}
	for i := range n {
		all, back = append(all, i), append(back, n-1-i)
		orders = append(orders, []int{i})
		if i%2 == 1 {
			odd = append(odd, i)
		}
	}
	orders = append(orders, all, back)
	if len(odd) > 0 {
		orders = append(orders, odd)
	}
	for _, cols := range orders {
		pick := []string{}
		for _, c := range cols {
			pick = append(pick, k.names[c])
		}
		got, err := k.read(partition.ScanRequest{Columns: pick})
		if err != nil {
			t.Fatalf("columns %q: %v", pick, err)
		}
		mustEqual(t, fmt.Sprintf("columns %q", pick), got, k.project(cols))
	}
}

func (k *kit) noColumns(t *testing.T) {
	got, err := k.read(partition.ScanRequest{Columns: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(k.rows) {
		t.Fatalf("%d rows without columns, want %d", len(got), len(k.rows))
	}
}

func (k *kit) unknownColumn(t *testing.T) {
	if _, err := k.src.Plan(context.Background(), partition.ScanRequest{Columns: []string{"no such column"}}); err == nil {
		t.Fatal("Plan takes a column that is not there")
	}
}

// predicate checks that a predicate leaves out only rows that do not satisfy it, and that rows come in order.
func (k *kit) predicate(t *testing.T) {
	for c, name := range k.names {
		for _, isNull := range []bool{true, false} {
			p := expr.Col(name).NotNull()
			if isNull {
				p = expr.Col(name).IsNull()
			}
			if k.src.Schema().Field(c).Type.ID() == arrow.NULL {
				continue
			}
			k.checkPredicate(t, p, func(row []string) bool { return (row[c] == null) == isNull })
		}
	}
}

func (k *kit) checkPredicate(t *testing.T, p expr.Expr, holds func(row []string) bool) {
	t.Helper()
	if bound, err := expr.Bind(p, k.src.Schema()); err == nil {
		p = bound
	}
	r := partition.ScanRequest{Predicate: p}
	scan, err := k.src.Plan(context.Background(), r)
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	got, err := k.readSplits(scan.Splits, r, nil)
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	at := 0
	for i, row := range k.rows {
		if at < len(got) && slices.Equal(got[at], row) {
			at++
			if scan.Residual.IsZero() && !holds(row) {
				t.Fatalf("%s: there is no Residual, but row %d does not satisfy it", p, i)
			}
			continue
		}
		if holds(row) {
			t.Fatalf("%s: row %d satisfies it and is missing or out of order", p, i)
		}
	}
	if at != len(got) {
		t.Fatalf("%s: %d rows that are not the source's, or out of order", p, len(got)-at)
	}
}

func (k *kit) limit(t *testing.T) {
	for _, n := range []int{1, 10, len(k.rows) + 1} {
		got, err := k.read(partition.ScanRequest{Limit: int64(n)})
		if err != nil {
			t.Fatal(err)
		}
		if want := min(n, len(k.rows)); len(got) < want {
			t.Fatalf("limit %d: %d rows", n, len(got))
		}
		mustEqual(t, fmt.Sprintf("limit %d", n), got, k.rows[:len(got)])
	}
}

func (k *kit) smallSplits(t *testing.T) {
	for _, size := range []int64{1000, 1 << 40} {
		got, err := k.read(partition.ScanRequest{SplitBytes: size})
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, fmt.Sprintf("splits of %d bytes", size), got, k.rows)
	}
}

func (k *kit) openAgain(t *testing.T) {
	scan, err := k.src.Plan(context.Background(), partition.ScanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := k.readSplits(scan.Splits, partition.ScanRequest{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, "opened again", got, k.rows)
	}
}

func (k *kit) concurrent(t *testing.T) {
	scan, err := k.src.Plan(context.Background(), partition.ScanRequest{SplitBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	const readers = 3
	parts := make([][][]string, readers*len(scan.Splits))
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Add(1)
		go func() {
			defer wg.Done()
			parts[i], errs[i] = k.readSplit(scan.Splits[i%len(scan.Splits)], partition.ScanRequest{}, nil)
		}()
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for r := range readers {
		var got [][]string
		for i := range scan.Splits {
			got = append(got, parts[r*len(scan.Splits)+i]...)
		}
		mustEqual(t, "read concurrently", got, k.rows)
	}
}

func (k *kit) closeEarly(t *testing.T) {
	ctx := context.Background()
	scan, err := k.src.Plan(ctx, partition.ScanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scan.Splits {
		for batches := range 2 {
			rd, err := s.Open(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			for range batches {
				if _, err := rd.Next(ctx); err != nil && !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
			}
			if err := rd.Close(); err != nil {
				t.Fatalf("Close after %d batches: %v", batches, err)
			}
		}
	}
}

func (k *kit) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	scan, err := k.src.Plan(ctx, partition.ScanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(scan.Splits) == 0 {
		return
	}
	rd, err := scan.Splits[0].Open(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := rd.Next(ctx); err == nil || errors.Is(err, io.EOF) {
		t.Fatalf("Next with an ended context gave %v", err)
	} else if !errors.Is(err, context.Canceled) {
		t.Fatalf("Next with an ended context gave %v, which does not wrap context.Canceled", err)
	}
	if err := rd.Close(); err != nil {
		t.Fatal(err)
	}
}
