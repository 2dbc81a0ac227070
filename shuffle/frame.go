package shuffle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"github.com/sheafdata/sheaf/internal/vec"
)

// castagnoli is the checksum of frames, which processors compute in hardware.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	frameMagic   = 0x46484853 // "SHHF"
	frameVersion = 1
	headerSize   = 64
	bufEntry     = 9 // of the table of buffers: raw length, stored length, codec
	// maxFrameRows is the most rows of a frame and of a chunk: places in a chunk have 16 bits.
	maxFrameRows = 1 << 16
)

// Flags of a frame.
const (
	frameHashes = 1 << iota // the first buffer is the hashes
	framePlaces             // the next is the rows' places in the chunk: rows are in order of buckets
)

// Codecs of a buffer: the low two bits of its byte. Of narrow numbers the next two say how wide they are (ints), the high four how many
// bytes each is stored in.
const (
	codecRaw = iota
	codecS2
	codecNarrow
)

// frameID says which rows a frame must hold. Its header repeats it, so that a frame that stands where another should is seen.
type frameID struct {
	exchange uint64 // the writer's number, which no two of a process have
	chunk    uint32 // the chunk's number within the writer
	first    uint32 // the first row's place in the order of the chunk's frames
	rows     uint32
	lo, hi   uint16 // first and last bucket
}

// frame is a header's content, and its rows once it is decoded.
type frame struct {
	frameID
	flags   uint32
	schema  uint32
	hashSum uint64
	hashes  []uint64
	places  []uint16
	cols    []vec.Vec
}

// appendFrame appends the frame of rows that stand in columns; hashes and places may be nil. Layout, little-endian: the header (magic,
// version, length, checksum of all behind it, frameID, flags, schema, hash sum, rows, columns, bytes of nodes, buffers), the nodes, the
// table of buffers, then the buffers, each at a multiple of 8 bytes.
func (e *encoder) appendFrame(out []byte, s *schema, id frameID, cols []vec.Vec, hashes []uint64, places []uint16) []byte {
	e.nodes, e.bufs, e.kinds = e.nodes[:0], e.bufs[:0], e.kinds[:0]
	flags, sum := uint32(0), uint64(0)
	if hashes != nil {
		flags |= frameHashes
		e.add(asBytes(hashes), noInts)
		for _, h := range hashes {
			sum += h
		}
	}
	if places != nil {
		flags |= framePlaces
		e.add(asBytes(places), noInts)
	}
	for i := range s.cols {
		e.column(&s.cols[i], &cols[i])
	}
	out = pad(out)
	at := len(out)
	le := binary.LittleEndian
	out = le.AppendUint32(out, frameMagic)
	out = le.AppendUint32(out, frameVersion)
	out = le.AppendUint64(out, 0) // length and checksum
	out = le.AppendUint64(out, id.exchange)
	out = le.AppendUint32(out, id.chunk)
	out = le.AppendUint32(out, id.first)
	out = le.AppendUint32(out, id.rows)
	out = le.AppendUint16(out, id.lo)
	out = le.AppendUint16(out, id.hi)
	out = le.AppendUint32(out, flags)
	out = le.AppendUint32(out, s.id)
	out = le.AppendUint64(out, sum)
	out = le.AppendUint32(out, uint32(len(e.nodes)))
	out = le.AppendUint32(out, uint32(len(e.bufs)))
	out = append(out, e.nodes...)
	table := len(out)
	out = append(out, make([]byte, bufEntry*len(e.bufs))...)
	for i, b := range e.bufs {
		stored, codec := e.pack(i)
		entry := out[table+i*bufEntry:]
		le.PutUint32(entry, uint32(len(b)))
		le.PutUint32(entry[4:], uint32(len(stored)))
		entry[8] = codec
		out = append(pad(out), stored...)
	}
	out = pad(out)
	f := out[at:]
	le.PutUint32(f[8:], uint32(len(f)))
	le.PutUint32(f[12:], crc32.Checksum(f[16:], castagnoli))
	return out
}

// pad extends b to a multiple of 8 bytes.
func pad(b []byte) []byte {
	const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00"
	return append(b, zeros[:-len(b)&7]...)
}

// frameLen returns the length that the header of a frame at the front of b says.
func frameLen(b []byte) (int, error) {
	if len(b) < headerSize {
		return 0, errors.New("a frame's header is cut off")
	}
	if binary.LittleEndian.Uint32(b) != frameMagic {
		return 0, errors.New("a frame begins with other bytes than its mark")
	}
	n := binary.LittleEndian.Uint32(b[8:])
	if n < headerSize || uint64(n) > uint64(len(b)) || n%8 != 0 {
		return 0, fmt.Errorf("a frame says to be %d bytes long", n)
	}
	return int(n), nil
}

// read makes f the frame in b, which is aligned to 8 bytes; columns lie in b and d.scratch. Damage of any kind is an error.
func (f *frame) read(b []byte, s *schema, d *decoder) error {
	n, err := frameLen(b)
	if err != nil {
		return err
	}
	if n != len(b) {
		return fmt.Errorf("a frame is %d bytes long, %d expected", n, len(b))
	}
	if crc32.Checksum(b[16:], castagnoli) != binary.LittleEndian.Uint32(b[12:]) {
		return errors.New("a frame's checksum is wrong")
	}
	return f.parse(b, s, d)
}

func (f *frame) parse(b []byte, s *schema, d *decoder) error {
	le := binary.LittleEndian
	if v := le.Uint32(b[4:]); v != frameVersion {
		return fmt.Errorf("a frame has version %d", v)
	}
	f.frameID = frameID{
		exchange: le.Uint64(b[16:]), chunk: le.Uint32(b[24:]), first: le.Uint32(b[28:]), rows: le.Uint32(b[32:]),
		lo: le.Uint16(b[36:]), hi: le.Uint16(b[38:]),
	}
	f.flags, f.schema, f.hashSum = le.Uint32(b[40:]), le.Uint32(b[44:]), le.Uint64(b[48:])
	nodes, bufs := uint64(le.Uint32(b[56:])), uint64(le.Uint32(b[60:]))
	if f.schema != s.id {
		return errors.New("a frame has other columns")
	}
	if f.rows > maxFrameRows || f.flags&^(frameHashes|framePlaces) != 0 {
		return fmt.Errorf("a frame has %d rows and flags %#x", f.rows, f.flags)
	}
	if headerSize+nodes+bufs*bufEntry > uint64(len(b)) {
		return errors.New("a frame's tables are cut off")
	}
	table := b[headerSize+nodes:][:bufs*bufEntry]
	list, err := unpack(b, headerSize+int(nodes)+len(table), table, d.scratch)
	if err != nil {
		return err
	}
	d.begin(b[headerSize:headerSize+nodes], list)
	if err := f.rowsOf(s, d); err != nil {
		return err
	}
	return d.end()
}

// rowsOf decodes hashes, places and columns and checks the hash sum.
func (f *frame) rowsOf(s *schema, d *decoder) error {
	n := int(f.rows)
	f.hashes, f.places = nil, nil
	if f.flags&frameHashes != 0 {
		b, err := d.buffer(n * 8)
		if err != nil {
			return err
		}
		f.hashes = words(b)
		sum := uint64(0)
		for _, h := range f.hashes {
			sum += h
		}
		if sum != f.hashSum {
			return errors.New("a frame's hashes do not add up")
		}
	}
	if f.flags&framePlaces != 0 {
		b, err := d.buffer(n * 2)
		if err != nil {
			return err
		}
		f.places = shorts(b)
	}
	f.cols = d.scratch.Vecs(len(s.cols))
	for i := range s.cols {
		if err := d.column(&s.cols[i], n, &f.cols[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// unpack returns the buffers that stand in b from at on: raw ones where they lie, others in scratch.
func unpack(b []byte, at int, table []byte, scratch *vec.Scratch) ([][]byte, error) {
	list := scratch.BufList(len(table) / bufEntry)
	room := maxRatio*len(b) + 4*smallRaw // for what the buffers claim in all
	for i := range list {
		entry := table[i*bufEntry:]
		raw, stored := int(binary.LittleEndian.Uint32(entry)), int(binary.LittleEndian.Uint32(entry[4:]))
		at = (at + 7) &^ 7
		if at > len(b) || stored > len(b)-at {
			return nil, fmt.Errorf("buffer %d is cut off", i)
		}
		data := b[at : at+stored : at+stored]
		at += stored
		codec := entry[8]
		if codec&3 != codecNarrow && codec > codecS2 {
			return nil, fmt.Errorf("buffer %d has codec %d", i, codec)
		}
		switch codec & 3 {
		case codecRaw:
			if raw != stored {
				return nil, fmt.Errorf("buffer %d has %d bytes, %d expected", i, stored, raw)
			}
			list[i] = data
		case codecS2:
			n, err := s2.DecodedLen(data)
			if room -= n; err != nil || n != raw || raw > smallRaw && raw/maxRatio > stored || room < 0 {
				return nil, fmt.Errorf("buffer %d claims %d bytes", i, raw)
			}
			list[i] = scratch.Alloc(n)
			if got, err := s2.Decode(list[i], data); err != nil || len(got) != n {
				return nil, fmt.Errorf("buffer %d cannot be decompressed", i)
			}
		case codecNarrow:
			if raw/8 > stored {
				return nil, fmt.Errorf("buffer %d claims %d bytes", i, raw)
			}
			list[i] = scratch.Alloc(raw)
			if !widenFrom(list[i], data, 1<<(codec>>2&3), int(codec>>4)) {
				return nil, fmt.Errorf("buffer %d of narrow numbers has a wrong length", i)
			}
		}
	}
	if at = (at + 7) &^ 7; at != len(b) {
		return nil, errors.New("a frame has bytes left over")
	}
	return list, nil
}
