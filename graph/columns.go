package graph

import (
	"math/bits"
	"sync/atomic"

	"github.com/sheafdata/sheaf/fault"
)

// Tasks live in chunks of doubling size: chunk 0 holds the first firstChunk tasks, chunk c the firstChunk<<(c-1) after them. So a
// small graph costs little, a large one few allocations, nothing is ever moved, and an ID finds its chunk by its highest bit.
const (
	firstChunkBits = 6
	firstChunk     = 1 << firstChunkBits
	maxChunks      = 32 - firstChunkBits
)

// noGroup marks a task of zero Key.
const noGroup int32 = -1

// chunk holds the columns of a range of tasks, each of the chunk's length. ops and args are made for the first portable
// task, hints for the first that has one.
type chunk struct {
	run   []Func
	index []int
	deps  []uint64 // (1 + block)<<32 | offset of the dependencies, 0 none
	group []int32
	ops   atomic.Pointer[[]int32] // 1 + index into Graph.ops, 0 none
	args  atomic.Pointer[[][]byte]
	hints atomic.Pointer[[]int32] // 1 + index into Graph.hints, 0 none
}

func chunkOf(id ID) (c, i int) {
	c = bits.Len32(uint32(id) >> firstChunkBits)
	if c == 0 {
		return 0, int(id)
	}
	return c, int(id) - firstChunk<<(c-1)
}

// locate returns the chunk of a task that is being added, making it where it is the chunk's first, and the task's place within.
func (g *Graph) locate(id ID) (*chunk, int) {
	c, i := chunkOf(id)
	if p := g.chunks[c].Load(); p != nil {
		return p, i
	}
	n := firstChunk
	if c > 0 {
		n <<= c - 1
	}
	p := &chunk{run: make([]Func, n), index: make([]int, n), deps: make([]uint64, n), group: make([]int32, n)}
	g.chunks[c].Store(p)
	return p, i
}

// at returns the chunk of an existing task and its place within.
func (g *Graph) at(id ID) (*chunk, int) {
	c, i := chunkOf(id)
	return g.chunks[c].Load(), i
}

func (c *chunk) setOp(i int, op int32, args []byte) {
	ops := c.ops.Load()
	if ops == nil {
		o, a := make([]int32, len(c.run)), make([][]byte, len(c.run))
		c.args.Store(&a)
		c.ops.Store(&o)
		ops = &o
	}
	(*ops)[i] = op + 1
	(*c.args.Load())[i] = args
}

func (c *chunk) setHint(i int, at int32) {
	hints := c.hints.Load()
	if hints == nil {
		h := make([]int32, len(c.run))
		c.hints.Store(&h)
		hints = &h
	}
	(*hints)[i] = at + 1
}

// hintOf returns the place of a hint. Most tasks have that of the one before them.
func (g *Graph) hintOf(h *Hint) int32 {
	last := len(g.hints) - 1
	if last < 0 || !g.hints[last].Equal(h) {
		g.hints = append(g.hints, *h)
		last++
	}
	return int32(last)
}

// Dependencies lie flat in blocks: their number, then the IDs. A block is never moved, so Deps hands out a part of it.
const (
	minBlock = 1 << 8  // IDs in the first block
	maxBlock = 1 << 16 // 256 KiB: large enough that making one is free, small enough to waste little
)

// store copies deps into a block and returns where.
func (g *Graph) store(deps []ID) uint64 {
	need := len(deps) + 1
	p := g.blocks.Load()
	if p == nil || g.fill+need > len((*p)[len(*p)-1]) {
		p = g.addBlock(p, need)
	}
	at := g.fill
	block := (*p)[len(*p)-1]
	block[at] = ID(len(deps))
	copy(block[at+1:], deps)
	g.fill += need
	return uint64(len(*p))<<32 | uint64(at)
}

// addBlock begins a block that has room for so many IDs.
func (g *Graph) addBlock(p *[][]ID, need int) *[][]ID {
	var blocks [][]ID
	if p != nil {
		blocks = *p
	}
	size := min(minBlock<<min(len(blocks), 16), maxBlock)
	blocks = append(blocks, make([]ID, max(size, need)))
	g.blocks.Store(&blocks)
	g.fill = 0
	return &blocks
}

func (g *Graph) checkDeps(id ID, t *Task) {
	for _, d := range t.Deps {
		if d < 0 || d >= id {
			g.remember(t, "dependency %d is no task: a dependency is an ID that Add has returned, here below %d", d, id)
			return
		}
	}
}

func (g *Graph) remember(t *Task, format string, args ...any) {
	if g.err == nil {
		g.err = fault.New(fault.Plan, "task "+name(t.Key, ID(g.n.Load())), format, args...)
	}
}

// group finds the tasks of one Key.Group by index. Indexes are dense as a rule and then an array serves; the others go to a map.
type group struct {
	name   string
	dense  []ID // 1 + the ID, 0 none
	sparse map[int]ID
}

// sparseAbove is how far above twice its length the array may grow for one index before the map is used.
const sparseAbove = 64

// slot returns the ID at index, which becomes id where there is none yet.
func (g *group) slot(index int, id ID) ID {
	if index >= 0 && index < len(g.dense) && g.dense[index] != 0 {
		return g.dense[index] - 1
	}
	if g.sparse != nil {
		if old, ok := g.sparse[index]; ok {
			return old
		}
	}
	switch {
	case index == len(g.dense):
		g.dense = append(g.dense, id+1)
	case index >= 0 && index < len(g.dense):
		g.dense[index] = id + 1
	case index >= 0 && index <= 2*len(g.dense)+sparseAbove:
		g.dense = append(g.dense, make([]ID, index+1-len(g.dense))...)
		g.dense[index] = id + 1
	default:
		if g.sparse == nil {
			g.sparse = map[int]ID{}
		}
		g.sparse[index] = id
	}
	return id
}

func (g *group) find(index int) (ID, bool) {
	if index >= 0 && index < len(g.dense) && g.dense[index] != 0 {
		return g.dense[index] - 1, true
	}
	id, ok := g.sparse[index]
	return id, ok
}

func (g *Graph) groupOf(name string) int32 {
	if len(g.groups) > 0 && g.groups[g.last].name == name {
		return g.last
	}
	at, ok := g.groupIDs[name]
	if !ok {
		if g.groupIDs == nil {
			g.groupIDs = map[string]int32{}
		}
		at = int32(len(g.groups))
		g.groups = append(g.groups, group{name: name})
		g.groupIDs[name] = at
	}
	g.last = at
	return at
}

func (g *Graph) opOf(op string) int32 {
	at, ok := g.opIDs[op]
	if !ok {
		if g.opIDs == nil {
			g.opIDs = map[string]int32{}
		}
		at = int32(len(g.ops))
		g.ops = append(g.ops, op)
		g.opIDs[op] = at
	}
	return at
}
