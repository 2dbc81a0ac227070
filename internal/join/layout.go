package join

import (
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// keyForm is how the key columns of a row are laid out for lookup.
type keyForm uint8

const (
	formWord  keyForm = iota // up to 64 bits: one word
	formPair                 // up to 128 bits: two words
	formView                 // one text or binary column
	formCols                 // several columns of words and text, each for itself
	formBytes                // anything: the row encoded to bytes
)

// keyLayout says how key columns become lookup keys. It depends on the physical kinds alone, so both sides arrive at the same.
type keyLayout struct {
	form keyForm
	cols []colLayout
}

// colLayout is the place of a column in the words of its row.
type colLayout struct {
	phys vec.Phys
	bits uint // of a fixed-width column in words: at most 64
	lane int  // the word it is shifted into
}

// wordBits is the width of a kind that fits one word, else 0.
func wordBits(p vec.Phys) uint {
	switch p {
	case vec.Bool, vec.Int8, vec.Uint8:
		return 8
	case vec.Int16, vec.Uint16, vec.Float16:
		return 16
	case vec.Int32, vec.Uint32, vec.Float32:
		return 32
	case vec.Int64, vec.Uint64, vec.Float64:
		return 64
	}
	return 0
}

// layoutOf chooses the layout for key columns like these.
func layoutOf(keys []vec.Vec) keyLayout {
	l := keyLayout{cols: make([]colLayout, len(keys))}
	var used [2]uint
	fixed, simple := true, true
	for i := range keys {
		c := &l.cols[i]
		c.phys = keys[i].Phys
		c.bits = wordBits(c.phys)
		switch {
		case c.bits == 0:
			fixed = false
			simple = simple && c.phys == vec.View
		case used[0]+c.bits <= 64:
			used[0] += c.bits
		case used[1]+c.bits <= 64:
			c.lane = 1
			used[1] += c.bits
		default:
			fixed = false
		}
	}
	switch {
	case len(keys) == 1 && keys[0].Phys == vec.View:
		l.form = formView
	case len(keys) == 1 && keys[0].Phys == vec.Dec128:
		l.form = formPair
	case !fixed && simple:
		l.form = formCols
	case !fixed:
		l.form = formBytes
	case used[1] > 0:
		l.form = formPair
	}
	return l
}

// check says whether key columns fit the layout.
func (l *keyLayout) check(keys []vec.Vec, rows int) error {
	if len(keys) != len(l.cols) {
		return internalError("%d key columns, want %d", len(keys), len(l.cols))
	}
	for i := range keys {
		if keys[i].Phys != l.cols[i].phys && keys[i].Phys != vec.Null {
			return internalError("key column %d is %s, the other side has another storage", i, keys[i].Type)
		}
		if keys[i].Len != rows {
			return internalError("key column %d has %d rows, want %d", i, keys[i].Len, rows)
		}
	}
	return nil
}

// nullKeyed says whether a column is all null, so that no row has a key.
func nullKeyed(keys []vec.Vec) bool {
	for i := range keys {
		if keys[i].Phys == vec.Null {
			return true
		}
	}
	return false
}

// keyValidity returns a bitmap of the rows whose keys are all valid, nil where all rows are; buf is scratch for it.
func keyValidity(buf []uint64, keys []vec.Vec, rows int) []uint64 {
	var out []uint64
	start := func() {
		if out == nil {
			n := (rows + 63) / 64
			if cap(buf) < n {
				buf = make([]uint64, n)
			}
			out = buf[:n]
			for i := range out {
				out[i] = ^uint64(0)
			}
		}
	}
	for i := range keys {
		v := &keys[i]
		if v.Valid != nil {
			start()
			for w := range out {
				out[w] &= v.Valid[w]
			}
		}
		if v.Dict != nil && hasNulls(&v.Dict.Values) {
			start()
			clearNullCodes(out, v)
		}
	}
	return out
}

func hasNulls(v *vec.Vec) bool {
	return v.Phys == vec.Null || v.Valid != nil && !bitmap.All(v.Valid, v.Len)
}

// clearNullCodes clears the bits of rows whose dictionary entry is null.
func clearNullCodes(out []uint64, v *vec.Vec) {
	valid := v.Dict.Values.Valid
	for i, c := range v.Codes() {
		if valid == nil || int(c) >= v.Dict.Values.Len || valid[c>>6]>>(c&63)&1 == 0 {
			out[i>>6] &^= 1 << (uint(i) & 63)
		}
	}
}
