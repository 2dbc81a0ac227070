package readers

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
)

// parquetStats judges predicates by what a file's metadata knows: row group by row group, first by the footer alone, then, where that
// can decide more, by dictionaries and the page index.
type parquetStats struct {
	set  *fileSet
	file int
	f    *sharedFile
	cols columnMap
	// place finds a frame's column by name.
	place map[string]int
	held  bool // the file is open

	// Of the row group at hand.
	group  int
	rows   int64
	footer map[string]partition.ColumnStats
	// dicts has, for columns that were asked for, what their dictionary adds.
	dicts map[int]*dictFacts
}

// dictFacts is what a dictionary that all pages use says of a column.
type dictFacts struct {
	known  bool
	values []any // nil where there are too many
	nan    bool
}

func newParquetStats(set *fileSet, file int, f *sharedFile, m columnMap) *parquetStats {
	s := &parquetStats{set: set, file: file, f: f, cols: m, place: make(map[string]int, len(set.cols))}
	for c := range set.cols {
		s.place[set.schema.Field(c).Name] = c
	}
	return s
}

func (s *parquetStats) close() {
	if s.held {
		s.f.release()
		s.held = false
	}
}

// begin goes to a row group.
func (s *parquetStats) begin(group int, rows int64) {
	s.group, s.rows = group, rows
	s.footer, s.dicts = s.f.pq.Stats(group), nil
}

// judge says what the predicate may be over the row group.
func (s *parquetStats) judge(ctx context.Context, e expr.Expr) outcomes {
	out := judge(e, s.facts)
	if decided(out) || !s.dictionaryHelps(e) || !s.hold(ctx) {
		return out
	}
	return judge(e, s.factsWithDictionary)
}

func decided(o outcomes) bool { return o&canTrue == 0 || o == canTrue }

// dictionaryHelps says whether dictionaries may decide e: it looks for a value, or only the chance of NaN leaves it open.
func (s *parquetStats) dictionaryHelps(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		found = found || x.Op() == "eq" || x.Op() == "in"
		return !found
	})
	return found || decided(judge(e, func(name string) (facts, bool) {
		f, ok := s.facts(name)
		f.mayNaN = false
		return f, ok
	}))
}

// hold opens the file; where that fails nothing more is known, and reading it will say why.
func (s *parquetStats) hold(ctx context.Context) bool {
	if !s.held {
		s.held = s.f.acquire(ctx) == nil
	}
	return s.held
}

// facts are what the footer knows of a frame's column over the row group.
func (s *parquetStats) facts(name string) (facts, bool) {
	c, ok := s.place[name]
	if !ok {
		return facts{}, false
	}
	if s.set.cols[c].data < 0 {
		return s.set.constantFacts(s.file, name)
	}
	src := s.cols[s.set.cols[c].data]
	if src < 0 {
		return facts{mayNull: true, onlyNull: true}, true
	}
	own := s.f.pq.Schema().Field(src)
	if own.Type.ID() == arrow.NULL {
		return facts{mayNull: true, onlyNull: true}, true
	}
	st, ok := s.footer[own.Name]
	if !ok {
		return facts{}, false
	}
	return factsOf(st, s.rows, own.Type).widened(own.Type, s.set.schema.Field(c).Type)
}

// factsOf reads statistics of rows rows.
func factsOf(st partition.ColumnStats, rows int64, typ arrow.DataType) facts {
	return facts{min: st.Min, max: st.Max, mayNull: !st.NullsKnown || st.Nulls > 0, onlyNull: st.NullsKnown && st.Nulls == rows && rows > 0,
		nullsKnown: st.NullsKnown, nulls: st.Nulls, mayNaN: floatBits(typ) > 0}
}

// factsWithDictionary adds what the column's dictionary knows.
func (s *parquetStats) factsWithDictionary(name string) (facts, bool) {
	f, ok := s.facts(name)
	c, isColumn := s.place[name]
	if !isColumn || s.set.cols[c].data < 0 || f.onlyNull {
		return f, ok
	}
	src := s.cols[s.set.cols[c].data]
	if src < 0 {
		return f, ok
	}
	d := s.dictionary(src)
	if !d.known {
		return f, ok
	}
	own, want := s.f.pq.Schema().Field(src).Type, s.set.schema.Field(c).Type
	if !ok {
		f = facts{mayNull: true}
	}
	f.mayNaN = floatBits(own) > 0 && d.nan
	if arrow.TypeEqual(own, want) {
		f.values = d.values
	}
	return f, ok || f.values != nil
}

// maxDictionaryValues bounds the values that a predicate is compared with.
const maxDictionaryValues = 1 << 14

func (s *parquetStats) dictionary(src int) *dictFacts {
	if d, ok := s.dicts[src]; ok {
		return d
	}
	d := &dictFacts{}
	if arr, err := s.f.pq.DictionaryValues(s.group, src); err == nil && arr != nil {
		d = readDictionary(arr)
		arr.Release()
	}
	if s.dicts == nil {
		s.dicts = map[int]*dictFacts{}
	}
	s.dicts[src] = d
	return d
}

func readDictionary(arr arrow.Array) *dictFacts {
	d := &dictFacts{known: true}
	switch a := arr.(type) {
	case *array.Float32:
		for _, v := range a.Float32Values() {
			d.nan = d.nan || v != v
		}
	case *array.Float64:
		for _, v := range a.Float64Values() {
			d.nan = d.nan || v != v
		}
	case *array.Float16:
		for _, v := range a.Values() {
			d.nan = d.nan || v.IsNaN()
		}
	}
	if arr.Len() <= maxDictionaryValues {
		d.values = literalsOf(arr)
	}
	return d
}

// literalsOf returns the values as expr's literals have them, nil for types that it does not know. An empty column has an empty list.
func literalsOf(arr arrow.Array) []any {
	out := make([]any, 0, arr.Len())
	for i := range arr.Len() {
		v := literalOf(arr, i)
		if v == nil {
			return nil
		}
		out = append(out, v)
	}
	return out
}

func literalOf(arr arrow.Array, i int) any {
	switch a := arr.(type) {
	case *array.Int8:
		return int64(a.Value(i))
	case *array.Int16:
		return int64(a.Value(i))
	case *array.Int32:
		return int64(a.Value(i))
	case *array.Int64:
		return a.Value(i)
	case *array.Uint8:
		return uint64(a.Value(i))
	case *array.Uint16:
		return uint64(a.Value(i))
	case *array.Uint32:
		return uint64(a.Value(i))
	case *array.Uint64:
		return a.Value(i)
	case *array.Float32:
		return float64(a.Value(i))
	case *array.Float64:
		return a.Value(i)
	case *array.Date32:
		return time.Unix(int64(a.Value(i))*86400, 0).UTC()
	case *array.Timestamp:
		return timeOf(int64(a.Value(i)), a.DataType().(*arrow.TimestampType).Unit)
	case interface{ Value(int) string }:
		return a.Value(i)
	}
	return nil
}

func timeOf(v int64, u arrow.TimeUnit) time.Time {
	switch u {
	case arrow.Second:
		return time.Unix(v, 0)
	case arrow.Millisecond:
		return time.UnixMilli(v)
	case arrow.Microsecond:
		return time.UnixMicro(v)
	}
	return time.Unix(0, v)
}

// pages returns the rows of the row group that e may be true for, by the page index of the one column that e reads.
func (s *parquetStats) pages(ctx context.Context, e expr.Expr) []rowRange {
	all := []rowRange{{0, s.rows}}
	names := e.Columns()
	if len(names) != 1 {
		return all
	}
	c, ok := s.place[names[0]]
	if !ok || s.set.cols[c].data < 0 {
		return all
	}
	src := s.cols[s.set.cols[c].data]
	if src < 0 || !s.hold(ctx) {
		return all
	}
	pages, err := s.f.pq.Pages(s.group, src)
	if err != nil || pages == nil {
		return all
	}
	own, want := s.f.pq.Schema().Field(src).Type, s.set.schema.Field(c).Type
	var out []rowRange
	for _, p := range pages {
		out1 := judge(e, func(string) (facts, bool) {
			f := factsOf(p.Stats, p.Rows.To-p.Rows.From, own)
			if p.AllNull {
				f = facts{mayNull: true, onlyNull: true}
			}
			if f.mayNaN {
				d := s.dictionary(src)
				f.mayNaN = !d.known || d.nan
			}
			return f.widened(own, want)
		})
		if out1&canTrue == 0 {
			continue
		}
		if n := len(out); n > 0 && out[n-1].to == p.Rows.From {
			out[n-1].to = p.Rows.To
			continue
		}
		out = append(out, rowRange{p.Rows.From, p.Rows.To})
	}
	return out
}

// intersect returns the rows that are in both.
func intersect(a, b []rowRange) []rowRange {
	var out []rowRange
	for i, j := 0, 0; i < len(a) && j < len(b); {
		from, to := max(a[i].from, b[j].from), min(a[i].to, b[j].to)
		if from < to {
			out = append(out, rowRange{from, to})
		}
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return out
}
