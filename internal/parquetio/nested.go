package parquetio

import (
	"errors"

	"github.com/sheafdata/sheaf/fault"
)

// levelStep is how many level pairs are decoded at once.
const levelStep = 4096

var errMidRow = errors.New("the column starts within a row")

// readNested reads the next n rows of a column with lists or with structs around it: their level pairs and the slots they make.
func (r *leafReader) readNested(n int) error {
	done := 0
	for {
		if r.levelPos == len(r.defs) {
			more, err := r.moreLevels(done < n)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
		k, full := r.countLevels(n, &done)
		if k > 0 {
			if done == 0 {
				return errMidRow
			}
			if err := r.takeLevels(k); err != nil {
				return err
			}
		}
		if full {
			break
		}
	}
	r.row += int64(n)
	return nil
}

// moreLevels decodes the next level pairs. Where rows are complete (must is false) it returns false at the end of the chunk or
// where the next row starts a page.
func (r *leafReader) moreLevels(must bool) (bool, error) {
	// A row may have any number of elements, so that a batch is not enough of a place to notice the end.
	if err := r.ctx.Err(); err != nil {
		return false, &fault.Error{Kind: fault.Canceled, Op: op, Err: err}
	}
	if r.page.left == 0 {
		if !must && (r.leaf.maxRep == 0 || r.page.v2 || r.src.off >= r.src.end) {
			return false, nil
		}
		if err := r.nextPage(); err != nil {
			if err == errChunkEnds && !must {
				return false, nil
			}
			return false, err
		}
	}
	m := min(r.page.left, levelStep)
	var err error
	if r.defs, err = r.mem.grow(r.defs[:0], m); err != nil {
		return false, err
	}
	if r.reps, err = r.mem.grow(r.reps[:0], m); err != nil {
		return false, err
	}
	r.levelPos = 0
	if r.leaf.maxDef > 0 {
		err = r.page.def.levels(r.defs, r.leaf.maxDef)
	} else {
		clear(r.defs)
	}
	if err == nil && r.leaf.maxRep > 0 {
		err = r.page.rep.levels(r.reps, r.leaf.maxRep)
	} else {
		clear(r.reps)
	}
	r.page.left -= m
	return true, err
}

// countLevels returns how many of the decoded level pairs belong to rows below n, done of which have started. full says that the
// next pair starts row n.
func (r *leafReader) countLevels(n int, done *int) (k int, full bool) {
	reps := r.reps[r.levelPos:]
	if r.leaf.maxRep == 0 {
		k = min(len(reps), n-*done)
		*done += k
		return k, *done == n
	}
	d := *done
	for i, rep := range reps {
		if rep == 0 {
			if d == n {
				*done = d
				return i, true
			}
			d++
		} else if d == 0 {
			*done = 0
			return i + 1, false // the caller reports it
		}
	}
	*done = d
	return len(reps), false
}

// takeLevels moves the next k level pairs into the batch and decodes the values they have.
func (r *leafReader) takeLevels(k int) error {
	o := &r.out
	defs, reps := r.defs[r.levelPos:r.levelPos+k], r.reps[r.levelPos:r.levelPos+k]
	r.levelPos += k
	n := len(o.defs)
	var err error
	if o.defs, err = r.mem.grow(o.defs, n+k); err != nil {
		return err
	}
	if o.reps, err = r.mem.grow(o.reps, n+k); err != nil {
		return err
	}
	copy(o.defs[n:], defs)
	copy(o.reps[n:], reps)
	if err := r.reserve(o.n + k); err != nil {
		return err
	}
	slots, values := spreadValid(o.valid, o.n, defs, r.slotDef, r.leaf.maxDef)
	o.nulls += slots - values
	if err := r.values(o.n, slots, values); err != nil {
		return err
	}
	o.n += slots
	return nil
}

// spreadValid appends a bit for each definition level from slotDef on to the bits of valid from pos: 1 from valueDef on.
func spreadValid(valid []byte, pos int, defs []uint8, slotDef, valueDef uint8) (slots, ones int) {
	start := pos
	var acc byte
	if pos&7 != 0 {
		acc = valid[pos>>3] & (1<<(uint(pos)&7) - 1)
	}
	for _, d := range defs {
		if d < slotDef {
			continue
		}
		var bit byte
		if d >= valueDef {
			bit = 1
		}
		acc |= bit << (uint(pos) & 7)
		ones += int(bit)
		pos++
		if pos&7 == 0 {
			valid[pos>>3-1] = acc
			acc = 0
		}
	}
	if pos&7 != 0 {
		valid[pos>>3] = acc
	}
	return pos - start, ones
}

// skipNested passes over n rows.
func (r *leafReader) skipNested(n int64) error {
	r.row += n
	for n > 0 {
		step, done := int(min(n, 1<<20)), 0
		for {
			if r.levelPos == len(r.defs) {
				more, err := r.moreLevels(done < step)
				if err != nil {
					return err
				}
				if !more {
					break
				}
			}
			k, full := r.countLevels(step, &done)
			if k > 0 && done == 0 {
				return errMidRow
			}
			values := 0
			for _, d := range r.defs[r.levelPos : r.levelPos+k] {
				if d == r.leaf.maxDef {
					values++
				}
			}
			r.levelPos += k
			if err := r.skipValues(values); err != nil {
				return err
			}
			if full {
				break
			}
		}
		n -= int64(step)
	}
	return nil
}
