package readers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// JSON returns the frame of JSON records: files of one object a line, of objects one after the other, or of one array of objects.
// The path is a file, a glob, a folder (of .json, .jsonl and .ndjson files) or "-"; files may be compressed.
//
// Types come from samples of all files: whole numbers are int64, others double, nested objects structs, arrays lists. A place with
// values of several kinds is an error, with PromoteTypes text. Small files are looked at whole.
func JSON(path string, opts *JSONOptions) *dataframe.DataFrame {
	o := opts.file()
	depth := defaultJSONDepth
	if opts != nil && opts.MaxDepth > 0 {
		depth = min(opts.MaxDepth, maxWireDepth)
	}
	src, err := newJSONSource(path, o, depth)
	return newFrame(src, err)
}

type jsonSource struct {
	set      *fileSet
	depth    int
	framings []jsonFraming
	// own are the files' own column names; nil where the schema is declared.
	own [][]string
}

// Budgets of the samples: all files together, and at least for each.
const (
	jsonSampleBytes = 32 << 20
	jsonSampleLeast = 256 << 10
)

func newJSONSource(path string, o fileOptions, depth int) (partition.Source, error) {
	files, err := o.resolve(path, ".json", ".jsonl", ".ndjson")
	if err != nil {
		return nil, err
	}
	s := &jsonSource{depth: depth, framings: make([]jsonFraming, len(files))}
	var schemas []fileSchema
	if o.schema == nil {
		budget := max(jsonSampleBytes/len(files), jsonSampleLeast)
		for i, f := range files {
			schema, framing, err := sampleJSON(o.ctx(), f, sampleOptions{budget: budget, depth: depth, promote: o.union.promote})
			if err != nil {
				return nil, named(err, o.op)
			}
			s.framings[i] = framing
			s.own = append(s.own, fieldNames(schema))
			schemas = append(schemas, fileSchema{file: f.Path, schema: schema})
		}
	}
	s.set, err = newFileSet(o, files, schemas)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *jsonSource) Schema() *arrow.Schema { return s.set.schema }

// Plan makes a split of each file, or of each range of a file of lines that is not compressed.
func (s *jsonSource) Plan(ctx context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.set.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	scan := &partition.Scan{Residual: r.Predicate}
	var total int64
	for _, f := range s.set.files {
		total += max(f.Size, 0)
	}
	size := splitBytes(r.SplitBytes, total)
	for i, f := range s.set.files {
		if s.set.excluded(i, r.Predicate) {
			continue
		}
		split := s.split(i, cols)
		plain, err := s.frame(ctx, i, split)
		if err != nil {
			return nil, named(err, s.set.opts.op)
		}
		if !plain || split.framing != jsonLines || f.Size < 2*size {
			scan.Splits = append(scan.Splits, portable(split, f))
			continue
		}
		ranges, err := lineRanges(ctx, f, size)
		if err != nil {
			return nil, named(err, s.set.opts.op)
		}
		for _, rg := range ranges {
			part := *split
			part.start, part.end = rg[0], rg[1]
			scan.Splits = append(scan.Splits, portable(&part, f))
		}
	}
	return scan, nil
}

// excluded says whether the predicate rules the file out by its folder or its name.
func (s *fileSet) excluded(file int, predicate expr.Expr) bool {
	if predicate.IsZero() {
		return false
	}
	return judge(predicate, func(name string) (facts, bool) { return s.constantFacts(file, name) })&canTrue == 0
}

// constantFacts are the facts of a constant column.
func (s *fileSet) constantFacts(file int, name string) (facts, bool) {
	for i, c := range s.cols {
		if s.schema.Field(i).Name != name || c.data >= 0 {
			continue
		}
		k := s.constant(file, c)
		if k == nil || k.null {
			return facts{mayNull: true, onlyNull: true}, true
		}
		v := constantValue(k, s.schema.Field(i).Type)
		return facts{min: v, max: v}, v != nil
	}
	return facts{}, false
}

func (s *jsonSource) split(file int, cols []int) *jsonSplit {
	set := s.set
	m := make(columnMap, set.data.NumFields())
	own := fieldNames(set.data)
	if s.own != nil {
		m, own = set.maps[file], s.own[file]
	} else {
		for i := range m {
			m[i] = i
		}
	}
	a := set.adapter(file, m, cols)
	j := &jsonSplit{file: set.files[file], adapt: a, framing: s.framings[file], depth: s.depth, promote: set.opts.union.promote,
		ignore: s.own == nil && !set.opts.union.strict, fold: s.own == nil && set.opts.union.fold}
	for _, src := range a.read {
		j.names = append(j.names, own[src])
	}
	if !j.ignore {
		j.known = own
	}
	j.setTypes()
	return j
}

// leaves counts the columns that a type is stored in.
func leaves(t arrow.DataType) int {
	switch t := t.(type) {
	case *arrow.StructType:
		n := 1
		for _, f := range t.Fields() {
			n += leaves(f.Type)
		}
		return n
	case arrow.ListLikeType:
		return 1 + leaves(t.Elem())
	}
	return 1
}

// frame finds out how records follow each other where that is not known, and whether the file is not compressed.
func (s *jsonSource) frame(ctx context.Context, file int, split *jsonSplit) (plain bool, err error) {
	h, err := split.file.Open(ctx)
	if err != nil {
		return false, err
	}
	head := make([]byte, fileio.HeadLen)
	n, err := h.ReadAt(head, 0)
	_ = h.Close()
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	plain = fileio.CodecOf(split.file.Path, head[:n]) == fileio.Plain
	if split.framing != jsonUnknown {
		return plain, nil
	}
	split.framing, err = peekFraming(ctx, split.file)
	return plain, err
}

func peekFraming(ctx context.Context, f fileio.File) (jsonFraming, error) {
	in, err := f.OpenStream(ctx)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	head := make([]byte, jsonBlock)
	n, err := io.ReadFull(in, head)
	whole := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !whole {
		return 0, err
	}
	return jsonFramingOf(head[:n], whole), nil
}

// lineRanges cuts a file into ranges of about size bytes, each beginning at the start of a line.
func lineRanges(ctx context.Context, f fileio.File, size int64) ([][2]int64, error) {
	h, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	var out [][2]int64
	start := int64(0)
	for start < h.Size() {
		end := h.Size()
		if h.Size()-start > size+size/2 {
			if end, err = nextLine(ctx, h, start+size); err != nil {
				return nil, err
			}
		}
		out = append(out, [2]int64{start, end})
		start = end
	}
	return out, nil
}

// nextLine is the offset of the first line that begins after off, or the file's size.
func nextLine(ctx context.Context, h fileio.Handle, off int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for off < h.Size() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := h.ReadAt(buf[:min(int64(len(buf)), h.Size()-off)], off)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return off + int64(i) + 1, nil
		}
		if off += int64(n); err != nil && err != io.EOF || n == 0 {
			return 0, fault.New(fault.Input, "read_json", "cannot read: %w", err)
		}
	}
	return h.Size(), nil
}

// jsonSplit is a file of records, or a range of its lines.
type jsonSplit struct {
	file    fileio.File
	framing jsonFraming
	// start and end are a range that begins and ends with a line; end 0 is the whole file.
	start, end int64
	// names and types are of the fields to read, in the order of adapt.read; known are all names that a record may have.
	names []string
	types []arrow.DataType
	known []string
	// ignore: other names are left out; fold: names match without regard to case; promote: any value may be text.
	ignore, fold, promote bool
	depth                 int
	cells                 int // columns that a row is stored in
	adapt                 *adapter
}

// Stats knows only the bytes.
func (s *jsonSplit) Stats() partition.Stats {
	if s.end > 0 {
		return partition.Stats{Bytes: s.end - s.start}
	}
	return partition.Stats{Bytes: max(s.file.Size, 0)}
}

func (s *jsonSplit) Open(ctx context.Context, env *partition.Env) (partition.Reader, error) {
	r, err := s.open(ctx, env.Allocator())
	if err != nil {
		return nil, named(err, "read_json")
	}
	return r, nil
}

// recordLimit bounds a record: memory must not grow with what a small compressed file claims to hold.
func (s *jsonSplit) recordLimit() int { return int(min(8<<20+4*max(s.file.Size, 16<<20), 1<<30)) }

// linesBefore counts the lines before the split; it reads them, for a message.
func (s *jsonSplit) linesBefore() int64 {
	if s.start == 0 {
		return 0
	}
	h, err := s.file.Open(context.Background())
	if err != nil {
		return 0
	}
	defer h.Close()
	var lines int64
	buf := make([]byte, 1<<20)
	for off := int64(0); off < s.start; {
		n, _ := h.ReadAt(buf[:min(int64(len(buf)), s.start-off)], off)
		if n == 0 {
			return lines
		}
		lines += int64(bytes.Count(buf[:n], newline))
		off += int64(n)
	}
	return lines
}

type sampleOptions struct {
	budget, depth int
	promote       bool
}

// sampleJSON returns the schema of a file's records by a sample: all of a small file, else its beginning.
func sampleJSON(ctx context.Context, f fileio.File, o sampleOptions) (*arrow.Schema, jsonFraming, error) {
	framing, err := peekFraming(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	split := &jsonSplit{file: f, framing: framing, depth: o.depth}
	p := &shaper{}
	top := &shape{}
	if err := shapeRange(ctx, split, p, top, o.budget); err != nil {
		return nil, 0, err
	}
	if framing == jsonLines && f.Size > int64(o.budget) {
		if err := shapeRest(ctx, split, p, top, o.budget); err != nil {
			return nil, 0, err
		}
	}
	fields, c := top.arrowFields("", o.promote)
	if c != nil {
		e := fault.New(fault.Type, "read_json", "the values are %s", strings.Join(c.kinds.names(), " and "))
		e.File, e.Column, e.Line = f.Path, c.path, c.line
		return nil, 0, e.WithHint("PromoteTypes reads them as text, Schema declares a type")
	}
	return arrow.NewSchema(fields, nil), framing, nil
}

// shapeRest samples the middle and the end of a large plain file of lines.
func shapeRest(ctx context.Context, split *jsonSplit, p *shaper, top *shape, budget int) error {
	h, err := split.file.Open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	head := make([]byte, fileio.HeadLen)
	if n, _ := h.ReadAt(head, 0); fileio.CodecOf(split.file.Path, head[:n]) != fileio.Plain {
		return nil
	}
	for _, at := range []int64{h.Size() / 2, h.Size() - int64(budget)/4} {
		start, err := nextLine(ctx, h, max(at, int64(budget)))
		if err != nil {
			return err
		}
		part := *split
		part.start, part.end = start, min(start+int64(budget)/4, h.Size())
		if part.start >= part.end {
			continue
		}
		if err := shapeRange(ctx, &part, p, top, budget); err != nil {
			return err
		}
	}
	return nil
}

// shapeRange reads records of the split into the shape until budget bytes are read.
func shapeRange(ctx context.Context, split *jsonSplit, p *shaper, top *shape, budget int) error {
	part := *split
	part.adapt = &adapter{}
	r, err := part.open(ctx, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	read := 0
	for !r.done && read < budget {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.nextChunk(); err != nil {
			return err
		}
		if r.done {
			return nil
		}
		read += len(r.b.buf)
		p.line, p.counted = r.line+1, 0
		for r.more() {
			if split.framing == jsonArray {
				record, err := r.punctuation()
				if err != nil {
					return r.place(err)
				}
				if !record {
					continue
				}
			}
			if err := r.shape(p, top); err != nil {
				return r.place(err)
			}
		}
	}
	return nil
}

// shape reads the record at hand into the shape.
func (r *jsonReader) shape(p *shaper, top *shape) error {
	if r.b.peek() != '{' {
		return r.b.unexpected("an object")
	}
	p.line += int64(bytes.Count(r.b.buf[p.counted:r.b.pos], newline))
	p.counted = r.b.pos
	p.jsonScanner, r.b.jsonScanner = r.b.jsonScanner, jsonScanner{}
	err := p.add(top)
	r.b.jsonScanner, p.jsonScanner = p.jsonScanner, jsonScanner{}
	r.row++
	return err
}
