package kernel

import "math"

// Log is the natural logarithm, also of positive numbers below 2^-1022: on some processors math.Log takes them all for 2^-1023.
func Log(x float64) float64 {
	if x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}
