package csvio

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What quick passes over is what the whole look at a field would not have changed, in every dialect and whatever was seen before.
func TestQuickChangesNothing(t *testing.T) {
	dialects := []Dialect{{}, {Decimal: ',', Thousands: '.'}, {Thousands: ','}, {Nulls: []string{"7", "-1"}}, {True: []string{"1"}, False: []string{"0"}},
		{Layouts: []string{"20060102"}}, {Decimal: ','}}
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		d, err := rapid.SampledFrom(dialects).Draw(t, "dialect").WithDefaults()
		require.NoError(t, err)
		g := newGuesser(&d)
		field := rapid.OneOf(rapid.StringMatching(`-?[0-9]{1,20}`), rapid.StringMatching(`-?[0-9]{0,3}\.[0-9]{0,16}`), rapid.StringMatching(`[-+ 0-9.,eE]{1,6}`),
			rapid.SampledFrom([]string{"true", "2024-01-01", "20240101", "inf", "NaN", "-", ".", "0", "-0", "00.5", "12:30"}))
		slow := newGuesser(&d)
		slow.numericNulls = true // never quick
		var col, slowCol Guess
		var odd, slowOdd suspect
		for i := range 6 {
			f := field.Draw(t, fmt.Sprint("field", i))
			if col.seen && g.quick(&col, []byte(f)) {
				passed++
			}
			g.see(&col, &odd, []byte(f), 0)
			slow.see(&slowCol, &slowOdd, []byte(f), 0)
			require.Equal(t, slowCol, col)
			require.Equal(t, slowOdd, odd)
		}
	})
	require.Positive(t, passed, "the test saw no field that is passed over")
}
