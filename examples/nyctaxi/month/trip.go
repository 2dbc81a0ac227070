package month

import (
	"math/rand/v2"
	"time"
)

// trip is one record. Distances are hundredths of a mile, money is cents, times are seconds since 1970.
type trip struct {
	vendor, passengers, rate, payment        int64
	pickup, dropoff                          int64
	from, to                                 int64
	miles                                    int64
	fare, extra, tax, tip, tolls             int64
	improvement, total, congestion, airports int64
	stored                                   bool // kept in the car's memory until there was a connection
	known                                    bool // false: passengers, rate, stored, congestion and airports are null
}

// Shares of wrong and odd records, as measured.
const (
	unknown    = 0.0634  // of all: records without passenger count
	voided     = 0.0026  // followed by the same record with negative money
	stays      = 0.00875 // of no distance
	otherMonth = 0.00006
	backwards  = 0.00005 // ends before it starts
	wholeDay   = 0.0024  // the meter ran on: about 24 hours
)

// mph is the usual speed by hour of the day, in tenths of a mile an hour.
var mph = [24]int64{128, 136, 140, 149, 165, 170, 142, 112, 91, 87, 88, 85, 85, 85, 86, 85, 86, 87, 88, 95, 105, 111, 114, 121}

// passengers draws the count that the driver typed.
var passengers = newPicker([]float64{0.0285, 0.6909, 0.1507, 0.0431, 0.0199, 0.0399, 0.0238, 0.00001, 0.000005, 0.000002})

// maker draws trips.
type maker struct {
	r *rand.Rand
	s *shape
}

func newMaker() *maker { return &maker{rand.New(rand.NewPCG(2023, 1)), readShape()} }

func (m *maker) chance(p float64) bool { return m.r.Float64() < p }

// draw is a trip that starts in this hour.
func (m *maker) draw(hour time.Time, known bool) trip {
	day, h := (int(hour.Weekday())+6)%7, hour.Hour()
	t := trip{known: known, vendor: 2, rate: 1, tax: 50, improvement: 100}
	if m.chance(0.27) {
		t.vendor = 1
	}
	t.pickup = hour.Unix() + m.r.Int64N(3600)
	t.from, t.miles = m.place(h)
	t.to = int64(m.s.zones.pick(m.r.Float64()))
	if t.from < 264 && t.miles > 800 && m.chance(0.4) {
		t.to = laGuardia
		if t.miles > 1500 {
			t.to = jfk
		}
	}
	seconds := t.miles * 360 / mph[h] * (70 + m.r.Int64N(60)) / 100
	if t.miles > 300 { // the long way is the fast way
		seconds = seconds * 1000 / (1000 + min(t.miles-300, 1000))
	}
	seconds += 20 + m.r.Int64N(100)
	t.dropoff = t.pickup + seconds
	t.fare = 300 + 70*((t.miles+10)/20+slow(seconds)*55/6000)
	m.charges(&t, day, h)
	m.dirt(&t)
	m.pay(&t, m.s.card[day][h])
	if !known {
		m.forget(&t)
	}
	t.total = t.fare + t.extra + t.tax + t.tip + t.tolls + t.improvement + t.congestion + t.airports
	return t
}

// slow is for how much of a trip the meter counts time and not distance: less of it on long ones.
func slow(seconds int64) int64 { return min(seconds, 900) + max(seconds-900, 0)/12 }

// place draws where a trip starts and how far it goes.
func (m *maker) place(hour int) (zone, miles int64) {
	switch u := m.r.Float64(); {
	case u < m.s.jfk[hour]:
		return jfk, m.s.miles[0].pick(m.r.Float64())
	case u < m.s.jfk[hour]+m.s.laGuardia[hour]:
		return laGuardia, m.s.miles[1].pick(m.r.Float64())
	}
	return int64(m.s.zones.pick(m.r.Float64())), m.s.miles[2].pick(m.r.Float64())
}

// charges adds what comes to the fare: flat rates, rush hours and nights, tolls, fees of the airports and of Manhattan.
func (m *maker) charges(t *trip, day, hour int) {
	switch airport := t.from == jfk || t.to == jfk; {
	case airport && t.miles > 1300 && t.miles < 2400 && m.chance(0.8):
		t.rate, t.fare = 2, 7000
	case m.chance(0.005):
		t.rate, t.fare = 5, 1000*(1+m.r.Int64N(12))
	}
	switch {
	case day < 5 && hour >= 16 && hour < 20:
		t.extra = 250
	case hour >= 20 || hour < 6:
		t.extra = 100
	}
	if t.miles > 700 && m.chance(0.45) {
		t.tolls = 655
	}
	if t.from == jfk || t.from == laGuardia {
		t.airports = 125
	}
	if t.miles < 1200 && m.chance(0.95) || m.chance(0.6) {
		t.congestion = 250
	}
	t.passengers = int64(passengers.pick(m.r.Float64()))
	t.stored = m.chance(0.006)
}

// dirt makes some records wrong.
func (m *maker) dirt(t *trip) {
	if m.chance(stays) {
		t.miles = 0
		t.dropoff = t.pickup + m.r.Int64N(120)
		if m.chance(0.6) {
			t.fare = 300
		}
	}
	if m.chance(wholeDay) {
		t.dropoff = t.pickup + 86400 - m.r.Int64N(1200)
	}
	if m.chance(backwards) {
		t.dropoff = t.pickup - m.r.Int64N(3600) - 1
	}
	if m.chance(otherMonth) {
		length := t.dropoff - t.pickup
		switch u := m.r.Float64(); {
		case u < 0.6:
			t.pickup = start.Unix() - 1 - m.r.Int64N(900)
		case u < 0.9:
			t.pickup = start.AddDate(0, 1, 0).Unix() + m.r.Int64N(900)
		default: // the clock of the meter was never set
			t.pickup = time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC).Unix() + m.r.Int64N(86400)
		}
		t.dropoff = t.pickup + length
	}
}

// pay draws how a trip is paid. Only tips by card are on record.
func (m *maker) pay(t *trip, card float64) {
	switch u := m.r.Float64(); {
	case u < 0.0052:
		t.payment = 3 // no charge
	case u < 0.0073:
		t.payment = 4 // dispute
	case u < 0.0073+(1-0.0073)*card:
		t.payment = 1
		t.tip = m.tip(t)
	default:
		t.payment = 2
	}
}

// tip is one of the buttons on the screen (20, 25, 30 % of the bill), an amount of one's own, or nothing.
func (m *maker) tip(t *trip) int64 {
	bill := t.fare + t.extra + t.tax + t.tolls + t.improvement + t.congestion + t.airports
	switch u := m.r.Float64(); {
	case u < 0.45:
		return bill * 20 / 100
	case u < 0.57:
		return bill * 25 / 100
	case u < 0.64:
		return bill * 30 / 100
	case u < 0.69:
		return 0
	case u < 0.9:
		return bill * m.r.Int64N(25) / 100
	}
	return 100 * (1 + m.r.Int64N(1+t.fare/500))
}

// forget makes a record of a trip that was ordered by telephone: no passengers, fares to the cent, no payment type, and now and then a
// distance from here to the moon.
func (m *maker) forget(t *trip) {
	t.payment, t.airports, t.congestion, t.extra = 0, 0, 0, 0
	t.fare += m.r.Int64N(70)
	t.tip = 0
	if m.chance(0.7) {
		t.tip = (t.fare + 400) * m.r.Int64N(26) / 100
	}
	if m.chance(0.0002) {
		t.miles = 100_000 + m.r.Int64N(12_000_000)
	}
}

// void is the record that takes another one back.
func (t trip) void() trip {
	t.payment = 4
	for _, p := range []*int64{&t.fare, &t.extra, &t.tax, &t.tip, &t.tolls, &t.improvement, &t.total, &t.congestion, &t.airports} {
		*p = -*p
	}
	return t
}

// all yields n trips: those with all columns by the hour, then those with nulls, as in the files of the TLC.
func (m *maker) all(n int) func(yield func(trip) bool) {
	unknowns := int(unknown * float64(n))
	return func(yield func(trip) bool) {
		_ = m.hours(n-unknowns, true, yield) && m.hours(unknowns, false, yield)
	}
}

// hours yields n trips, as many in each hour as the week's shape says. January 2023 grows from a slow New Year's Day on.
func (m *maker) hours(n int, known bool, yield func(trip) bool) bool {
	const days = 31
	var upTo [days * 24]float64
	sum := 0.0
	for i := range upTo {
		date := start.Add(time.Duration(i) * time.Hour)
		busy := 0.94 + 0.004*float64(i/24)
		if i/24 == 0 || i/24 == 15 { // New Year, Martin Luther King Day
			busy -= 0.1
		}
		sum += busy * m.s.trips[(int(date.Weekday())+6)%7][date.Hour()]
		upTo[i] = sum
	}
	done := 0
	for i, part := range upTo {
		for hour := start.Add(time.Duration(i) * time.Hour); done < int(part/sum*float64(n)+0.5); done++ {
			t := m.draw(hour, known)
			if !yield(t) {
				return false
			}
			if known && done+1 < n && m.chance(voided) {
				if done++; !yield(t.void()) {
					return false
				}
			}
		}
	}
	return true
}
