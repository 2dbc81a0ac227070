package main

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"time"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Colours that also people who do not see all of them can tell apart (Okabe and Ito).
var (
	blue   = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	sky    = color.RGBA{0x8e, 0xc6, 0xea, 0xff}
	orange = color.RGBA{0xe6, 0x9f, 0x00, 0xff}
	green  = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	red    = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	pink   = color.RGBA{0xcc, 0x79, 0xa7, 0xff}
	grey   = color.RGBA{0x99, 0x99, 0x99, 0xff}
	ink    = color.RGBA{0x33, 0x33, 0x33, 0xff}
	faint  = color.RGBA{0xd8, 0xd8, 0xd8, 0xff}
)

func init() {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = plot.DefaultFont
}

// newPlot is an empty plot with the title and the labels of its axes.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font.Size, p.Title.TextStyle.Font.Weight = 13, xfont.WeightBold
	p.Title.Padding = 8
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font.Size, a.Tick.Label.Font.Size = 11, 10
		a.Label.TextStyle.Color, a.Tick.Label.Color = ink, ink
		a.Color, a.Tick.Color, a.Label.Padding = grey, grey, 4
	}
	p.Title.TextStyle.Color = ink
	p.Legend.TextStyle.Font.Size, p.Legend.Top, p.Legend.Padding = 10, true, 2
	return p
}

// bar goes from low to high at a place on the other axis; label stands at its end.
type bar struct {
	at, low, high float64
	label         string
	fill          color.Color
}

// bars draws bars, upright or lying, of this width in the units of the other axis.
type bars struct {
	all   []bar
	width float64
	lying bool
}

// Plot draws the bars, for plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	style := text.Style{Color: ink, Font: font.From(plotter.DefaultFont, 9), XAlign: draw.XCenter, YAlign: draw.YBottom, Handler: plot.DefaultTextHandler}
	for _, x := range b.all {
		from, to := vg.Point{X: tx(x.at - b.width/2), Y: ty(x.low)}, vg.Point{X: tx(x.at + b.width/2), Y: ty(x.high)}
		end := vg.Point{X: tx(x.at), Y: to.Y + 3}
		if b.lying {
			from, to = vg.Point{X: tx(x.low), Y: ty(x.at - b.width/2)}, vg.Point{X: tx(x.high), Y: ty(x.at + b.width/2)}
			end = vg.Point{X: to.X + 4, Y: ty(x.at)}
			style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
		}
		c.FillPolygon(x.fill, []vg.Point{from, {X: from.X, Y: to.Y}, to, {X: to.X, Y: from.Y}})
		if x.label != "" {
			c.FillText(style, end, x.label)
		}
	}
}

// DataRange is the extent of the bars, with room for their labels.
func (b bars) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), 0, math.SmallestNonzeroFloat64
	room := 0.0
	for _, x := range b.all {
		xmin, xmax = min(xmin, x.at-b.width/2), max(xmax, x.at+b.width/2)
		ymin, ymax = min(ymin, x.low), max(ymax, x.high)
		if x.label != "" {
			room = 0.08
		}
	}
	ymax += room * (ymax - ymin)
	if b.lying {
		return ymin, ymax + 0.7*room*ymax, xmin, xmax
	}
	return xmin, xmax, ymin, ymax
}

// swatch is the square of a colour in a legend.
type swatch struct{ fill color.Color }

// Thumbnail draws the square, for plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.fill, []vg.Point{c.Min, {X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}})
}

// upright adds bars side by side, with their names below.
func upright(p *plot.Plot, names []string, all []bar) *plot.Plot {
	for i := range all {
		all[i].at = float64(i)
	}
	p.Add(lines(false), bars{all: all, width: 0.7})
	p.NominalX(names...)
	p.Y.Tick.Marker = short{}
	return p
}

// lying adds bars from top to bottom, with their names on the left.
func lying(p *plot.Plot, names []string, all []bar) *plot.Plot {
	ticks := make([]plot.Tick, len(all))
	for i := range all {
		all[i].at = float64(len(all) - 1 - i)
		ticks[i] = plot.Tick{Value: all[i].at, Label: names[i]}
	}
	p.Add(lines(true), bars{all: all, width: 0.7, lying: true})
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Tick.Length, p.Y.LineStyle.Width = 0, 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(all))-0.4
	p.X.Tick.Marker = short{}
	return p
}

// lines are the faint lines of a scale.
func lines(vertical bool) *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Color, g.Vertical.Color = faint, faint
	g.Horizontal.Dashes, g.Vertical.Dashes = nil, nil
	if vertical {
		g.Horizontal.Color = nil
	} else {
		g.Vertical.Color = nil
	}
	return g
}

// short has few ticks, at round numbers, and writes large ones as 20 k or 3 M.
type short struct{}

// Ticks are 1, 2 or 5 times a power of ten apart, for plot.Ticker.
func (short) Ticks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, more := range []float64{5, 2} {
		if (high-low)/(more*step) >= 3 {
			step *= more
			break
		}
	}
	var ticks []plot.Tick
	for i := math.Ceil(low / step); i*step <= high; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: shorten(i * step)})
	}
	return ticks
}

func shorten(v float64) string {
	switch {
	case math.Abs(v) >= 1e6:
		return fmt.Sprintf("%.3g M", v/1e6)
	case math.Abs(v) >= 1e4:
		return fmt.Sprintf("%.3g k", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}

// dates names days: Mondays if they fit, else months, else years.
type dates struct{}

// Ticks are at the days, in seconds since 1970, for plot.Ticker.
func (dates) Ticks(low, high float64) []plot.Tick {
	layout, next := "Mon 2 Jan", func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }
	from := time.Unix(int64(low), 0).UTC().Truncate(24 * time.Hour)
	switch days := (high - low) / 86400; {
	case days > 800:
		layout, next = "2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }
		from = time.Date(from.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	case days > 62:
		layout, next = "Jan 06", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }
		from = time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
	default:
		from = from.AddDate(0, 0, -(int(from.Weekday())+6)%7)
	}
	var ticks []plot.Tick
	for t := from; float64(t.Unix()) <= high; t = next(t) {
		ticks = append(ticks, plot.Tick{Value: float64(t.Unix()), Label: t.Format(layout)})
	}
	return ticks
}

// chart is one picture: rows of plots below each other, with the height of the whole in inches.
type chart struct {
	plots  [][]*plot.Plot
	height float64
	legend *plot.Plot // a narrow one on the right, or nil
	margin float64    // width of the legend in inches
}

// save writes the chart as PNG, nine inches wide.
func (c chart) save(path string) error {
	const inches, dots = 9 * vg.Inch, 120
	img := vgimg.NewWith(vgimg.UseWH(inches, vg.Length(c.height)*vg.Inch), vgimg.UseDPI(dots))
	all := draw.Crop(draw.New(img), 8, -14, 8, -8)
	if c.legend != nil {
		margin := vg.Length(c.margin) * vg.Inch
		c.legend.Draw(draw.Crop(all, all.Max.X-all.Min.X-margin, 0, 0.4*vg.Inch, -0.4*vg.Inch))
		all = draw.Crop(all, 0, -margin-0.1*vg.Inch, 0, 0)
	}
	tiles := draw.Tiles{Rows: len(c.plots), Cols: len(c.plots[0]), PadX: 18, PadY: 10}
	for i, row := range plot.Align(c.plots, tiles, all) {
		for j, canvas := range row {
			c.plots[i][j].Draw(canvas)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
