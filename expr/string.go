package expr

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
)

// The limits of printing: a tree that shares nodes can stand for text without end.
const (
	maxPrinted     = 4096 // bytes
	maxPrintedArgs = 16   // operands of one call
)

// String prints the expression in the form of method calls: fare.Gt(0).And(zone.Str().StartsWith("M")). Columns stand by their names
// alone, casts that Bind inserted are left out, a long text ends in "…".
func (e Expr) String() string {
	var p printer
	p.expr(e)
	if e.n != nil && e.n.alias != "" && e.n.alias != e.Unalias().Name() {
		p.write(".As(" + strconv.Quote(e.n.alias) + ")")
	}
	return p.b.String()
}

type printer struct {
	b    strings.Builder
	full bool
}

func (p *printer) write(s string) {
	if p.full {
		return
	}
	if p.b.Len()+len(s) > maxPrinted {
		p.full = true
		s = "…"
	}
	p.b.WriteString(s)
}

func (p *printer) expr(e Expr) {
	switch {
	case p.full:
		return
	case e.n == nil:
		p.write("(no expression)")
		return
	case e.n.err != nil && e.n.info == opLit:
		p.write("(faulty)")
		return
	case e.n.implicit:
		p.expr(e.n.args[0])
		return
	}
	n := e.n
	switch n.info {
	case opCol:
		name, _ := n.params[0].(string)
		if plainName(name) {
			p.write(name)
		} else {
			p.write("Col(" + strconv.Quote(name) + ")")
		}
		return
	case opLit:
		v, _ := e.Literal()
		if d, ok := n.typ.(arrow.DecimalType); ok && v != nil {
			v = decimalText(v, d.GetScale())
			p.write(fmt.Sprint(v))
			return
		}
		p.write(goText(v))
		return
	}
	p.call(n)
}

// plainName says whether a name can stand without quotes.
func plainName(name string) bool {
	for i, r := range name {
		if !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9' || r >= 0x80) {
			return false
		}
	}
	return name != "" && name != "true" && name != "false" && name != "null"
}

// call prints receiver, name and arguments; functions have no receiver.
func (p *printer) call(n *node) {
	args, name := n.args, n.info.Call
	switch {
	case n.info == opFunc:
		name, _ = n.params[0].(string)
	case n.info.Kind == Aggregate, n.info.Kind == Window, isFunction[n.info.Name]:
	default:
		p.expr(args[0])
		p.write(".")
		args = args[1:]
	}
	p.write(name + "(")
	p.list(args)
	if n.info != opFunc && !n.info.RepeatParam {
		for i, v := range n.params {
			if i > 0 || len(args) > 0 {
				p.write(", ")
			}
			p.write(goText(v))
		}
	}
	p.write(")")
	p.mods(n.mods)
}

// isFunction lists the scalar operations that are functions, not methods.
var isFunction = map[string]bool{"if": true, "coalesce": true, "greatest": true, "least": true, "struct_of": true}

func (p *printer) list(args []Expr) {
	for i, a := range args {
		if i > 0 {
			p.write(", ")
		}
		if i == maxPrintedArgs && len(args) > maxPrintedArgs+1 {
			p.write(fmt.Sprintf("… %d more", len(args)-i))
			return
		}
		p.expr(a)
	}
}

func (p *printer) mods(m *Mods) {
	if m == nil {
		return
	}
	if m.Where.n != nil {
		p.write(".Where(")
		p.expr(m.Where)
		p.write(")")
	}
	if m.OrderBy != nil {
		p.write(".OrderBy(")
		for i, k := range m.OrderBy {
			if i > 0 {
				p.write(", ")
			}
			p.sortKey(k)
		}
		p.write(")")
	}
	switch m.Frame.Kind {
	case RowsFrame:
		p.write(".Rows(" + boundText(m.Frame.From) + ", " + boundText(m.Frame.To) + ")")
	case RangeFrame:
		p.write(".Range(" + boundText(m.Frame.From) + ", " + boundText(m.Frame.To) + ")")
	}
	if m.HasOver {
		p.write(".Over(")
		p.list(m.Over)
		p.write(")")
	}
}

func (p *printer) sortKey(k SortKey) {
	p.expr(k.Expr)
	if k.Desc {
		p.write(".Desc()")
	}
	if k.NullsFirst {
		p.write(".NullsFirst()")
	}
}

// String prints the key as the expression with Desc and NullsFirst.
func (k SortKey) String() string {
	var p printer
	p.sortKey(k)
	return p.b.String()
}

func boundText(v any) string {
	switch v {
	case any(UnboundedPreceding):
		return "UnboundedPreceding"
	case any(UnboundedFollowing):
		return "UnboundedFollowing"
	}
	return goText(v)
}

// decimalText prints an unscaled decimal.
func decimalText(v any, scale int32) string {
	switch x := v.(type) {
	case decimal128.Num:
		return x.ToString(scale)
	case decimal256.Num:
		return x.ToString(scale)
	}
	return fmt.Sprint(v)
}

// goText prints a literal or parameter.
func goText(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		if len(x) > 200 {
			return strconv.Quote(strings.ToValidUTF8(x[:200], "")) + "…"
		}
		return strconv.Quote(x)
	case []byte:
		if len(x) > 100 {
			return fmt.Sprintf("0x%x…", x[:100])
		}
		return fmt.Sprintf("0x%x", x)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case time.Time:
		if x.Location() == time.UTC && x.Hour() == 0 && x.Minute() == 0 && x.Second() == 0 && x.Nanosecond() == 0 {
			return x.Format("2006-01-02")
		}
		return x.Format("2006-01-02T15:04:05.999999999Z07:00")
	case time.Duration:
		return x.String()
	}
	return fmt.Sprint(v)
}
