// Package rowtest makes random columns of every type for tests of keys and accumulators, in every encoding, and tells what their rows
// are by slow and plain means. Only tests import it.
package rowtest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/vec"
)

// Types are types of every physical kind.
func Types() []arrow.DataType {
	return []arrow.DataType{
		arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32,
		arrow.PrimitiveTypes.Uint64, arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Timestamp_us, arrow.FixedWidthTypes.Duration_ms,
		arrow.FixedWidthTypes.MonthDayNanoInterval,
		&arrow.Decimal128Type{Precision: 30, Scale: 2}, &arrow.Decimal256Type{Precision: 60, Scale: 3},
		&arrow.FixedSizeBinaryType{ByteWidth: 5}, &arrow.FixedSizeBinaryType{ByteWidth: 40},
		arrow.BinaryTypes.String, arrow.BinaryTypes.Binary, arrow.Null,
		arrow.ListOf(arrow.PrimitiveTypes.Int32), arrow.ListOf(arrow.BinaryTypes.String),
		arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
			arrow.Field{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true}),
	}
}

// Gen makes columns.
type Gen struct {
	Rand *rand.Rand
	// Card is about how many different values a column has; Nulls the share of nulls.
	Card  int
	Nulls float64
	s     vec.Scratch
}

// New returns a generator of columns from a seed.
func New(seed uint64) *Gen {
	return &Gen{Rand: rand.New(rand.NewPCG(seed, 7)), Card: 20, Nulls: 0.1}
}

// Column returns n plain rows of type t.
func (g *Gen) Column(t arrow.DataType, n int) vec.Vec {
	t = vec.Logical(t)
	p, w, _ := vec.PhysOf(t)
	v := vec.Vec{Type: t, Phys: p, Width: w, Len: n}
	if p == vec.Null {
		return v
	}
	if g.Nulls > 0 {
		v.Valid = make([]uint64, (n+63)/64)
		for i := range n {
			if g.Rand.Float64() >= g.Nulls {
				v.Valid[i>>6] |= 1 << (uint(i) & 63)
			}
		}
	}
	switch p {
	case vec.Bool:
		bits := make([]uint64, (n+63)/64)
		for i := range bits {
			bits[i] = g.Rand.Uint64()
		}
		v.Data = vec.Bytes(bits)
	case vec.View:
		heads := make([]vec.ViewHeader, n)
		var buf []byte
		for i := range heads {
			heads[i], buf = g.text(buf)
		}
		v.Data, v.Bufs = vec.Bytes(heads), [][]byte{buf}
	case vec.List:
		v.Offs = []int32{int32(g.Rand.IntN(3))}
		for range n {
			v.Offs = append(v.Offs, v.Offs[len(v.Offs)-1]+int32(g.Rand.IntN(3)))
		}
		v.Child = []vec.Vec{g.small().Column(t.(arrow.ListLikeType).Elem(), int(v.Offs[n])+2)}
	case vec.Struct:
		for _, f := range t.(*arrow.StructType).Fields() {
			v.Child = append(v.Child, g.small().Column(f.Type, n))
		}
	default:
		words := make([]uint64, (n*w+7)/8)
		v.Data = vec.Bytes(words)
		v.Data = v.Data[:n*w]
		for i := range n {
			g.fixed(v.Data[i*w:(i+1)*w], p)
		}
	}
	return v
}

// small has few values, for the parts of nested ones.
func (g *Gen) small() *Gen { return &Gen{Rand: g.Rand, Card: 3, Nulls: g.Nulls} }

func (g *Gen) text(buf []byte) (vec.ViewHeader, []byte) {
	k := g.Rand.IntN(g.Card)
	s := fmt.Sprintf("%d", k)
	switch k % 4 {
	case 0:
		s = strings.Repeat("x", k%13) + s
	case 1:
		s += strings.Repeat("long value ", 1+k%9)
	case 2:
		s = "a common prefix of them all " + s
	}
	if k == 3 {
		s = ""
	}
	if len(s) <= vec.InlineLen {
		return vec.Inline([]byte(s)), buf
	}
	h := vec.Long([]byte(s), 0, uint32(len(buf)))
	return h, append(buf, s...)
}

// fixed writes one of Card values of the kind, the special ones of floats among them.
func (g *Gen) fixed(b []byte, p vec.Phys) {
	k := g.Rand.IntN(g.Card)
	switch p {
	case vec.Float64:
		f := [...]float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8_0000_0000_0123), math.Inf(1), math.Inf(-1)}
		x := float64(k) * 1.25
		if k < len(f) {
			x = f[k]
		}
		binary.LittleEndian.PutUint64(b, math.Float64bits(x))
	case vec.Float32:
		x := uint32(0)
		if f := [...]uint32{0, 1 << 31, 0x7fc00000, 0xffc00001, 0x7f800000, 0xff800000}; k < len(f) {
			x = f[k]
		} else {
			x = math.Float32bits(float32(k) * 1.25)
		}
		binary.LittleEndian.PutUint32(b, x)
	case vec.Float16:
		x := uint16(k)<<6 + 0x3c00
		if f := [...]uint16{0, 1 << 15, 0x7e00, 0xfe01, 0x7c00, 0xfc00}; k < len(f) {
			x = f[k]
		}
		binary.LittleEndian.PutUint16(b, x)
	default:
		x := int64(k - g.Card/2)
		for i := range b {
			b[i] = byte(x >> min(uint(8*i), 63))
		}
	}
}

// Dict returns v dictionary-encoded: with entries that are equal, entries that no row uses, nulls among the entries as well as the
// rows, in an order of its own.
func (g *Gen) Dict(v vec.Vec) vec.Vec {
	if v.Dict != nil || v.Len == 0 || v.Phys == vec.Null {
		return v
	}
	entry := make([]uint32, 0, v.Len+3)
	for range v.Len + 3 {
		entry = append(entry, uint32(g.Rand.IntN(v.Len)))
	}
	at := map[string][]uint32{} // by value
	for e, r := range entry {
		k := Text(&v, int(r))
		at[k] = append(at[k], uint32(e))
	}
	codes := make([]uint32, v.Len)
	for i := range codes {
		k := Text(&v, i)
		if len(at[k]) == 0 {
			at[k] = []uint32{uint32(len(entry))}
			entry = append(entry, uint32(i))
		}
		codes[i] = at[k][g.Rand.IntN(len(at[k]))]
	}
	d := &vec.Dict{}
	vec.Take(&d.Values, &v, entry, &g.s)
	out := vec.Vec{Type: v.Type, Phys: v.Phys, Width: 4, Len: v.Len, Data: vec.Bytes(codes), Dict: d}
	if g.Rand.IntN(2) == 0 {
		out.Valid = v.Valid
	}
	return out
}

// Encode returns v as it is, or as a dictionary, or as a slice of a larger column.
func (g *Gen) Encode(v vec.Vec) vec.Vec {
	switch g.Rand.IntN(3) {
	case 0:
		return g.Dict(v)
	case 1:
		b := vec.NewBuilder(v.Type)
		junk := g.Column(v.Type, 5)
		b.Append(&junk)
		b.Append(&v)
		b.Append(&junk)
		whole := b.Vec()
		var out vec.Vec
		vec.Slice(&out, &whole, 5, v.Len, &g.s)
		return out
	}
	return v
}

// Text tells row i of v so that equal values, and only these, have equal texts: null, NaN and zero are one each.
func Text(v *vec.Vec, i int) string {
	if !v.ValidAt(i) {
		return "∅"
	}
	if v.Dict != nil {
		return Text(&v.Dict.Values, int(v.Codes()[i]))
	}
	switch v.Phys {
	case vec.Bool:
		return fmt.Sprint(v.Bits()[i>>6]>>(uint(i)&63)&1 == 1)
	case vec.Float16, vec.Float32, vec.Float64:
		return fmt.Sprint(Float(v, i) + 0)
	case vec.View:
		return fmt.Sprintf("%q", vec.Of[vec.ViewHeader](v)[i].Value(v.Bufs))
	case vec.List:
		var parts []string
		for e := v.Offs[i]; e < v.Offs[i+1]; e++ {
			parts = append(parts, Text(&v.Child[0], int(e)))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case vec.Struct:
		var parts []string
		for c := range v.Child {
			parts = append(parts, Text(&v.Child[c], i))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return fmt.Sprintf("%x", v.Data[i*v.Width:(i+1)*v.Width])
}

// Float is row i of a plain or dictionary column of numbers.
func Float(v *vec.Vec, i int) float64 {
	if v.Dict != nil {
		return Float(&v.Dict.Values, int(v.Codes()[i]))
	}
	switch v.Phys {
	case vec.Bool:
		return float64(v.Bits()[i>>6] >> (uint(i) & 63) & 1)
	case vec.Float16:
		h := vec.Of[uint16](v)[i]
		f := math.Ldexp(float64(h&1023|1024), int(h>>10&31)-25)
		switch {
		case h&0x7fff == 0:
			return 0
		case h&0x7fff > 0x7c00:
			return math.NaN()
		case h&0x7fff == 0x7c00:
			f = math.Inf(1)
		}
		if h>>15 == 1 {
			f = -f
		}
		return f
	case vec.Float32:
		return float64(vec.Of[float32](v)[i])
	case vec.Float64:
		return vec.Of[float64](v)[i]
	}
	b := v.Data[i*v.Width : (i+1)*v.Width]
	u := uint64(0)
	for k := range min(len(b), 8) {
		u |= uint64(b[k]) << (8 * k)
	}
	s := max(64-8*len(b), 0)
	switch v.Phys {
	case vec.Uint8, vec.Uint16, vec.Uint32, vec.Uint64:
		return float64(u)
	}
	return float64(int64(u<<s) >> s)
}
