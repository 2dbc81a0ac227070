package readers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/csvio"
	"github.com/sheafdata/sheaf/partition"
)

// csvSource is the files of a CSV frame.
type csvSource struct {
	opts    CSVOptions
	set     *fileSet
	files   []*csvFile
	dialect csvio.Dialect
	// orders are the orders of dates by column of set.data; inferred says whose types samples gave.
	orders   []uint8
	inferred []bool
	rejects  bool
	warnings []string
}

// csvSampleBytes are the samples of all files together; each file has its floor.
const csvSampleBytes = 64 << 20

var rejectSchema = arrow.NewSchema([]arrow.Field{
	{Name: "file", Type: arrow.BinaryTypes.String},
	{Name: "line", Type: arrow.PrimitiveTypes.Int64},
	{Name: "text", Type: arrow.BinaryTypes.String},
	{Name: "reason", Type: arrow.BinaryTypes.String},
}, nil)

func newCSVSource(path string, opts *CSVOptions, rejects bool) (partition.Source, error) {
	s := &csvSource{rejects: rejects}
	if opts != nil {
		s.opts = *opts
	}
	if rejects {
		s.opts.Ragged = Reject
	}
	o := s.opts.file()
	if _, err := s.opts.dialect(false); err != nil {
		return nil, err
	}
	files, err := o.resolve(path, ".csv", ".tsv", ".tab", ".txt")
	if err != nil {
		return nil, err
	}
	tab := !slices.ContainsFunc(files, func(f fileioFile) bool { return !isTSV(f) })
	if s.dialect, err = s.opts.dialect(tab); err != nil {
		return nil, err
	}
	for _, f := range files {
		s.files = append(s.files, &csvFile{file: f})
	}
	if rejects {
		return s, nil
	}
	if o.schema != nil {
		if len(s.opts.Types) > 0 {
			return nil, fault.New(fault.Plan, csvOp, "the options Schema and Types exclude each other")
		}
		s.set, err = newFileSet(o, files, nil)
		if err == nil {
			s.orders, s.inferred = make([]uint8, s.set.data.NumFields()), make([]bool, s.set.data.NumFields())
		}
	} else {
		err = s.infer(o, files)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Schema is the frame's.
func (s *csvSource) Schema() *arrow.Schema {
	if s.rejects {
		return rejectSchema
	}
	return s.set.schema
}

// Warnings are what was put right in the files' headers, for the receipt.
func (s *csvSource) Warnings() []string { return s.warnings }

// infer looks at all files and agrees on one schema.
func (s *csvSource) infer(o fileOptions, files []fileioFile) (err error) {
	budget := max(csvSampleBytes/int64(len(files)), 1)
	all := csvTypes{src: s, guesses: map[string]csvio.Guess{}}
	for _, f := range s.files {
		if err := f.look(o.ctx(), &s.opts, s.dialect, budget); err != nil {
			return err
		}
		if err := f.checkNames(&s.opts); err != nil {
			return err
		}
		all.add(f)
	}
	if err := all.checkTypes(); err != nil {
		return err
	}
	s.noticeOdd(&all)
	var schemas []fileSchema
	for _, f := range s.files {
		schemas = append(schemas, all.schema(f))
	}
	if s.set, err = newFileSet(o, files, schemas); err != nil {
		return err
	}
	for _, field := range s.set.data.Fields() {
		g := all.guesses[all.key(field.Name)]
		_, declared := s.opts.Types[field.Name]
		s.orders = append(s.orders, g.Order())
		s.inferred = append(s.inferred, !declared)
	}
	return nil
}

// csvTypes is what the samples of all files say of each column, by name.
type csvTypes struct {
	src     *csvSource
	guesses map[string]csvio.Guess
	names   []string
}

func (t *csvTypes) key(name string) string {
	if t.src.opts.CaseInsensitive {
		return strings.ToLower(name)
	}
	return name
}

func (t *csvTypes) add(f *csvFile) {
	names := csvNames(f.head.Names)
	for i, name := range names {
		k := t.key(name)
		have, known := t.guesses[k]
		if !known {
			t.names = append(t.names, name)
		}
		t.guesses[k] = have.Merge(f.columns[i])
		if raw := f.head.Names[i]; raw != name && !t.src.opts.NoHeader {
			t.src.warn("%s: column %d is named %q: its name in the header, %q, is empty or there before", f.file.Path, i+1, name, raw)
		}
	}
	if n := f.head.Stride - len(names); n > 0 {
		t.src.warn("%s: rows have %d empty fields more than the header, which are left out", f.file.Path, n)
	}
}

// checkNames refuses empty and equal names under Strict.
func (f *csvFile) checkNames(o *CSVOptions) error {
	if !o.Strict || o.NoHeader {
		return nil
	}
	for i, name := range csvNames(f.head.Names) {
		if raw := f.head.Names[i]; raw != name {
			e := fault.New(fault.Type, csvOp, "the name %q of column %d is empty or there before, which Strict forbids", raw, i+1)
			e.File, e.Column = f.file.Path, raw
			return e
		}
	}
	return nil
}

// csvNames is uniqueNames for headers of any width: it remembers where it stopped counting for each name.
func csvNames(names []string) []string {
	used := make(map[string]bool, len(names))
	for _, n := range names {
		used[n] = true
	}
	out := make([]string, len(names))
	next := make(map[string]int, len(names))
	for i, n := range names {
		k, seen := next[n]
		if n != "" && !seen {
			next[n], out[i] = 1, n
			continue
		}
		base := n + "_"
		if n == "" {
			base, k = "column", i+1
		}
		for used[base+strconv.Itoa(k)] {
			k++
		}
		out[i] = base + strconv.Itoa(k)
		used[out[i]] = true
		next[n] = k + 1
	}
	return out
}

func (s *csvSource) warn(format string, args ...any) {
	if len(s.warnings) < 100 {
		s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
	}
}

// checkTypes finds mistakes in the option Types.
func (t *csvTypes) checkTypes() error {
	for name, typ := range t.src.opts.Types {
		if _, ok := t.guesses[t.key(name)]; !ok {
			return fault.New(fault.Plan, csvOp, "the option Types names a column %q that the files do not have", name).WithHint("%s", fault.Suggest(name, t.names))
		}
		if typ == nil || !csvio.CanRead(valueType(typ)) {
			return fault.New(fault.Plan, csvOp, "column %q cannot be read as %v, as the option Types wants", name, typ).WithHint("read it as text and convert it")
		}
	}
	return nil
}

// schema is a file's own: names made unique, types as all files together say, under Strict as the file alone says.
func (t *csvTypes) schema(f *csvFile) fileSchema {
	names := csvNames(f.head.Names)
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		fields[i] = arrow.Field{Name: name, Type: t.typeOf(name, f.columns[i]), Nullable: true}
	}
	return fileSchema{file: f.file.Path, schema: arrow.NewSchema(fields, nil)}
}

func (t *csvTypes) typeOf(name string, own csvio.Guess) arrow.DataType {
	for declared, typ := range t.src.opts.Types {
		if t.key(declared) == t.key(name) {
			return valueType(typ)
		}
	}
	g := t.guesses[t.key(name)]
	if t.src.opts.Strict && own.Seen() {
		g = own
	}
	typ, _ := g.Type(&t.src.dialect)
	if typ.ID() == arrow.NULL {
		return arrow.BinaryTypes.String
	}
	return typ
}

// Plan makes splits: ranges of files that can be read so, else whole files.
func (s *csvSource) Plan(ctx context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.Schema(), r.Columns)
	if err != nil {
		return nil, err
	}
	scan := &partition.Scan{Residual: r.Predicate}
	var total int64
	for _, f := range s.files {
		total += max(f.file.Size, 0)
	}
	size := splitBytes(r.SplitBytes, total)
	for i, f := range s.files {
		if !s.rejects && s.set.excluded(i, r.Predicate) {
			continue
		}
		if err := f.look(ctx, &s.opts, s.dialect, 0); err != nil {
			return nil, err
		}
		one, err := s.split(i, cols)
		if err != nil {
			return nil, err
		}
		if r.Limit > 0 && r.Predicate.IsZero() && !s.rejects {
			one.maxRows = r.Limit
		}
		scan.Splits = append(scan.Splits, f.cut(one, s.splitSize(f, r.SplitBytes, size))...)
	}
	return scan, nil
}

// leastCSVSplit is the least size of a split in bytes that can be asked for: a split opens its file.
const leastCSVSplit = 256

// splitSize raises the size where it would make splits of few rows.
func (s *csvSource) splitSize(f *csvFile, wished, size int64) int64 {
	if wished > 0 || f.rowBytes == 0 {
		return max(size, leastCSVSplit)
	}
	return min(max(size, minSplitRows*f.rowBytes), maxSplitBytes)
}

// cut divides the split of a whole file.
func (f *csvFile) cut(one *csvSplit, size int64) []partition.Split {
	if f.stream {
		return []partition.Split{portable(one, f.file)}
	}
	seams := f.seamsFor(size)
	var out []partition.Split
	for k := range len(seams.cuts) - 1 {
		part := *one
		part.seams, part.part = seams, k
		part.start, part.limit = seams.cuts[k], seams.cuts[k+1]
		part.exact = k == 0
		out = append(out, portable(&part, f.file))
	}
	return out
}

// split is the split of a whole file with the columns of the frame's schema.
func (s *csvSource) split(i int, cols []int) (*csvSplit, error) {
	f := s.files[i]
	sp := &csvSplit{csvPlan: csvPlan{file: f.file, look: f.csvLook, rejects: s.rejects, cols: cols}, home: f}
	if s.rejects {
		return sp, nil
	}
	m, err := s.mapOf(i)
	if err != nil {
		return nil, err
	}
	sp.adapt = &adapter{}
	sp.cols = nil
	for _, c := range cols {
		field, from := s.set.schema.Field(c), s.set.cols[c]
		if from.data < 0 {
			sp.adapt.addConstant(field.Name, field.Type, s.set.constant(i, from))
			continue
		}
		src := m[from.data]
		if src < 0 {
			sp.adapt.add(field.Name, field.Type, -1)
			continue
		}
		sp.adapt.cols = append(sp.adapt.cols, adaptColumn{name: field.Name, typ: field.Type, from: len(sp.columns)})
		sp.adapt.read = append(sp.adapt.read, src)
		sp.columns = append(sp.columns, csvio.Column{Name: field.Name, Field: src, Type: fieldType(field.Type), Order: s.orders[from.data], Inferred: s.inferred[from.data]})
	}
	return sp, nil
}

// fieldType is what fields are parsed as for a column of the type; the adapter makes the column of it.
func fieldType(t arrow.DataType) arrow.DataType {
	t = valueType(t)
	switch d := t.(type) {
	case *arrow.Decimal32Type:
		return &arrow.Decimal128Type{Precision: d.Precision, Scale: d.Scale}
	case *arrow.Decimal64Type:
		return &arrow.Decimal128Type{Precision: d.Precision, Scale: d.Scale}
	}
	return t
}

// mapOf says which field of the file gives each column within files: by name, with a declared schema and no header by place.
func (s *csvSource) mapOf(i int) (columnMap, error) {
	names := csvNames(s.files[i].head.Names)
	if s.set.maps == nil && s.opts.NoHeader {
		m := make(columnMap, s.set.data.NumFields())
		for c := range m {
			if m[c] = c; c >= len(names) {
				m[c] = -1
			}
		}
		return m, nil
	}
	fields := make([]arrow.Field, len(names))
	for c, n := range names {
		fields[c] = arrow.Field{Name: n, Type: arrow.Null}
	}
	o := s.set.opts.union
	if s.set.maps == nil {
		o.strict = false // types are the schema's
	}
	if s.set.maps != nil {
		return s.set.maps[i], nil
	}
	m, err := fitSchema(s.set.data, fileSchema{file: s.files[i].file.Path, schema: arrow.NewSchema(fields, nil)}, o)
	return m, named(err, csvOp)
}
