package eval

import (
	"bytes"
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// textColumn lays texts into buffers as readers do, some of them with lengths between and some with gaps, in two buffers.
func textColumn(r *rand.Rand, texts []string, valid []uint64) vec.Vec {
	heads := make([]vec.ViewHeader, len(texts))
	bufs := make([][]byte, 2)
	for i, s := range texts {
		if len(s) <= vec.InlineLen {
			heads[i] = vec.Inline([]byte(s))
			if r.IntN(2) == 0 {
				bufs[0] = append(bufs[0], s...)
			}
			continue
		}
		at := min(r.IntN(40), 1)
		at = 1 - at // mostly the first
		bufs[at] = append(bufs[at], strings.Repeat("abc", r.IntN(3))...)
		if r.IntN(30) == 0 {
			bufs[at] = append(bufs[at], make([]byte, 100)...)
		}
		heads[i] = vec.Long([]byte(s), uint32(at), uint32(len(bufs[at])))
		bufs[at] = append(bufs[at], s...)
	}
	return vec.Vec{Type: arrow.BinaryTypes.String, Phys: vec.View, Width: 16, Len: len(texts), Data: vec.Bytes(heads), Bufs: bufs, Valid: valid}
}

// Texts that are searched as one give what each gives alone.
func TestTextSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "x", Type: arrow.PrimitiveTypes.Int64}}, nil)
	for range 300 {
		n := 1 + r.IntN(300)
		letters := 2 + r.IntN(3)
		word := func(most int) string {
			b := make([]byte, r.IntN(most+1))
			for i := range b {
				b[i] = "abcde"[r.IntN(letters)]
			}
			return string(b)
		}
		texts := make([]string, n)
		valid := make([]uint64, bitmap.Words(n))
		nums := make([]int64, n)
		for i := range texts {
			texts[i], nums[i] = word(40), int64(r.IntN(3))
			if r.IntN(10) > 0 {
				bitmap.Set(valid, i)
			}
		}
		col := textColumn(r, texts, valid)
		a, b := word(5), word(4)
		s := expr.Col("s").Str()
		for _, c := range []struct {
			name string
			e    expr.Expr
			want func(s string) bool
		}{
			{"contains " + a, s.Contains(a), func(s string) bool { return strings.Contains(s, a) }},
			{"like %" + a + "%" + b + "%", s.Like("%" + a + "%" + b + "%"), regexp.MustCompile(a + ".*" + b).MatchString},
			{"like %" + a + "%" + b, s.Like("%" + a + "%" + b), regexp.MustCompile(a + ".*" + b + "$").MatchString},
			{"like " + a + "%" + b + "%", s.Like(a + "%" + b + "%"), regexp.MustCompile("^" + a + ".*" + b).MatchString},
			{"match", s.Match(a + "[bc]" + b), regexp.MustCompile(a + "[bc]" + b).MatchString},
			{"match whole", s.Match("^" + a + "$"), func(s string) bool { return s == a }},
			{"match with point", s.Match(a + `\.`), func(string) bool { return false }},
		} {
			p, err := Compile([]expr.Expr{expr.Col("x").Ne(2).And(c.e)}, schema)
			require.NoError(t, err)
			out := make([]vec.Vec, 1)
			numbers := vec.Vec{Type: arrow.PrimitiveTypes.Int64, Phys: vec.Int64, Width: 8, Len: n, Data: vec.Bytes(nums)}
			require.NoError(t, p.Run(context.Background(), &vec.Batch{Cols: []vec.Vec{col, numbers}, Rows: n}, out))
			for i := range texts {
				want := nums[i] != 2 && c.want(texts[i])
				if nums[i] == 2 || bitmap.Get(valid, i) {
					require.True(t, out[0].ValidAt(i))
					require.Equal(t, want, bitmap.Get(out[0].Bits(), i), "%s of %q", c.name, texts[i])
				} else {
					require.False(t, out[0].ValidAt(i))
				}
			}
		}
	}
}

func TestNeedle(t *testing.T) {
	require.Nil(t, newNeedle(""))
	require.Equal(t, byte('q'), func() byte { n := newNeedle("requests"); return n.text[n.rare] }())
	require.True(t, newNeedle("requests").rarer(newNeedle("special")))
	require.True(t, newNeedle("abcde").rarer(newNeedle("abc")))
}

func FuzzNeedle(f *testing.F) {
	f.Add([]byte("the quick brown fox"), []byte("quick"))
	f.Add(bytes.Repeat([]byte("qqqqqqqqa"), 100), []byte("qqqb"))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), []byte("aab"))
	f.Add([]byte("x"), []byte("xx"))
	f.Fuzz(func(t *testing.T, s, text []byte) {
		n := newNeedle(string(text))
		if n == nil {
			return
		}
		require.Equal(t, bytes.Index(s, text), n.index(s))
	})
}
