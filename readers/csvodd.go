package readers

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/csvio"
)

// noticeOdd tells of the columns that are text because of a value or a few, where all others read as numbers, dates or booleans. Nothing is
// said of a column that some file has as text for other reasons. It looks at each column of each file once.
func (s *csvSource) noticeOdd(t *csvTypes) {
	type suspect struct {
		in    *csvFile // the first file with odd values, and its first
		first csvOdd
		plain bool
	}
	suspects := map[string]*suspect{}
	for _, f := range s.files {
		if len(f.odd) == 0 {
			continue
		}
		names := csvNames(f.head.Names)
		for _, o := range f.odd {
			if k := t.key(names[o.Column]); suspects[k] == nil {
				suspects[k] = &suspect{in: f, first: o}
			}
		}
	}
	if len(suspects) == 0 {
		return
	}
	for n := range s.opts.Types {
		delete(suspects, t.key(n))
	}
	for _, f := range s.files {
		odd := make(map[int]bool, len(f.odd))
		for _, o := range f.odd {
			odd[o.Column] = true
		}
		for i, name := range csvNames(f.head.Names) {
			if x := suspects[t.key(name)]; x != nil && !x.plain && !odd[i] {
				own, _ := f.columns[i].Type(&s.dialect)
				x.plain = own.ID() == arrow.STRING
			}
		}
	}
	for _, name := range t.names {
		if x := suspects[t.key(name)]; x != nil && !x.plain && t.typeOf(name, csvio.Guess{}).ID() == arrow.STRING {
			s.notice(x.in, name, x.first)
		}
	}
}

func (s *csvSource) notice(f *csvFile, name string, o csvOdd) {
	others := ""
	if o.Count > 1 {
		others = fmt.Sprintf(" and %d more", o.Count-1)
	}
	place := ""
	if o.line == 0 {
		place = fmt.Sprintf(", %d bytes into the file", o.Offset)
	}
	e := fault.New(fault.Type, csvOp, "the column is text because of this value%s%s: %d of %d values seen read as %s", others, place, o.Values-o.Count, o.Values, csvio.TypeText(o.Type))
	e.File, e.Line, e.Column, e.Text = f.file.Path, o.line, name, o.Text
	e = e.WithHint("add the spelling to Nulls if it stands for a missing value, or say in Types that %s is text", strconv.Quote(name))
	s.warn("%v", e)
	if s.opts.Notice != nil {
		s.opts.Notice(e)
	}
}
