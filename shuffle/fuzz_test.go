package shuffle

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
)

// mendFrame makes damaged bytes look like a frame of the schema, so that what lies behind the checksum is tested too.
func mendFrame(b []byte, s *schema) []byte {
	var none *vec.Scratch
	out := none.Alloc((len(b) + 7) &^ 7)
	clear(out)
	copy(out, b)
	if len(out) < headerSize {
		return out
	}
	le := binary.LittleEndian
	le.PutUint32(out, frameMagic)
	le.PutUint32(out[4:], frameVersion)
	le.PutUint32(out[8:], uint32(len(out)))
	le.PutUint32(out[44:], s.id)
	le.PutUint32(out[12:], crc32.Checksum(out[16:], castagnoli))
	return out
}

// touch reads every value.
func touch(cols []vec.Vec, rows int) {
	for c := range cols {
		for i := range min(rows, 300) {
			vec.EqualRows(&cols[c], i, &cols[c], rows-1-i)
		}
	}
}

func seedFrames(seed uint64) (schemas []*schema, frames [][]byte) {
	g := newGenerator(seed)
	for _, t := range testTypes() {
		in := g.input(testTypes()[:0], 0, true)
		in.opts.Types = append(in.opts.Types, t)
		s := schemaOf(in.opts)
		var e encoder
		n := 1 + g.IntN(200)
		hashes, places := make([]uint64, n), make([]uint16, n)
		for i := range places {
			hashes[i], places[i] = g.Uint64(), uint16(i)
		}
		col := g.column(t, n)
		schemas = append(schemas, s)
		frames = append(frames, e.appendFrame(nil, s, frameID{exchange: 1, rows: uint32(n)}, []vec.Vec{col}, hashes, places))
	}
	return schemas, frames
}

// Damaged frames, with their checksum made right: an error or rows, never a panic, and no more memory than the bytes can account for.
func FuzzFrame(f *testing.F) {
	schemas, frames := seedFrames(1)
	for i, b := range frames {
		f.Add(uint8(i), b)
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		s := schemas[int(which)%len(schemas)]
		b = mendFrame(b, s)
		var scratch vec.Scratch
		var fr frame
		d := decoder{scratch: &scratch}
		if fr.read(b, s, &d) == nil {
			touch(fr.cols, int(fr.rows))
		}
		require.LessOrEqual(t, scratch.Bytes(), int64(4*maxRatio*len(b)+64<<20))
	})
}

// Damaged outputs from other processes, with checksums made right.
func FuzzDecode(f *testing.F) {
	s := newTestSpace(f, 0)
	g := newGenerator(3)
	for _, hashed := range []bool{true, false} {
		for _, t := range testTypes() {
			in := g.input(nil, 0, hashed)
			in.opts.Types = append(in.opts.Types, t)
			n := 1 + g.IntN(100)
			b := vec.Batch{Rows: n, Cols: []vec.Vec{g.column(t, n)}}
			hashes := make([]uint64, n)
			for i := range hashes {
				hashes[i] = g.Uint64()
			}
			in.batches, in.hashes = append(in.batches, b), append(in.hashes, hashes)
			out := in.write(f, s, func() {})
			wire, err := out.MarshalBinary()
			require.NoError(f, err)
			out.Free()
			f.Add(wire, true)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		if mend {
			b = mendWire(b)
		}
		out, err := s.Decode(b)
		if err == nil {
			got, err := collect(NewReader([]*Output{out}, 0, Buckets))
			require.NoError(t, err)
			touch(got.cols, got.n)
			out.Free()
		}
		s.spare.clear()
		require.Zero(t, s.budget.Used())
	})
}

// mendWire makes the checksums of an output's bytes right.
func mendWire(b []byte) []byte {
	b = append([]byte(nil), b...)
	if len(b) < wireFixed {
		return b
	}
	le := binary.LittleEndian
	n := int(le.Uint32(b[8:]))
	if n < 0 || n > len(b)-wireFixed {
		return b
	}
	le.PutUint32(b[12:], crc32.Checksum(b[wireFixed:wireFixed+n], castagnoli))
	for at := (wireFixed + n + 7) &^ 7; at < len(b); {
		k, err := frameLen(b[at:])
		if err != nil {
			break
		}
		le.PutUint32(b[at+12:], crc32.Checksum(b[at+16:at+k], castagnoli))
		at += k
	}
	return b
}

// A bit that flips anywhere on the way between processes is an error.
func TestDamagedWireIsAnError(t *testing.T) {
	s := newTestSpace(t, 0)
	in := newGenerator(4).input(testTypes(), 700, true)
	out := in.write(t, s, func() {})
	wire, err := out.MarshalBinary()
	require.NoError(t, err)
	back, err := s.Decode(wire)
	require.NoError(t, err)
	in.all(0, Buckets).equal(t, mustCollect(t, NewReader([]*Output{back}, 0, Buckets)))
	in.all(7, 8).equal(t, mustCollect(t, NewReader([]*Output{back}, 7, 8)))
	require.Equal(t, len(out.Types()), len(back.Types()))
	for at := 0; at < len(wire); at += 1 + at/50 {
		wire[at] ^= 4
		_, err := s.Decode(wire)
		require.Errorf(t, err, "byte %d", at)
		wire[at] ^= 4
	}
	for _, n := range []int{0, 3, wireFixed, len(wire) / 2, len(wire) - 8} {
		_, err := s.Decode(wire[:n])
		require.Error(t, err)
	}
	_, err = s.Decode(append(wire, 0, 0, 0, 0, 0, 0, 0, 0))
	require.Error(t, err)
}

// The same as FuzzFrame with mutations of its own, so that every run of the tests tries some.
func TestMutatedFrames(t *testing.T) {
	schemas, frames := seedFrames(2)
	g := newGenerator(5)
	rounds := 40_000
	if testing.Short() {
		rounds = 4000
	}
	good := 0
	for range rounds {
		i := g.IntN(len(frames))
		b := append([]byte(nil), frames[i]...)
		for range 1 + g.IntN(4) {
			switch at := headerSize - 32 + g.IntN(len(b)-headerSize+32); g.IntN(4) {
			case 0:
				b[at] ^= 1 << g.IntN(8)
			case 1:
				b[at] = byte(g.Uint64())
			case 2:
				binary.LittleEndian.PutUint32(b[min(at, len(b)-4):], g.Uint32()>>g.IntN(32))
			case 3:
				b = append(b[:at:at], b[min(at+g.IntN(9), len(b)):]...)
			}
			if len(b) < headerSize {
				break
			}
		}
		b = mendFrame(b, schemas[i])
		var scratch vec.Scratch
		var fr frame
		d := decoder{scratch: &scratch}
		if fr.read(b, schemas[i], &d) == nil {
			touch(fr.cols, int(fr.rows))
			good++
		}
		require.LessOrEqual(t, scratch.Bytes(), int64(4*maxRatio*len(b)+64<<20))
	}
	require.Positive(t, good)
	require.Less(t, good, rounds)
}
