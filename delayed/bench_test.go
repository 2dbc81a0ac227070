package delayed_test

import (
	"testing"

	"github.com/sheafdata/sheaf/delayed"
)

// BenchmarkWide builds and computes a call a task, none of which does anything, and one that reads all.
func BenchmarkWide(b *testing.B) {
	b.ReportAllocs()
	vs := make([]*delayed.Value[int], b.N)
	for i := range vs {
		vs[i] = lazyInc(of(i))
	}
	if _, err := delayed.ListOf(vs...).Compute(ctx); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkChain builds and computes calls that each need the one before.
func BenchmarkChain(b *testing.B) {
	b.ReportAllocs()
	v := of(0)
	for range b.N {
		v = lazyInc(v)
	}
	if _, err := v.Compute(ctx); err != nil {
		b.Fatal(err)
	}
}
