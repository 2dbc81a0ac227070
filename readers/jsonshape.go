package readers

import (
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
)

// jsonKind is what values were seen in one place of the records, as bits.
type jsonKind uint16

const (
	jsonNull jsonKind = 1 << iota
	jsonBool
	jsonInt      // fits int64
	jsonNegative // is below zero
	jsonBig      // fits uint64 only
	jsonFloat
	jsonText
	jsonList
	jsonObject
)

// shape is the union of the values seen in one place.
type shape struct {
	kinds  jsonKind
	line   int64         // where the last of kinds was met first
	elem   *shape        // of lists
	fields []*shapeField // of objects, in order of first appearance
	index  map[string]int
}

type shapeField struct {
	name string
	shape
}

// maxJSONColumns bounds what inference makes: records with values as names would make a column of each.
const maxJSONColumns = 10000

// shaper reads values into shapes.
type shaper struct {
	jsonScanner
	columns int
	line    int64 // of the record
	counted int   // bytes of the chunk whose lines are in line
}

// met notes kinds of a value.
func (p *shaper) met(to *shape, k jsonKind) {
	if to.kinds|k != to.kinds {
		to.kinds |= k
		to.line = p.line
	}
}

// add reads one value.
func (p *shaper) add(to *shape) error {
	switch c := p.peek(); c {
	case '{':
		p.met(to, jsonObject)
		return p.object(func(name []byte) error {
			f, err := p.field(to, name)
			if err != nil {
				return err
			}
			return p.add(&f.shape)
		})
	case '[':
		p.met(to, jsonList)
		if to.elem == nil {
			to.elem = &shape{}
		}
		return p.list(func() error { return p.add(to.elem) })
	case '"':
		p.met(to, jsonText)
		_, err := p.str()
		return err
	case 't', 'f':
		p.met(to, jsonBool)
		_, err := p.skip()
		return err
	case 'n':
		p.met(to, jsonNull)
		return p.word("null")
	default:
		if c != '-' && c != 'I' && c != 'N' && c-'0' > 9 {
			return p.unexpected("a value")
		}
		tok, kind, err := p.number()
		if err == nil {
			p.met(to, numberShape(tok, kind))
		}
		return err
	}
}

func numberShape(tok []byte, kind numberKind) jsonKind {
	if kind != wholeNumber {
		return jsonFloat
	}
	k := jsonInt
	if tok[0] == '-' {
		k |= jsonNegative
	}
	if len(tok) < 19 {
		return k
	}
	if _, err := strconv.ParseInt(string(tok), 10, 64); err == nil {
		return k
	}
	if _, err := strconv.ParseUint(string(tok), 10, 64); err == nil {
		return jsonBig
	}
	return jsonFloat
}

func (p *shaper) field(to *shape, name []byte) (*shapeField, error) {
	if i, ok := to.index[string(name)]; ok {
		return to.fields[i], nil
	}
	if p.columns++; p.columns > maxJSONColumns {
		return nil, p.fail("the records have more than %d different names: are values written as names?", maxJSONColumns)
	}
	if to.index == nil {
		to.index = map[string]int{}
	}
	f := &shapeField{name: string(name)}
	to.index[f.name] = len(to.fields)
	to.fields = append(to.fields, f)
	return f, nil
}

// names names the kinds for messages.
func (k jsonKind) names() []string {
	var out []string
	for _, n := range []struct {
		k    jsonKind
		name string
	}{{jsonBool, "a boolean"}, {jsonInt | jsonBig | jsonFloat, "a number"}, {jsonText, "a text"}, {jsonList, "a list"}, {jsonObject, "an object"}} {
		if k&n.k != 0 {
			out = append(out, n.name)
		}
	}
	return out
}

// shapeConflict is a place whose values have no type in common.
type shapeConflict struct {
	path  string
	line  int64
	kinds jsonKind
}

// arrowType is the type of the values; with promote what has no type in common is text.
func (s *shape) arrowType(path string, promote bool) (arrow.DataType, *shapeConflict) {
	numbers := s.kinds & (jsonInt | jsonBig | jsonFloat)
	others := s.kinds & (jsonBool | jsonText | jsonList | jsonObject)
	switch {
	case numbers == 0 && others == 0:
		return arrow.Null, nil
	case numbers != 0 && others != 0, others&(others-1) != 0:
		if promote {
			return arrow.BinaryTypes.String, nil
		}
		return nil, &shapeConflict{path: path, line: s.line, kinds: s.kinds}
	case others == jsonBool:
		return arrow.FixedWidthTypes.Boolean, nil
	case others == jsonText:
		return arrow.BinaryTypes.String, nil
	case others == jsonList:
		t, c := s.elem.arrowType(path+"[]", promote)
		if c != nil {
			return nil, c
		}
		return arrow.ListOf(t), nil
	case others == jsonObject:
		fields, c := s.arrowFields(path+".", promote)
		if c != nil {
			return nil, c
		}
		return arrow.StructOf(fields...), nil
	case numbers&jsonFloat != 0 || numbers&jsonBig != 0 && s.kinds&jsonNegative != 0:
		return arrow.PrimitiveTypes.Float64, nil
	case numbers&jsonBig != 0:
		return arrow.PrimitiveTypes.Uint64, nil
	}
	return arrow.PrimitiveTypes.Int64, nil
}

func (s *shape) arrowFields(path string, promote bool) ([]arrow.Field, *shapeConflict) {
	fields := make([]arrow.Field, 0, len(s.fields))
	for _, f := range s.fields {
		t, c := f.arrowType(path+f.name, promote)
		if c != nil {
			return nil, c
		}
		fields = append(fields, arrow.Field{Name: f.name, Type: t, Nullable: true})
	}
	return fields, nil
}

// parseFloat reads a number's text as float64; beyond its range it is infinite.
func parseFloat(tok []byte) float64 {
	v, err := strconv.ParseFloat(string(tok), 64)
	if err != nil && !math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}
