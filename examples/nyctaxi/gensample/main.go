// Gensample makes the sample of trips that examples/nyctaxi carries: go run ./examples/nyctaxi/gensample > examples/nyctaxi/testdata/sample.csv
//
// The trips are made up, with the columns, the shares and the dirt of real ones; the seed is fixed.
package main

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"time"
)

const rows = 2000

// busy are the zones with most pickups; every other trip starts in one of them.
var busy = []int{161, 237, 236, 162, 230, 186, 170, 48, 234, 142, 163, 239, 79, 68, 107}

func main() {
	r := rand.New(rand.NewPCG(2019, 3))
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(w, "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount,congestion_surcharge")
	start := time.Date(2019, 3, 1, 0, 0, 0, 0, time.UTC)
	for range rows {
		fmt.Fprintln(w, trip(r, start))
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "gensample:", err)
		os.Exit(1)
	}
}

// trip is one record, now and then a wrong one.
func trip(r *rand.Rand, start time.Time) string {
	pickup := start.AddDate(0, 0, r.IntN(31)).Add(hour(r)).Truncate(time.Second)
	miles := math.Round(100*math.Exp(0.5+0.9*r.NormFloat64())) / 100
	minutes := 3 + 4.2*miles*(0.7+0.6*r.Float64())
	fare := math.Round((2.5+2.5*miles+0.35*minutes)*2) / 2
	dirt := r.IntN(100)
	switch {
	case dirt == 0:
		fare = -fare
	case dirt <= 1:
		miles = 0
	case dirt == 2:
		minutes = -minutes
	}
	payment, tip := 1+r.IntN(10)/7, 0.0
	if payment == 1 && fare > 0 {
		tip = math.Round(fare*(0.1+0.15*r.Float64())*100) / 100
	}
	passengers := fmt.Sprint(1 + r.IntN(7)*r.IntN(7)/8)
	if r.IntN(150) == 0 {
		passengers = ""
	}
	zone := busy[r.IntN(len(busy))]
	if r.IntN(2) == 0 {
		zone = 1 + r.IntN(263)
	}
	const layout = "2006-01-02 15:04:05"
	return fmt.Sprintf("%d,%s,%s,%s,%g,1,N,%d,%d,%d,%g,0.5,0.5,%g,0,0.3,%.2f,2.5", 1+r.IntN(2), pickup.Format(layout),
		pickup.Add(time.Duration(minutes*float64(time.Minute))).Format(layout), passengers, miles, zone, 1+r.IntN(263), payment, fare, tip, fare+tip+3.8)
}

// hour draws the time of day: few trips before six, most in the evening.
func hour(r *rand.Rand) time.Duration {
	for {
		h := 24 * r.Float64()
		if r.Float64() < 0.25+0.75*math.Pow(math.Sin(math.Pi*(h-4)/22), 2) || h > 6 && r.IntN(3) == 0 {
			return time.Duration(h * float64(time.Hour))
		}
	}
}
