package join

import (
	"bytes"

	"github.com/sheafdata/sheaf/internal/hash"
	"github.com/sheafdata/sheaf/internal/rowenc"
)

// bytesIndex is an open-addressing table of encoded keys: slots of hash and head, the keys in one arena by row.
type bytesIndex struct {
	slots []bytesSlot
	keys  encodedRows
}

type bytesSlot struct {
	hash uint32 // the upper half: the lower one chose the slot
	head uint32
}

func newBytes(keys encodedRows, l *linker) *bytesIndex {
	n := keys.len()
	x := &bytesIndex{slots: make([]bytesSlot, slotCount(n)), keys: keys}
	m := uint64(len(x.slots) - 1)
	for r := n - 1; r >= 0; r-- {
		k := keys.at(r)
		h := hash.Bytes(k)
		e := x.find(k, h, m)
		if e.head != 0 {
			l.link(r, e.head)
		}
		*e = bytesSlot{hash: uint32(h >> 32), head: uint32(r) + 1}
	}
	return x
}

// find returns the slot that holds the key, or the empty one where it belongs.
func (x *bytesIndex) find(key []byte, h, m uint64) *bytesSlot {
	tag := uint32(h >> 32)
	for s := h & m; ; s = (s + 1) & m {
		e := &x.slots[s]
		if e.head == 0 || e.hash == tag && bytes.Equal(x.keys.at(int(e.head)-1), key) {
			return e
		}
	}
}

// lookup finds encoded probe rows; rows whose bit in valid (nil: all) is 0 have no key.
func (x *bytesIndex) lookup(dst []uint32, keys *rowenc.Rows, valid []uint64) {
	m := uint64(len(x.slots) - 1)
	for i := range dst {
		if valid != nil && valid[i>>6]>>(uint(i)&63)&1 == 0 {
			dst[i] = 0
			continue
		}
		k := keys.Row(i)
		dst[i] = x.find(k, hash.Bytes(k), m).head
	}
}
