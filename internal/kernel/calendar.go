package kernel

// Days of 400 Gregorian years, which repeat, and those from 0000-03-01 to 1970-01-01.
const (
	eraDays   = 146097
	epochDays = 719468
)

// Civil returns the Gregorian date of a number of days since 1970-01-01. Within an era of 400 years from March on it uses the
// Euclidean affine functions of Neri and Schneider (2022), multiplications and shifts only.
func Civil(days int64) (year int64, month, day uint32) {
	z := days + epochDays
	era := floorDiv(z, eraDays)
	n1 := uint32(z-era*eraDays)*4 + 3
	century := n1 / eraDays
	n2 := n1%eraDays | 3
	p := uint64(n2) * 2939745
	yearOf := uint32(p >> 32)
	dayOfYear := uint32(p) / 2939745 / 4 // from March 1st
	n3 := 2141*dayOfYear + 197913
	month, day = n3>>16, n3&0xFFFF/2141+1
	year = era*400 + int64(100*century+yearOf)
	if dayOfYear >= 306 {
		year++
		month -= 12
	}
	return year, month, day
}

// DaysOf returns the days since 1970-01-01 of a date; month from 1, day may lie outside of the month.
func DaysOf(year int64, month, day int64) int64 {
	y, m := year, month
	if m <= 2 {
		y--
		m += 12
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*(m-3) + 2) / 5
	return era*eraDays + yoe*365 + yoe/4 - yoe/100 + doy + day - 1 - epochDays
}

// IsLeap says whether a year has 366 days.
func IsLeap(year int64) bool { return year&3 == 0 && (year%100 != 0 || year%400 == 0) }

var monthDays = [13]uint8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// MonthDays returns the days of a month, from 1.
func MonthDays(year int64, month uint32) int64 {
	if month == 2 && IsLeap(year) {
		return 29
	}
	return int64(monthDays[month])
}

// Year sets dst to the year of days since 1970-01-01. dst may be days, here and below.
func Year(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		dst[i], _, _ = Civil(days[i])
	}
}

// Month sets dst to the month, 1 to 12.
func Month(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		_, m, _ := Civil(days[i])
		dst[i] = int64(m)
	}
}

// Quarter sets dst to the quarter, 1 to 4.
func Quarter(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		_, m, _ := Civil(days[i])
		dst[i] = int64((m + 2) / 3)
	}
}

// Day sets dst to the day of the month.
func Day(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		_, _, d := Civil(days[i])
		dst[i] = int64(d)
	}
}

// YearDay sets dst to the day of the year, from 1.
func YearDay(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		y, _, _ := Civil(days[i])
		dst[i] = days[i] - DaysOf(y, 1, 1) + 1
	}
}

// Week sets dst to the ISO week: that of the Thursday of the same week.
func Week(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		thursday := days[i] - floorMod(days[i]+3, 7) + 3
		y, _, _ := Civil(thursday)
		dst[i] = (thursday-DaysOf(y, 1, 1))/7 + 1
	}
}

// The truncations set dst to the first day of what the day lies in.

// WeekStart goes to the Monday.
func WeekStart(dst, days []int64) {
	days = days[:len(dst)]
	for i := range dst {
		dst[i] = days[i] - floorMod(days[i]+3, 7)
	}
}

// MonthStart goes to the first of the month, of the quarter for step 3, of the year for step 12.
func MonthStart(dst, days []int64, step uint32) {
	days = days[:len(dst)]
	for i := range dst {
		y, m, d := Civil(days[i])
		if first := m - (m-1)%step; first == m {
			dst[i] = days[i] - int64(d) + 1
		} else {
			dst[i] = DaysOf(y, int64(first), 1)
		}
	}
}

// AddMonths sets dst to the days n months later; a day that the month lacks becomes its last.
func AddMonths(dst, days []int64, n int64) {
	days = days[:len(dst)]
	for i := range dst {
		y, m, d := Civil(days[i])
		at := y*12 + int64(m) - 1 + n
		y, m = floorDiv(at, 12), uint32(floorMod(at, 12))+1
		dst[i] = DaysOf(y, int64(m), min(int64(d), MonthDays(y, m)))
	}
}

// Span returns the least and the greatest of a, whose length is over 0.
func Span(a []int64) (least, most int64) {
	least, most = a[0], a[0]
	for _, x := range a {
		least, most = min(least, x), max(most, x)
	}
	return least, most
}

// Lookup sets dst to table[a − least], where every a is within the table. dst may be a.
func Lookup(dst, a, table []int64, least int64) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = table[a[i]-least]
	}
}
