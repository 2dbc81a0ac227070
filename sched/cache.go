package sched

import (
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/sheafdata/sheaf/graph"
)

// Cache keeps results of pure tasks (Hint.Pure with a key) between runs, as many as its bytes allow: those that took long to compute, are used
// often and are small stay. It may be used by several runs at once. What it holds is shared: nobody must change a result.
type Cache struct {
	limit int64
	size  func(any) (int64, bool)

	mu   sync.Mutex
	held int64
	list map[graph.Key]*entry
}

// entry is one result.
type entry struct {
	key   graph.Key
	value any
	bytes int64
	cost  time.Duration // of computing it
	uses  int64
}

// NewCache returns a cache that holds up to so many bytes of results. Sizes are those of plain values: numbers, strings, slices and structs of
// them, and of what has a method SizeBytes() int64; anything else is kept only if its task has Hint.Memory.
func NewCache(bytes int64) *Cache {
	return &Cache{limit: bytes, size: plainSize, list: map[graph.Key]*entry{}}
}

// Sizes makes the cache ask f for the bytes of a result that has no plain size; false is unknown. It returns the cache, and is called
// before the first run.
func (c *Cache) Sizes(f func(any) (int64, bool)) *Cache {
	c.size = func(v any) (int64, bool) {
		if n, ok := plainSize(v); ok {
			return n, true
		}
		return f(v)
	}
	return c
}

// Len returns the number of results held, Bytes their size.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.list)
}

// Bytes returns the size of all results held.
func (c *Cache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// Clear drops all results.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.list)
	c.held = 0
}

// get returns a result and counts its use.
func (c *Cache) get(k graph.Key) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.list[k]
	if !ok {
		return nil, false
	}
	e.uses++
	return e.value, true
}

// score is what a byte of the entry saves.
func (e *entry) score() float64 { return float64(e.cost) * float64(e.uses) / float64(e.bytes) }

// put offers a result. What it would displace must be worth less.
func (c *Cache) put(k graph.Key, v any, cost time.Duration, hint int64) {
	bytes, ok := c.size(v)
	if !ok {
		bytes = hint
	}
	if bytes <= 0 || bytes > c.limit {
		return
	}
	e := &entry{key: k, value: v, bytes: bytes, cost: max(cost, 1), uses: 1}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.list[k]; there {
		return
	}
	if c.held+bytes > c.limit && !c.evict(c.held+bytes-c.limit, e.score()) {
		return
	}
	c.list[k] = e
	c.held += bytes
}

// evict frees so many bytes of entries of lower score, or nothing and false. Old uses count for less from then on, so that what was once
// popular does not stay for ever.
func (c *Cache) evict(bytes int64, below float64) bool {
	all := make([]*entry, 0, len(c.list))
	for _, e := range c.list {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int {
		switch x, y := a.score(), b.score(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	n := 0
	for ; bytes > 0 && n < len(all) && all[n].score() < below; n++ {
		bytes -= all[n].bytes
	}
	if bytes > 0 {
		return false
	}
	for i, e := range all {
		if i < n {
			delete(c.list, e.key)
			c.held -= e.bytes
		} else {
			e.uses = max(1, e.uses-e.uses/8)
		}
	}
	return true
}

// entryBytes is what an entry costs beside its value.
const entryBytes = 128

// plainSize returns the bytes of a value without pointers inside, but for strings and slices at its top.
func plainSize(v any) (int64, bool) {
	switch v := v.(type) {
	case nil:
		return entryBytes, true
	case string:
		return entryBytes + int64(len(v)), true
	case []string:
		n := int64(entryBytes)
		for _, s := range v {
			n += 16 + int64(len(s))
		}
		return n, true
	case interface{ SizeBytes() int64 }:
		return entryBytes + v.SizeBytes(), true
	}
	r := reflect.ValueOf(v)
	t := r.Type()
	switch {
	case flat(t):
		return entryBytes + int64(t.Size()), true
	case t.Kind() == reflect.Slice && flat(t.Elem()):
		return entryBytes + int64(r.Cap())*int64(t.Elem().Size()), true
	case t.Kind() == reflect.Pointer && flat(t.Elem()):
		return entryBytes + int64(t.Elem().Size()), true
	}
	return 0, false
}

// flat says whether values of a type hold no pointers.
func flat(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array:
		return flat(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !flat(t.Field(i).Type) {
				return false
			}
		}
		return true
	default:
		return k >= reflect.Bool && k <= reflect.Complex128
	}
}
