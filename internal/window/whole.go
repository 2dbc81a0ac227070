package window

import (
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/internal/agg"
	"github.com/sheafdata/sheaf/internal/bitmap"
	"github.com/sheafdata/sheaf/internal/vec"
)

// OrderMatters says whether an aggregate of a whole partition depends on the order of its rows by more than rounding.
func OrderMatters(op string) bool {
	switch op {
	case "first", "last", "mode", "list_of":
		return true
	}
	return false
}

// stretch is how many rows an accumulator gets at a time: what it makes of them then stays in the cache.
const stretch = 16 << 10

// whole computes an aggregate of whole partitions: by group, in order where that matters, and gathers the answers.
func (c *computer) whole(call *Call) (vec.Vec, error) {
	acc, err := agg.New(Plain(call.Expr))
	if err != nil {
		return vec.Vec{}, err
	}
	before := c.mem.held
	if OrderMatters(call.Expr.Op()) && !c.straight {
		err = c.updateInOrder(acc, call)
	} else {
		err = c.update(acc, call)
	}
	if err != nil {
		return vec.Vec{}, err
	}
	if err := c.mem.grow(max(0, before+acc.Bytes()-c.mem.held)); err != nil {
		return vec.Vec{}, err
	}
	v, err := acc.Result(c.partitions())
	if err != nil {
		return vec.Vec{}, err
	}
	if err := c.result.grow(takenBytes(&v, c.rows)); err != nil {
		return vec.Vec{}, err
	}
	var out vec.Vec
	vec.Take(&out, &v, c.groups(c.rows), nil)
	return out, nil
}

// Plain is an aggregate without the modifiers that say of which rows it is.
func Plain(e expr.Expr) expr.Expr { return e.Unalias().WithMods(expr.Mods{Exact: e.Mods().Exact}) }

// groups is the partition of each row.
func (c *computer) groups(rows int) []uint32 {
	if c.gids == nil {
		return make([]uint32, rows)
	}
	return c.gids
}

func (c *computer) update(acc agg.Acc, call *Call) error {
	var s vec.Scratch
	where := c.where(call)
	args := make([]vec.Vec, len(call.Args))
	var bits []uint64
	for at := 0; at < c.rows || at == 0; at += stretch {
		n := min(stretch, c.rows-at)
		s.Reset()
		for i, col := range call.Args {
			vec.Slice(&args[i], &c.cols[col], at, n, &s)
		}
		if where != nil {
			bits = where[at/64 : at/64+bitmap.Words(n)] // stretch is a multiple of 64
		}
		var gids []uint32
		if c.gids != nil {
			gids = c.gids[at : at+n]
		}
		if err := acc.Update(gids, args, bits, n, c.partitions()); err != nil {
			return err
		}
		if err := c.grown(acc, &at); err != nil {
			return err
		}
	}
	return nil
}

// grown checks that what an accumulator holds fits the budget, every so often.
func (c *computer) grown(acc agg.Acc, at *int) error {
	if *at/stretch%16 != 15 {
		return nil
	}
	held := acc.Bytes()
	if err := c.mem.grow(held); err != nil {
		return err
	}
	c.mem.back(c.mem.held - held)
	return nil
}

func (c *computer) updateInOrder(acc agg.Acc, call *Call) error {
	var s vec.Scratch
	where := c.where(call)
	args := make([]vec.Vec, len(call.Args))
	gids := make([]uint32, min(stretch, c.rows))
	for at := 0; at < c.rows || at == 0; at += stretch {
		rows := c.perm[at:min(at+stretch, c.rows)]
		s.Reset()
		for i, col := range call.Args {
			vec.Take(&args[i], &c.cols[col], rows, &s)
		}
		var bits []uint64
		if where != nil {
			bits = s.Bits(len(rows))
			clear(bits)
			for i, row := range rows {
				bits[i>>6] |= where[row>>6] >> (row & 63) & 1 << (uint(i) & 63)
			}
		}
		if c.gids != nil {
			for i, row := range rows {
				gids[i] = c.gids[row]
			}
		}
		if err := acc.Update(gids[:len(rows)], args, bits, len(rows), c.partitions()); err != nil {
			return err
		}
		if err := c.grown(acc, &at); err != nil {
			return err
		}
	}
	return nil
}
