package readers

import (
	"bytes"
	"fmt"
	"io"
)

// jsonFraming is how records follow each other in a file.
type jsonFraming uint8

const (
	jsonUnknown jsonFraming = iota
	jsonLines               // a record a line: any line can be read by itself
	jsonStream              // records of several lines
	jsonArray               // one array of records
)

// jsonChunker cuts a stream into chunks of whole records.
type jsonChunker struct {
	r       io.Reader
	framing jsonFraming
	// end is the offset where lines that begin there or later belong to the next split; 0 is none. off is the offset of the next
	// chunk, both counted from the start of r.
	end, off int64
	// limit is the most bytes that one record may have.
	limit int

	buf     []byte // [0:fill) is read, [0:cut) was the last chunk
	cut     int
	fill    int
	eof     bool
	line    int64 // lines before the chunk
	scan    int   // bytes of buf that framing has looked at
	depth   int
	inText  bool
	escaped bool
}

const jsonBlock = 256 << 10

// next returns the next chunk, good until the next call, and the number of lines before it; io.EOF at the end.
func (c *jsonChunker) next() (chunk []byte, line int64, err error) {
	c.line += int64(bytes.Count(c.buf[:c.cut], newline))
	c.off += int64(c.cut)
	c.fill = copy(c.buf, c.buf[c.cut:c.fill])
	c.scan -= c.cut
	c.cut = 0
	if c.end > 0 && c.off >= c.end {
		return nil, c.line, io.EOF
	}
	for {
		if n := c.frame(); n > 0 {
			c.cut = n
			return c.buf[:n], c.line, nil
		}
		if c.eof {
			if c.cut = c.fill; c.fill == 0 {
				return nil, c.line, io.EOF
			}
			return c.buf[:c.fill], c.line, nil
		}
		if c.fill >= c.limit {
			return nil, c.line, fmt.Errorf("a record has more than %d bytes", c.limit)
		}
		if err := c.read(); err != nil {
			return nil, c.line, err
		}
	}
}

var newline = []byte{'\n'}

func (c *jsonChunker) read() error {
	if len(c.buf)-c.fill < jsonBlock {
		grown := make([]byte, max(2*len(c.buf), jsonBlock))
		copy(grown, c.buf[:c.fill])
		c.buf = grown
	}
	n, err := c.r.Read(c.buf[c.fill:])
	c.fill += n
	if err == io.EOF {
		c.eof = true
		return nil
	}
	return err
}

// frame returns the length of the whole records at the start of the buffer, 0 where there is none yet.
func (c *jsonChunker) frame() int {
	if c.framing == jsonLines {
		return c.frameLines()
	}
	base := 0
	if c.framing == jsonArray {
		base = 1
	}
	last := 0
	depth, inText, escaped := c.depth, c.inText, c.escaped
	for i, b := range c.buf[c.scan:c.fill] {
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped = b == '\\'
			inText = b != '"'
		case b == '"':
			inText = true
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			if depth--; depth <= base {
				last = c.scan + i + 1
			}
		}
	}
	c.depth, c.inText, c.escaped, c.scan = depth, inText, escaped, c.fill
	return last
}

func (c *jsonChunker) frameLines() int {
	data := c.buf[:c.fill]
	if c.end > 0 && c.off+int64(c.fill) >= c.end {
		// The last line of the split begins before end: it ends with the first newline from the byte before end on.
		from := int(max(c.end-c.off-1, 0))
		if i := bytes.IndexByte(data[from:], '\n'); i >= 0 {
			return from + i + 1
		}
		return 0
	}
	n := bytes.LastIndexByte(data[max(c.scan, 0):], '\n')
	if n < 0 {
		c.scan = c.fill
		return 0
	}
	return max(c.scan, 0) + n + 1
}

// jsonFramingOf looks at the first bytes of a file.
func jsonFramingOf(head []byte, whole bool) jsonFraming {
	s := jsonScanner{buf: bytes.TrimPrefix(head, utf8BOM), maxDepth: 1 << 20}
	switch s.peek() {
	case '[':
		return jsonArray
	case 0:
		return jsonLines
	}
	rest := s.buf[s.pos:]
	i := bytes.IndexByte(rest, '\n')
	if i < 0 {
		if whole {
			return jsonStream
		}
		return jsonLines
	}
	// A record that goes on after its first line is of several lines. Depth is counted by a scan, so that hostile nesting costs nothing.
	c := jsonChunker{buf: rest[:i], fill: i, framing: jsonStream}
	c.frame()
	if c.depth > 0 || c.inText {
		return jsonStream
	}
	return jsonLines
}

var utf8BOM = []byte("\xef\xbb\xbf")
