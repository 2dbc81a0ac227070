package csvio

const guessNumbers = guessInt | guessBig | guessFloat

// quick says whether a field surely leaves what is known of its column as it is: a plain number in a column that numbers alone have been
// seen in. Most fields of most files are that, and the samples are looked at before anything runs in parallel.
func (g *guesser) quick(to *Guess, f []byte) bool {
	if g.numericNulls || len(g.d.True)+len(g.d.False) > 0 {
		return false // it might be one, or a boolean
	}
	may := guessAny &^ to.not
	if may&^guessNumbers != 0 || may&guessFloat == 0 || len(g.d.Layouts) > 0 {
		return false
	}
	whole := may&guessInt != 0 // a fraction would tell something new
	if whole != (may&guessBig != 0) || !whole && (g.d.Decimal != '.' || g.d.Thousands != 0) {
		return false
	}
	if f[0] == '-' {
		f = f[1:]
	}
	// 18 digits fit int64; a zero before another digit makes a name of a number
	if len(f) == 0 || len(f) > 18 || f[0] == '0' && len(f) > 1 && f[1] != '.' {
		return false
	}
	points := 0
	for _, b := range f {
		if b == '.' {
			points++
		} else if !isDigit(b) {
			return false
		}
	}
	return points == 0 || points == 1 && !whole && f[0] != '.' && f[len(f)-1] != '.'
}
