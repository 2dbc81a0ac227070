package main

import (
	"context"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

// Each function draws the answer to one question. It takes the rows into structs: a field is a column.

func drawDays(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	type row struct {
		Day     time.Time `sheaf:"day"`
		Trips   float64   `sheaf:"trips"`
		Revenue float64   `sheaf:"revenue"`
	}
	days, err := dataframe.CollectAs[row](ctx, answer.Filter(expr.Col("day").NotNull()).With(expr.Col("trips").Cast(arrow.PrimitiveTypes.Float64)))
	if err != nil || len(days) == 0 {
		return chart{}, err
	}
	busiest := slices.MaxFunc(days, func(a, b row) int { return int(a.Trips - b.Trips) }).Trips
	var trips, revenue []bar
	for _, d := range days {
		if d.Trips < busiest/100 { // clocks that were wrong
			continue
		}
		fill := blue
		if w := d.Day.Weekday(); w == time.Saturday || w == time.Sunday {
			fill = sky
		}
		at := float64(d.Day.Unix())
		trips = append(trips, bar{at: at, high: d.Trips, fill: fill})
		revenue = append(revenue, bar{at: at, high: d.Revenue, fill: fill})
	}
	upper, lower := newPlot("Trips a day", "", "trips"), newPlot("Revenue a day", "day of pickup", "US dollars")
	for p, all := range map[*plot.Plot][]bar{upper: trips, lower: revenue} {
		p.Add(lines(false), bars{all: all, width: 0.8 * 86400})
		p.X.Tick.Marker, p.Y.Tick.Marker = dates{}, short{}
		p.Y.Max *= 1.3 // room for the legend
	}
	upper.Legend.Add("Monday to Friday ", swatch{blue})
	upper.Legend.Add("Saturday, Sunday ", swatch{sky})
	return chart{plots: [][]*plot.Plot{{upper}, {lower}}, height: 5.4}, nil
}

// week is the mean tip by weekday and hour, in percent; a plotter.GridXYZ with Monday on top.
type week [7][24]float64

func (w *week) Dims() (c, r int)   { return 24, 7 }
func (w *week) Z(c, r int) float64 { return w[6-r][c] }
func (w *week) X(c int) float64    { return float64(c) }
func (w *week) Y(r int) float64    { return float64(r) }

// Tips are painted from pale to dark blue, evenly in brightness.
var (
	paleBlue, darkBlue = color.RGBA{0xf7, 0xfb, 0xd0, 0xff}, color.RGBA{0x08, 0x1d, 0x58, 0xff}
	paleToDark, _      = moreland.NewLuminance([]color.Color{darkBlue, color.RGBA{0x22, 0x5e, 0xa8, 0xff}, color.RGBA{0x41, 0xb6, 0xc4, 0xff}, paleBlue})
)

// clock names every other hour.
func clock() plot.ConstantTicks {
	var ticks []plot.Tick
	for h := 0; h < 24; h += 2 {
		ticks = append(ticks, plot.Tick{Value: float64(h), Label: fmt.Sprintf("%d:00", h)})
	}
	return ticks
}

func drawTips(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	type row struct {
		Weekday int64   `sheaf:"weekday"`
		Hour    int64   `sheaf:"hour"`
		Share   float64 `sheaf:"tip_share"`
	}
	hours, err := dataframe.CollectAs[row](ctx, answer.Filter(expr.Col("weekday").NotNull(), expr.Col("tip_share").NotNull()).Select("weekday", "hour", "tip_share"))
	if err != nil {
		return chart{}, err
	}
	var w week
	for d := range w {
		for h := range w[d] {
			w[d][h] = math.NaN()
		}
	}
	var shares []float64
	for _, h := range hours {
		w[h.Weekday-1][h.Hour] = 100 * h.Share
		shares = append(shares, 100*h.Share)
	}
	if len(shares) == 0 {
		return chart{}, nil
	}
	// One generous hour of few trips must not wash out all others: colours end at the 2nd and the 98th of a hundred hours.
	slices.Sort(shares)
	low, high := shares[len(shares)/50], shares[len(shares)-1-len(shares)/50]
	colors := palette.Reverse(paleToDark)
	colors.SetMin(low)
	colors.SetMax(max(high, low+0.1))
	heat := plotter.NewHeatMap(&w, colors.Palette(128))
	heat.Min, heat.Max = colors.Min(), colors.Max()
	heat.Underflow, heat.Overflow, heat.NaN = paleBlue, darkBlue, color.White
	p := newPlot("Mean tip, percent of the fare", "hour of pickup", "")
	p.Add(heat)
	names := []string{"Sunday", "Saturday", "Friday", "Thursday", "Wednesday", "Tuesday", "Monday"}
	p.NominalY(names...)
	p.X.Tick.Marker = clock()
	legend := newPlot("", "", "percent")
	legend.Add(&plotter.ColorBar{ColorMap: colors, Vertical: true})
	legend.HideX()
	legend.Y.Tick.Marker = short{}
	return chart{plots: [][]*plot.Plot{{p}}, height: 3.6, legend: legend, margin: 0.8}, nil
}

func drawPassengers(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	type row struct {
		Passengers *float64 `sheaf:"passenger_count"`
		Fare       *float64 `sheaf:"fare"`
		Distance   *float64 `sheaf:"distance"`
		Trips      int64    `sheaf:"trips"`
	}
	groups, err := dataframe.CollectAs[row](ctx, answer.With(expr.Col("passenger_count").Cast(arrow.PrimitiveTypes.Float64)))
	if err != nil {
		return chart{}, err
	}
	var names, counts []string
	var fares, miles []bar
	for _, g := range groups {
		if g.Fare == nil || g.Distance == nil {
			continue
		}
		name, fill := "none given", grey
		if g.Passengers != nil {
			name, fill = strconv.FormatFloat(*g.Passengers, 'g', -1, 64), blue
		}
		names = append(names, name)
		counts = append(counts, shorten(float64(g.Trips)))
		fares = append(fares, bar{high: *g.Fare, label: fmt.Sprintf("%.2f", *g.Fare), fill: fill})
		miles = append(miles, bar{high: *g.Distance, label: fmt.Sprintf("%.2f", *g.Distance), fill: fill})
	}
	return chart{plots: [][]*plot.Plot{
		{upright(newPlot("Mean fare by number of passengers", "trips", "US dollars"), counts, fares)},
		{upright(newPlot("Mean distance by number of passengers", "passengers", "miles"), names, miles)},
	}, height: 5.4}, nil
}

// payments names the codes of payment_type.
var payments = map[string]string{"0": "flexible fare", "1": "credit card", "2": "cash", "3": "no charge", "4": "dispute", "5": "unknown", "6": "voided trip"}

func drawPayments(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	type row struct {
		Type  *string `sheaf:"payment_type"`
		Trips int64   `sheaf:"trips"`
	}
	types, err := dataframe.CollectAs[row](ctx, answer.Select(expr.Col("payment_type").Cast(arrow.BinaryTypes.String), "trips").Sort(dataframe.Desc("trips")))
	if err != nil {
		return chart{}, err
	}
	all := int64(0)
	for _, t := range types {
		all += t.Trips
	}
	var names []string
	var bs []bar
	for _, t := range types {
		name := "not on record"
		if t.Type != nil {
			name = *t.Type
			if known := payments[name]; known != "" {
				name = known
			}
		}
		names = append(names, name)
		bs = append(bs, bar{high: float64(t.Trips), label: fmt.Sprintf("%s  (%.2g %%)", shorten(float64(t.Trips)), 100*float64(t.Trips)/float64(all)), fill: blue})
	}
	return chart{plots: [][]*plot.Plot{{lying(newPlot("Trips by type of payment", "trips", ""), names, bs)}}, height: 1.3 + 0.38*float64(len(bs))}, nil
}

// boroughs have their colours in every chart.
var boroughs = []struct {
	name string
	fill color.Color
}{{"Manhattan", blue}, {"Queens", orange}, {"Brooklyn", green}, {"Bronx", red}, {"Staten Island", pink}, {"EWR", grey}}

func boroughColor(name string) color.Color {
	for _, b := range boroughs {
		if b.name == name {
			return b.fill
		}
	}
	return grey
}

func drawZones(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	type row struct {
		Borough string `sheaf:"borough"`
		Zone    string `sheaf:"zone"`
		Trips   int64  `sheaf:"trips"`
	}
	zones, err := dataframe.CollectAs[row](ctx, answer)
	if err != nil {
		return chart{}, err
	}
	p := newPlot("Busiest zones of pickup", "trips", "")
	var names []string
	var bs []bar
	shown := map[string]bool{}
	for _, z := range zones {
		names = append(names, z.Zone)
		bs = append(bs, bar{high: float64(z.Trips), label: shorten(float64(z.Trips)), fill: boroughColor(z.Borough)})
		shown[z.Borough] = true
	}
	lying(p, names, bs)
	addBoroughs(p, shown)
	p.Legend.Top = false
	return chart{plots: [][]*plot.Plot{{p}}, height: 1.3 + 0.25*float64(len(bs))}, nil
}

func addBoroughs(p *plot.Plot, shown map[string]bool) {
	for _, b := range boroughs {
		if shown[b.name] {
			p.Legend.Add(" "+b.name+" ", swatch{b.fill})
		}
	}
}

func drawLongest(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	type row struct {
		Pickup *time.Time `sheaf:"pickup"`
		Miles  float64    `sheaf:"trip_distance"`
		Total  *float64   `sheaf:"total_amount"`
	}
	trips, err := dataframe.CollectAs[row](ctx, answer.Filter(expr.Col("trip_distance").NotNull()))
	if err != nil {
		return chart{}, err
	}
	var names []string
	var bs []bar
	wrong := false
	for _, t := range trips {
		name, label := "no time", shorten(t.Miles)
		if t.Pickup != nil {
			name = t.Pickup.Format("2 Jan 2006, 15:04")
		}
		if t.Total != nil {
			label += fmt.Sprintf("  for $%.2f", *t.Total)
		}
		names = append(names, name)
		fill := blue
		if t.Miles > 200 {
			fill, wrong = red, true
		}
		bs = append(bs, bar{high: t.Miles, label: label, fill: fill})
	}
	p := lying(newPlot("The ten longest trips, as recorded", "miles", "pickup"), names, bs)
	p.X.Max *= 1.15
	if wrong {
		p.Title.Text += " (red: more than 200 miles, the meter was wrong)"
	}
	return chart{plots: [][]*plot.Plot{{p}}, height: 1.3 + 0.28*float64(len(bs))}, nil
}

func drawDirt(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	table, err := answer.Collect(ctx)
	if err != nil {
		return chart{}, err
	}
	var names []string
	var bs []bar
	for _, rule := range rules {
		n, _ := table.Value(0, rule.name).(int64)
		names = append(names, rule.says)
		bs = append(bs, bar{high: float64(n), label: shorten(float64(n)), fill: red})
	}
	return chart{plots: [][]*plot.Plot{{lying(newPlot("Records that are wrong, by rule", "records", ""), names, bs)}}, height: 1.3 + 0.38*float64(len(bs))}, nil
}

func drawBoroughs(ctx context.Context, answer *dataframe.DataFrame) (chart, error) {
	type row struct {
		Hour    int64   `sheaf:"hour"`
		Borough string  `sheaf:"borough"`
		Share   float64 `sheaf:"share"`
	}
	rows, err := dataframe.CollectAs[row](ctx, answer.Filter(expr.Col("hour").NotNull(), expr.Col("share").NotNull()))
	if err != nil {
		return chart{}, err
	}
	p := newPlot("Share of each borough in the revenue of an hour", "hour of pickup", "percent of revenue")
	var bs []bar
	shown := map[string]bool{}
	var upTo [24]float64
	for _, b := range boroughs {
		for _, r := range rows {
			if r.Borough == b.name {
				bs = append(bs, bar{at: float64(r.Hour), low: upTo[r.Hour], high: upTo[r.Hour] + 100*r.Share, fill: b.fill})
				upTo[r.Hour] += 100 * r.Share
				shown[b.name] = true
			}
		}
	}
	p.Add(lines(false), bars{all: bs, width: 0.9})
	legend := newPlot("", "", "")
	legend.HideAxes()
	legend.Legend.Left = true
	addBoroughs(legend, shown)
	var percent []plot.Tick
	for v := 0; v <= 100; v += 20 {
		percent = append(percent, plot.Tick{Value: float64(v), Label: strconv.Itoa(v)})
	}
	p.Y.Tick.Marker, p.X.Tick.Marker = plot.ConstantTicks(percent), clock()
	return chart{plots: [][]*plot.Plot{{p}}, height: 3.8, legend: legend, margin: 1.2}, nil
}
