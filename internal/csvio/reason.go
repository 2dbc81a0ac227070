package csvio

import "strconv"

// misfitReason says that a row has the wrong number of fields.
func misfitReason(have, want int) string {
	s := strconv.Itoa(have) + " field"
	if have != 1 {
		s += "s"
	}
	return s + " where " + strconv.Itoa(want) + " are expected"
}
