package fileio

import (
	"bytes"
	"io"
	"os"
	"sync"

	"github.com/sheafdata/sheaf/fault"
)

// NewBytes returns a Handle over bytes in memory, which must not change while it is used.
func NewBytes(data []byte) Handle { return bytesHandle{bytes.NewReader(data)} }

type bytesHandle struct{ *bytes.Reader }

func (bytesHandle) Close() error { return nil }

// spooled is what was read from a pipe: a reader looks at its head first and reads it again when it runs. It lies in an unlinked
// temporary file, since a pipe may hold more than memory does.
type spooled struct {
	once sync.Once
	from io.Reader
	file *os.File
	size int64
	err  error
}

// stdin is what was read from standard input, kept for the life of the process.
var stdin spooled

// openPipe opens what the pipe of the name gives, which is read once for all copies of the File.
func (f File) openPipe() (Handle, error) {
	p := f.pipe
	p.once.Do(func() {
		from, err := os.Open(f.Path)
		if err != nil {
			p.err = err
			return
		}
		defer from.Close()
		p.file, p.size, p.err = spool(from)
	})
	if p.err != nil {
		return nil, f.fail("read", p.err)
	}
	return sharedHandle{io.NewSectionReader(p.file, 0, p.size)}, nil
}

func openStdin() (Handle, error) {
	stdin.once.Do(func() {
		from := stdin.from
		if from == nil {
			from = os.Stdin
		}
		stdin.file, stdin.size, stdin.err = spool(from)
	})
	if stdin.err != nil {
		e := fault.New(fault.Input, "read", "cannot read standard input: %w", stdin.err)
		e.File = Stdin
		return nil, e
	}
	return sharedHandle{io.NewSectionReader(stdin.file, 0, stdin.size)}, nil
}

func spool(from io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp("", "sheaf-stdin-*")
	if err != nil {
		return nil, 0, err
	}
	// Where the system allows it the name goes at once, so that nothing is left behind however the process ends.
	_ = os.Remove(f.Name())
	n, err := io.Copy(f, from)
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, n, nil
}

// sharedHandle is a view of the one spooled file; closing it closes nothing.
type sharedHandle struct{ *io.SectionReader }

func (sharedHandle) Close() error { return nil }
