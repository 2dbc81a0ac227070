// Package where is the small language of the command's --where: conditions over the columns of a frame, in the manner of SQL.
//
//	fare > 10 and zone in ('JFK', 'Newark') and pickup >= '2024-01-01' and tip is not null
//
// Parse reads a text into an expr.Expr; it evaluates nothing. The grammar, from what binds least to what binds most:
//
//	condition  = condition "or" condition | condition "and" condition | "not" condition | comparison
//	comparison = sum [ ( "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) sum
//	           | [ "not" ] "in" "(" sum { "," sum } ")" | [ "not" ] "between" sum "and" sum
//	           | [ "not" ] ( "like" | "match" ) text | "is" [ "not" ] ( "null" | "true" | "false" | "nan" ) ]
//	sum        = sum ( "+" | "-" | "||" ) product | product
//	product    = product ( "*" | "/" | "//" | "%" ) power | power
//	power      = ( "-" | "+" ) power | postfix [ ( "**" | "^" ) power ]
//	postfix    = primary { "::" type | "." name }
//	primary    = number | text | "null" | "true" | "false" | name | function "(" [ sum { "," sum } ] ")"
//	           | "cast" "(" condition "as" type ")" | "date" text | "timestamp" text | "(" condition ")"
//
// Text stands in single quotes, doubled inside; a column name that is no plain word in double quotes or backquotes. Keywords
// and function names may be in any case, column names must be as they are. Text becomes a date or a time where it meets one.
//
// A fault holds a *Problem, which says where in the text it is. The package imports expr, fault and the command's type names.
package where

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
)

const (
	// maxText bounds a condition, in bytes: nobody writes a longer one, and a tree that is checked node by node stays cheap.
	maxText = 64 << 10
	// maxDepth bounds how deep a condition nests, so that no text exhausts the stack.
	maxDepth = 200
)

// Problem is what is wrong with a condition, and where.
type Problem struct {
	// Text is the whole condition; From and To are the bytes of it that are at fault, From == len(Text) where it ends too early.
	Text     string
	From, To int
	Message  string
}

// Error returns the message without the place.
func (p *Problem) Error() string { return p.Message }

// Parse returns the condition that the text says over columns of the schema: an expression that is true, false or null for each row.
// The error is a *fault.Error of kind Plan whose cause is a *Problem.
func Parse(text string, schema *arrow.Schema) (expr.Expr, error) {
	n, p, err := parse(text)
	if err != nil {
		return expr.Expr{}, err
	}
	l := lowering{text: text, schema: schema, names: expr.FieldNames(schema)}
	e, err := l.lower(n)
	if err != nil {
		return expr.Expr{}, err
	}
	bound, err := expr.Bind(e, schema)
	if err != nil {
		return expr.Expr{}, l.blame(n, err)
	}
	if t := bound.Type().ID(); t != arrow.BOOL && t != arrow.NULL {
		f := p.fault(n.from, n.to, "this is %s, not a condition that is true or false", strings.NewReplacer("utf8", "text", "date32", "date").Replace(bound.Type().String()))
		return expr.Expr{}, f.WithHint("compare it with something: … > 0, … = 'text', … is not null")
	}
	return e, nil
}

func parse(text string) (*node, *parser, error) {
	p := &parser{text: text}
	if len(text) > maxText {
		return nil, nil, p.fault(0, 1, "the condition is longer than %d bytes", maxText)
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, nil, err
	}
	p.tokens = tokens
	n, err := p.whole()
	return n, p, err
}

// fault makes the error for a place in the text.
func (p *parser) fault(from, to int, format string, args ...any) *fault.Error {
	return problem(p.text, from, to, format, args...)
}

func problem(text string, from, to int, format string, args ...any) *fault.Error {
	return &fault.Error{Kind: fault.Plan, Op: "--where", Err: &Problem{Text: text, From: from, To: to, Message: fmt.Sprintf(format, args...)}}
}

// blame finds the smallest part of the condition that does not bind, and gives the fault its place and the words of this language.
func (l *lowering) blame(n *node, err error) error {
	e, _ := l.lower(n)
	for again := true; again; {
		again = false
		for _, c := range n.args {
			if c.kind == typeNode || c.kind == literal {
				continue
			}
			inner, cerr := l.lower(c)
			if cerr != nil {
				continue
			}
			if _, cerr = expr.Bind(inner, l.schema); cerr != nil {
				n, e, err, again = c, inner, cerr, true
				break
			}
		}
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return problem(l.text, n.from, n.to, "%v", err)
	}
	message := f.Err.Error()
	for _, tail := range []string{" in " + e.String(), " (" + e.String() + ")"} {
		message = strings.TrimSuffix(message, tail)
	}
	if info, ok := expr.OpInfo(e.Op()); ok && info.Call != "" && strings.HasPrefix(message, info.Call+" ") {
		message = n.operator() + strings.TrimPrefix(message, info.Call)
	}
	out := problem(l.text, n.from, n.to, "%s", message)
	out.Hint = inThisLanguage.Replace(f.Hint)
	return out
}

// operator is the operation of a node as it is written.
func (n *node) operator() string {
	for written, b := range binary {
		if b.op == n.name && written != "==" && written != "<>" && written != "^" {
			return written
		}
	}
	return strings.ReplaceAll(n.name, "_", " ")
}

// inThisLanguage turns the advice of package expr, which speaks of Go calls, into this language.
var inThisLanguage = strings.NewReplacer(
	"write a comparison such as Gt(0) or NotNull()", "write a comparison such as … > 0 or … is not null",
	"Cast it to text: Cast(arrow.BinaryTypes.String)", "turn it into text: …::text",
	"read the text with Str().ParseTime or Cast it", "cast it: …::timestamp, or parse_time(…, 'Go layout')",
	"Cast the text, or read it with Str().ParseTime", "cast the text: …::timestamp, or parse_time(…, 'Go layout')",
	"give the one without a zone its zone with Dt().In(zone)", "give the one without a zone its zone: in_zone(…, 'Europe/Berlin')",
	"use the bool itself, Not or If(x, 1, 0)", "use the column itself, not, or if(…, 1, 0)",
	"turn the bool into a number with If(x, 1, 0)", "turn it into a number: if(…, 1, 0)",
	"give a time.Time or text such as \"2024-01-31\"", "give a date such as '2024-01-31'",
	"give a time.Duration", "give a duration such as duration('1h30m')",
	"add or subtract a time.Duration, or use Dt().AddMonths", "add duration('24h'), or use add_months(…, 1)",
	"use Dt().Seconds() for a number", "use seconds(…) for a number",
	"texts are joined by Str().Concat", "texts are joined by ||",
	"for missing values use IsNull", "for missing values write … is null", "for missing values use Coalesce", "for missing values use coalesce(…)",
	"put the constant in quotes, or Cast the text", "put the constant in single quotes, or cast the text: …::int64",
	"Cast the text to a number or the number to text", "cast one of them: …::double or …::text",
	"Cast one of them, say to int64 or float64", "cast one of them: …::int64",
	"Cast the text to a number", "cast the text: …::double", "Cast it to int64 or float64", "cast it: …::int64", "Cast one of them", "cast one of them: …::type",
	"Cast the argument", "cast it: …::type", "Cast an operand to fewer", "cast one of them: …::decimal(10, 2)")
