package proc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"io"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/sched"
)

// hello is the first frame of a worker process: without it the process is something else.
const hello = "sheaf worker 1"

// message goes to a worker process: a task, or the cancellation of the one it runs.
type message struct {
	Seq     int64 // counts the tasks of a process; a cancellation has that of its task
	Cancel  bool
	Op      string
	Args    []byte
	In      [][]byte // encoded results
	Options options
}

// options are the Options that mean something to a task.
type options struct {
	Workers               int
	Memory                int64
	SpillDir              string
	InOrder, Reproducible bool
}

func wireOptions(o sched.Options) options {
	return options{o.Workers, o.Memory, o.SpillDir, o.InOrder, o.Reproducible}
}

func (o options) local() sched.Options {
	return sched.Options{Workers: o.Workers, Memory: o.Memory, SpillDir: o.SpillDir, InOrder: o.InOrder, Reproducible: o.Reproducible}
}

// reply comes back: an encoded result, or an error.
type reply struct {
	Result []byte
	Failed bool
	Error  wireError
}

// wireError is an error without what only this process has. A zero Kind is an error that was no fault.
type wireError struct {
	Kind                   fault.Kind
	Op, At, File, Column   string
	Text, Hint, Message    string
	Partition              int
	Row, Line              int64
	IsCanceled, IsDeadline bool
}

func packError(err error) wireError {
	w := wireError{Message: err.Error(), IsCanceled: errors.Is(err, context.Canceled), IsDeadline: errors.Is(err, context.DeadlineExceeded)}
	f, ok := err.(*fault.Error)
	if !ok {
		return w
	}
	w.Kind, w.Op, w.At, w.File, w.Column, w.Text, w.Hint = f.Kind, f.Op, f.At, f.File, f.Column, f.Text, f.Hint
	w.Partition, w.Row, w.Line = f.Partition, f.Row, f.Line
	w.Message = f.Kind.String() + " error"
	if f.Err != nil {
		w.Message = f.Err.Error()
	}
	return w
}

func (w wireError) unpack() error {
	err := error(textError{w.Message, w})
	if w.Kind == 0 {
		return err
	}
	return &fault.Error{Kind: w.Kind, Op: w.Op, At: w.At, File: w.File, Column: w.Column, Text: w.Text, Hint: w.Hint, Partition: w.Partition,
		Row: w.Row, Line: w.Line, Err: err}
}

// textError is the cause of an error of another process: its text, and whether it came from a context.
type textError struct {
	text string
	from wireError
}

func (e textError) Error() string { return e.text }

// Is implements errors.Is for the errors of contexts.
func (e textError) Is(target error) bool {
	return target == context.Canceled && e.from.IsCanceled || target == context.DeadlineExceeded && e.from.IsDeadline
}

// maxFrame bounds what a broken peer can make this process allocate.
const maxFrame = 1 << 30

// writeFrame writes a length and the encoded value in one go.
func writeFrame(w io.Writer, v any) error {
	buf := bytes.NewBuffer(make([]byte, 4, 512))
	if err := gob.NewEncoder(buf).Encode(v); err != nil {
		return err
	}
	b := buf.Bytes()
	if len(b)-4 > maxFrame {
		return fault.New(fault.Memory, "proc", "a message has %d bytes, at most %d can be sent", len(b)-4, maxFrame)
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	_, err := w.Write(b)
	return err
}

// readFrame reads what writeFrame wrote into v.
func readFrame(r *bufio.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxFrame {
		return fault.New(fault.Internal, "proc", "a frame of %d bytes", n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	return gob.NewDecoder(bytes.NewReader(body)).Decode(v)
}
