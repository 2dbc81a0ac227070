package agg

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/rowenc/rowtest"
	"github.com/sheafdata/sheaf/internal/vec"
)

// row is a row that counts: a value, or any row for count.
type row struct {
	text string
	f    float64
	raw  []byte
	null bool
}

// model is the rows of each group, in order.
type model struct{ rows [][]row }

func (m *model) add(g int, r row) {
	for len(m.rows) <= g {
		m.rows = append(m.rows, nil)
	}
	m.rows[g] = append(m.rows[g], r)
}

// batch is one Update.
type batch struct {
	gids   []uint32
	args   []vec.Vec
	where  []uint64
	rows   int
	groups int
}

func (b *batch) group(i int) int {
	if b.gids == nil {
		return 0
	}
	return int(b.gids[i])
}

func (b *batch) counts(i int) bool { return b.where == nil || b.where[i>>6]>>(uint(i)&63)&1 == 1 }

func batches(g *rowtest.Gen, t arrow.DataType, single bool) []batch {
	var out []batch
	groups := 1
	for _, n := range []int{1, 200, 0, 65, 1000} {
		b := batch{rows: n}
		if !single {
			groups += g.Rand.IntN(12)
			b.gids = make([]uint32, n)
			for i := range b.gids {
				b.gids[i] = uint32(g.Rand.IntN(groups))
			}
		}
		b.groups = groups
		if t != nil {
			b.args = []vec.Vec{g.Encode(g.Column(t, n))}
		}
		if g.Rand.IntN(2) == 0 {
			b.where = make([]uint64, (n+63)/64)
			for i := range b.where {
				b.where[i] = g.Rand.Uint64()
			}
		}
		out = append(out, b)
	}
	return out
}

func modelOf(bs []batch) *model {
	m := &model{}
	for _, b := range bs {
		for len(m.rows) < b.groups {
			m.rows = append(m.rows, nil)
		}
		for i := range b.rows {
			if !b.counts(i) {
				continue
			}
			r := row{null: true}
			if len(b.args) > 0 {
				v := &b.args[0]
				r = row{text: rowtest.Text(v, i), null: !v.ValidAt(i)}
				if !r.null && (v.Width > 0 || v.Phys == vec.Bool) {
					r.f = rowtest.Float(v, i)
					r.raw = rawOf(v, i)
				}
			}
			m.add(b.group(i), r)
		}
	}
	return m
}

func rawOf(v *vec.Vec, i int) []byte {
	switch {
	case v.Dict != nil:
		return rawOf(&v.Dict.Values, int(v.Codes()[i]))
	case v.Phys == vec.View:
		return vec.Of[vec.ViewHeader](v)[i].Value(v.Bufs)
	case v.Phys == vec.Bool:
		return []byte{byte(rowtest.Float(v, i))}
	}
	return v.Data[i*v.Width : (i+1)*v.Width]
}

// values are the rows of a group that are not null.
func (m *model) values(g int) (out []row) {
	for _, r := range m.rows[g] {
		if !r.null {
			out = append(out, r)
		}
	}
	return out
}

// integer reads two's complement bytes.
func integer(raw []byte, unsigned bool) *big.Int {
	be := make([]byte, len(raw))
	for i, b := range raw {
		be[len(raw)-1-i] = b
	}
	x := new(big.Int).SetBytes(be)
	if !unsigned && len(raw) > 0 && raw[len(raw)-1] >= 0x80 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return x
}

func isUnsigned(p vec.Phys) bool {
	return p == vec.Bool || p >= vec.Uint8 && p <= vec.Uint64
}

func isFloat(p vec.Phys) bool { return p >= vec.Float16 && p <= vec.Float64 }

// less is the order of min and max.
func less(p vec.Phys, a, b row) bool {
	switch {
	case isFloat(p):
		return a.f < b.f || b.f != b.f && a.f == a.f
	case p == vec.View || p == vec.Fixed:
		return string(a.raw) < string(b.raw)
	}
	return integer(a.raw, isUnsigned(p)).Cmp(integer(b.raw, isUnsigned(p))) < 0
}

// want is the answer of an exact aggregate as text.
func want(op string, p vec.Phys, all, vals []row) string {
	switch op {
	case "count":
		return fmt.Sprint(len(all))
	case "count_of":
		return fmt.Sprint(len(vals))
	case "n_unique":
		set := map[string]bool{}
		for _, r := range vals {
			set[r.text] = true
		}
		return fmt.Sprint(len(set))
	}
	if len(vals) == 0 {
		return "∅"
	}
	best := vals[0]
	switch op {
	case "last":
		best = vals[len(vals)-1]
	case "min", "all":
		for _, r := range vals {
			if less(p, r, best) {
				best = r
			}
		}
	case "max", "any":
		for _, r := range vals {
			if less(p, best, r) {
				best = r
			}
		}
	}
	return best.text
}

func run(t *testing.T, s spec, bs []batch) acc {
	t.Helper()
	a, err := build(s)
	require.NoError(t, err)
	for _, b := range bs {
		require.NoError(t, a.Update(b.gids, b.args, b.where, b.rows, b.groups))
	}
	return a
}

// merged runs the batches in parts, with group numbers of their own, and merges their states in order.
func merged(t *testing.T, g *rowtest.Gen, s spec, bs []batch) acc {
	t.Helper()
	out, err := build(s)
	require.NoError(t, err)
	groups := bs[len(bs)-1].groups
	for len(bs) > 0 {
		n := 1 + g.Rand.IntN(len(bs))
		part := append([]batch(nil), bs[:n]...)
		bs = bs[n:]
		// Local number l of a part is group back[l].
		back, local := []uint32{}, map[uint32]uint32{}
		for i := range part {
			b := &part[i]
			if b.gids == nil {
				continue
			}
			own := make([]uint32, b.rows)
			for k, gid := range b.gids {
				if _, ok := local[gid]; !ok {
					local[gid] = uint32(len(back))
					back = append(back, gid)
				}
				own[k] = local[gid]
			}
			b.gids, b.groups = own, len(back)
		}
		a := run(t, s, part)
		state := a.State()
		types := a.types()
		require.Len(t, state, len(types))
		rows := len(back)
		var gids []uint32
		if part[0].gids == nil {
			rows = 1
		} else {
			gids = back
		}
		// States are sliced, picked from, and cross processes as arrow columns.
		var scratch vec.Scratch
		idx := make([]uint32, rows)
		for i := range idx {
			idx[i] = uint32(rows - 1 - i)
		}
		for c := range state {
			require.Equal(t, rows, state[c].Len)
			require.True(t, arrow.TypeEqual(types[c], state[c].Type), "state column %d is %s, not %s", c, state[c].Type, types[c])
			vec.Take(&state[c], &state[c], idx, &scratch)
			vec.Take(&state[c], &state[c], idx, &scratch)
		}
		half := rows / 2
		var lo, hi []uint32
		if gids != nil {
			lo, hi = gids[:half], gids[half:]
		}
		slice := func(from, n int) []vec.Vec {
			out := make([]vec.Vec, len(state))
			for c := range state {
				vec.Slice(&out[c], &state[c], from, n, &scratch)
			}
			return out
		}
		require.NoError(t, out.Merge(lo, slice(0, half), half, groups))
		require.NoError(t, out.Merge(hi, slice(half, rows-half), rows-half, groups))
	}
	return out
}

func outType(op string, in arrow.DataType) arrow.DataType {
	switch op {
	case "count", "count_of", "n_unique":
		return arrow.PrimitiveTypes.Int64
	case "mean", "var", "std", "var_pop", "std_pop":
		return arrow.PrimitiveTypes.Float64
	case "sum":
		switch p, _, _ := vec.PhysOf(in); {
		case isFloat(p):
			return arrow.PrimitiveTypes.Float64
		case p == vec.Dec128:
			return &arrow.Decimal128Type{Precision: 38, Scale: in.(arrow.DecimalType).GetScale()}
		case p == vec.Dec256:
			return &arrow.Decimal256Type{Precision: 76, Scale: in.(arrow.DecimalType).GetScale()}
		case in.ID() == arrow.DURATION:
			return in
		case p == vec.Uint64: // the test's values overflow 64 bits
			return &arrow.Decimal128Type{Precision: 38}
		}
		return arrow.PrimitiveTypes.Int64
	}
	return in
}

func result(t *testing.T, a acc, groups int) vec.Vec {
	t.Helper()
	v, err := a.Result(groups)
	require.NoError(t, err)
	require.Equal(t, groups, v.Len)
	require.Positive(t, a.Bytes()+1)
	return v
}

func answer(v *vec.Vec, i int, op string) string {
	if op == "count" || op == "count_of" || op == "n_unique" {
		if !v.ValidAt(i) {
			return "null count"
		}
		return fmt.Sprint(vec.Of[int64](v)[i])
	}
	return rowtest.Text(v, i)
}

func TestExactAggregates(t *testing.T) {
	for _, ty := range rowtest.Types() {
		p, _, _ := vec.PhysOf(ty)
		ops := []string{"count", "count_of", "n_unique", "first", "last"}
		if p != vec.List && p != vec.Struct {
			ops = append(ops, "min", "max")
		}
		if p == vec.Bool {
			ops = append(ops, "any", "all")
		}
		for _, op := range ops {
			t.Run(op+"/"+ty.String(), func(t *testing.T) {
				for seed := range uint64(8) {
					g := rowtest.New(seed)
					g.Nulls = []float64{0, 0.3, 1, 0.05}[seed%4]
					single := seed >= 6
					bs := batches(g, ty, single)
					if op == "count" {
						for i := range bs {
							bs[i].args = nil
						}
					}
					m := modelOf(bs)
					s := spec{op: op, in: vec.Logical(ty), out: vec.Logical(outType(op, ty)), column: "x"}
					if op == "count" {
						s.in = nil
					}
					a, b := run(t, s, bs), merged(t, g, s, bs)
					groups := bs[len(bs)-1].groups
					va, vb := result(t, a, groups), result(t, b, groups)
					for i := range groups {
						w := want(op, p, m.rows[i], m.values(i))
						require.Equal(t, w, answer(&va, i, op), "seed %d group %d", seed, i)
						require.Equal(t, w, answer(&vb, i, op), "merged: seed %d group %d", seed, i)
					}
				}
			})
		}
	}
}

// exactSum sums as integers or exact floats.
func exactSum(p vec.Phys, vals []row) (sum *big.Float, abs float64, special float64) {
	sum = new(big.Float).SetPrec(2200)
	for _, r := range vals {
		if isFloat(p) {
			special += r.f - r.f // NaN where some value is not finite
			if r.f-r.f == 0 {
				sum.Add(sum, new(big.Float).SetFloat64(r.f))
			}
			abs += math.Abs(r.f)
			continue
		}
		x := new(big.Float).SetPrec(2200).SetInt(integer(r.raw, isUnsigned(p)))
		sum.Add(sum, x)
		f, _ := x.Float64()
		abs += math.Abs(f)
	}
	return sum, abs, special
}

func plainSum(vals []row) (s float64) {
	for _, r := range vals {
		s += r.f
	}
	return s
}

func TestSumAndMean(t *testing.T) {
	for _, ty := range rowtest.Types() {
		p, _, _ := vec.PhysOf(ty)
		if p == vec.View || p == vec.List || p == vec.Struct || p == vec.Fixed {
			_, err := build(spec{op: "sum", in: ty, out: ty})
			require.Error(t, err, "sum of %s", ty)
			continue
		}
		for _, op := range []string{"sum", "mean"} {
			t.Run(op+"/"+ty.String(), func(t *testing.T) {
				for seed := range uint64(8) {
					g := rowtest.New(seed)
					g.Nulls = []float64{0, 0.3, 1, 0.05}[seed%4]
					g.Card = []int{20, 120, 40}[seed%3]
					bs := batches(g, ty, seed >= 6)
					m := modelOf(bs)
					s := spec{op: op, in: vec.Logical(ty), out: vec.Logical(outType(op, ty)), column: "x"}
					groups := bs[len(bs)-1].groups
					for _, a := range []acc{run(t, s, bs), merged(t, g, s, bs)} {
						v := result(t, a, groups)
						for i := range groups {
							vals := m.values(i)
							require.Equal(t, len(vals) > 0, v.ValidAt(i), "seed %d group %d", seed, i)
							if len(vals) > 0 {
								checkSum(t, op, p, ty, vals, &v, i)
							}
						}
					}
				}
			})
		}
	}
}

func checkSum(t *testing.T, op string, p vec.Phys, ty arrow.DataType, vals []row, v *vec.Vec, i int) {
	t.Helper()
	sum, abs, special := exactSum(p, vals)
	if op == "sum" && !isFloat(p) {
		exact, _ := sum.Int(nil)
		require.Equal(t, exact.String(), integer(rawOf(v, i), false).String())
		return
	}
	got := vec.Of[float64](v)[i]
	scale := 1.0
	if op == "mean" {
		scale = float64(len(vals))
		if d, ok := ty.(arrow.DecimalType); ok {
			scale *= math.Pow10(int(d.GetScale()))
		}
	}
	if special != 0 {
		w := plainSum(vals) / scale
		require.True(t, got == w || got != got && w != w, "%v is not %v", got, w)
		return
	}
	w, _ := sum.Float64()
	require.InDelta(t, w/scale, got, 1e-15*abs/scale+1e-300)
}

func TestMoments(t *testing.T) {
	for _, ty := range []arrow.DataType{arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float32,
		arrow.PrimitiveTypes.Int64, &arrow.Decimal128Type{Precision: 30, Scale: 0}, arrow.FixedWidthTypes.Boolean} {
		p, _, _ := vec.PhysOf(ty)
		for _, op := range []string{"var", "std", "var_pop", "std_pop"} {
			t.Run(op+"/"+ty.String(), func(t *testing.T) {
				for seed := range uint64(8) {
					g := rowtest.New(seed)
					g.Nulls = []float64{0, 0.3, 1, 0.9}[seed%4]
					bs := batches(g, ty, seed >= 6)
					m := modelOf(bs)
					s := spec{op: op, in: vec.Logical(ty), out: arrow.PrimitiveTypes.Float64, column: "x"}
					groups := bs[len(bs)-1].groups
					for _, a := range []acc{run(t, s, bs), merged(t, g, s, bs)} {
						v := result(t, a, groups)
						for i := range groups {
							checkMoment(t, op, p, m.values(i), &v, i)
						}
					}
				}
			})
		}
	}
}

func checkMoment(t *testing.T, op string, p vec.Phys, vals []row, v *vec.Vec, i int) {
	t.Helper()
	n := float64(len(vals))
	div := n
	if op == "var" || op == "std" {
		div--
	}
	require.Equal(t, n > 0 && div > 0, v.ValidAt(i), "%s of %v values", op, n)
	if n == 0 || div <= 0 {
		return
	}
	mean, m2 := plainSum(vals)/n, 0.0
	for _, r := range vals {
		m2 += (r.f - mean) * (r.f - mean)
	}
	w, got := m2/div, vec.Of[float64](v)[i]
	if op == "std" || op == "std_pop" {
		w = math.Sqrt(w)
	}
	if w-w != 0 { // infinite or not a number
		require.True(t, math.IsNaN(got) || math.IsInf(got, 1), "%v", got)
		return
	}
	require.InDelta(t, w, got, 1e-11*(1+math.Abs(w)+mean*mean*1e-3))
}
