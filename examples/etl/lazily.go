package main

import (
	"context"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/sched"
)

// withDelayed builds the whole graph, and runs it.
func withDelayed(ctx context.Context, j job) (Report, error) {
	return graphOf(j).Compute(ctx, sched.On(sched.Pool(j.workers)))
}

// graphOf is plain with lazy functions in the place of the steps: nothing runs yet.
func graphOf(j job) *delayed.Value[Report] {
	load, loadPrices := delayed.Func1Err(Load), delayed.Func1Err(LoadPrices)
	process, roll, compare := delayed.Func2(Process), delayed.Func3(Roll), delayed.Func2(Compare)
	reduce := delayed.Func1(Reduce)

	prices := loadPrices(delayed.Of(j.prices))
	var days []*delayed.Value[Revenue]
	for _, path := range j.days {
		days = append(days, process(load(delayed.Of(path)), prices))
	}
	var windows []*delayed.Value[Revenue]
	for i := range len(days) - 2 {
		windows = append(windows, roll(days[i], days[i+1], days[i+2]))
	}
	var changes []*delayed.Value[Change]
	for _, p := range j.pairs {
		changes = append(changes, compare(windows[p[0]], windows[p[1]]))
	}
	return reduce(delayed.ListOf(changes...))
}
