package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

const (
	items    = 200
	saleRows = 2000 // a day
)

// makeData writes the files of a job: the same in every run.
func makeData(folder string, days int) (job, error) {
	rnd := rand.New(rand.NewPCG(1, 2))
	j := job{prices: filepath.Join(folder, "prices.csv")}
	var prices bytes.Buffer
	for item := range items {
		fmt.Fprintf(&prices, "%d,%d\n", item, 50+rnd.IntN(5000))
	}
	if err := os.WriteFile(j.prices, prices.Bytes(), 0o600); err != nil {
		return job{}, err
	}
	for day := range days {
		path := filepath.Join(folder, fmt.Sprintf("day%03d.csv", day))
		if err := os.WriteFile(path, sales(rnd), 0o600); err != nil {
			return job{}, err
		}
		j.days = append(j.days, path)
	}
	for range 2 * days {
		j.pairs = append(j.pairs, [2]int{rnd.IntN(days - 2), rnd.IntN(days - 2)})
	}
	return j, nil
}

// sales returns a day of sales. On some days a shop is closed.
func sales(rnd *rand.Rand) []byte {
	shops := []string{"north", "south", "east", "west", "harbour"}
	closed := rnd.IntN(2 * len(shops))
	var b bytes.Buffer
	for range saleRows {
		if s := rnd.IntN(len(shops)); s != closed {
			fmt.Fprintf(&b, "%s,%d,%d\n", shops[s], rnd.IntN(items), 1+rnd.IntN(4))
		}
	}
	return b.Bytes()
}
