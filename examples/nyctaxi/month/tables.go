package month

import (
	"bytes"
	"embed"
	"encoding/csv"
	"strconv"
)

// tables holds what was measured on real records; tables/measure.py says how.
//
//go:embed tables/hours.csv tables/zones.csv tables/airports.csv tables/miles.csv
var tables embed.FS

// The zones of the airports, which have distances and hours of their own.
const (
	jfk       = 132
	laGuardia = 138
)

// shape is what a month is drawn from.
type shape struct {
	trips, card    [7][24]float64 // by weekday (Monday first) and hour: share of a week's trips, share of them paid by card
	jfk, laGuardia [24]float64    // share of an hour's trips that start there
	zones          picker         // where the other trips start
	miles          [3]quantiles   // of trips from JFK, from LaGuardia, from elsewhere
}

// readShape reads the tables. They are part of the program: that they can be read is tested, not checked.
func readShape() *shape {
	s := &shape{}
	for _, r := range read("hours.csv") {
		day, hour := int(r[0])-1, int(r[1])
		s.trips[day][hour], s.card[day][hour] = r[2], r[3]
	}
	for _, r := range read("airports.csv") {
		s.jfk[int(r[0])], s.laGuardia[int(r[0])] = r[1], r[2]
	}
	weights := make([]float64, 266)
	for zone := 1; zone <= 265; zone++ {
		if !never[zone] {
			weights[zone] = rare
		}
	}
	for _, r := range read("zones.csv") {
		weights[int(r[0])] = r[1]
	}
	weights[jfk], weights[laGuardia] = 0, 0
	s.zones = newPicker(weights)
	for _, r := range read("miles.csv") {
		for i := range s.miles {
			s.miles[i].at = append(s.miles[i].at, r[0])
			s.miles[i].value = append(s.miles[i].value, int64(r[1+i]*100+0.5))
		}
	}
	return s
}

// The 120,000 measured trips start in 232 zones. Most others see a trip now and then; nobody is picked up on these islands and meadows.
var never = map[int]bool{2: true, 30: true, 99: true, 103: true, 104: true, 105: true, 110: true, 176: true, 199: true}

const rare = 4e-6

// read returns the rows of a table without its header.
func read(name string) [][]float64 {
	text, _ := tables.ReadFile("tables/" + name)
	lines, _ := csv.NewReader(bytes.NewReader(text)).ReadAll()
	var rows [][]float64
	for _, line := range lines[1:] {
		row := make([]float64, len(line))
		for i, field := range line {
			row[i], _ = strconv.ParseFloat(field, 64)
		}
		rows = append(rows, row)
	}
	return rows
}

// quantiles is a distribution: at[i] of the values are below value[i].
type quantiles struct {
	at    []float64
	value []int64
}

// pick draws the value that u of 1 are below, on straight lines between the points. The longest trips go twice as far as the last point.
func (q *quantiles) pick(u float64) int64 {
	from, low := 0.0, int64(1)
	for i, to := range q.at {
		if u < to {
			return low + int64((u-from)/(to-from)*float64(q.value[i]-low))
		}
		from, low = to, q.value[i]
	}
	return low + int64((u-from)/(1-from)*float64(low))
}

// picker draws indexes by weight, in the same time for any number of them (Walker's alias method).
type picker struct {
	own   []float64
	alias []int
}

func newPicker(weights []float64) picker {
	n, sum := len(weights), 0.0
	for _, w := range weights {
		sum += w
	}
	p := picker{make([]float64, n), make([]int, n)}
	var small, large []int
	for i, w := range weights {
		p.own[i] = w / sum * float64(n)
		if p.own[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		p.alias[s] = l
		if p.own[l] -= 1 - p.own[s]; p.own[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) {
		p.own[i] = 1
	}
	return p
}

func (p picker) pick(u float64) int {
	x := u * float64(len(p.own))
	i := int(x)
	if x-float64(i) < p.own[i] {
		return i
	}
	return p.alias[i]
}
