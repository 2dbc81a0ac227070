package shuffle

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// Output is the rows of one task: immutable, and safe to be read by several tasks.
type Output struct {
	space    *Space
	schema   *schema
	exchange uint64
	totals   totals
	used     int64
	chunks   []*chunk
}

// Rows is the number of rows of buckets [lo, hi); of an Output that is not hashed there is one bucket, 0.
func (o *Output) Rows(lo, hi int) int64 {
	rows, _ := o.totals.of(lo, hi)
	return rows
}

// of returns the rows and the sum of the hashes of buckets [lo, hi).
func (t *totals) of(lo, hi int) (rows int64, sum uint64) {
	if t.bucket == nil {
		if lo > 0 || hi <= 0 {
			return 0, 0
		}
		return t.rows, 0
	}
	for i := max(lo, 0); i < min(hi, Buckets); i++ {
		rows += t.bucket[i].rows
		sum += t.bucket[i].sum
	}
	return rows, sum
}

// Bytes is the memory that the rows of buckets [lo, hi) take when they are read: their share of all by number, so that of text that is
// longer in some buckets than in others it is an estimate.
func (o *Output) Bytes(lo, hi int) int64 {
	if o.totals.rows == 0 {
		return 0
	}
	return int64(float64(o.used) * float64(o.Rows(lo, hi)) / float64(o.totals.rows))
}

// Spilled is how many bytes of it were written to files.
func (o *Output) Spilled() int64 {
	n := int64(0)
	for _, c := range o.chunks {
		c.mu.Lock()
		n += c.stored
		c.mu.Unlock()
	}
	return n
}

// Types of the columns.
func (o *Output) Types() []arrow.DataType { return o.schema.Types }

// Free gives memory and file space back. It may be called several times; readers that still read get an error.
func (o *Output) Free() {
	for _, c := range o.chunks {
		c.free()
	}
}
