package readers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/csvio"
	"github.com/sheafdata/sheaf/internal/fileio"
)

// csvFile is a file of a CSV source: what a look at it told, once there was one.
type csvFile struct {
	file fileio.File
	csvLook

	mu     sync.Mutex
	looked bool
	odd    []csvOdd // values that make columns text
	seams  map[int64]*csvSeams
}

// csvLook is how to read a file.
type csvLook struct {
	head     *csvio.Head
	encoding csvio.Encoding
	// stream: the file cannot be read by range.
	stream bool
	size   int64
	// columns are the types that samples allow, nil where none were asked for; rowBytes is the mean size of a row, 0 unknown.
	columns  []csvio.Guess
	rowBytes int64
}

// csvOdd is an odd value and its line, 0 where it stands too far into the file to count.
type csvOdd struct {
	csvio.Odd
	line int64
}

// firstLook is how much of a file is read for its header at first.
const firstLook = 64 << 10

// look finds out how to read the file, and its types where budget (in bytes of samples) is not 0.
func (f *csvFile) look(ctx context.Context, o *CSVOptions, d csvio.Dialect, budget int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looked {
		return nil
	}
	h, err := f.file.Open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	start := make([]byte, fileio.HeadLen)
	n, err := h.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return f.fail(err)
	}
	f.size = h.Size()
	if what := notText(start[:n]); what != "" {
		return f.fail(fault.New(fault.Input, csvOp, "this is no CSV file but %s", what))
	}
	f.encoding = csvio.DetectEncoding(start[:n], csvio.Encoding(o.Encoding))
	f.stream = fileio.CodecOf(f.file.Path, start[:n]) != fileio.Plain || f.encoding != csvio.EncodingUTF8
	ho := csvio.HeadOptions{NoHeader: o.NoHeader, SkipRows: o.SkipRows, File: f.file.Path, MaxColumns: o.MaxColumns, Sniff: o.Comma == 0 && d.Comma == ',',
		SniffEscape: o.Escape == 0}
	if f.stream {
		err = f.lookStream(ctx, d, ho, budget)
	} else {
		err = f.lookRange(ctx, h, d, ho, budget)
	}
	f.looked = err == nil
	return err
}

// notText tells files of other formats by how they begin, "" for none that is known.
func notText(start []byte) string {
	for begin, what := range map[string]string{"ARROW1\x00\x00": "Arrow IPC", "PK\x03\x04": "a zip archive or a spreadsheet", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old spreadsheet",
		"\x7fELF": "a program"} {
		if bytes.HasPrefix(start, []byte(begin)) {
			return what
		}
	}
	if rest, ok := bytes.CutPrefix(start, []byte("PAR1")); ok && len(rest) > 0 && rest[0] < ' ' && !bytes.ContainsAny(rest[:1], "\t\r\n") {
		return "Parquet"
	}
	return ""
}

func (f *csvFile) lookRange(ctx context.Context, h fileio.Handle, d csvio.Dialect, ho csvio.HeadOptions, budget int64) (err error) {
	ho.Size = f.size
	f.head, _, err = readHead(io.NewSectionReader(h, 0, f.size), f.size, firstLook, d, ho)
	if err != nil || budget == 0 {
		return f.fail(err)
	}
	s := csvio.NewSamples(f.head)
	if err = s.File(h, f.size, budget); err != nil {
		return f.fail(err)
	}
	return f.fail(f.learn(ctx, s, h))
}

// readHead reads more of r until its head is whole; first is how much it begins with, and size how much there is at most.
func readHead(r io.Reader, size, first int64, d csvio.Dialect, ho csvio.HeadOptions) (head *csvio.Head, data []byte, err error) {
	for want := first; ; want = min(4*want, max(int64(d.MaxRow)+1, 2*want)) {
		if data, err = readMore(r, data, want, size); err != nil {
			return nil, nil, err
		}
		whole := int64(len(data)) < want || int64(len(data)) == size
		head, err = csvio.ReadHead(data, whole, d, ho)
		if err != csvio.ErrShort {
			return head, data, err
		}
	}
}

// readMore appends to data what r gives, until it is want bytes long or r ends. size bounds what r gives, where it is not below 0.
func readMore(r io.Reader, data []byte, want, size int64) ([]byte, error) {
	room := want
	if size >= 0 {
		room = min(want, size)
	}
	have := len(data)
	data = append(make([]byte, 0, int(room)+csvio.HeadSlack), data...)
	n, err := io.ReadFull(r, data[have:max(int(room), have)])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return data[:have+n], err
}

// Bytes of a stream that are decoded for samples.
const streamSample = 4 << 20

func (f *csvFile) lookStream(ctx context.Context, d csvio.Dialect, ho csvio.HeadOptions, budget int64) error {
	r, err := f.openStream(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	first := int64(firstLook)
	if budget > 0 {
		first = max(min(budget, streamSample), firstLook)
	}
	head, data, err := readHead(r, -1, first, d, ho)
	if err != nil {
		return f.fail(err)
	}
	f.head = head
	if budget > 0 {
		s := csvio.NewSamples(head)
		s.Bytes(data[head.Start:], int64(len(data)) < first)
		return f.fail(f.learn(ctx, s, bytes.NewReader(data)))
	}
	return nil
}

// learn keeps what the samples tell; r has the decoded file as far as they go.
func (f *csvFile) learn(ctx context.Context, s *csvio.Samples, r io.ReaderAt) error {
	f.columns = s.Columns
	for _, o := range s.Odd() {
		f.odd = append(f.odd, csvOdd{Odd: o})
	}
	if err := f.findLines(ctx, r); err != nil {
		return err
	}
	if s.Rows > 0 {
		f.rowBytes = max(s.RowBytes/s.Rows, 1)
	}
	return nil
}

// mostCounted is how far into a file the lines of odd values are counted: to read more of a large file for a notice takes too long.
const mostCounted = 64 << 20

// findLines finds the lines of the odd values, in one pass.
func (f *csvFile) findLines(ctx context.Context, r io.ReaderAt) error {
	inOrder := make([]*csvOdd, len(f.odd))
	for i := range f.odd {
		inOrder[i] = &f.odd[i]
	}
	slices.SortFunc(inOrder, func(a, b *csvOdd) int { return cmp.Compare(a.Offset, b.Offset) })
	at, line := int64(0), int64(1)
	for _, o := range inOrder {
		if o.Offset > mostCounted {
			break
		}
		n := o.Offset - at
		lines, err := csvio.CountLines(ctx, io.NewSectionReader(r, at, n), n, f.head.Dialect.Newline)
		if err != nil {
			return err
		}
		at, line = o.Offset, line+lines
		o.line = line
	}
	return nil
}

// openStream opens the file decompressed and in UTF-8.
func (f *csvFile) openStream(ctx context.Context) (io.ReadCloser, error) {
	r, err := f.file.OpenStream(ctx)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{csvio.ToUTF8(r, f.encoding), r}, nil
}

// fail gives an error the file's name.
func (f *csvFile) fail(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var e *fault.Error
	if !errors.As(err, &e) {
		e = fault.New(fault.Input, csvOp, "cannot read: %w", err)
	}
	if e.File == "" {
		e.File = f.file.Path
	}
	return named(e, csvOp)
}

// csvSeams are the seams of a file for one size of splits.
type csvSeams struct {
	*csvio.Seams
	cuts []int64
}

// seamsFor returns the seams of the file cut into parts of about size bytes, the same for every plan that asks.
func (f *csvFile) seamsFor(size int64) *csvSeams {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.seams[size]; s != nil {
		return s
	}
	n := max((f.size-f.head.Start+size-1)/size, 1)
	cuts := make([]int64, n+1)
	for i := range cuts {
		cuts[i] = f.head.Start + (f.size-f.head.Start)*int64(i)/n
	}
	s := &csvSeams{cuts: cuts, Seams: csvio.NewSeams(f.head.Dialect, cuts)}
	if f.seams == nil {
		f.seams = map[int64]*csvSeams{}
	}
	f.seams[size] = s
	return s
}

// isTSV says whether the file's name says that tabs part its fields.
func isTSV(f fileio.File) bool {
	_, bare := fileio.CodecOfName(f.Path)
	return strings.HasSuffix(strings.ToLower(bare), ".tsv") || strings.HasSuffix(strings.ToLower(bare), ".tab")
}

func lowered(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ToLower(w)
	}
	return out
}
