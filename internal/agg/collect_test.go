package agg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

// listText is a list of rows as rowtest.Text writes it.
func listText(v *vec.Vec, i int) string {
	if !v.ValidAt(i) {
		return "∅"
	}
	var out []string
	for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
		out = append(out, rowtest.Text(&v.Child[0], int(k)))
	}
	return fmt.Sprint(out)
}

func modeOf(vals []row) string {
	n := map[string]int{}
	for _, r := range vals {
		n[r.text]++
	}
	best := "∅"
	for i, r := range vals {
		if i == 0 || n[r.text] > n[best] {
			best = r.text
		}
	}
	return best
}

// TestListOfAndMode compares with lists and counts of texts, whole and merged from parts.
func TestListOfAndMode(t *testing.T) {
	for _, ty := range rowtest.Types() {
		t.Run(ty.String(), func(t *testing.T) {
			for seed := range uint64(8) {
				g := rowtest.New(seed)
				g.Nulls = []float64{0, 0.3, 1, 0.05}[seed%4]
				bs := batches(g, ty, seed >= 6)
				m := modelOf(bs)
				groups := bs[len(bs)-1].groups
				in := vec.Logical(ty)
				list := spec{op: "list_of", in: in, out: arrow.ListOf(in)}
				mode := spec{op: "mode", in: in, out: in}
				for k, a := range []acc{run(t, list, bs), merged(t, g, list, bs)} {
					v := result(t, a, groups)
					for i := range groups {
						var want []string
						for _, r := range m.rows[i] {
							want = append(want, r.text)
						}
						text := fmt.Sprint(want)
						if len(want) == 0 {
							text = "∅"
						}
						require.Equal(t, text, listText(&v, i), "seed %d group %d, merged: %v", seed, i, k == 1)
					}
				}
				for _, a := range []acc{run(t, mode, bs), merged(t, g, mode, bs)} {
					v := result(t, a, groups)
					for i := range groups {
						require.Equal(t, modeOf(m.values(i)), rowtest.Text(&v, i), "seed %d group %d", seed, i)
					}
				}
			}
		})
	}
}

func wantQuantile(vals []row, q float64) float64 {
	f := make([]float64, len(vals))
	for i, r := range vals {
		f[i] = r.f
	}
	sort.Slice(f, func(i, j int) bool { return f[i] < f[j] || f[j] != f[j] && f[i] == f[i] })
	at := q * float64(len(f)-1)
	lo, hi := f[int(math.Floor(at))], f[int(math.Ceil(at))]
	if lo == hi || at == math.Floor(at) {
		return lo
	}
	return lo + (hi-lo)*(at-math.Floor(at))
}

func requireNear(t *testing.T, want, got float64, msg string) {
	t.Helper()
	if want == got || want != want && got != got {
		return
	}
	require.InEpsilon(t, want, got, 1e-12, msg)
}

// TestQuantiles compares with sorted values: exactly for the exact aggregates, within the promised error for the sketch.
func TestQuantiles(t *testing.T) {
	for _, ty := range rowtest.Types() {
		p, _, _ := vec.PhysOf(ty)
		if !isNumber(p) || p == vec.Dec128 || p == vec.Dec256 || p == vec.Bool {
			continue // decimals and booleans are cast before
		}
		t.Run(ty.String(), func(t *testing.T) {
			for seed := range uint64(12) {
				g := rowtest.New(seed)
				g.Nulls = []float64{0, 0.3, 1, 0.05}[seed%4]
				g.Card = []int{20, 3, 60}[seed%3]
				bs := batches(g, ty, seed >= 6)
				m := modelOf(bs)
				groups := bs[len(bs)-1].groups
				q := []float64{0, 0.25, 0.5, 0.9, 1}[seed%5]
				f64 := arrow.PrimitiveTypes.Float64
				exact := spec{op: "quantile", in: vec.Logical(ty), out: f64, quantiles: []float64{q}}
				several := spec{op: "quantiles", in: vec.Logical(ty), out: listOfFloats, quantiles: []float64{0.75, 0.25, 0.25, q, 1}}
				sketch := spec{op: "approx_quantile", in: vec.Logical(ty), out: f64, quantiles: []float64{q}}
				for _, a := range []acc{run(t, exact, bs), merged(t, g, exact, bs)} {
					v := result(t, a, groups)
					for i := range groups {
						vals := m.values(i)
						require.Equal(t, len(vals) > 0, v.ValidAt(i))
						if len(vals) > 0 {
							requireNear(t, wantQuantile(vals, q), vec.Of[float64](&v)[i], fmt.Sprint(seed, i))
						}
					}
				}
				for _, a := range []acc{run(t, several, bs), merged(t, g, several, bs)} {
					v := result(t, a, groups)
					for i := range groups {
						vals := m.values(i)
						require.Equal(t, len(vals) > 0, v.ValidAt(i))
						for k, p := range several.quantiles {
							if len(vals) > 0 {
								requireNear(t, wantQuantile(vals, p), vec.Of[float64](&v.Child[0])[int(v.Offs[i])+k], fmt.Sprint(seed, i, p))
							}
						}
					}
				}
				a, b := run(t, sketch, bs), merged(t, g, sketch, bs)
				va, vb := result(t, a, groups), result(t, b, groups)
				for i := range groups {
					vals := m.values(i)
					require.Equal(t, len(vals) > 0, va.ValidAt(i))
					require.Equal(t, rowtest.Text(&va, i), rowtest.Text(&vb, i), "parts do not matter")
					if len(vals) > 0 {
						requireWithin(t, vals, q, vec.Of[float64](&va)[i])
					}
				}
			}
		})
	}
}

// requireWithin holds a sketch's answer against the value at the lower rank.
func requireWithin(t *testing.T, vals []row, q, got float64) {
	t.Helper()
	at := math.Floor(q * float64(len(vals)-1))
	w := wantQuantile(vals, at/max(float64(len(vals)-1), 1))
	if w == got || w != w && got != got {
		return
	}
	require.LessOrEqual(t, math.Abs(got-w), math.Abs(w)*sketchError*1.0001, "%v for %v", got, w)
}

// Between an infinity and a number lies that infinity, from either side; buckets reach down to the smallest numbers.
func TestQuantilesAtTheEnds(t *testing.T) {
	inf := math.Inf(1)
	require.Equal(t, -inf, between(-inf, 1, 0.5))
	require.Equal(t, inf, between(1, inf, 0.5))
	require.Equal(t, inf, between(inf, inf, 0.5))
	require.True(t, math.IsNaN(between(-inf, inf, 0.5)) && math.IsNaN(between(-inf, math.NaN(), 0.5)))
	for _, x := range []float64{1e-318, 1e-310, 0x1p-1022, 1e-300, 1, 1e300} {
		require.InEpsilon(t, x, middleOf(bucketOf(x)), sketchError+1e-4, "%g", x)
		require.InEpsilon(t, -x, middleOf(bucketOf(-x)), sketchError+1e-4, "%g", -x)
	}
}

// TestSelect compares selection with sorting, for values in all kinds of order.
func TestSelect(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := 1; n < 30_000; n += 1 + n/3 {
		for kind := range 6 {
			a := make([]int64, n)
			for i := range a {
				switch kind {
				case 0:
					a[i] = r.Int64()
				case 1:
					a[i] = int64(i)
				case 2:
					a[i] = int64(-i)
				case 3:
					a[i] = r.Int64N(4)
				case 4:
					a[i] = math.MaxInt64 - r.Int64N(2)
				case 5:
					a[i] = int64(min(i, n-i))
				}
			}
			sorted := slices.Clone(a)
			slices.Sort(sorted)
			k := r.IntN(n)
			selectAt(a, k)
			require.Equal(t, sorted[k], a[k], "n %d kind %d k %d", n, kind, k)
			for i, x := range a {
				require.False(t, i < k && x > a[k] || i > k && x < a[k])
			}
			slices.Sort(a)
			require.Equal(t, sorted, a, "values are moved, never lost")
		}
	}
}

func TestRanks(t *testing.T) {
	in := []float64{math.Inf(-1), -math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, math.MaxFloat64, math.Inf(1), math.NaN()}
	vals := slices.Clone(in)
	ranks(vals)
	bits := rankBits(vals)
	require.True(t, slices.IsSorted(bits))
	for i, b := range bits {
		requireNear(t, in[i], unrank(b), "")
	}
	zero := []float64{math.Copysign(0, -1)}
	ranks(zero)
	require.False(t, math.Signbit(unrank(rankBits(zero)[0])))
}

// TestComoments compares Corr and Cov with two passes over the values.
func TestComoments(t *testing.T) {
	f64 := arrow.PrimitiveTypes.Float64
	for seed := range uint64(30) {
		g := rowtest.New(seed)
		r := g.Rand
		bs := batches(g, f64, seed%5 == 4)
		type pair struct{ x, y float64 }
		groups := bs[len(bs)-1].groups
		by := make([][]pair, groups)
		for k := range bs {
			b := &bs[k]
			x, y := make([]float64, b.rows), make([]float64, b.rows)
			for i := range x {
				x[i] = 1e6 + r.NormFloat64()
				y[i] = x[i]*3 + r.NormFloat64()*float64(seed%3)
			}
			xv, yv := column(f64, x, nil), column(f64, y, nil)
			if seed%2 == 0 {
				xv.Valid, yv.Valid = randomBits(r, b.rows), randomBits(r, b.rows)
			}
			b.args = []vec.Vec{xv, yv}
			for i := range x {
				if b.counts(i) && xv.ValidAt(i) && yv.ValidAt(i) {
					by[b.group(i)] = append(by[b.group(i)], pair{x[i], y[i]})
				}
			}
		}
		for _, op := range []string{"corr", "cov"} {
			s := spec{op: op, in: f64, ins: []arrow.DataType{f64, f64}, out: f64}
			for _, a := range []acc{run(t, s, bs), merged(t, g, s, bs)} {
				v := result(t, a, groups)
				for i, ps := range by {
					n := float64(len(ps))
					if n == 0 || op == "cov" && n == 1 {
						require.False(t, v.ValidAt(i))
						continue
					}
					var mx, my, xx, yy, xy float64
					for _, p := range ps {
						mx, my = mx+p.x/n, my+p.y/n
					}
					for _, p := range ps {
						xx, yy, xy = xx+(p.x-mx)*(p.x-mx), yy+(p.y-my)*(p.y-my), xy+(p.x-mx)*(p.y-my)
					}
					want := xy / (n - 1)
					if op == "corr" {
						want = xy / math.Sqrt(xx*yy)
					}
					got := vec.Of[float64](&v)[i]
					require.True(t, want != want && got != got || math.Abs(want-got) <= 1e-7*max(1, math.Abs(want)), "%s: %v, want %v of %v", op, got, want, n)
				}
			}
		}
	}
}

func randomBits(r *rand.Rand, n int) []uint64 {
	out := make([]uint64, (n+63)/64)
	for i := range out {
		out[i] = r.Uint64() | r.Uint64()
	}
	return out
}

// TestApproxNUnique holds estimates within five standard errors, and the same however the rows are divided.
func TestApproxNUnique(t *testing.T) {
	i64 := arrow.PrimitiveTypes.Int64
	s := spec{op: "approx_n_unique", in: i64, out: i64}
	sizes := []int{0, 1, 2, 100, 1500, 2047, 2048, 2049, 5000, 20_000, 300_000}
	whole, err := build(s)
	require.NoError(t, err)
	parts := make([]acc, 5)
	for i := range parts {
		parts[i], err = build(s)
		require.NoError(t, err)
	}
	for g, n := range sizes {
		vals, gids := make([]int64, 2*n), make([]uint32, 2*n)
		for i := range vals {
			vals[i], gids[i] = int64(i%max(n, 1))*7919+int64(g), uint32(g)
		}
		for at := 0; at < len(vals); at += 8192 {
			end := min(at+8192, len(vals))
			v := column(i64, vals[at:end], nil)
			require.NoError(t, whole.Update(gids[at:end], []vec.Vec{v}, nil, end-at, len(sizes)))
			require.NoError(t, parts[at/8192%5].Update(gids[at:end], []vec.Vec{v}, nil, end-at, len(sizes)))
		}
	}
	merged, err := build(s)
	require.NoError(t, err)
	all := make([]uint32, len(sizes))
	for i := range all {
		all[i] = uint32(i)
	}
	for _, p := range parts {
		require.NoError(t, p.Update(nil, nil, nil, 0, len(sizes)))
		require.NoError(t, merged.Merge(all, p.State(), len(sizes), len(sizes)))
	}
	a, b := result(t, whole, len(sizes)), result(t, merged, len(sizes))
	for g, n := range sizes {
		got := vec.Of[int64](&a)[g]
		require.Equal(t, got, vec.Of[int64](&b)[g], "parts do not matter: %d values", n)
		bound := 5 * 0.0081 * float64(n)
		if n <= 2048 {
			bound = 1
		}
		require.LessOrEqual(t, math.Abs(float64(got)-float64(n)), bound, "%d for %d", got, n)
	}
}

// TestCodes: the register of a sparse code is that of its hash.
func TestCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		h := r.Uint64() >> r.IntN(60) << r.IntN(40)
		at, rank := register(codeOf(h))
		require.Equal(t, uint32(h>>(64-hllBits)), at)
		want := 1
		for b := 63 - hllBits; b >= 0 && h>>b&1 == 0; b-- {
			want++
		}
		require.Equal(t, uint8(want), rank, "%064b", h)
	}
}

// TestOrdered compares aggregates with an order of their own with sorted rows, also when First and Last have forgotten many.
func TestOrdered(t *testing.T) {
	i64 := arrow.PrimitiveTypes.Int64
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: i64, Nullable: true}, {Name: "k", Type: i64, Nullable: true}}, nil)
	for _, desc := range []bool{false, true} {
		key := expr.Col("k")
		if desc {
			key = key.Desc()
		}
		for name, e := range map[string]expr.Expr{"first": expr.First("x"), "last": expr.Last("x"), "list_of": expr.ListOf("x"), "mode": expr.Mode("x")} {
			bound, err := expr.Bind(e.OrderBy(key), schema)
			require.NoError(t, err)
			require.Len(t, Args(bound), 2)
			for _, groups := range []int{1, 7, 1000} {
				a, err := New(bound)
				require.NoError(t, err)
				b, err := New(bound)
				require.NoError(t, err)
				type rec struct {
					x, k         int64
					xNull, kNull bool
				}
				by := make([][]rec, groups)
				r := rand.New(rand.NewPCG(uint64(groups), 9))
				all := make([]uint32, groups)
				for g := range all {
					all[g] = uint32(g)
				}
				for range 6 {
					const n = 8000
					x, k, gids := make([]int64, n), make([]int64, n), make([]uint32, n)
					xv, kv := column(i64, x, randomBits(r, n)), column(i64, k, randomBits(r, n))
					for i := range x {
						x[i], k[i], gids[i] = r.Int64N(50), r.Int64N(1000), uint32(r.IntN(groups))
						by[gids[i]] = append(by[gids[i]], rec{x[i], k[i], !xv.ValidAt(i), !kv.ValidAt(i)})
					}
					part, err := New(bound)
					require.NoError(t, err)
					g := gids
					if groups == 1 {
						g = nil
					}
					require.NoError(t, a.Update(g, []vec.Vec{xv, kv}, nil, n, groups))
					require.NoError(t, part.Update(g, []vec.Vec{xv, kv}, nil, n, groups))
					require.NoError(t, b.Merge(all, part.State(), groups, groups))
				}
				va, err := a.Result(groups)
				require.NoError(t, err)
				vb, err := b.Result(groups)
				require.NoError(t, err)
				for g, rows := range by {
					slices.SortStableFunc(rows, func(p, q rec) int {
						switch {
						case p.kNull || q.kNull:
							return boolOrder(p.kNull, q.kNull)
						case desc:
							return int(q.k - p.k)
						}
						return int(p.k - q.k)
					})
					var texts []row
					var list []string
					for _, p := range rows {
						if p.xNull {
							list = append(list, "∅")
							continue
						}
						v := column(i64, []int64{p.x}, nil)
						text := rowtest.Text(&v, 0)
						list = append(list, text)
						texts = append(texts, row{text: text})
					}
					for _, v := range []*vec.Vec{&va, &vb} {
						switch name {
						case "first":
							require.Equal(t, texts[0].text, rowtest.Text(v, g))
						case "last":
							require.Equal(t, texts[len(texts)-1].text, rowtest.Text(v, g))
						case "mode":
							require.Equal(t, modeOf(texts), rowtest.Text(v, g))
						default:
							require.Equal(t, fmt.Sprint(list), listText(v, g))
						}
					}
				}
				if name == "first" {
					require.Less(t, a.Bytes(), int64(4<<20), "First keeps all rows")
				}
			}
		}
	}
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
