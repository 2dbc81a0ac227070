package csvio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchFiles are about 16 MB each: dense numbers; the columns of a taxi month; text with a quoted field in one row of six; all quoted.
var benchFiles = map[string]func(b *bytes.Buffer, rng *rand.Rand){
	"dense8": func(b *bytes.Buffer, r *rand.Rand) {
		fmt.Fprintf(b, "%d,%d,%.2f,%.2f,%d,%.1f,%d,%.2f\n", r.IntN(3), r.IntN(100000), r.Float64()*100, r.Float64()*20, r.IntN(265), float64(r.IntN(10))/2, r.IntN(1e7), r.Float64()*1000-100)
	},
	"taxi": func(b *bytes.Buffer, r *rand.Rand) {
		fmt.Fprintf(b, "%d,2019-03-%02d %02d:%02d:%02d,2019-03-%02d %02d:%02d:%02d,%d,%.2f,%d,N,%d,%d,%d,%.1f,%.1f,0.5,%.2f,%.1f,0.3,%.2f,2.5\n", 1+r.IntN(2),
			1+r.IntN(3), r.IntN(24), r.IntN(60), r.IntN(60), 1+r.IntN(3), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(7), r.Float64()*20, 1, 1+r.IntN(265), 1+r.IntN(265), 1+r.IntN(2),
			float64(r.IntN(120))/2, float64(r.IntN(8))/2, r.Float64()*9, 0.0, r.Float64()*70)
	},
	"taxiq": func(b *bytes.Buffer, r *rand.Rand) {
		fmt.Fprintf(b, "%d,2024-01-01 00:%02d:%02d.000000,2024-01-01 00:%02d:%02d.000000,%d,%.2f,%d,\"N\",%d,%d,%d,%.1f,%.1f,0.5,%.2f,%d,1,%.2f,2.5,0\n", 1+r.IntN(2),
			r.IntN(60), r.IntN(60), r.IntN(60), r.IntN(60), r.IntN(7), r.Float64()*20, 1, 1+r.IntN(265), 1+r.IntN(265), 1+r.IntN(2),
			float64(r.IntN(120))/2, float64(r.IntN(8))/2, r.Float64()*9, 0, r.Float64()*70)
	},
	"wideq": func(b *bytes.Buffer, r *rand.Rand) {
		name := "Upper West Side South"
		if r.IntN(6) == 0 {
			name = "\"Hotel, \"\"Grand\"\"\""
		}
		fmt.Fprintf(b, "%d,%s,2019-03-%02d,%.2f,some text that is longer than a view holds %d,%s,%d,%.3f,credit card,Manhattan,%d,Queens,%.1f,%d\n", r.IntN(1e6), name, 1+r.IntN(28), r.Float64()*90,
			r.IntN(1e6), []string{"yellow", "green"}[r.IntN(2)], r.IntN(100), r.Float64(), r.IntN(10), r.Float64()*50, r.IntN(1e9))
	},
	"quoted": func(b *bytes.Buffer, r *rand.Rand) {
		fmt.Fprintf(b, "\"USW00094728\",\"NY CITY CENTRAL PARK, NY US\",\"2009-%02d-%02d\",\"%.2f\",\"%.2f\",\"0.0\",\"0.0\",\"%d\",\"%d\"\n", 1+r.IntN(12), 1+r.IntN(28), r.Float64()*20, r.Float64(), r.IntN(90), r.IntN(60))
	},
	"longfloats": func(b *bytes.Buffer, r *rand.Rand) {
		fmt.Fprintf(b, "%v,%v,%.6f,%.6f,%d\n", -73.9-r.Float64()/10, 40.7+r.Float64()/10, -73.9-r.Float64()/10, 40.7+r.Float64()/10, r.Int64N(1e15))
	},
}

func benchData(name string) []byte {
	rng := rand.New(rand.NewPCG(7, 8))
	var b bytes.Buffer
	for b.Len() < 16<<20 {
		benchFiles[name](&b, rng)
	}
	return b.Bytes()
}

// benchColumns infers the columns of a file without header.
func benchColumns(b testing.TB, data []byte, d Dialect) (cols []Column) {
	h, err := ReadHead(data[:1<<16], false, d, HeadOptions{NoHeader: true})
	require.NoError(b, err)
	s := NewSamples(h)
	s.Bytes(data[:1<<16], false)
	for i, g := range s.Columns {
		t, order := g.Type(&d)
		cols = append(cols, Column{Name: fmt.Sprint(i), Field: i, Type: t, Order: order})
	}
	return cols
}

func BenchmarkRead(b *testing.B) {
	d := mustDialect(b, Dialect{Quote: '"'})
	for _, name := range []string{"dense8", "taxi", "taxiq", "wideq", "quoted", "longfloats"} {
		data := benchData(name)
		cols := benchColumns(b, data, d)
		run := func(label string, use []Column) {
			b.Run(name+"/"+label, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					r, err := NewReader(Input{R: bytes.NewReader(data)}, Config{Dialect: d, Width: len(cols), Columns: use})
					require.NoError(b, err)
					for err == nil {
						_, _, err = r.Next(context.Background())
					}
					require.Equal(b, io.EOF, err)
				}
			})
		}
		run("all", cols)
		run("one", cols[:1])
		run("none", nil)
	}
}

func BenchmarkMasks(b *testing.B) {
	data := benchData("taxi")
	words := len(data) / 64
	d, l, q := make([]uint64, 512), make([]uint64, 512), make([]uint64, 512)
	for name, f := range map[string]func(d, l, q []uint64, src []byte, c chars) uint64{"generic": masksGeneric, "best": masks} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(words/512) * 512 * 64)
			for b.Loop() {
				for i := 0; i+512 <= words; i += 512 {
					f(d, l, q, data[i*64:], chars{',', '\n', '"'})
				}
			}
		})
	}
}

// BenchmarkSeams finds the starts of all parts of a file once.
func BenchmarkSeams(b *testing.B) {
	d := mustDialect(b, Dialect{Quote: '"'})
	for _, name := range []string{"taxi", "taxiq", "wideq", "quoted"} {
		data := benchData(name)
		cuts := []int64{}
		for c := 0; c < len(data); c += 1 << 20 {
			cuts = append(cuts, int64(c))
		}
		cuts = append(cuts, int64(len(data)))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, err := NewSeams(d, cuts).Start(context.Background(), bytes.NewReader(data), len(cuts)-2)
				require.NoError(b, err)
			}
		})
	}
}
