package sched

import (
	"testing"
	"time"

	"github.com/sheafdata/sheaf/graph"
)

// TestCacheKeepsTheWorthy: what took long, is used often and is small stays, within the bytes.
func TestCacheKeepsTheWorthy(t *testing.T) {
	c := NewCache(3500)
	key := func(i int) graph.Key { return graph.Key{Group: "k", Index: i} }
	big := make([]byte, 1000) // with what an entry costs, three fit
	c.put(key(0), big, time.Second, 0)
	c.put(key(1), big, time.Millisecond, 0)
	c.put(key(2), big, 2*time.Millisecond, 0)
	c.put(key(3), big, time.Microsecond, 0) // worth less than all
	if _, ok := c.get(key(3)); ok || c.Len() != 3 || c.Bytes() > 3500 {
		t.Errorf("%d results, %d bytes", c.Len(), c.Bytes())
	}
	for range 5 { // often used
		c.get(key(1))
	}
	c.put(key(4), big, 4*time.Millisecond, 0) // in place of 2
	for i, there := range []bool{true, true, false, false, true} {
		if _, ok := c.get(key(i)); ok != there {
			t.Errorf("result %d is held: %v", i, ok)
		}
	}
	c.put(key(5), make([]byte, 4000), time.Hour, 0)
	c.put(key(6), map[int]int{}, time.Hour, 0)    // of unknown size
	c.put(key(7), map[int]int{}, time.Hour, 3000) // as its hint says
	if c.Len() != 1 || c.Bytes() != 3000 {
		t.Errorf("%d results, %d bytes", c.Len(), c.Bytes())
	}
	if c.Clear(); c.Len() != 0 || c.Bytes() != 0 {
		t.Error("Clear leaves something")
	}
	c.Sizes(func(any) (int64, bool) { return 5, true }).put(key(8), map[int]int{}, 1, 0)
	if c.Bytes() != 5 {
		t.Errorf("%d bytes", c.Bytes())
	}
}

func TestPlainSize(t *testing.T) {
	type flatStruct struct {
		A int32
		B [3]float64
	}
	for _, c := range []struct {
		v     any
		bytes int64
	}{{nil, 0}, {7, 8}, {"text", 4}, {[]string{"a", "bc"}, 35}, {make([]int32, 3, 10), 40}, {flatStruct{}, 32}, {&flatStruct{}, 32},
		{[]flatStruct{{}}, 32}, {sized{}, 77}} {
		if n, ok := plainSize(c.v); !ok || n != entryBytes+c.bytes {
			t.Errorf("%T takes %d, %v, expected %d", c.v, n, ok, entryBytes+c.bytes)
		}
	}
	for _, v := range []any{map[int]int{}, []*int{}, func() {}, [][]int{}, struct{ s string }{}} {
		if n, ok := plainSize(v); ok {
			t.Errorf("%T takes %d", v, n)
		}
	}
}

type sized struct{}

func (sized) SizeBytes() int64 { return 77 }
