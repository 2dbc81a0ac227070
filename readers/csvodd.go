package readers

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/csvio"
)

// noticeOdd tells of the columns that are text because of a value or a few, where all others read as numbers, dates or booleans. Nothing is
// said of a column that some file has as text for other reasons.
func (s *csvSource) noticeOdd(t *csvTypes) {
	for _, name := range t.names {
		if typ := t.typeOf(name, csvio.Guess{}); t.declared(name) || typ.ID() != arrow.STRING {
			continue
		}
		var in *csvFile
		var first csvOdd
		plain := false
		for _, f := range s.files {
			i := slices.IndexFunc(csvNames(f.head.Names), func(n string) bool { return t.key(n) == t.key(name) })
			if i < 0 {
				continue
			}
			if own, _ := f.columns[i].Type(&s.dialect); own.ID() != arrow.STRING {
				continue
			}
			at := slices.IndexFunc(f.odd, func(o csvOdd) bool { return o.Column == i })
			if at < 0 {
				plain = true
				break
			}
			if in == nil {
				in, first = f, f.odd[at]
			}
		}
		if in != nil && !plain {
			s.notice(in, name, first)
		}
	}
}

func (s *csvSource) notice(f *csvFile, name string, o csvOdd) {
	others := ""
	if o.Count > 1 {
		others = fmt.Sprintf(" and %d more", o.Count-1)
	}
	e := fault.New(fault.Type, csvOp, "the column is text because of this value%s: %d of %d values seen read as %s", others, o.Values-o.Count, o.Values, csvio.TypeText(o.Type))
	e.File, e.Line, e.Column, e.Text = f.file.Path, o.line, name, o.Text
	e = e.WithHint("add the spelling to Nulls if it stands for a missing value, or say in Types that %s is text", strconv.Quote(name))
	s.warn("%v", e)
	if s.opts.Notice != nil {
		s.opts.Notice(e)
	}
}

// declared says whether the option Types has the column.
func (t *csvTypes) declared(name string) bool {
	for n := range t.src.opts.Types {
		if t.key(n) == t.key(name) {
			return true
		}
	}
	return false
}
