package vec

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/bitmap"
)

// checked is the rows of an array as text, after a look at its inside; there is nothing under nulls in a fixed-width one.
func checked(t *testing.T, arr arrow.Array, err error) []string {
	require.NoError(t, err)
	if full, ok := arr.(interface{ ValidateFull() error }); ok {
		require.NoError(t, full.ValidateFull())
	}
	if w := bytesOfType(arr.DataType()); w > 0 && len(arr.Data().Children()) == 0 {
		for i := range arr.Len() {
			if arr.IsNull(i) {
				require.Equal(t, make([]byte, w), arr.Data().Buffers()[1].Bytes()[i*w:(i+1)*w])
			}
		}
	}
	return values(arr)
}

// TestRowsToArrow holds the one step against the two that it stands for.
func TestRowsToArrow(t *testing.T) {
	var s Scratch
	forAll(t, func(t *testing.T, r *rand.Rand, arr arrow.Array) {
		s.Reset()
		var v, rows Vec
		require.NoError(t, FromArrow(arr, &v, &s))
		typ := arr.DataType()
		if typ.ID() == arrow.RUN_END_ENCODED {
			typ = Logical(typ)
		}
		idx := []uint32{}
		for range min(v.Len*2, 90) {
			idx = append(idx, uint32(r.IntN(v.Len)))
		}
		Take(&rows, &v, idx, &s)
		want := texts(t, &rows, typ)
		got, err := Rows{Idx: idx}.ToArrow(&v, typ, &s)
		require.Equal(t, want, checked(t, got, err))
		got, err = RowsOpt(idx, &s).ToArrow(&v, typ, &s)
		require.Equal(t, want, checked(t, got, err))

		for i := range idx {
			if r.IntN(3) == 0 {
				idx[i] = NoRow
			}
		}
		idx = append(idx, NoRow, NoRow)
		TakeOpt(&rows, &v, idx, &s)
		want = texts(t, &rows, typ)
		got, err = RowsOpt(idx, &s).ToArrow(&v, typ, &s)
		require.Equal(t, want, checked(t, got, err))
	})
}

// TestManyRowsToArrow takes text of a column beyond the caches.
func TestManyRowsToArrow(t *testing.T) {
	b := NewBuilder(arrow.BinaryTypes.String)
	few, want := randomCodes(rand.New(rand.NewPCG(2, 2)), arrow.BinaryTypes.String, []string{"a", "twelve bytes", strings.Repeat("long", 9)}, 0, 0.2, 1000)
	Decode(&few, &few, nil)
	for b.Len()*16 <= maxTwice {
		b.Append(&few)
	}
	v := b.Vec()
	got, err := RowsOpt([]uint32{1, NoRow, 700, 0}, nil).ToArrow(&v, arrow.BinaryTypes.String, nil)
	require.Equal(t, []string{want[1], "(null)", want[700], want[0]}, checked(t, got, err))
}

// textTypes are the types whose values lie one after the other.
var textTypes = []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.LargeBinary}

// TestDictionaryToText checks text that comes as codes: entries may be equal, null, short or long, and codes under nulls any.
func TestDictionaryToText(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	for _, entries := range [][]string{{"a"}, {"a", "a", "", "twelve bytes"}, {"a", "thirteen byte", "a", strings.Repeat("long ", 20)}, {""}} {
		for _, nullEntries := range []float64{0, 0.5, 1} {
			for _, nulls := range []float64{0, 0.3, 1} {
				for _, n := range []int{0, 1, 64, 200} {
					for _, typ := range textTypes {
						v, want := randomCodes(r, typ, entries, nullEntries, nulls, n)
						got, err := ToArrow(&v, typ)
						require.Equal(t, want, checked(t, got, err))
						require.True(t, arrow.TypeEqual(typ, got.DataType()))
						if n == 0 {
							continue
						}
						idx := []uint32{0, uint32(n) - 1, uint32(n) / 2, 0}
						got, err = Rows{Idx: idx}.ToArrow(&v, typ, nil)
						require.Equal(t, []string{want[0], want[n-1], want[n/2], want[0]}, checked(t, got, err))
						got, err = RowsOpt([]uint32{NoRow, 0, NoRow}, nil).ToArrow(&v, typ, nil)
						require.Equal(t, []string{"(null)", want[0], "(null)"}, checked(t, got, err))
					}
				}
			}
		}
	}
}

// randomCodes is a column of n codes for the entries, some of which are null, and its rows as text.
func randomCodes(r *rand.Rand, typ arrow.DataType, entries []string, nullEntries, nulls float64, n int) (Vec, []string) {
	b := NewBuilder(typ)
	var one Vec
	gone := make([]bool, len(entries))
	for i, e := range entries {
		if gone[i] = r.Float64() < nullEntries; gone[i] {
			one = Vec{Type: Logical(typ), Phys: View, Width: 16, Len: 1, Valid: []uint64{0}, Data: Bytes([]ViewHeader{{Len: 1 << 20, Buf: 7}})}
		} else {
			h := Inline([]byte(e)[:min(len(e), InlineLen)])
			if len(e) > InlineLen {
				h = Long([]byte(e), 0, 0)
			}
			one = Vec{Type: Logical(typ), Phys: View, Width: 16, Len: 1, Data: Bytes([]ViewHeader{h}), Bufs: [][]byte{[]byte(e)}}
		}
		b.Append(&one)
	}
	codes, want := make([]uint32, n), make([]string, n)
	v := Vec{Type: Logical(typ), Phys: View, Width: 4, Len: n, Data: Bytes(codes), Dict: &Dict{Values: b.Vec()}}
	if nulls > 0 {
		v.Valid = make([]uint64, bitmap.Words(n))
	}
	for i := range codes {
		codes[i] = uint32(r.IntN(len(entries)))
		null := r.Float64() < nulls
		if nulls > 0 {
			bitmap.SetTo(v.Valid, i, !null)
		}
		want[i] = entryText(typ, entries[codes[i]])
		if null || gone[codes[i]] {
			want[i] = "(null)"
		}
	}
	return v, want
}

// entryText is a value as its type writes it.
func entryText(typ arrow.DataType, s string) string {
	if id := typ.ID(); id == arrow.BINARY || id == arrow.LARGE_BINARY {
		return base64.StdEncoding.EncodeToString([]byte(s))
	}
	return s
}

// TestTextIsCompact checks that an array of text has no bytes but its values.
func TestTextIsCompact(t *testing.T) {
	v, want := randomCodes(rand.New(rand.NewPCG(1, 1)), arrow.BinaryTypes.String, []string{"one", "four"}, 0, 0, 100)
	arr, err := ToArrow(&v, arrow.BinaryTypes.String)
	require.NoError(t, err)
	data := arr.Data().Buffers()[2].Bytes()
	require.Equal(t, strings.Join(want, ""), string(data))
	require.Equal(t, len(data), cap(data))
}

func BenchmarkToText(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 1))
	const n = 8192
	for _, long := range []string{"short", "long"} {
		entries := make([]string, 1000)
		for i := range entries {
			entries[i] = fmt.Sprintf("id%d", i*i)
			if long == "long" {
				entries[i] += strings.Repeat("x", r.IntN(20))
			}
		}
		coded, _ := randomCodes(r, arrow.BinaryTypes.String, entries, 0, 0, n)
		var plain Vec
		Decode(&plain, &coded, nil)
		for name, v := range map[string]*Vec{"coded": &coded, "plain": &plain} {
			b.Run(long+"/"+name, func(b *testing.B) {
				for b.Loop() {
					_, _ = ToArrow(v, arrow.BinaryTypes.String)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
			})
		}
	}
}
