package kernel

// Ticks of a time unit: the constants make every division below a multiplication.
const (
	secDay   = 86400
	milliDay = secDay * 1e3
	microDay = secDay * 1e6
	nanoDay  = secDay * 1e9
)

// Unit is the unit of a temporal value.
type Unit uint8

// The units. Days is that of date32, and of what has no clock.
const (
	Second Unit = iota
	Milli
	Micro
	Nano
	Days
)

// PerSecond is the ticks of a second; of days it is 0.
func (u Unit) PerSecond() int64 { return [...]int64{1, 1e3, 1e6, 1e9, 0}[u] }

// PerDay is the ticks of a day.
func (u Unit) PerDay() int64 { return [...]int64{secDay, milliDay, microDay, nanoDay, 1}[u] }

// floorMod and floorDiv round down; with a constant c they inline to a multiplication and a mask.
func floorMod(x, c int64) int64 {
	r := x % c
	return r + r>>63&c
}

func floorDiv(x, c int64) int64 {
	q := x / c
	return q + (x-q*c)>>63
}

// FloorMod returns x − c·⌊x ÷ c⌋ for c > 0.
func FloorMod(x, c int64) int64 { return floorMod(x, c) }

// FloorDiv returns ⌊x ÷ c⌋ for c > 0.
func FloorDiv(x, c int64) int64 { return floorDiv(x, c) }

// DayOf sets dst to the days since 1970-01-01 of times in unit u; dst may be a.
func DayOf(dst, a []int64, u Unit) {
	a = a[:len(dst)]
	switch u {
	case Second:
		for i := range dst {
			dst[i] = floorDiv(a[i], secDay) //gcassert:bce
		}
	case Milli:
		for i := range dst {
			dst[i] = floorDiv(a[i], milliDay) //gcassert:bce
		}
	case Micro:
		for i := range dst {
			dst[i] = floorDiv(a[i], microDay) //gcassert:bce
		}
	case Nano:
		for i := range dst {
			dst[i] = floorDiv(a[i], nanoDay) //gcassert:bce
		}
	default:
		copy(dst, a)
	}
}

// Hour sets dst to the hour of the day, 0 to 23.
func Hour(dst, a []int64, u Unit) {
	a = a[:len(dst)]
	switch u {
	case Second:
		for i := range dst {
			dst[i] = int64(uint32(floorMod(a[i], secDay)) / 3600) //gcassert:bce
		}
	case Milli:
		for i := range dst {
			dst[i] = int64(uint32(floorMod(a[i], milliDay)) / 3600e3) //gcassert:bce
		}
	case Micro:
		for i := range dst {
			dst[i] = int64(uint64(floorMod(a[i], microDay)) / 3600e6) //gcassert:bce
		}
	case Nano:
		for i := range dst {
			dst[i] = int64(uint64(floorMod(a[i], nanoDay)) / 3600e9) //gcassert:bce
		}
	default:
		clear(dst)
	}
}

// Minute sets dst to the minute of the hour, 0 to 59.
func Minute(dst, a []int64, u Unit) {
	a = a[:len(dst)]
	switch u {
	case Second:
		for i := range dst {
			dst[i] = int64(uint32(floorMod(a[i], 3600)) / 60) //gcassert:bce
		}
	case Milli:
		for i := range dst {
			dst[i] = int64(uint32(floorMod(a[i], 3600e3)) / 60e3) //gcassert:bce
		}
	case Micro:
		for i := range dst {
			dst[i] = int64(uint64(floorMod(a[i], 3600e6)) / 60e6) //gcassert:bce
		}
	case Nano:
		for i := range dst {
			dst[i] = int64(uint64(floorMod(a[i], 3600e9)) / 60e9) //gcassert:bce
		}
	default:
		clear(dst)
	}
}

// SecondOf sets dst to the second of the minute, 0 to 59.
func SecondOf(dst, a []int64, u Unit) {
	a = a[:len(dst)]
	switch u {
	case Second:
		for i := range dst {
			dst[i] = floorMod(a[i], 60) //gcassert:bce
		}
	case Milli:
		for i := range dst {
			dst[i] = int64(uint32(floorMod(a[i], 60e3)) / 1e3) //gcassert:bce
		}
	case Micro:
		for i := range dst {
			dst[i] = int64(uint32(floorMod(a[i], 60e6)) / 1e6) //gcassert:bce
		}
	case Nano:
		for i := range dst {
			dst[i] = int64(uint64(floorMod(a[i], 60e9)) / 1e9) //gcassert:bce
		}
	default:
		clear(dst)
	}
}

// Weekday sets dst to the ISO weekday of days, Monday 1 to Sunday 7: 1970-01-01 was a Thursday. dst may be days.
func Weekday(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		dst[i] = floorMod(days[i]+3, 7) + 1
	}
}

// WeekdayOf is Weekday of times in unit u.
func WeekdayOf(dst, a []int64, u Unit) {
	a = a[:len(dst)]
	switch u {
	case Second:
		for i := range dst {
			dst[i] = floorMod(floorDiv(a[i], secDay)+3, 7) + 1 //gcassert:bce
		}
	case Milli:
		for i := range dst {
			dst[i] = floorMod(floorDiv(a[i], milliDay)+3, 7) + 1 //gcassert:bce
		}
	case Micro:
		for i := range dst {
			dst[i] = floorMod(floorDiv(a[i], microDay)+3, 7) + 1 //gcassert:bce
		}
	case Nano:
		for i := range dst {
			dst[i] = floorMod(floorDiv(a[i], nanoDay)+3, 7) + 1 //gcassert:bce
		}
	default:
		Weekday(dst, a)
	}
}

// FloorTo sets dst to a rounded down to multiples of c > 0; the steps of the common units are constants.
func FloorTo(dst, a []int64, c int64) {
	a = a[:len(dst)]
	switch c {
	case 60e6:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], 60e6) //gcassert:bce
		}
	case 3600:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], 3600) //gcassert:bce
		}
	case 3600e3:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], 3600e3) //gcassert:bce
		}
	case 3600e6:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], 3600e6) //gcassert:bce
		}
	case 3600e9:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], 3600e9) //gcassert:bce
		}
	case secDay:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], secDay) //gcassert:bce
		}
	case milliDay:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], milliDay) //gcassert:bce
		}
	case microDay:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], microDay) //gcassert:bce
		}
	case nanoDay:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], nanoDay) //gcassert:bce
		}
	default:
		for i := range dst {
			dst[i] = a[i] - floorMod(a[i], c) //gcassert:bce
		}
	}
}
