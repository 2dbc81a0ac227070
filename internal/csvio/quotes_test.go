package csvio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachKind runs a test with every implementation of the masks that the machine has.
func eachKind(t *testing.T, test func(t *testing.T)) {
	for _, k := range kernels() {
		t.Run(k.name, func(t *testing.T) {
			defer k.use()()
			test(t)
		})
	}
}

// randomMask has about one bit set in each of n.
func randomMask(rng *rand.Rand, n int) (m uint64) {
	for i := range 64 {
		if rng.IntN(n) == 0 {
			m |= 1 << i
		}
	}
	return m
}

func TestExtractAgainstBits(t *testing.T) {
	eachKind(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, thin := range []int{1, 2, 3, 4, 8, 11, 64, 1000} {
			for _, words := range []int{0, 1, 2, 3, 7, 256} {
				for _, base := range []int{0, 1, 63, 64, 1 << 20, 1<<31 - 64*words - 1, 1<<31 - 64*words} {
					start := max(base-rng.IntN(1000), 0)
					delim := make([]uint64, words+1)[rng.IntN(2):][:words]
					for i := range delim {
						delim[i] = randomMask(rng, thin)
					}
					var want []span
					for s, i := start, 0; i < words*64; i++ {
						if delim[i/64]>>(i%64)&1 == 1 {
							want = append(want, makeSpan(s, base+i))
							s = base + i + 1
						}
					}
					const mark = span(0x5a5a5a5a5a5a5a5a)
					all := make([]span, words*64+spareSpans+9)
					for i := range all {
						all[i] = mark
					}
					out := all[rng.IntN(8):]
					end := len(want) + spareSpans // what lies beyond stays as it was
					n := extract(delim, base, start, out)
					require.Equal(t, want, append([]span(nil), out[:n]...), "thin %d words %d base %d", thin, words, base)
					for i := end; i < len(out); i++ {
						require.Equal(t, mark, out[i], "thin %d words %d: written at %d of %d", thin, words, i, n)
					}
				}
			}
		}
	})
}

// quotesOracle is quotes.words by bytes: what is outside, and which assumptions hold of all n bytes of buf but, of the last, what follows it.
func quotesOracle(c chars, buf []byte, n, known int, in, after bool) (delim, line []uint64, ok bool) {
	words := (n + 63) / 64
	delim, line = make([]uint64, words), make([]uint64, words)
	for i := range n {
		b := buf[i]
		isQuote := c.quote != 0 && b == c.quote
		isDelim := b == c.comma || b == c.newline
		if isQuote {
			in = !in
			if in && !after {
				return delim, line, false
			}
			if !in && i+1 < n {
				next := buf[i+1]
				crlf := next == '\r' && c.newline == '\n' && i+2 < known && buf[i+2] == '\n'
				if next != c.comma && next != c.newline && next != c.quote && !crlf {
					return delim, line, false
				}
			}
		} else if isDelim && !in {
			delim[i/64] |= 1 << (i % 64)
			if b == c.newline {
				line[i/64] |= 1 << (i % 64)
			}
		}
		after = isQuote || isDelim
	}
	return delim, line, true
}

// quotedBytes are rows with quotes, of which about one of wrong is somewhere that it should not be.
func quotedBytes(rng *rand.Rand, c chars, n, wrong int) (b []byte) {
	quote := string(c.quote)
	pieces := []string{"1", "abc", "", "long text that goes on for a while and on, as text does", "é\x80\xff", "\x00", "\r"}
	for len(b) < n {
		f := pieces[rng.IntN(len(pieces))]
		if rng.IntN(3) == 0 {
			f = quote + f + []string{"", quote + quote, string(c.comma), string(c.newline), "\r\n"}[rng.IntN(5)] + quote
		}
		if rng.IntN(wrong) == 0 {
			f += quote
		}
		b = append(b, f...)
		switch rng.IntN(4) {
		case 0:
			b = append(b, c.newline)
		case 1:
			b = append(b, '\r', '\n')
		default:
			b = append(b, c.comma)
		}
	}
	return b[rng.IntN(len(b)-n+1):]
}

func TestQuotesAgainstBytes(t *testing.T) {
	eachKind(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 9))
		held := 0
		for round := range 6000 {
			d := mustDialect(t, Dialect{Comma: ",;\t"[round%3], Quote: "\"'\x00"[round/3%3], Newline: "\n\n\r"[round/9%3]})
			c := chars{d.Comma, d.Newline, d.Quote}
			n := 1 + rng.IntN(64*(1+rng.IntN(40)))
			known := n + rng.IntN(3)
			buf := quotedBytes(rng, chars{c.comma, c.newline, max(c.quote, 1)}, n+slack+2, 2+rng.IntN(3000))
			q := newQuotes(&d)
			in, after := rng.IntN(2) == 1, rng.IntN(2) == 1
			q.in, q.after = -b2u(in), b2u(after)
			both := rng.IntN(2) == 0
			if both {
				q.live[inside] = ^uint64(0)
			}
			m := newWordMasks()
			words := q.words(&m, buf, n, known)
			delim, line, ok := quotesOracle(c, buf, n, known, in, after)
			_, _, other := quotesOracle(c, buf, n, known, !in, after)
			what := fmt.Sprintf("round %d: %q of %d and %d", round, buf, n, known)
			require.Equal(t, ok, q.live[outside] != 0, what)
			if both {
				require.Equal(t, other, q.live[inside] != 0, what)
			} else {
				require.Zero(t, q.live[inside])
			}
			require.Equal(t, ok || both && other, words == len(delim), what)
			if !ok {
				continue
			}
			held++
			require.Equal(t, delim, m.delim[:words], what)
			require.Equal(t, line, m.line[:words], what)
			lines, quotes := 0, 0
			for _, l := range line {
				lines += bits.OnesCount64(l)
			}
			returns := false
			for _, b := range buf[:n] {
				returns = returns || b == '\r'
				if c.quote != 0 && b == c.quote {
					quotes++
				}
			}
			require.Equal(t, lines, int(q.lines), what)
			require.True(t, q.any != 0 || quotes == 0, what)
			require.True(t, q.any == 0 || c.quote != 0, what)
			require.Equal(t, in != (quotes%2 == 1), q.in != 0, what)
			require.True(t, q.returns != 0 || !returns, what)
		}
		require.Greater(t, held, 500)
	})
}

// countingAt counts the bytes that are read.
type countingAt struct {
	*bytes.Reader
	n int64
}

func (c *countingAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(b, off)
	c.n += int64(n)
	return n, err
}

func TestPassedBytesAreNotReadAgain(t *testing.T) {
	d := mustDialect(t, Dialect{Quote: '"'})
	data := bytes.Repeat([]byte("1,\"a, \"\"quoted\"\"\ntext\",2\n"), 40000)
	size := int64(len(data))
	cuts := []int64{0, size / 4, size / 2, size * 3 / 4, size}
	for _, passes := range []bool{false, true} {
		file := &countingAt{Reader: bytes.NewReader(data)}
		seams := NewSeams(d, cuts)
		for k := range len(cuts) - 1 {
			start, err := seams.Start(context.Background(), file, k)
			require.NoError(t, err)
			require.Equal(t, (cuts[k]+24)/25*25, start)
			r, err := NewReader(Input{R: io.NewSectionReader(bytes.NewReader(data), start, size-start), Offset: start, Limit: cuts[k+1]}, Config{Dialect: d, Width: 3})
			require.NoError(t, err)
			for err == nil {
				_, _, err = r.Next(context.Background())
			}
			require.Equal(t, io.EOF, err)
			if passes {
				seams.Passed(k, r.Offset())
			}
		}
		if passes {
			require.Zero(t, file.n)
		} else {
			require.Greater(t, file.n, size/2)
		}
	}
}
