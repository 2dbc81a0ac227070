package main

import "context"

// plain runs the workflow step by step.
func plain(ctx context.Context, j job) (Report, error) {
	prices, err := LoadPrices(j.prices)
	if err != nil {
		return Report{}, err
	}
	var days []Revenue
	for _, path := range j.days {
		sales, err := Load(path)
		if err != nil {
			return Report{}, err
		}
		days = append(days, Process(sales, prices))
		if ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
	}
	var windows []Revenue
	for i := range len(days) - 2 {
		windows = append(windows, Roll(days[i], days[i+1], days[i+2]))
	}
	var changes []Change
	for _, p := range j.pairs {
		changes = append(changes, Compare(windows[p[0]], windows[p[1]]))
	}
	return Reduce(changes), nil
}
