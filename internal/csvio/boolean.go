package csvio

import "bytes"

// boolWords are the spellings of booleans that a boolean column knows by itself, in lower case.
var boolWords = map[string]bool{
	"true": true, "t": true, "yes": true, "y": true, "1": true, "1.0": true, "on": true,
	"false": false, "f": false, "no": false, "n": false, "0": false, "0.0": false, "off": false,
}

func (c *column) boolean(f []byte) (v, null, ok bool) {
	f = bytes.Trim(f, " \t")
	if len(f) == 0 || c.isNull(f) {
		return false, true, true
	}
	v, ok = c.d.boolWord(f)
	return v, false, ok
}

// boolWord looks a spelling up, those of the dialect first.
func (d *Dialect) boolWord(f []byte) (v, ok bool) {
	var lower [32]byte
	if len(f) > len(lower) {
		return false, false
	}
	word := lower[:len(f)]
	for i, b := range f {
		if b-'A' < 26 {
			b |= 0x20
		}
		word[i] = b
	}
	for _, w := range d.True {
		if w == string(word) {
			return true, true
		}
	}
	for _, w := range d.False {
		if w == string(word) {
			return false, true
		}
	}
	v, ok = boolWords[string(word)]
	return v, ok
}

// saysBool says whether a field alone makes a column a candidate for boolean: true, false, and the dialect's own spellings.
func (d *Dialect) saysBool(f []byte) bool {
	if len(d.True)+len(d.False) > 0 {
		_, ok := d.boolWord(f)
		return ok
	}
	return bytes.EqualFold(f, []byte("true")) || bytes.EqualFold(f, []byte("false"))
}
