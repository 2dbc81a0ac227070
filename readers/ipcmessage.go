package readers

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
)

// ipcMessages gives the library the messages of a stream, or some of a file's, each checked before.
type ipcMessages struct {
	ctx    context.Context
	stream io.Reader // of a stream
	at     io.ReaderAt
	blocks []ipcBlock // of a file: what is still to give
	alloc  *limitAllocator
	limit  int64 // of a message's metadata
	views  viewCounts
	last   *ipc.Message
}

// Message returns the next message, good until the next call.
func (m *ipcMessages) Message() (msg *ipc.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			over, ok := p.(overLimit)
			if !ok {
				panic(p)
			}
			msg, err = nil, over
		}
	}()
	m.drop()
	if err := m.ctx.Err(); err != nil {
		return nil, err
	}
	from := m.stream
	if from == nil {
		if len(m.blocks) == 0 {
			return nil, io.EOF
		}
		b := m.blocks[0]
		m.blocks = m.blocks[1:]
		from = io.NewSectionReader(m.at, b.off, int64(b.meta)+b.body)
	}
	meta, err := m.metadata(from)
	if err != nil {
		return nil, err
	}
	_, n, err := verifyMessage(meta, &m.views)
	if err != nil {
		return nil, err
	}
	body := memory.NewResizableBuffer(m.alloc)
	defer body.Release()
	body.Resize(int(n))
	if _, err := io.ReadFull(from, body.Bytes()); err != nil {
		return nil, fmt.Errorf("a message is cut: %w", notEOF(err))
	}
	m.last = ipc.NewMessage(memory.NewBufferBytes(meta), body)
	return m.last, nil
}

// notEOF makes the end of the input, where more should come, an error that nobody takes for the end.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// metadata reads the metadata of a message after its length; io.EOF ends the stream.
func (m *ipcMessages) metadata(from io.Reader) ([]byte, error) {
	var word [4]byte
	if _, err := io.ReadFull(from, word[:]); err != nil {
		if m.stream == nil {
			err = notEOF(err)
		}
		return nil, err
	}
	n := binary.LittleEndian.Uint32(word[:])
	if n == 0xffffffff {
		if _, err := io.ReadFull(from, word[:]); err != nil {
			return nil, notEOF(err)
		}
		n = binary.LittleEndian.Uint32(word[:])
	}
	if n == 0 {
		return nil, io.EOF
	}
	if int64(n) > m.limit {
		return nil, fmt.Errorf("a message claims metadata of %d bytes: this is no Arrow IPC stream, or it is damaged", n)
	}
	meta := make([]byte, n)
	if _, err := io.ReadFull(from, meta); err != nil {
		return nil, fmt.Errorf("a message is cut: %w", notEOF(err))
	}
	return meta, nil
}

func (m *ipcMessages) drop() {
	if m.last != nil {
		m.last.Release()
		m.last = nil
	}
}

// Retain does nothing: the one reader of the messages ends with its owner.
func (m *ipcMessages) Retain() {}

// Release frees the last message.
func (m *ipcMessages) Release() { m.drop() }

const arrowMagic = "ARROW1"

// fileBlocks reads a file's footer: its dictionaries and its batches.
func fileBlocks(h fileio.Handle) (dicts, batches []ipcBlock, err error) {
	size := h.Size()
	tail := make([]byte, 10)
	if size < 8+int64(len(tail)) {
		return nil, nil, errors.New("the file is cut: it has no footer")
	}
	if _, err := h.ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, nil, notEOF(err)
	}
	if string(tail[4:]) != arrowMagic {
		return nil, nil, errors.New("the file is cut: it does not end as an Arrow file does")
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	end := size - int64(len(tail))
	if n == 0 || n > end-8 {
		return nil, nil, errors.New("the footer's length does not fit the file")
	}
	footer := make([]byte, n)
	if _, err := h.ReadAt(footer, end-n); err != nil {
		return nil, nil, notEOF(err)
	}
	if dicts, batches, err = readFooterBlocks(footer); err != nil {
		return nil, nil, err
	}
	for _, list := range [][]ipcBlock{dicts, batches} {
		for _, b := range list {
			if b.off < 8 || b.meta < 8 || b.body < 0 || b.off > end || b.body > end || b.off+int64(b.meta)+b.body > end {
				return nil, nil, errors.New("a block of the footer lies outside the file")
			}
		}
	}
	return dicts, batches, nil
}

// ipcPart says what to read of a file: batches [from, to); of a stream it is all.
type ipcPart struct{ from, to int }

// openIPC opens a file or stream; a panic of the library is an error.
func openIPC(ctx context.Context, f fileio.File, alloc memory.Allocator, part ipcPart) (in *ipcInput, err error) {
	h, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	in = &ipcInput{name: f.Path, closer: h}
	defer func() {
		if p := recover(); p != nil {
			err = in.panicked(p)
		}
		if err != nil {
			in.close()
			in, err = nil, in.fail(err)
		}
	}()
	head := make([]byte, 8)
	n, err := h.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return in, err
	}
	size := h.Size()
	msgs := &ipcMessages{ctx: ctx, alloc: newLimitAllocator(alloc, ipcBaseBytes+ipcBytesPerByte*size), limit: min(4<<20+8*size, 64<<20)}
	switch {
	case n == 0:
		return in, errors.New("the file is empty")
	case n >= 4 && string(head[:4]) == "FEA1":
		return in, fault.New(fault.Input, opReadIPC, "Feather version 1 is not supported").WithHint("write it again as version 2, which is Arrow IPC")
	case n >= len(arrowMagic) && string(head[:len(arrowMagic)]) == arrowMagic:
		if err := in.openFile(h, msgs, part); err != nil {
			return in, err
		}
	default:
		_ = h.Close()
		in.closer = io.NopCloser(nil)
		stream, err := f.OpenStream(ctx)
		if err != nil {
			return in, err
		}
		in.closer, msgs.stream = stream, stream
	}
	in.rd, err = ipc.NewReaderFromMessageReader(msgs, ipc.WithAllocator(msgs.alloc))
	return in, err
}

func (in *ipcInput) openFile(h fileio.Handle, msgs *ipcMessages, part ipcPart) error {
	dicts, batches, err := fileBlocks(h)
	if err != nil {
		return err
	}
	in.isFile, in.batches = true, len(batches)
	if part.to > len(batches) {
		return errors.New("the file changed between planning and reading: it has fewer batches")
	}
	// The file holds a stream from byte 8 on; it begins with the schema.
	msgs.at = h
	msgs.blocks = append(msgs.blocks, ipcBlock{off: 8, body: h.Size() - 8})
	msgs.blocks = append(append(msgs.blocks, dicts...), batches[part.from:part.to]...)
	return nil
}
