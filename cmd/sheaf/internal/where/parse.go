package where

import (
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/typename"
	"github.com/sheafdata/sheaf/fault"
)

// nodeKind is the kind of a node of the parsed condition.
type nodeKind uint8

const (
	columnNode nodeKind = iota // name
	literal                    // value
	operation                  // name is the operator's; args
	call                       // name as written; args
	typeNode                   // typ, the second operand of a cast
)

// node is a part of a parsed condition.
type node struct {
	kind     nodeKind
	name     string
	value    any
	typ      arrow.DataType
	args     []*node
	from, to int // its bytes in the text
	quoted   bool
	bare     bool // a constant that no bracket encloses, of which "null" wants to be told "is null"
}

type parser struct {
	text   string
	tokens []token
	at     int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

// accept takes the next token where it is one of those given.
func (p *parser) accept(whats ...string) (token, bool) {
	t := p.peek()
	for _, w := range whats {
		if t.is(w) {
			return p.take(), true
		}
	}
	return t, false
}

func (p *parser) expect(what, why string) (token, error) {
	t, ok := p.accept(what)
	if !ok {
		return t, p.unexpected(t, "expected "+what+", "+why)
	}
	return t, nil
}

// unexpected says that a token does not fit.
func (p *parser) unexpected(t token, wanted string) *fault.Error {
	if t.kind == end {
		return p.fault(t.from, t.to, "the condition ends here; %s", wanted)
	}
	f := p.fault(t.from, t.to, "%s does not fit here; %s", p.text[t.from:t.to], wanted)
	switch {
	case t.is("&&"):
		f.Hint = "write and"
	case t.is("!"), t.is("~"):
		f.Hint = "write not, !=, like or match"
	case t.is(";"):
		f.Hint = "one condition, without a semicolon"
	}
	return f
}

// whole parses the text to its end.
func (p *parser) whole() (*node, error) {
	if p.peek().kind == end {
		return nil, p.fault(0, len(p.text), "the condition is empty").WithHint("write one such as: fare > 10 and zone is not null")
	}
	n, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		f := p.unexpected(t, "expected and, or, or the end")
		if t.is("||") {
			f.Hint = "|| joins texts; write or"
		}
		return nil, f
	}
	return n, nil
}

// The binding powers of the operators, weakest first.
const (
	powerOr = iota + 1
	powerAnd
	powerNot
	powerCompare
	powerSum
	powerProduct
	powerSign
	powerRaise
	powerCast
)

// binary lists the operators that stand between two operands. Comparisons do not chain.
var binary = map[string]struct {
	power int
	op    string
}{
	"or": {powerOr, "or"}, "and": {powerAnd, "and"},
	"=": {powerCompare, "eq"}, "==": {powerCompare, "eq"}, "!=": {powerCompare, "ne"}, "<>": {powerCompare, "ne"},
	"<": {powerCompare, "lt"}, "<=": {powerCompare, "le"}, ">": {powerCompare, "gt"}, ">=": {powerCompare, "ge"},
	"+": {powerSum, "add"}, "-": {powerSum, "sub"}, "||": {powerSum, "str_concat"},
	"*": {powerProduct, "mul"}, "/": {powerProduct, "div"}, "//": {powerProduct, "floor_div"}, "%": {powerProduct, "mod"},
	"**": {powerRaise, "pow"}, "^": {powerRaise, "pow"},
	"in": {powerCompare, "in"}, "between": {powerCompare, "between"}, "like": {powerCompare, "like"}, "match": {powerCompare, "match"},
	"is": {powerCompare, "is"}, "not": {powerCompare, "not"}, "::": {powerCast, "cast"}, ".": {powerCast, "field"},
}

// expression parses operators that bind at least as the least power, by Pratt's method.
func (p *parser) expression(least int) (*node, error) {
	if p.depth++; p.depth > maxDepth {
		t := p.peek()
		return nil, p.fault(t.from, t.to, "the condition nests deeper than %d levels", maxDepth)
	}
	defer func() { p.depth-- }()
	left, err := p.prefix()
	if err != nil {
		return nil, err
	}
	for links := 0; ; links++ {
		t := p.peek()
		if t.kind != symbol && t.kind != word {
			return left, nil
		}
		b, ok := binary[strings.ToLower(t.text)]
		if !ok || b.power < least {
			return left, nil
		}
		if b.power == powerCompare && isComparison(left) {
			return nil, p.chained(t)
		}
		if links > maxDepth && b.power != powerOr && b.power != powerAnd {
			return nil, p.fault(t.from, t.to, "more than %d operators in a row", maxDepth)
		}
		p.take()
		if left, err = p.infix(left, t, b.op, b.power); err != nil {
			return nil, err
		}
	}
}

// chained is the fault of a second comparison.
func (p *parser) chained(t token) error {
	for i := p.at - 1; i >= 0 && !p.tokens[i].is("(") && !p.tokens[i].is("and") && !p.tokens[i].is("or"); i-- {
		if before := p.tokens[i]; before.is("||") {
			return p.fault(before.from, before.to, "|| joins texts").WithHint("write or")
		}
	}
	return p.fault(t.from, t.to, "comparisons do not chain").WithHint("write a < b and b < c, or x between a and b")
}

// isComparison says whether a node is a comparison without brackets around it.
func isComparison(n *node) bool {
	return n.kind == operation && !n.quoted && (n.name == "eq" || n.name == "ne" || n.name == "lt" || n.name == "le" || n.name == "gt" || n.name == "ge")
}

// infix parses what follows an operator.
func (p *parser) infix(left *node, t token, op string, power int) (*node, error) {
	switch op {
	case "in":
		return p.in(left)
	case "between":
		return p.between(left)
	case "is":
		return p.is(left)
	case "not":
		return p.negated(left)
	case "cast":
		typ, err := p.typeName()
		if err != nil {
			return nil, err
		}
		return join("cast", left, typ), nil
	case "field":
		name := p.take()
		if name.kind != word && name.kind != quoted {
			return nil, p.unexpected(name, "expected the name of a field")
		}
		return join("field", left, &node{kind: literal, value: name.text, from: name.from, to: name.to}), nil
	}
	least := power + 1
	if op == "pow" {
		least = powerSign // 2 ** -1, and 2 ** 3 ** 2 is 2 ** 9
	}
	right, err := p.expression(least)
	if err != nil {
		return nil, err
	}
	if (op == "and" || op == "or") && left.kind == operation && left.name == op && !left.quoted {
		left.args = append(left.args, right) // a and b and c is one node: long lists of conditions do not nest
		left.to = right.to
		return left, nil
	}
	return join(op, left, right), nil
}

// join makes an operation that reaches from its first to its last operand.
func join(op string, args ...*node) *node {
	return &node{kind: operation, name: op, args: args, from: args[0].from, to: args[len(args)-1].to}
}

func (p *parser) negated(left *node) (*node, error) {
	t, ok := p.accept("in", "between", "like", "match")
	if !ok {
		return nil, p.unexpected(t, "expected in, between, like or match after not")
	}
	n, err := p.infix(left, t, binary[strings.ToLower(t.text)].op, powerCompare)
	if err != nil {
		return nil, err
	}
	return &node{kind: operation, name: "not", args: []*node{n}, from: n.from, to: n.to}, nil
}

func (p *parser) in(left *node) (*node, error) {
	if _, err := p.expect("(", "as in: x in (1, 2, 3)"); err != nil {
		return nil, err
	}
	args, closing, err := p.list("in")
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, p.fault(closing.from-1, closing.to, "the list is empty")
	}
	n := join("in", append([]*node{left}, args...)...)
	n.to = closing.to
	return n, nil
}

// list parses operands up to the closing bracket; the opening one is taken.
func (p *parser) list(of string) (args []*node, closing token, err error) {
	if t, ok := p.accept(")"); ok {
		return nil, t, nil
	}
	for {
		n, err := p.expression(0)
		if err != nil {
			return nil, token{}, err
		}
		args = append(args, n)
		if t, ok := p.accept(")"); ok {
			return args, t, nil
		}
		if t, ok := p.accept(","); !ok {
			return nil, token{}, p.unexpected(t, "expected , or ) in the list of "+of)
		}
	}
}

func (p *parser) between(left *node) (*node, error) {
	lo, err := p.expression(powerSum)
	if err != nil {
		return nil, err
	}
	if _, err = p.expect("and", "as in: x between 1 and 10"); err != nil {
		return nil, err
	}
	hi, err := p.expression(powerSum)
	if err != nil {
		return nil, err
	}
	return join("between", left, lo, hi), nil
}

func (p *parser) is(left *node) (*node, error) {
	_, not := p.accept("not")
	t, ok := p.accept("null", "nan", "true", "false")
	if !ok {
		return nil, p.unexpected(t, "expected null, not null, true, false or nan after is")
	}
	n := &node{kind: operation, name: "is_" + strings.ToLower(t.text), args: []*node{left}, from: left.from, to: t.to}
	if not {
		n = &node{kind: operation, name: "not", args: []*node{n}, from: left.from, to: t.to}
	}
	return n, nil
}

// prefix parses an operand with the operators before it.
func (p *parser) prefix() (*node, error) {
	t := p.take()
	switch {
	case t.is("-"), t.is("+"):
		n, err := p.expression(powerSign)
		if err != nil {
			return nil, err
		}
		return signed(t, n), nil
	case t.is("not"), t.is("!"):
		n, err := p.expression(powerNot)
		if err != nil {
			return nil, err
		}
		return &node{kind: operation, name: "not", args: []*node{n}, from: t.from, to: n.to}, nil
	case t.is("("):
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		closing, err := p.expect(")", "which closes the bracket")
		if err != nil {
			return nil, err
		}
		inner := *n
		inner.from, inner.to, inner.quoted, inner.bare = t.from, closing.to, inner.quoted || inner.kind == operation, false
		return &inner, nil
	case t.kind == number:
		return p.number(t)
	case t.kind == str:
		return &node{kind: literal, value: t.text, from: t.from, to: t.to}, nil
	case t.kind == quoted:
		return &node{kind: columnNode, name: t.text, from: t.from, to: t.to, quoted: true}, nil
	case t.kind == word:
		return p.word(t)
	}
	return nil, p.unexpected(t, "expected a column, a constant or a function")
}

// signed applies a sign; that of a number becomes part of it.
func signed(t token, n *node) *node {
	if t.is("+") {
		return n
	}
	negative := &node{kind: literal, from: t.from, to: n.to}
	switch v := n.value.(type) {
	case int64:
		negative.value = -v
		return negative
	case uint64: // 9223372036854775808, of which only the negative is an int64; larger ones are left to the check of types
		if v == 1<<63 {
			negative.value = int64(math.MinInt64)
			return negative
		}
	case float64:
		negative.value = -v
		return negative
	}
	return &node{kind: operation, name: "neg", args: []*node{n}, from: t.from, to: n.to}
}

func (p *parser) number(t token) (*node, error) {
	digits := strings.ReplaceAll(t.text, "_", "")
	n := &node{kind: literal, from: t.from, to: t.to}
	if !strings.ContainsAny(digits, ".eE") {
		if i, err := strconv.ParseInt(digits, 10, 64); err == nil {
			n.value = i
			return n, nil
		}
		if u, err := strconv.ParseUint(digits, 10, 64); err == nil {
			n.value = u
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil, p.fault(t.from, t.to, "the number is too large")
	}
	n.value = f
	return n, nil
}

// reserved are the words that are no column names unless they are quoted.
var reserved = map[string]bool{"and": true, "or": true, "not": true, "in": true, "is": true, "between": true, "like": true, "match": true, "null": true,
	"true": true, "false": true, "as": true}

// word parses an operand that begins with a word: a constant, a cast, a call or a column.
func (p *parser) word(t token) (*node, error) {
	lower := strings.ToLower(t.text)
	n := &node{kind: literal, from: t.from, to: t.to}
	switch {
	case p.peek().is("("):
		if lower == "cast" || lower == "try_cast" {
			return p.cast(t, lower)
		}
		if lower == "match" || !reserved[lower] {
			return p.call(t)
		}
	case lower == "null":
		n.bare = true
		return n, nil
	case lower == "true", lower == "false":
		n.value = lower == "true"
		return n, nil
	case (lower == "date" || lower == "timestamp" || lower == "time") && p.peek().kind == str:
		text := p.take()
		n.value, n.from, n.to = text.text, text.from, text.to
		named, _ := typename.Parse(lower)
		typ := &node{kind: typeNode, typ: named, from: t.from, to: t.to}
		return &node{kind: operation, name: "cast", args: []*node{n, typ}, from: t.from, to: text.to}, nil
	}
	if reserved[lower] {
		f := p.unexpected(t, "expected a column, a constant or a function")
		return nil, f.WithHint("a column of that name stands in double quotes: %q", t.text)
	}
	return &node{kind: columnNode, name: t.text, from: t.from, to: t.to}, nil
}

func (p *parser) call(t token) (*node, error) {
	p.take()
	args, closing, err := p.list(t.text)
	if err != nil {
		return nil, err
	}
	return &node{kind: call, name: t.text, args: args, from: t.from, to: closing.to}, nil
}

func (p *parser) cast(t token, op string) (*node, error) {
	p.take()
	value, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if _, err = p.expect("as", "as in: cast(x as int64)"); err != nil {
		return nil, err
	}
	typ, err := p.typeName()
	if err != nil {
		return nil, err
	}
	closing, err := p.expect(")", "which closes the cast")
	if err != nil {
		return nil, err
	}
	return &node{kind: operation, name: op, args: []*node{value, typ}, from: t.from, to: closing.to}, nil
}

// typeName reads a type: a word, and what stands in brackets behind it.
func (p *parser) typeName() (*node, error) {
	first := p.take()
	if first.kind != word {
		return nil, p.unexpected(first, "expected a type such as int64, double, text or date")
	}
	last := first
	if open, ok := p.accept("(", "["); ok {
		closing := map[string]string{"(": ")", "[": "]"}[open.text]
		for {
			last = p.take()
			if last.kind == end {
				return nil, p.unexpected(last, "expected "+closing+" to close the type")
			}
			if last.is(closing) {
				break
			}
		}
	}
	typ, err := typename.Parse(p.text[first.from:last.to])
	if err != nil {
		f := p.fault(first.from, last.to, "%s", err.Err)
		f.Hint = err.Hint
		return nil, f
	}
	return &node{kind: typeNode, typ: typ, from: first.from, to: last.to}, nil
}
