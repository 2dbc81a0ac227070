package parquetio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

// seeds are small files of every encoding and codec.
func seeds(t testing.TB) [][]byte {
	rows := seedRows(60)
	out := [][]byte{fallbackFile()}
	for _, opts := range seedOptions() {
		out = append(out, writeSeed(t, rows, opts...))
	}
	return append(out, writeSeed(t, rows[:5], parquet.PageBufferSize(100)))
}

// checkHostile opens and reads all of b in every way and checks that the outcome is rows or a fault, within bounds of memory.
func checkHostile(t testing.TB, b []byte, ways int) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tryHostile(t, b, ways)
	runtime.ReadMemStats(&after)
	// Everything ever allocated, garbage included, over all ways of reading; the pool of the package hides nothing, as what it
	// lends was allocated under an earlier count of its own.
	limit := uint64(ways+1) * uint64(64<<20+20*len(b))
	if got := after.TotalAlloc - before.TotalAlloc; got > limit {
		t.Errorf("a file of %d bytes took %d MiB", len(b), got>>20)
	}
}

func tryHostile(t testing.TB, b []byte, ways int) {
	f, err := openBytes(b)
	if err != nil {
		checkFault(t, err)
		return
	}
	checkFault(t, readSome(f, ReadOptions{}))
	if ways > 1 {
		checkFault(t, readSome(f, ReadOptions{KeepDictionaries: true, BatchRows: 17}))
	}
	if ways > 2 {
		for g := range f.NumRowGroups() {
			f.Stats(g)
			for c := range f.Schema().NumFields() {
				_, err := f.Pages(g, c)
				checkFault(t, err)
				_, err = f.DictionaryValues(g, c)
				checkFault(t, err)
			}
			n := f.RowGroup(g).Rows
			if n > 2 {
				checkFault(t, readSome(f, ReadOptions{RowGroup: g, Ranges: []RowRange{{n / 3, n / 2}, {n - 1, n}}}))
			}
		}
	}
}

// readSome reads all row groups, but no more batches than a sane file of the seeds' size has.
func readSome(f *File, o ReadOptions) error {
	groups := f.NumRowGroups()
	if o.Ranges != nil {
		groups = o.RowGroup + 1
	}
	for ; o.RowGroup < groups; o.RowGroup++ {
		r, err := f.Read(o)
		if err != nil {
			return err
		}
		for range 200 {
			b, err := r.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				r.Close()
				return err
			}
			for _, c := range b.Cols {
				if c.Len() != b.Rows {
					r.Close()
					return errors.New("a column of another length than its batch")
				}
			}
			touch(b.Cols, b.Rows)
		}
		r.Close()
	}
	return nil
}

func checkFault(t testing.TB, err error) {
	var fe *fault.Error
	if err != nil && (!errors.As(err, &fe) || fe.Kind == fault.Internal || fe.File == "" && fe.Kind != fault.Memory) {
		t.Errorf("not a fault of the input: %v", err)
	}
}

// mutate damages a copy of b.
func mutate(rng *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + rng.IntN(4) {
		i := rng.IntN(len(b))
		if rng.IntN(3) == 0 { // near the footer, where a byte matters more
			i = len(b) - 1 - rng.IntN(min(len(b), 800))
		}
		switch rng.IntN(6) {
		case 0:
			b[i] ^= 1 << rng.IntN(8)
		case 1:
			b[i] = byte(rng.Uint32())
		case 2:
			b[i] = 0xff
		case 3:
			b[i] = 0
		case 4:
			j := rng.IntN(len(b))
			copy(b[i:], b[j:min(len(b), j+rng.IntN(16))])
		case 5:
			if rng.IntN(8) == 0 { // cut, keeping the tail so that the footer is still found
				n := rng.IntN(len(b) / 2)
				b = append(b[:min(i, len(b)-n)], b[min(i, len(b)-n)+n:]...)
			}
		}
		if len(b) < 20 {
			break
		}
	}
	return b
}

func TestMutations(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	all := seeds(t)
	n := 3000
	if testing.Short() {
		n = 300
	}
	for i := range n {
		b := mutate(rng, all[i%len(all)])
		checkHostile(t, b, 3)
		if t.Failed() {
			t.Fatalf("mutation %d", i)
		}
	}
}

func TestTruncations(t *testing.T) {
	b := seeds(t)[0]
	for n := range len(b) {
		checkHostile(t, b[:n], 1)
	}
}

// TestClaims reads files that claim far more than they hold.
func TestClaims(t *testing.T) {
	column := func(p ...testPage) testColumn {
		return testColumn{name: "c", typ: physByteArray, nulls: -1, rep: repOptional, pages: p}
	}
	const many = 1 << 30
	ones := withLength(rleRun(many, 1, 1))
	cases := map[string][]byte{
		"page size":         makeFile(8, column(testPage{typ: pageData, values: 8, size: many, body: []byte("xx")})),
		"snappy size":       makeFile(8, testColumn{name: "c", typ: physInt32, codec: codecSnappy, nulls: -1, pages: []testPage{{typ: pageData, values: 8, size: many, body: binary.AppendUvarint(nil, many)}}}),
		"zstd size":         makeFile(8, testColumn{name: "c", typ: physInt32, codec: codecZstd, nulls: -1, pages: []testPage{{typ: pageData, values: 8, size: many, body: []byte{0x28, 0xb5, 0x2f, 0xfd}}}}),
		"values":            makeFile(many, column(testPage{typ: pageData, values: many, defEnc: encRLE, body: ones})),
		"delta count":       makeFile(many, testColumn{name: "c", typ: physInt64, nulls: -1, pages: []testPage{{typ: pageData, values: many, enc: encDeltaBinary, body: deltaHeader(1<<19, 1, many)}}}),
		"lengths":           makeFile(many, column(testPage{typ: pageData, values: many, defEnc: encRLE, enc: encDeltaLength, body: append(bytes.Clone(ones), deltaHeader(1<<19, 1, many)...)})),
		"dictionary values": makeFile(8, column(testPage{typ: pageDict, values: many, body: plainStrings("a")})),
		"dictionary code":   makeFile(8, column(testPage{typ: pageDict, values: 1, body: plainStrings("a")}, testPage{typ: pageData, values: 8, defEnc: encRLE, enc: encRLEDict, body: append(withLength(rleRun(8, 1, 1)), append([]byte{32}, rleRun(8, 32, 7)...)...)})),
		"bit width":         makeFile(8, column(testPage{typ: pageDict, values: 1, body: plainStrings("a")}, testPage{typ: pageData, values: 8, defEnc: encRLE, enc: encRLEDict, body: append(withLength(rleRun(8, 1, 1)), 33, 1, 1)})),
		"string length":     makeFile(8, column(testPage{typ: pageData, values: 8, defEnc: encRLE, body: append(withLength(rleRun(8, 1, 1)), 0xff, 0xff, 0xff, 0x7f)})),
		"no pages":          makeFile(8, column()),
		"few values":        makeFile(8, column(testPage{typ: pageData, values: 4, defEnc: encRLE, body: append(withLength(rleRun(4, 1, 1)), plainStrings("", "", "", "")...)})),
		"prefix bomb":       prefixBomb(),
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			checkHostile(t, b, 3)
			f := mustOpen(t, b)
			_, err := readAll(f, ReadOptions{}, nil)
			require.Error(t, err)
			require.ErrorContains(t, err, "test.parquet")
			require.ErrorContains(t, err, `"c"`)
		})
	}
}

func deltaHeader(block, minis, count int) []byte {
	b := binary.AppendUvarint(nil, uint64(block))
	b = binary.AppendUvarint(b, uint64(minis))
	b = binary.AppendUvarint(b, uint64(count))
	return binary.AppendVarint(b, 0)
}

// prefixBomb has a long value and many that repeat all of it.
func prefixBomb() []byte {
	const n, long = 8000, 200_000
	prefixes := make([]int64, n)
	suffixes := make([]int64, n)
	suffixes[0] = long
	for i := 1; i < n; i++ {
		prefixes[i] = long
	}
	body := append(encodeDelta(prefixes, 128, 4), encodeDelta(suffixes, 128, 4)...)
	body = append(body, make([]byte, long)...)
	return makeFile(n, testColumn{name: "c", typ: physByteArray, nulls: -1, pages: []testPage{{typ: pageData, values: n, enc: encDeltaByteArray, body: body}}})
}

// TestAllNull reads a billion nulls from a few bytes: slowly is fine, at once is not.
func TestAllNull(t *testing.T) {
	const many = 1 << 26
	b := makeFile(many, testColumn{name: "c", typ: physInt64, rep: repOptional, nulls: -1,
		pages: []testPage{{typ: pageData, values: many, defEnc: encRLE, body: withLength(rleRun(many, 1, 0))}}})
	f := mustOpen(t, b)
	r, err := f.Read(ReadOptions{Ranges: []RowRange{{many - 5, many}}})
	require.NoError(t, err)
	defer r.Close()
	batch, err := r.Next(context.Background())
	require.NoError(t, err)
	require.Equal(t, 5, batch.Cols[0].NullN())
}

func TestNotParquet(t *testing.T) {
	for _, b := range []string{"", "PAR1", "PAR1PAR1", "hello, this is text and no Parquet", "PAR1\xff\xff\xff\xffPAR1", "PAR1    \x04\x00\x00\x00PARE"} {
		_, err := openBytes([]byte(b))
		require.Error(t, err, "%q", b)
		checkFault(t, err)
	}
	_, err := openBytes([]byte("PAR1    \x04\x00\x00\x00PARE"))
	require.ErrorContains(t, err, "encrypted")
}

// failing is an io.ReaderAt that fails after some reads.
type failing struct {
	r    io.ReaderAt
	left int
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, fmt.Errorf("the disk is gone")
	}
	return f.r.ReadAt(p, off)
}

func TestReadErrors(t *testing.T) {
	b := seeds(t)[1]
	for left := range 12 {
		f, err := Open(&failing{bytes.NewReader(b), left}, int64(len(b)), "bad.parquet")
		if err == nil {
			_, err = readAll(f, ReadOptions{}, nil)
		}
		require.ErrorContains(t, err, "the disk is gone")
		checkFault(t, err)
	}
}
