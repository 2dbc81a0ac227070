package shuffle

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/mem"
)

// memFile is a file in memory that a test may damage, or that is full after some bytes.
type memFile struct {
	b     []byte
	room  int64 // bytes that fit, 0 for any
	short bool  // a full file writes a part and says nothing
	open  *int
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.b)) {
		return 0, io.EOF
	}
	return copy(p, f.b[off:]), nil
}

var errFull = errors.New("no space left on device")

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	end := off + int64(len(p))
	if f.room > 0 && end > f.room {
		if f.short {
			return len(p) / 2, nil
		}
		return 0, errFull
	}
	if end > int64(len(f.b)) {
		f.b = append(f.b, make([]byte, end-int64(len(f.b)))...)
	}
	return copy(f.b[off:], p), nil
}

func (f *memFile) Truncate(size int64) error { f.b = f.b[:min(size, int64(len(f.b)))]; return nil }
func (f *memFile) Close() error              { *f.open--; return nil }

// memFiles makes the space write to files in memory.
func memFiles(s *Space, room int64, short bool) *[]*memFile {
	files, open := new([]*memFile), new(int)
	s.store.create = func() (spillFile, error) {
		*open++
		f := &memFile{room: room, short: short, open: open}
		*files = append(*files, f)
		return f, nil
	}
	return files
}

func requireDamage(t *testing.T, err error, what string, args ...any) {
	t.Helper()
	var f *fault.Error
	require.Truef(t, errors.As(err, &f), what+": %v", append(args, err)...)
	require.Equal(t, fault.Internal, f.Kind)
	require.Equal(t, "test_op", f.Op, "the error names the exchange")
}

// Whatever happens to a spilled frame is an error that names the exchange.
func TestDamagedFramesAreErrors(t *testing.T) {
	for _, hashed := range []bool{true, false} {
		s := newTestSpace(t, 0)
		memFiles(s, 0, false)
		types := []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String, arrow.ListOf(arrow.PrimitiveTypes.Int16)}
		in := newGenerator(4).input(types, 40_000, hashed)
		out := in.write(t, s, func() {})
		other := in.write(t, s, func() {})
		_, err := s.Spill(math.MaxInt64)
		require.NoError(t, err)
		require.Greater(t, len(out.chunks[0].frames), 1)
		want := in.all(0, Buckets)
		fileOf := func(c *chunk) *memFile { return c.place.file.file.(*memFile) }
		frameAt := func(c *chunk, i int) []byte {
			r := c.frames[i]
			return fileOf(c).b[c.place.off+int64(r.off):][:r.len]
		}
		check := func(what string, args ...any) {
			t.Helper()
			for _, span := range [][2]int{{0, Buckets}, {0, Buckets - 1}} {
				_, err := collect(NewReader([]*Output{out}, span[0], span[1]))
				requireDamage(t, err, what, args...)
				if !hashed {
					_, err = collect(NewRangeReader(out, 0, out.Rows(0, 1)))
					requireDamage(t, err, what, args...)
				}
			}
		}
		c := out.chunks[0]
		r := rand.New(rand.NewPCG(1, 1))
		f := frameAt(c, 0)
		whole := slices.Clone(f)
		// A bit in every part of a frame: each byte of header, nodes and table, and many of the buffers.
		for at := 0; at < len(f); at += 1 + r.IntN(1+at/8) {
			f[at] ^= 1 << r.IntN(8)
			check("bit of byte %d", at)
			copy(f, whole)
		}
		clear(f) // lost
		check("zeros")
		copy(f, whole)
		clear(f[len(f)/2:]) // cut off
		check("half")
		copy(f, whole)

		refs := slices.Clone(c.frames)
		restore := func() { c.frames = slices.Clone(refs) }
		c.frames = slices.Delete(c.frames, 0, 1)
		check("dropped")
		restore()
		c.frames = slices.Insert(c.frames, 0, c.frames[0])
		if hashed { // a frame that is listed twice is passed over the second time by readers of a part
			_, err = collect(NewReader([]*Output{out}, 0, Buckets))
			requireDamage(t, err, "doubled")
		}
		restore()
		c.frames[0].off, c.frames[1].off = c.frames[1].off, c.frames[0].off
		c.frames[0].len, c.frames[1].len = c.frames[1].len, c.frames[0].len
		check("swapped")
		restore()
		c.frames[0].len -= 8
		check("truncated")
		restore()
		was := c.place
		c.place = other.chunks[0].place
		check("another writer's frames")
		c.place = was

		file := fileOf(c)
		cut := len(file.b)
		file.b = file.b[:was.off+100]
		_, err = collect(NewReader([]*Output{out}, 0, Buckets))
		var fe *fault.Error
		require.ErrorAs(t, err, &fe)
		require.Equal(t, fault.Input, fe.Kind)
		file.b = file.b[:cut]

		got, err := collect(NewReader([]*Output{out}, 0, Buckets)) // all is as it was
		require.NoError(t, err)
		want.equal(t, got)
	}
}

// A chunk that is lost, doubled or changed in memory is seen too.
func TestLostChunksAreErrors(t *testing.T) {
	s := newTestSpace(t, 0)
	in := newGenerator(4).input([]arrow.DataType{arrow.PrimitiveTypes.Int64}, 200_000, true)
	out := in.write(t, s, func() {})
	require.Greater(t, len(out.chunks), 2)
	all := out.chunks
	for name, list := range map[string][]*chunk{
		"lost":    all[1:],
		"doubled": append(slices.Clone(all), all[0]),
		"other":   append([]*chunk{all[1]}, all[1:]...),
	} {
		broken := *out
		broken.chunks = list
		_, err := collect(NewReader([]*Output{&broken}, 3, 90))
		requireDamage(t, err, name)
		_, err = collect(NewReader([]*Output{&broken}, 0, Buckets))
		requireDamage(t, err, name)
	}
	all[0].hashes[7] ^= 1 // a bit of memory
	_, err := collect(NewReader([]*Output{out}, 0, Buckets))
	requireDamage(t, err, "bit")
}

func TestFreedOutputsCannotBeRead(t *testing.T) {
	for _, spilled := range []bool{false, true} {
		s := newTestSpace(t, 0)
		in := newGenerator(4).input([]arrow.DataType{arrow.PrimitiveTypes.Int64}, 200_000, true)
		out := in.write(t, s, func() {})
		if spilled {
			_, err := s.Spill(math.MaxInt64)
			require.NoError(t, err)
		}
		r := NewReader([]*Output{out}, 0, Buckets)
		defer r.Close()
		b := takeBatch(rowsOf{}, nil)
		_, err := r.Next(t.Context(), &b)
		require.NoError(t, err)
		out.Free()
		for err == nil {
			_, err = r.Next(t.Context(), &b)
		}
		requireDamage(t, err, "freed")
		r.Close()
		r.Close()
		_, err = collect(NewReader([]*Output{out}, 0, 3))
		requireDamage(t, err, "freed")
	}
}

// A disk that is full is an error at once, which says what to do; nothing is left.
func TestFullDisk(t *testing.T) {
	for _, short := range []bool{false, true} {
		b := mem.New("test", 8<<20)
		s := NewSpace(b, t.TempDir())
		files := memFiles(s, 3<<20, short)
		in := newGenerator(4).input([]arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64}, 1_000_000, true)
		w := s.Writer(in.opts)
		var err error
		rows := 0
		for i := 0; i < len(in.batches) && err == nil; i++ {
			err = w.Add(in.batches[i].Cols, in.hashes[i], in.batches[i].Rows)
			rows += in.batches[i].Rows
		}
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Contains(t, err.Error(), s.store.dir.Base())
		require.Contains(t, err.Error(), "bytes")
		require.Contains(t, err.Error(), "sched.SpillDir")
		require.Less(t, b.Used(), int64(16<<20))
		_, again := w.Finish()
		require.ErrorIs(t, again, err)
		w.Abort()
		w.Abort()
		require.Zero(t, s.store.bytes())
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		require.Zero(t, b.Used())
		for _, x := range *files {
			require.Zero(t, *x.open)
		}
	}
}
