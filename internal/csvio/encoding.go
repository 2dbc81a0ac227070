package csvio

import (
	"bytes"
	"context"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// DetectEncoding returns what a file's first bytes say where the wanted encoding is Auto; else the wanted one.
func DetectEncoding(head []byte, wanted Encoding) Encoding {
	switch {
	case wanted != EncodingAuto:
		return wanted
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return EncodingUTF16LE
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return EncodingUTF16BE
	}
	return EncodingUTF8
}

// ToUTF8 returns a reader of the text of r in UTF-8. Halves of characters that stand alone become U+FFFD.
func ToUTF8(r io.Reader, e Encoding) io.Reader {
	switch e {
	case EncodingUTF16LE, EncodingUTF16BE:
		return &transcoder{r: r, in: make([]byte, 0, 32<<10), decode: utf16Decoder(e == EncodingUTF16BE)}
	case EncodingLatin1:
		return &transcoder{r: r, in: make([]byte, 0, 32<<10), decode: latin1}
	}
	return r
}

// transcoder reads blocks of r and decodes them into out.
type transcoder struct {
	r       io.Reader
	in, out []byte
	at      int // what of out was given
	decode  func(dst, src []byte, last bool) (out []byte, used int)
	err     error
}

func (t *transcoder) Read(p []byte) (int, error) {
	for t.at == len(t.out) {
		if t.err != nil {
			return 0, t.err
		}
		n, err := t.r.Read(t.in[len(t.in):cap(t.in)])
		t.in = t.in[:len(t.in)+n]
		t.err = err
		var used int
		t.out, used = t.decode(t.out[:0], t.in, err != nil)
		t.at = 0
		t.in = t.in[:copy(t.in, t.in[used:])]
	}
	n := copy(p, t.out[t.at:])
	t.at += n
	return n, nil
}

func latin1(dst, src []byte, _ bool) ([]byte, int) {
	for _, c := range src {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst, len(src)
}

// utf16Decoder decodes pairs of bytes, and pairs of those.
func utf16Decoder(big bool) func(dst, src []byte, last bool) ([]byte, int) {
	unit := func(b []byte) rune {
		if big {
			return rune(b[0])<<8 | rune(b[1])
		}
		return rune(b[1])<<8 | rune(b[0])
	}
	return func(dst, src []byte, last bool) ([]byte, int) {
		i := 0
		for ; i+2 <= len(src); i += 2 {
			c := unit(src[i:])
			if utf16.IsSurrogate(c) {
				if i+4 > len(src) && !last {
					break
				}
				pair := rune(utf8.RuneError)
				if i+4 <= len(src) {
					pair = utf16.DecodeRune(c, unit(src[i+2:]))
				}
				if pair != utf8.RuneError {
					i += 2
				}
				c = pair
			}
			dst = utf8.AppendRune(dst, c)
		}
		if last && i < len(src) {
			dst = utf8.AppendRune(dst, utf8.RuneError)
			i = len(src)
		}
		return dst, i
	}
}

// CountLines returns how many newlines are in the first n bytes of r.
func CountLines(ctx context.Context, r io.ReaderAt, n int64, newline byte) (int64, error) {
	buf := make([]byte, min(256<<10, max(n, 0)))
	total := int64(0)
	for at := int64(0); at < n; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		got, err := r.ReadAt(buf[:min(int64(len(buf)), n-at)], at)
		total += int64(bytes.Count(buf[:got], []byte{newline}))
		at += int64(got)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if got == 0 {
			break
		}
	}
	return total, nil
}
