package csvio

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
)

func cpuSec() float64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return float64(r.Utime.Sec) + float64(r.Utime.Usec)/1e6 + float64(r.Stime.Sec) + float64(r.Stime.Usec)/1e6
}

func TestZZ(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		t.Skip()
	}
	d := mustDialect(t, Dialect{Quote: '"'})
	for _, name := range []string{"dense8", "taxi", "wideq", "quoted", "longfloats"} {
		if w := os.Getenv("ZZ"); w != "1" && w != name {
			continue
		}
		data := benchData(name)
		cols := benchColumns(t, data, d)
		for i, use := range [][]Column{cols, cols[:1], nil} {
			best := 1e9
			for range 15 {
				r, _ := NewReader(Input{R: bytes.NewReader(data)}, Config{Dialect: d, Width: len(cols), Columns: use})
				t0 := cpuSec()
				var err error
				for err == nil {
					_, _, err = r.Next(context.Background())
				}
				best = min(best, cpuSec()-t0)
			}
			fmt.Printf("%-12s %-5s %.3f GB/s\n", name, []string{"all", "one", "none"}[i], float64(len(data))/best/1e9)
		}
	}
}
