package parquetio

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// scripted is a filter that wants rows by chance, in stretches, and notes the values that it was shown and wanted.
type scripted struct {
	rng     *rand.Rand
	worth   float64
	stretch int // rows of about one decision
	share   float64

	wanted    []string // of the early columns
	all       int
	allWanted int
}

func (s *scripted) Worth(asked, given int) bool {
	if given > asked {
		panic("more rows given than asked about")
	}
	return s.rng.Float64() < s.worth
}

func (s *scripted) Keep(cols []arrow.Array, rows int, mask []uint64) (int, error) {
	shown := rowsOf(cols, rows)
	n, left, keep := 0, 0, false
	for i, row := range shown {
		if left == 0 {
			left, keep = 1+s.rng.IntN(s.stretch), s.rng.Float64() < s.share
		}
		left--
		if keep {
			mask[i/64] |= 1 << (i % 64)
			n++
			s.wanted = append(s.wanted, row)
		}
	}
	s.all, s.allWanted = s.all+rows, s.allWanted+n
	return n, nil
}

// What a filter wants comes, in order and whole, whatever the columns' encodings are; what else comes are rows of the file.
func TestFilteredRows(t *testing.T) {
	const rows = 6000
	seed := seedRows(rows)
	f := mustOpen(t, writeSeed(t, seed, parquet.PageBufferSize(4<<10)))
	all := wantRowsByColumn(t, f)
	flat := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17} // places of the flat columns of seedRow
	rng := rand.New(rand.NewPCG(7, 8))
	lessRead := 0
	for round := range 40 {
		o := ReadOptions{BatchRows: 1 + rng.IntN(1500), KeepDictionaries: rng.IntN(2) == 0, Columns: rng.Perm(len(all))}
		if rng.IntN(3) == 0 {
			from := int64(rng.IntN(rows - 1))
			o.Ranges = []RowRange{{from / 2, from}, {from + 1, rows}}
		}
		for range 1 + rng.IntN(3) {
			c := flat[rng.IntN(len(flat))]
			if at := slices.Index(o.Columns, c); !slices.Contains(o.Early, at) {
				o.Early = append(o.Early, at)
			}
		}
		s := &scripted{rng: rng, worth: []float64{1, 1, 0.7}[rng.IntN(3)], stretch: 1 + rng.IntN(400), share: rng.Float64() * rng.Float64()}
		o.Filter = s
		place := fmt.Sprintf("round %d, early %v of %v, batches of %d", round, o.Early, o.Columns, o.BatchRows)
		got := checkFiltered(t, f, o, s, all, place)
		if got < s.all {
			lessRead++
		}
	}
	require.Greater(t, lessRead, 10, "the filter must leave rows out")
}

// wantRowsByColumn reads every column without a filter.
func wantRowsByColumn(t *testing.T, f *File) [][]string {
	n := f.Schema().NumFields()
	cols := make([][]string, n)
	for c := range n {
		_, err := readAll(f, ReadOptions{Columns: []int{c}}, func(arrs []arrow.Array, rows int) {
			for i := range rows {
				cols[c] = append(cols[c], valueOf(arrs[0], i))
			}
		})
		require.NoError(t, err)
	}
	return cols
}

// checkFiltered reads with a filter and checks what comes against all values of the file, by column. It returns how many rows came.
func checkFiltered(t *testing.T, f *File, o ReadOptions, s *scripted, all [][]string, place string) int {
	t.Helper()
	rows := int64(len(all[0]))
	got := readRows(t, f, o)
	// The rows given are a subsequence of those of the ranges.
	ranges := o.Ranges
	if ranges == nil {
		ranges = []RowRange{{0, rows}}
	}
	at, want := 0, 0
	for _, r := range ranges {
		for i := r.From; i < r.To && at < len(got); i++ {
			line := ""
			for _, c := range o.Columns {
				line += all[c][i] + "|"
			}
			if got[at] != line {
				continue
			}
			at++
			early := ""
			for _, c := range o.Early {
				early += all[o.Columns[c]][i] + "|"
			}
			if want < len(s.wanted) && s.wanted[want] == early {
				want++
			}
		}
	}
	require.Equal(t, len(got), at, "%s: row %d is not of the file, or not in order", place, at)
	require.Equal(t, len(s.wanted), want, "%s: a wanted row did not come", place)
	return len(got)
}

// longFallback is a file whose text column changes between dictionary-encoded and plain pages, with nulls.
func longFallback(rng *rand.Rand, pages, rows int) []byte {
	text := testColumn{name: "s", typ: physByteArray, rep: repOptional, conv: testUTF8, nulls: -1, pages: []testPage{
		{typ: pageDict, values: 3, body: plainStrings("alpha", "a value too long to be inline", "")}}}
	var ids []int32
	for p := range pages {
		var valid, codes []uint32
		var plain []string
		for i := range rows {
			ids = append(ids, int32(p*rows+i))
			ok := uint32(min(rng.IntN(4), 1))
			if valid = append(valid, ok); ok == 1 {
				codes, plain = append(codes, uint32(rng.IntN(3))), append(plain, fmt.Sprintf("plain text number %d", rng.IntN(100)))
			}
		}
		levels := func(v []uint32, w uint) []byte {
			for len(v)%8 != 0 {
				v = append(v, 0)
			}
			return packedRun(w, v...)
		}
		page := testPage{typ: pageData, values: rows, defEnc: encRLE, body: withLength(levels(valid, 1))}
		if rng.IntN(2) == 0 {
			page.enc, page.body = encRLEDict, append(append(page.body, 2), levels(codes, 2)...)
		} else {
			page.enc, page.body = encPlain, append(page.body, plainStrings(plain...)...)
		}
		text.pages = append(text.pages, page)
	}
	n := testColumn{name: "n", typ: physInt32, nulls: -1, pages: []testPage{{typ: pageData, values: len(ids), enc: encPlain, body: plain32(ids...)}}}
	return makeFile(len(ids), text, n)
}

// A batch whose rows lie in dictionary-encoded pages and in others comes as values.
func TestFilteredFallback(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 10 {
		f := mustOpen(t, longFallback(rng, 12, 8+rng.IntN(200)))
		all := wantRowsByColumn(t, f)
		for round := range 20 {
			s := &scripted{rng: rng, worth: 0.9, stretch: 1 + rng.IntN(150), share: rng.Float64() * rng.Float64()}
			o := ReadOptions{BatchRows: 100 + rng.IntN(1000), KeepDictionaries: true, Columns: []int{0, 1}, Early: []int{rng.IntN(2)}, Filter: s}
			checkFiltered(t, f, o, s, all, fmt.Sprintf("round %d, batches of %d, early %v", round, o.BatchRows, o.Early))
		}
	}
}

// A damaged file read through a filter ends in a fault that names it, or not at all.
func TestFilteredMutations(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	whole := [][]byte{writeSeed(t, seedRows(400)), longFallback(rng, 6, 100)}
	for range 300 {
		f, err := openBytes(mutate(rng, bytes.Clone(whole[rng.IntN(len(whole))])))
		if err != nil {
			checkFault(t, err)
			continue
		}
		s := &scripted{rng: rng, worth: 0.9, stretch: 1 + rng.IntN(100), share: 0.3}
		o := ReadOptions{KeepDictionaries: true, BatchRows: 1 + rng.IntN(300), Filter: s, Early: []int{rng.IntN(f.Schema().NumFields() + 1)}, UTF8: UTF8Keep}
		if f.NumRows() > 10_000 {
			continue
		}
		if err := readSome(f, o); err != nil {
			checkFault(t, err)
		}
	}
}
