package group

// The loops below find or make the group of each row of a chunk; there is room for all of them. A free place is a new group.

// Where the table is larger than the caches a lookup waits for memory, and a branch on what it finds would keep the next lookups from
// being begun. So a first pass looks at one place a row without a branch, and a second one takes the rows whose group was not there, in
// order.

// one8 looks at one place a row and returns how many rows missed, which it lists in t.missed.
func (t *table) one8(hs []uint64, gids []uint32) int {
	slots := t.h8
	m := uint64(len(slots) - 1)
	keys := t.keys[0][:len(hs)]
	gids = gids[:len(hs)]
	k := 0
	for i, h := range hs {
		s := &slots[h&m]
		gids[i] = s.gid - 1
		t.missed[k%chunk] = uint32(i)
		next := k + 1
		if (s.key^keys[i])|(uint64(s.gid)-1)>>32|uint64(s.mask) == 0 {
			next = k
		}
		k = next
	}
	return k
}

// probe8 is for one word and no nulls.
func (t *table) probe8(from int, hs []uint64, gids []uint32) {
	missed := t.missed[:t.one8(hs, gids)]
	slots := t.h8
	m := uint64(len(slots) - 1)
	keys := t.keys[0][:len(hs)]
	gids = gids[:len(hs)]
	for _, i := range missed {
		k := keys[i]
		for p := hs[i] & m; ; p = (p + 1) & m {
			s := &slots[p]
			g := s.gid
			if g == 0 {
				t.words[t.n], t.masks[t.n] = k, 0
				t.n++
				t.first = append(t.first, uint32(from)+i)
				*s = slot8{key: k, gid: uint32(t.n)}
				gids[i] = uint32(t.n) - 1
				break
			}
			if s.key == k && s.mask == 0 {
				gids[i] = g - 1
				break
			}
		}
	}
}

// probe8Nulls is for one word and null bits.
func (t *table) probe8Nulls(from int, hs []uint64, gids []uint32) {
	slots := t.h8
	m := uint64(len(slots) - 1)
	keys, masks := t.keys[0][:len(hs)], t.mask[:len(hs)]
	gids = gids[:len(hs)]
	for i, h := range hs {
		k, mask := keys[i], masks[i]
		for p := h & m; ; p = (p + 1) & m {
			s := &slots[p]
			g := s.gid
			if g == 0 {
				t.words[t.n], t.masks[t.n] = k, mask
				t.n++
				t.first = append(t.first, uint32(from+i))
				*s = slot8{key: k, gid: uint32(t.n), mask: mask}
				gids[i] = uint32(t.n) - 1
				break
			}
			if s.key == k && s.mask == mask {
				gids[i] = g - 1
				break
			}
		}
	}
}

// one16 is one8 for two words.
func (t *table) one16(hs []uint64, gids []uint32) int {
	slots := t.h16
	m := uint64(len(slots) - 1)
	k0s, k1s, masks := t.keys[0][:len(hs)], t.keys[1][:len(hs)], t.mask[:len(hs)]
	gids = gids[:len(hs)]
	k := 0
	for i, h := range hs {
		s := &slots[h&m]
		gids[i] = s.gid - 1
		t.missed[k%chunk] = uint32(i)
		next := k + 1
		if (s.k0^k0s[i])|(s.k1^k1s[i])|(uint64(s.gid)-1)>>32|uint64(s.mask^masks[i]) == 0 {
			next = k
		}
		k = next
	}
	return k
}

// probe16 is for two words.
func (t *table) probe16(from int, hs []uint64, gids []uint32) {
	slots := t.h16
	m := uint64(len(slots) - 1)
	k0s, k1s, masks := t.keys[0][:len(hs)], t.keys[1][:len(hs)], t.mask[:len(hs)]
	gids = gids[:len(hs)]
	if !t.nulls {
		clear(masks)
	}
	for _, i := range t.missed[:t.one16(hs, gids)] {
		k0, k1, mask := k0s[i], k1s[i], masks[i]
		for p := hs[i] & m; ; p = (p + 1) & m {
			s := &slots[p]
			g := s.gid
			if g == 0 {
				t.words[2*t.n], t.words[2*t.n+1], t.masks[t.n] = k0, k1, mask
				t.n++
				t.first = append(t.first, uint32(from)+i)
				*s = slot16{k0: k0, k1: k1, gid: uint32(t.n), mask: mask}
				gids[i] = uint32(t.n) - 1
				break
			}
			if s.k0 == k0 && s.k1 == k1 && s.mask == mask {
				gids[i] = g - 1
				break
			}
		}
	}
}

// probeN is for wider keys.
func (t *table) probeN(from int, hs []uint64, gids []uint32) {
	slots := t.hn
	m := uint64(len(slots) - 1)
	masks := t.mask[:len(hs)]
	gids = gids[:len(hs)]
	if !t.nulls {
		clear(masks)
	}
	for i, h := range hs {
		tag := uint32(h >> 32)
		for p := h & m; ; p = (p + 1) & m {
			s := &slots[p]
			g := s.gid
			if g == 0 {
				t.keepWords(i, masks[i])
				t.first = append(t.first, uint32(from+i))
				*s = slotN{gid: uint32(t.n), tag: tag}
				gids[i] = uint32(t.n) - 1
				break
			}
			if s.tag == tag && t.sameWords(int(g-1), i, masks[i]) {
				gids[i] = g - 1
				break
			}
		}
	}
}

// keepWords makes the packed row i of the chunk the next group.
func (t *table) keepWords(i int, mask uint32) {
	dst := t.words[t.n*t.width : (t.n+1)*t.width]
	for w := range dst {
		dst[w] = t.keys[w][i]
	}
	t.masks[t.n] = mask
	t.n++
}

// sameWords says whether the packed row i of the chunk is the key of group g.
func (t *table) sameWords(g, i int, mask uint32) bool {
	if t.masks[g] != mask {
		return false
	}
	for w, x := range t.words[g*t.width : (g+1)*t.width] {
		if t.keys[w][i] != x {
			return false
		}
	}
	return true
}
