package main

import (
	"context"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/futures"
	"github.com/sheafdata/sheaf/sched"
)

// withFutures starts every step as soon as it is known, and waits for the last.
func withFutures(ctx context.Context, j job) (Report, error) {
	c := futures.New(ctx, sched.On(sched.Pool(j.workers)))
	defer c.Close()
	process, roll, compare := delayed.Func2(Process), delayed.Func3(Roll), delayed.Func2(Compare)

	prices := futures.Submit(c, delayed.Func1Err(LoadPrices)(delayed.Of(j.prices)))
	var days []*futures.Future[Revenue]
	for _, sales := range futures.Map(c, delayed.Func1Err(Load), j.days) {
		days = append(days, futures.Submit(c, process(sales, prices)))
	}
	var windows []*futures.Future[Revenue]
	for i := range len(days) - 2 {
		windows = append(windows, futures.Submit(c, roll(days[i], days[i+1], days[i+2])))
	}
	var changes []*futures.Future[Change]
	for _, p := range j.pairs {
		changes = append(changes, futures.Submit(c, compare(windows[p[0]], windows[p[1]])))
	}
	report := futures.Submit(c, delayed.Func1(Reduce)(delayed.ListOf(changes...)))
	return report.Result(ctx)
}
