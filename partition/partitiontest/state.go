package partitiontest

import (
	"context"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/partition"
)

// statistics compares what splits say of themselves with what they give.
func (k *kit) statistics(t *testing.T) {
	r := partition.ScanRequest{SplitBytes: 1000}
	scan, err := k.src.Plan(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scan.Splits {
		st := s.Stats()
		rows, err := k.readSplit(s, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if st.Exact && st.Rows != int64(len(rows)) {
			t.Errorf("split %d says exactly %d rows and gives %d", i, st.Rows, len(rows))
		}
		for c, name := range k.names {
			cs, ok := st.Columns[name]
			if !ok || !cs.NullsKnown {
				continue
			}
			nulls := int64(0)
			for _, row := range rows {
				if row[c] == null || row[c] == "(null)" {
					nulls++
				}
			}
			if cs.Nulls != nulls {
				t.Errorf("split %d says %d nulls in %q and gives %d", i, cs.Nulls, name, nulls)
			}
		}
	}
}

// memory reads with an allocator that spoils what is freed and counts what is not: rows are right although every batch is gone
// when the next one comes, and nothing is left after Close.
func (k *kit) memory(t *testing.T) {
	alloc := &spoiler{under: memory.NewGoAllocator()}
	scan, err := k.src.Plan(context.Background(), partition.ScanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	reserved := int64(0)
	var mu sync.Mutex
	env := &partition.Env{Alloc: alloc, Reserve: func(n int64) (func(), error) {
		mu.Lock()
		defer mu.Unlock()
		reserved += n
		return func() {
			mu.Lock()
			defer mu.Unlock()
			reserved -= n
		}, nil
	}}
	got, err := k.readSplits(scan.Splits, partition.ScanRequest{}, env)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "with spoiled memory", got, k.rows)
	if reserved != 0 {
		t.Errorf("%d bytes stay reserved after Close", reserved)
	}
}

// spoiler is an allocator that overwrites freed memory.
type spoiler struct{ under memory.Allocator }

func (s *spoiler) Allocate(n int) []byte { return s.under.Allocate(n) }

func (s *spoiler) Reallocate(n int, b []byte) []byte {
	out := s.under.Allocate(n)
	copy(out, b)
	s.Free(b)
	return out
}

func (s *spoiler) Free(b []byte) {
	for i := range b {
		b[i] = 0xdb
	}
}

// wireForm sends each portable split through its bytes.
func (k *kit) wireForm(t *testing.T) {
	r := partition.ScanRequest{SplitBytes: 1000}
	scan, err := k.src.Plan(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scan.Splits {
		p, ok := s.(partition.PortableSplit)
		if !ok {
			t.Skip("the splits are local")
		}
		data, err := p.MarshalBinary()
		if err != nil {
			t.Fatalf("split %d: %v", i, err)
		}
		if scan.Splits[i], err = partition.DecodeSplit(p.Op(), data); err != nil {
			t.Fatalf("split %d: %v", i, err)
		}
		if _, err := partition.DecodeSplit(p.Op(), data[:len(data)/2]); err == nil && len(data) > 1 {
			t.Errorf("split %d: half of its bytes decode", i)
		}
	}
	got, err := k.readSplits(scan.Splits, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "through the wire form", got, k.rows)
}
