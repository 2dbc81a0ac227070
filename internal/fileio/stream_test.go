package fileio

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

const text = "a,b\n1,2\n3,4\n"

// bzipText is text as bzip2 compresses it, in hexadecimal: the standard library has no writer.
const bzipText = "425a6839314159265359030c1f1b0000055900001000043c0030002000221ea18843022734e3801e2ee48a70a12006183e36"

func compress(t testing.TB, c Codec, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch c {
	case Plain:
		return data
	case Gzip:
		w = gzip.NewWriter(&b)
	case Zstd:
		w, _ = zstd.NewWriter(&b)
	case LZ4:
		w = lz4.NewWriter(&b)
	case Snappy:
		w = s2.NewWriter(&b, s2.WriterSnappyCompat())
	}
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func readAll(t testing.TB, name string, data []byte, o StreamOptions) ([]byte, error) {
	t.Helper()
	f := File{Path: name, Size: int64(len(data)), FS: fstest.MapFS{name: {Data: data}}}
	r, err := f.OpenStreamWith(context.Background(), o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestCodecsByMagicAndByName(t *testing.T) {
	bz, err := hex.DecodeString(bzipText)
	require.NoError(t, err)
	packed := map[Codec][]byte{Bzip2: bz}
	for _, c := range []Codec{Plain, Gzip, Zstd, LZ4, Snappy} {
		packed[c] = compress(t, c, []byte(text))
	}
	for c, data := range packed {
		for _, name := range []string{"x", "x.csv", "x.csv." + map[Codec]string{Plain: "txt", Gzip: "gz", Zstd: "zst", Bzip2: "bz2", LZ4: "lz4", Snappy: "sz"}[c]} {
			got, err := readAll(t, name, data, StreamOptions{})
			require.NoError(t, err, "%s %s", c, name)
			require.Equal(t, text, string(got), "%s %s", c, name)
		}
		require.Equal(t, c, CodecOf("x", data[:min(len(data), HeadLen)]))
	}
	two := append(bytes.Clone(packed[Gzip]), packed[Gzip]...)
	got, err := readAll(t, "members.gz", two, StreamOptions{})
	require.NoError(t, err)
	require.Equal(t, text+text, string(got))
	got, err = readAll(t, "empty.csv", nil, StreamOptions{})
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestStreamFaults(t *testing.T) {
	long := []byte(strings.Repeat(text, 1000))
	for _, c := range []Codec{Gzip, Zstd, LZ4, Snappy} {
		data := compress(t, c, long)
		for name, broken := range map[string][]byte{"cut": data[:len(data)-5], "flipped": flip(data, len(data)/2)} {
			_, err := readAll(t, "x.csv", broken, StreamOptions{})
			var f *fault.Error
			require.ErrorAs(t, err, &f, "%s %s", c, name)
			require.Equal(t, "x.csv", f.File)
			require.Contains(t, f.Error(), c.String())
		}
	}
	_, err := readAll(t, "x.csv.gz", []byte(text), StreamOptions{})
	require.ErrorContains(t, err, "gzip data is damaged")
	_, err = readAll(t, "x.csv.xz", []byte("\xfd7zXZ\x00...."), StreamOptions{})
	require.ErrorContains(t, err, "xz compression is not supported")
}

func flip(data []byte, at int) []byte {
	out := bytes.Clone(data)
	out[at] ^= 0x55
	return out
}

func TestStreamBounds(t *testing.T) {
	bomb := compress(t, Zstd, make([]byte, 256<<20))
	_, err := readAll(t, "bomb.zst", bomb, StreamOptions{})
	require.ErrorContains(t, err, "decompression bomb")
	got, err := readAll(t, "bomb.zst", bomb, StreamOptions{MaxRatio: -1})
	require.NoError(t, err)
	require.Len(t, got, 256<<20)
	_, err = readAll(t, "bomb.zst", bomb, StreamOptions{MaxBytes: 1000})
	require.ErrorContains(t, err, "more than 1000 bytes")
}

func TestStreamEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := File{Path: "x", FS: fstest.MapFS{"x": {Data: compress(t, Gzip, []byte(text))}}}
	r, err := f.OpenStream(ctx)
	require.NoError(t, err)
	cancel()
	_, err = r.Read(make([]byte, 10))
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, r.Close())
	_, err = f.OpenStream(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestStdinIsReadTwice(t *testing.T) {
	stdin.from = strings.NewReader(text)
	files, err := Resolve(context.Background(), ResolveOptions{Path: "-"})
	require.NoError(t, err)
	require.True(t, files[0].IsStdin())
	require.False(t, files[0].Portable())
	for range 2 {
		r, err := files[0].OpenStream(context.Background())
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
		require.NoError(t, r.Close())
	}
}

func TestAtomicFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out.csv")
	a, err := CreateAtomic(name)
	require.NoError(t, err)
	_, err = a.WriteString(text)
	require.NoError(t, err)
	require.NoFileExists(t, name)
	require.NoError(t, a.Commit())
	require.NoError(t, a.Abort())
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
	b, err := CreateAtomic(name)
	require.NoError(t, err)
	require.NoError(t, b.Abort())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func FuzzStream(f *testing.F) {
	for _, c := range []Codec{Plain, Gzip, Zstd, LZ4, Snappy} {
		f.Add("x", compress(f, c, []byte(text)))
	}
	f.Add("x.bz2", []byte("BZh91AY&SY"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if name == "" || strings.ContainsAny(name, "/\\") || name == "." || name == ".." || name == "-" {
			return
		}
		_, err := readAll(t, "x"+name, data, StreamOptions{MaxBytes: 1 << 20})
		if err != nil && err.Error() == "" {
			t.Fatal("an error without a message")
		}
	})
}
