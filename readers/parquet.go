package readers

import (
	"context"
	"github.com/sheafdata/sheaf/dataframe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// Parquet returns the frame of Parquet files. The path is a file, a glob, a folder (of .parquet files) or "-". The footers are read
// now, for the schema, unless the options have one.
//
// A predicate leaves out files, row groups and pages whose statistics rule it out; only the columns that a query needs are read.
func Parquet(path string, opts *ParquetOptions) *dataframe.DataFrame {
	src, err := newParquetSource(path, opts.file())
	return newFrame(src, err)
}

type parquetSource struct {
	set *fileSet
	// held are the parsed files where the cache of the process does not keep them: those of an fs.FS.
	held []*sharedFile
	// totals are the statistics of all files; zero where the schema was declared.
	totals partition.Stats
}

func newParquetSource(path string, o fileOptions) (partition.Source, error) {
	files, err := o.resolve(path, ".parquet", ".parq", ".pq")
	if err != nil {
		return nil, err
	}
	s := &parquetSource{held: make([]*sharedFile, len(files))}
	var schemas []fileSchema
	if o.schema == nil {
		s.totals.Exact = true
		for i := range files {
			f, err := s.footer(o.ctx(), files, i)
			if err != nil {
				return nil, named(err, o.op)
			}
			schemas = append(schemas, fileSchema{file: files[i].Path, schema: f.pq.Declared()})
			s.totals.Rows += f.pq.NumRows()
			s.totals.Bytes += f.file.Size
		}
	}
	if s.set, err = newFileSet(o, files, schemas); err != nil {
		return nil, err
	}
	return s, nil
}

// footer returns a file with its footer.
func (s *parquetSource) footer(ctx context.Context, files []fileio.File, i int) (*sharedFile, error) {
	if s.held[i] != nil {
		return s.held[i], nil
	}
	f, err := footers.get(ctx, files[i])
	if err == nil && !files[i].Portable() && s.set == nil {
		s.held[i] = f
	}
	return f, err
}

func (s *parquetSource) Schema() *arrow.Schema { return s.set.schema }

// Stats are the rows and bytes of all files, for planners that look for it; zero where the schema was declared.
func (s *parquetSource) Stats() partition.Stats { return s.totals }

// Plan prunes and makes splits: ranges of rows, in file order.
func (s *parquetSource) Plan(ctx context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	cols, err := partition.ColumnIndexes(s.set.schema, r.Columns)
	if err != nil {
		return nil, err
	}
	p := &parquetPlan{ctx: ctx, src: s, req: r, cols: cols, conjuncts: predicateOf(r.Predicate, s.set.schema)}
	p.open = make([]bool, len(p.conjuncts))
	for i := range s.set.files {
		if r.Limit > 0 && p.sure >= r.Limit {
			break
		}
		if err := p.file(i); err != nil {
			return nil, named(err, s.set.opts.op)
		}
	}
	p.cut()
	return &partition.Scan{Splits: p.splits, Residual: p.residual()}, nil
}

// predicateOf returns the conjuncts of the predicate, bound to the schema where it was not: literals then have the columns' kinds.
func predicateOf(e expr.Expr, schema *arrow.Schema) []expr.Expr {
	if e.IsZero() {
		return nil
	}
	if !e.IsBound() {
		if bound, err := expr.Bind(e, schema); err == nil {
			e = bound
		}
	}
	return e.Conjuncts()
}

// parquetPlan plans one scan.
type parquetPlan struct {
	ctx  context.Context
	src  *parquetSource
	req  partition.ScanRequest
	cols []int

	conjuncts []expr.Expr
	// open says of each conjunct that some row that is kept may not satisfy it.
	open []bool
	// sure counts the kept rows that satisfy the predicate for certain.
	sure   int64
	pieces []parquetPiece
	bytes  int64
	splits []partition.Split
}

// parquetPiece is what is kept of a row group.
type parquetPiece struct {
	file   int
	f      *sharedFile
	adapt  *adapter
	group  int
	ranges []rowRange
	rows   int64 // in ranges
	bytes  int64 // encoded bytes of the columns read, in proportion to rows
	arrays int64 // what the columns take as arrays, in proportion to rows
	// groupRows are the row group's; stats what is known of the wanted columns over all of them.
	groupRows int64
	stats     []facts
}

// file adds the pieces of a file.
func (p *parquetPlan) file(i int) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	set := p.src.set
	if len(p.conjuncts) > 0 && set.excluded(i, p.req.Predicate) {
		return nil
	}
	f, err := p.src.footer(p.ctx, set.files, i)
	if err != nil {
		return err
	}
	m, err := set.mapOf(i, f.pq.Declared())
	if err != nil {
		return err
	}
	st := newParquetStats(set, i, f, m)
	defer st.close()
	a := set.adapter(i, m, p.cols)
	for g := range f.pq.NumRowGroups() {
		if p.req.Limit > 0 && p.sure >= p.req.Limit {
			return nil
		}
		if err := p.group(st, a, g); err != nil {
			return err
		}
	}
	return nil
}

// group adds what the predicate leaves of a row group.
func (p *parquetPlan) group(st *parquetStats, a *adapter, g int) error {
	info := st.f.pq.RowGroup(g)
	if info.Rows == 0 {
		return nil
	}
	st.begin(g, info.Rows)
	unsure := make([]expr.Expr, 0, len(p.conjuncts))
	open := make([]bool, len(p.conjuncts))
	for c, e := range p.conjuncts {
		out := st.judge(p.ctx, e)
		if out&canTrue == 0 {
			return nil
		}
		if out != canTrue {
			open[c] = true
			unsure = append(unsure, e)
		}
	}
	ranges := []rowRange{{0, info.Rows}}
	for _, e := range unsure {
		ranges = intersect(ranges, st.pages(p.ctx, e))
	}
	piece := parquetPiece{file: st.file, f: st.f, adapt: a, group: g, ranges: ranges, groupRows: info.Rows}
	for _, r := range ranges {
		piece.rows += r.to - r.from
	}
	if piece.rows == 0 {
		return nil
	}
	for c := range open {
		p.open[c] = p.open[c] || open[c]
	}
	var all, arrays float64
	for _, c := range a.read {
		all += float64(info.ColumnBytes[c])
		arrays += float64(info.ArrayBytes[c])
	}
	share := float64(piece.rows) / float64(info.Rows)
	piece.bytes, piece.arrays = int64(all*share), int64(arrays*share)
	piece.stats = make([]facts, len(p.cols))
	for i, c := range p.cols {
		piece.stats[i], _ = st.facts(p.src.set.schema.Field(c).Name)
	}
	p.bytes += piece.bytes
	p.pieces = append(p.pieces, piece)
	if len(unsure) == 0 {
		p.sure += piece.rows
	}
	return nil
}

// residual is what of the predicate is not certain for every row kept.
func (p *parquetPlan) residual() expr.Expr {
	var left []expr.Expr
	for c, e := range p.conjuncts {
		if p.open[c] {
			left = append(left, e)
		}
	}
	if len(left) == len(p.conjuncts) {
		return p.req.Predicate
	}
	return expr.And(left...)
}

// cut makes splits of the pieces: small neighbours of a file are joined, large ones divided.
func (p *parquetPlan) cut() {
	usual, left := splitBytes(p.req.SplitBytes, p.bytes), p.bytes
	size := usual
	coarse := p.req.Coarse && p.req.SplitBytes == 0
	least := int64(minSplitRows)
	if p.req.SplitBytes > 0 {
		least = divideRows
	}
	var open *parquetSplit
	flush := func() {
		if open != nil {
			p.splits = append(p.splits, portable(open, open.file))
		}
		open = nil
	}
	for _, piece := range p.pieces {
		if open != nil && open.fileIndex != piece.file {
			flush()
		}
		enough := size
		if coarse {
			if open == nil {
				size = coarseBytes(usual, left)
			}
			if piece.bytes > size {
				size = usual
			}
			left -= piece.bytes
			enough = size - piece.bytes/2 // the next piece would be more too much than is lacking now
		}
		n := min(max((piece.bytes+size-1)/size, 1), max(piece.rows/least, 1))
		if most := int64(splitArrays + splitArraysPerByte*piece.f.file.Size); piece.arrays/most >= n {
			n = min(piece.arrays/most+1, piece.rows)
		}
		if n > 1 {
			flush()
		}
		for _, ranges := range divide(piece.ranges, piece.rows, n) {
			if open == nil {
				open = p.newSplit(&piece)
			}
			open.add(p, &piece, ranges)
			if n > 1 || open.bytes >= enough && open.rows >= least {
				flush()
			}
		}
	}
	flush()
}

// splitArrays and splitArraysPerByte bound what a split takes as arrays, in proportion to its file: a small file may hold very many
// rows that are all alike, and the task of a split keeps its rows until they are handed on. Sound files of some size are far below.
const (
	splitArrays        = 4 << 20
	splitArraysPerByte = 6
)

// rowRange is rows [from, to) of a row group.
type rowRange struct{ from, to int64 }

// divideRows is the least rows of a part of a row group where the size of splits is asked for: below it, the pages that two parts share
// cost more than the rows.
const divideRows = 1024

// divideStep rounds the rows of a divided split, so that batches stay whole.
const divideStep = 8192

// divide cuts ranges of rows rows in total into n parts of about equal size.
func divide(ranges []rowRange, rows, n int64) [][]rowRange {
	if n <= 1 {
		return [][]rowRange{ranges}
	}
	per := (rows + n - 1) / n
	if per > divideStep {
		per = (per + divideStep - 1) / divideStep * divideStep
	}
	var out [][]rowRange
	var part []rowRange
	left := per
	for _, r := range ranges {
		for r.from < r.to {
			take := min(left, r.to-r.from)
			part = append(part, rowRange{r.from, r.from + take})
			r.from += take
			if left -= take; left == 0 {
				out, part, left = append(out, part), nil, per
			}
		}
	}
	if len(part) > 0 {
		out = append(out, part)
	}
	return out
}

func (p *parquetPlan) newSplit(piece *parquetPiece) *parquetSplit {
	return &parquetSplit{file: piece.f.file, fileIndex: piece.file, held: piece.f, adapt: piece.adapt, largePages: p.src.set.opts.largePages}
}

// add appends rows of a piece to the split, with the statistics of its columns.
func (s *parquetSplit) add(p *parquetPlan, piece *parquetPiece, ranges []rowRange) {
	var rows int64
	for _, r := range ranges {
		rows += r.to - r.from
	}
	s.groups = append(s.groups, groupRanges{group: piece.group, ranges: ranges})
	s.rows += rows
	s.bytes += int64(float64(piece.bytes) * float64(rows) / float64(max(piece.rows, 1)))
	first := len(s.groups) == 1
	for i, c := range p.cols {
		name := p.src.set.schema.Field(c).Name
		st, known := piece.stats[i].columnStats(rows, rows == piece.groupRows)
		have, ok := s.columns[name]
		switch {
		case first && known:
			s.setColumn(name, st)
		case ok && known:
			s.setColumn(name, mergeStats(have, st))
		case ok:
			delete(s.columns, name)
		}
	}
}

// columnStats says what a split says of rows of the facts: a count of nulls only where it is exact for them.
func (f facts) columnStats(rows int64, whole bool) (st partition.ColumnStats, known bool) {
	st.Min, st.Max = f.min, f.max
	switch {
	case f.onlyNull:
		st.NullsKnown, st.Nulls = true, rows
	case f.nullsKnown && (whole || f.nulls == 0):
		st.NullsKnown, st.Nulls = true, f.nulls
	}
	return st, st.NullsKnown || st.Min != nil || st.Max != nil
}

func (s *parquetSplit) setColumn(name string, st partition.ColumnStats) {
	if s.columns == nil {
		s.columns = map[string]partition.ColumnStats{}
	}
	s.columns[name] = st
}

// mergeStats bounds two sets of rows together.
func mergeStats(a, b partition.ColumnStats) partition.ColumnStats {
	out := partition.ColumnStats{NullsKnown: a.NullsKnown && b.NullsKnown}
	if out.NullsKnown {
		out.Nulls = a.Nulls + b.Nulls
	}
	out.Min, out.Max = a.Min, a.Max
	if c, ok := compareValues(b.Min, a.Min); !ok {
		out.Min = nil
	} else if c < 0 {
		out.Min = b.Min
	}
	if c, ok := compareValues(b.Max, a.Max); !ok {
		out.Max = nil
	} else if c > 0 {
		out.Max = b.Max
	}
	return out
}

// changed is the fault of a file that is not the one that was planned.
func changed(path, what string) error {
	e := fault.New(fault.Input, "read_parquet", "the file changed between planning and reading: %s", what)
	e.File = path
	return e
}
