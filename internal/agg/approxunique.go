package agg

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/vec"
)

// approxUnique is ApproxNUnique: HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007) with the sparse form of HyperLogLog++ (Heule,
// Nunkesser and Hall, 2013) for groups of few values and the estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches" (2017), which needs no tables of corrections. Which form a group has depends on its set of values alone, so the answer does not
// depend on how rows were divided. The standard error is 1.04/√2¹⁴ = 0.81 %; up to sparseMax values it is far less than one value.
type approxUnique struct {
	spec
	groups int
	// codes are the different codes of sparse groups, with the group above them; few is how many each group has.
	codes counts
	few   []int32
	stale int // codes of groups that are dense by now
	// dense is 1 + the place of a group's registers, 0 while it is sparse.
	dense []int32
	regs  []uint8

	in     input
	hasher hash.Hasher
	hashes []uint64
}

const (
	hllBits = 14 // registers: 2^14 of a byte
	hllRegs = 1 << hllBits
	// codeBits is the hash bits that tell sparse values apart; the number of zeros behind them follows in rankBitsOf bits.
	codeBits   = 25
	rankBitsOf = 6
	// sparseMax is how many codes a group has at most: the memory of a dense group, 8 bytes a code.
	sparseMax = hllRegs / 8
)

func newApproxUnique(s spec) acc { return &approxUnique{spec: s} }

func (a *approxUnique) makeRoom(groups int) {
	a.groups = max(a.groups, groups)
	a.few, a.dense = growTo(a.few, a.groups), growTo(a.dense, a.groups)
}

func (a *approxUnique) Update(gids []uint32, args []vec.Vec, where []uint64, rows, groups int) error {
	a.makeRoom(groups)
	if rows == 0 {
		return nil
	}
	a.in.set(&args[0], gids, where, rows, true)
	n := a.in.n
	if n == 0 {
		return nil
	}
	a.hashes = growTo(a.hashes[:0], n)[:n]
	a.hasher.Hash(a.hashes, []vec.Vec{a.in.vals}, n)
	if a.in.gids == nil {
		for _, h := range a.hashes {
			a.add(0, codeOf(spread(h)))
		}
		return nil
	}
	for i, g := range a.in.gids[:n] {
		a.add(g, codeOf(spread(a.hashes[i])))
	}
	return nil
}

// spread mixes a hash once more (the finaliser of MurmurHash3): hashes for tables need not be even in all their bits, and those of
// consecutive numbers are not.
func spread(h uint64) uint64 {
	h = (h ^ h>>33) * 0xFF51AFD7ED558CCD
	h = (h ^ h>>33) * 0xC4CEB9FE1A85EC53
	return h ^ h>>33
}

// codeOf is the first codeBits bits of a hash and the place of the first one behind them.
func codeOf(h uint64) uint32 {
	rank := bits.LeadingZeros64(h<<codeBits|1<<(codeBits-1)) + 1
	return uint32(h>>(64-codeBits))<<rankBitsOf | uint32(rank)
}

// register is the place and value that a code has among the registers.
func register(code uint32) (at uint32, rank uint8) {
	index := code >> rankBitsOf
	between := uint64(index) << (64 - codeBits + hllBits) // the index bits that are no register number
	at = index >> (codeBits - hllBits)
	if between != 0 {
		return at, uint8(bits.LeadingZeros64(between)) + 1
	}
	return at, uint8(code&(1<<rankBitsOf-1)) + codeBits - hllBits
}

func (a *approxUnique) add(g uint32, code uint32) {
	if d := a.dense[g]; d != 0 {
		at, rank := register(code)
		if r := &a.regs[uint32(d-1)*hllRegs+at]; rank > *r {
			*r = rank
		}
		return
	}
	if a.codes.add(uint64(g)<<32|uint64(code), 1) {
		if a.few[g]++; a.few[g] > sparseMax {
			a.densify(g)
		}
	}
}

// densify gives a group registers. Its codes move there later, those of many groups at once: each move walks all codes.
func (a *approxUnique) densify(g uint32) {
	if a.dense[g] != 0 {
		return
	}
	a.dense[g] = int32(len(a.regs)/hllRegs) + 1
	a.regs = slices.Grow(a.regs, hllRegs)[:len(a.regs)+hllRegs]
	if a.stale += int(a.few[g]); 2*a.stale >= a.codes.used {
		a.sweep()
	}
}

// sweep moves the codes of dense groups to their registers.
func (a *approxUnique) sweep() {
	if a.stale == 0 {
		return
	}
	old := a.codes
	a.codes, a.stale = counts{}, 0
	for _, k := range old.keys {
		if k == 0 {
			continue
		}
		g, code := uint32((k-1)>>32), uint32(k-1)
		if a.dense[g] == 0 {
			a.codes.add(k-1, 1)
			continue
		}
		a.add(g, code)
	}
}

func (a *approxUnique) types() []arrow.DataType { return []arrow.DataType{arrow.BinaryTypes.Binary} }

// State is a group's codes, 4 bytes each, or its registers behind a byte.
func (a *approxUnique) State() []vec.Vec {
	a.sweep()
	offs := make([]int32, a.groups+1)
	for _, k := range a.codes.keys {
		if k != 0 {
			offs[(k-1)>>32+1]++
		}
	}
	at := starts(offs)
	codes := make([]uint32, a.codes.used)
	for _, k := range a.codes.keys {
		if k != 0 {
			g := (k - 1) >> 32
			codes[at[g]] = uint32(k - 1)
			at[g]++
		}
	}
	var t texts
	t.heads = make([]vec.ViewHeader, a.groups)
	var raw []byte
	for g := range a.groups {
		raw = raw[:0]
		if d := a.dense[g]; d != 0 {
			raw = append(append(raw, 1), a.regs[int(d-1)*hllRegs:int(d)*hllRegs]...)
		} else {
			of := codes[offs[g]:offs[g+1]]
			slices.Sort(of)
			for _, c := range of {
				raw = binary.LittleEndian.AppendUint32(raw, c)
			}
		}
		if len(raw) <= vec.InlineLen {
			t.heads[g] = vec.Inline(raw)
		} else {
			t.heads[g] = t.keep(raw)
		}
	}
	return []vec.Vec{t.column(arrow.BinaryTypes.Binary, a.groups, nil)}
}

func (a *approxUnique) Merge(gids []uint32, state []vec.Vec, rows, groups int) error {
	a.makeRoom(groups)
	v := state[0]
	a.in.scratch.Reset()
	vec.Decode(&v, &v, &a.in.scratch)
	heads := vec.Of[vec.ViewHeader](&v)
	for i, g := range rowGids(gids, rows) {
		b := heads[i].Value(v.Bufs)
		if len(b) == hllRegs+1 {
			a.densify(g)
			mergeRegisters(a.regs[int(a.dense[g]-1)*hllRegs:int(a.dense[g])*hllRegs], b[1:])
			continue
		}
		for ; len(b) >= 4; b = b[4:] {
			a.add(g, binary.LittleEndian.Uint32(b))
		}
	}
	return nil
}

func mergeRegisters(dst, src []uint8) {
	src = src[:len(dst)]
	for i, r := range src {
		dst[i] = max(dst[i], r)
	}
}

func (a *approxUnique) Result(groups int) (vec.Vec, error) {
	a.makeRoom(groups)
	a.sweep()
	out := make([]int64, groups)
	for g := range out {
		if d := a.dense[g]; d != 0 {
			out[g] = int64(math.Round(estimate(a.regs[int(d-1)*hllRegs : int(d)*hllRegs])))
			continue
		}
		const m = 1 << codeBits // linear counting: codes that fell together are expected
		out[g] = int64(math.Round(-m * math.Log1p(-float64(a.few[g])/m)))
	}
	return column(arrow.PrimitiveTypes.Int64, out, nil), nil
}

func (a *approxUnique) Bytes() int64 {
	return a.codes.bytes() + int64(cap(a.few)+cap(a.dense))*4 + int64(cap(a.regs)) + int64(cap(a.hashes))*8
}

// estimate is Ertl's improved raw estimator (algorithm 6 of the paper).
func estimate(regs []uint8) float64 {
	const q = 64 - hllBits
	var c [q + 2]float64
	for _, r := range regs {
		c[min(int(r), q+1)]++
	}
	const m = float64(hllRegs)
	z := m * tau(1-c[q+1]/m)
	for k := q; k >= 1; k-- {
		z = 0.5 * (z + c[k])
	}
	z += m * sigma(c[0]/m)
	return m * m / (2 * math.Ln2) / z
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		before := z
		z += x * y
		y += y
		if z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == before {
			return z / 3
		}
	}
}
