package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"
)

// The steps are ordinary Go functions. Nothing in them knows that they run in parallel, nor that they do not.

// sourceDelay is how long a source takes to answer.
var sourceDelay time.Duration

// Sale is one line of a day's file.
type Sale struct {
	Shop  string
	Item  int
	Count int
}

// Load reads a day of sales.
func Load(path string) ([]Sale, error) {
	rows, err := readCSV(path)
	if err != nil {
		return nil, err
	}
	sales := make([]Sale, len(rows))
	for i, r := range rows {
		item, err1 := strconv.Atoi(r[1])
		count, err2 := strconv.Atoi(r[2])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%s: line %d is no sale: %v", path, i+1, r)
		}
		sales[i] = Sale{r[0], item, count}
	}
	return sales, nil
}

// LoadPrices reads the price of each item, in cents.
func LoadPrices(path string) (map[int]int, error) {
	rows, err := readCSV(path)
	if err != nil {
		return nil, err
	}
	prices := map[int]int{}
	for i, r := range rows {
		item, err1 := strconv.Atoi(r[0])
		cents, err2 := strconv.Atoi(r[1])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%s: line %d is no price: %v", path, i+1, r)
		}
		prices[item] = cents
	}
	return prices, nil
}

func readCSV(path string) ([][]string, error) {
	time.Sleep(sourceDelay)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return csv.NewReader(f).ReadAll()
}

// Revenue is the money taken by each shop, in cents.
type Revenue map[string]int

// Process prices a day's sales. Items without a price count nothing.
func Process(sales []Sale, prices map[int]int) Revenue {
	out := Revenue{}
	for _, s := range sales {
		out[s.Shop] += s.Count * prices[s.Item]
	}
	return out
}

// Roll adds up three days. A shop that is closed on one of them counts with the others.
func Roll(a, b, c Revenue) Revenue {
	out := Revenue{}
	for _, day := range []Revenue{a, b, c} {
		for shop, cents := range day {
			out[shop] += cents
		}
	}
	return out
}

// Change is by how much a shop's revenue differs between two windows.
type Change struct {
	Shop  string
	Cents int
}

// Compare returns the largest change between two windows; of equal ones that of the shop whose name comes first.
func Compare(a, b Revenue) Change {
	var most Change
	for shop := range Roll(a, b, nil) { // all shops of either
		c := Change{shop, int(math.Abs(float64(a[shop] - b[shop])))}
		if c.Cents > most.Cents || c.Cents == most.Cents && (most.Shop == "" || c.Shop < most.Shop) {
			most = c
		}
	}
	return most
}

// Report is the answer.
type Report struct {
	Compared int
	Largest  Change
	Mean     float64 // of the changes, in cents
}

// String says it in a sentence.
func (r Report) String() string {
	return fmt.Sprintf("%d comparisons: the largest change is shop %s by %.2f, the mean of all is %.2f.",
		r.Compared, r.Largest.Shop, float64(r.Largest.Cents)/100, r.Mean/100)
}

// Reduce makes the report.
func Reduce(changes []Change) Report {
	r := Report{Compared: len(changes)}
	for _, c := range changes {
		r.Mean += float64(c.Cents) / float64(len(changes))
		if c.Cents > r.Largest.Cents {
			r.Largest = c
		}
	}
	return r
}
