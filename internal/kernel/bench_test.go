package kernel

import (
	"math/rand/v2"
	"testing"
)

const benchRows = 8192

// BenchmarkKernels reports ns/row over a batch of 8192 rows.
func BenchmarkKernels(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	a, c, dst := make([]int64, benchRows), make([]int64, benchRows), make([]int64, benchRows)
	f, g, h := make([]float64, benchRows), make([]float64, benchRows), make([]float64, benchRows)
	for i := range a {
		a[i], c[i] = 1.7e15+r.Int64N(3e13), r.Int64N(1e6)
		f[i], g[i] = r.Float64(), r.Float64()+1
	}
	m := make([]uint64, benchRows/64)
	for _, k := range []struct {
		name string
		run  func()
	}{
		{"AddInt64VV", func() { AddSignedVV(dst, a, c) }},
		{"AddInt64VS", func() { AddSignedVS(dst, a, 7) }},
		{"MulInt64VV", func() { MulInt64VV(dst, a, c) }},
		{"AddFloatVV", func() { AddFloatVV(h, f, g) }},
		{"DivFloatVV", func() { DivFloatVV(h, f, g) }},
		{"LtIntVS", func() { LtVS(m, a, 1.71e15) }},
		{"LtFloatVS", func() { LtVS(m, f, 0.5) }},
		{"EqIntVS", func() { EqVS(m, c, 5) }},
		{"LtIntVV", func() { LtVV(m, a, c) }},
		{"LtFloatVV", func() { LtFloatVV(m, f, g) }},
		{"Hour", func() { Hour(dst, a, Micro) }},
		{"Minute", func() { Minute(dst, a, Micro) }},
		{"Weekday", func() { WeekdayOf(dst, a, Micro) }},
		{"DayOf", func() { DayOf(dst, a, Micro) }},
		{"Month", func() { Month(dst, c) }},
		{"SelectSS", func() { SelectSS(dst, m, 1, 0) }},
		{"SelectVV", func() { SelectVV(dst, m, a, c) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				k.run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
}
