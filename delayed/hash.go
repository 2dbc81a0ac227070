package delayed

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// hasher makes the content hashes of which the keys of pure calls are made: the same in every process.
type hasher struct {
	h   hash.Hash
	buf [8]byte
}

func newHasher() *hasher { return &hasher{h: sha256.New()} }

// tokenBytes is the length of a key's token: with 12 bytes, a billion different calls have equal keys with a chance of 1 in 10¹¹.
const tokenBytes = 12

func (h *hasher) sum() string { return hex.EncodeToString(h.h.Sum(nil)[:tokenBytes]) }

func (h *hasher) number(n uint64) {
	binary.LittleEndian.PutUint64(h.buf[:], n)
	h.h.Write(h.buf[:])
}

// text hashes a string; its length before it keeps "ab", "c" from being "a", "bc".
func (h *hasher) text(s string) {
	h.number(uint64(len(s)))
	_, _ = h.h.Write([]byte(s))
}

// constantToken returns the token of a known value: the hash of its content, or a number of its own where it has none.
func constantToken(n *Node) string {
	k := n.known
	k.tokens.Do(func() {
		if k.token != "" {
			return
		}
		v := reflect.ValueOf(k.value)
		if k.value != nil && !hasContent(v, 0) {
			k.token = objectToken()
			return
		}
		h := newHasher()
		h.text(n.typ.String())
		if k.value != nil {
			h.value(v)
		}
		k.token = "value " + h.sum()
	})
	return k.token
}

var timeType = reflect.TypeFor[time.Time]()

// maxNesting is how deep a value may be nested to have content: those that are deeper, or go round in circles, are only equal to
// themselves.
const maxNesting = 64

// hasContent says whether a value is data through and through. Functions, channels, locks and what holds them are not.
func hasContent(v reflect.Value, depth int) bool {
	if depth > maxNesting {
		return false
	}
	t := v.Type()
	if plainElem(t) || t == timeType {
		return true
	}
	switch t.Kind() {
	case reflect.String:
		return true
	case reflect.Slice, reflect.Array:
		if plainElem(t.Elem()) {
			return true
		}
		for i := range v.Len() {
			if !hasContent(v.Index(i), depth+1) {
				return false
			}
		}
		return true
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if !hasContent(it.Key(), depth+1) || !hasContent(it.Value(), depth+1) {
				return false
			}
		}
		return true
	case reflect.Interface:
		return v.IsNil() || hasContent(v.Elem(), depth+1)
	case reflect.Struct:
		if pkg := t.PkgPath(); pkg == "sync" || strings.HasPrefix(pkg, "sync/") {
			return false
		}
		for i := range v.NumField() {
			if !hasContent(v.Field(i), depth+1) {
				return false
			}
		}
		return true
	}
	return false // pointers too: others may write where they point
}

func plainElem(t reflect.Type) bool {
	k := t.Kind()
	return k >= reflect.Bool && k <= reflect.Complex128 && k != reflect.Uintptr
}

// value hashes a value that hasContent.
func (h *hasher) value(v reflect.Value) {
	t := v.Type()
	switch k := t.Kind(); {
	case t == timeType:
		h.time(v)
	case k == reflect.Bool:
		n := uint64(0)
		if v.Bool() {
			n = 1
		}
		h.number(n)
	case v.CanInt():
		h.number(uint64(v.Int()))
	case v.CanUint():
		h.number(v.Uint())
	case v.CanFloat():
		h.number(math.Float64bits(v.Float()))
	case v.CanComplex():
		c := v.Complex()
		h.number(math.Float64bits(real(c)))
		h.number(math.Float64bits(imag(c)))
	case k == reflect.String:
		h.text(v.String())
	case k == reflect.Slice || k == reflect.Array:
		h.list(v)
	case k == reflect.Map:
		h.mapping(v)
	case k == reflect.Interface:
		if v.IsNil() {
			h.text("")
			return
		}
		h.text(v.Elem().Type().PkgPath() + "." + v.Elem().Type().String())
		h.value(v.Elem())
	case k == reflect.Struct:
		for i := range v.NumField() {
			h.value(v.Field(i))
		}
	}
}

// time hashes an instant and its zone by name; the fields behind it differ for equal times.
func (h *hasher) time(v reflect.Value) {
	if !v.CanInterface() { // in an unexported field: as it lies there, which may tell equal times apart
		h.number(v.Field(0).Uint())
		h.number(uint64(v.Field(1).Int()))
		return
	}
	t := v.Interface().(time.Time)
	h.number(uint64(t.Unix()))
	h.number(uint64(t.Nanosecond()))
	h.text(t.Location().String())
}

func (h *hasher) list(v reflect.Value) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		h.number(math.MaxUint64) // a function can tell nil from empty
		return
	}
	h.number(uint64(v.Len()))
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		_, _ = h.h.Write(v.Bytes())
		return
	}
	for i := range v.Len() {
		h.value(v.Index(i))
	}
}

// mapping hashes the entries in the order of their hashes, for they have none.
func (h *hasher) mapping(v reflect.Value) {
	if v.IsNil() {
		h.number(math.MaxUint64)
		return
	}
	var entries [][]byte
	for it := v.MapRange(); it.Next(); {
		e := newHasher()
		e.value(it.Key())
		e.value(it.Value())
		entries = append(entries, e.h.Sum(nil))
	}
	slices.SortFunc(entries, bytes.Compare)
	h.number(uint64(len(entries)))
	for _, e := range entries {
		_, _ = h.h.Write(e)
	}
}
