package vec

// Used returns the bytes that the rows take, without the room for more that Bytes counts too.
func (b *Builder) Used() int64 {
	sum := int64(len(b.data)) + int64(len(b.valid))*8 + int64(len(b.offs))*4
	for _, x := range b.text.bufs {
		sum += int64(len(x))
	}
	for _, c := range b.child {
		sum += c.Used()
	}
	return sum
}

// Bytes returns the memory behind v's rows: what it shares with other columns counts in each, and a dictionary counts as a whole.
func (v *Vec) Bytes() int64 {
	sum := int64(len(v.Data)) + int64(len(v.Valid))*8 + int64(len(v.Offs))*4
	for _, x := range v.Bufs {
		sum += int64(len(x))
	}
	for i := range v.Child {
		sum += v.Child[i].Bytes()
	}
	if v.Dict != nil {
		sum += v.Dict.Values.Bytes()
	}
	return sum
}

// DictBytes returns the memory of the dictionaries that b refers to, which Bytes leaves out because others share them.
func (b *Builder) DictBytes() int64 {
	sum := int64(0)
	if b.dict != nil {
		sum = b.dict.Values.Bytes()
	}
	for _, c := range b.child {
		sum += c.DictBytes()
	}
	return sum
}

// Room makes an empty scratch have n bytes at once, where it is known how many will be asked for.
func (s *Scratch) Room(n int) {
	if len(s.chunk) < n && s.used+s.full == 0 {
		s.chunk = alignedBytes(n)
	}
}
