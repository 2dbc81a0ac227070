package main

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sheafdata/sheaf/dataframe"
)

// pageText is the page with all answers. It needs no network: pictures are part of it.
//
//go:embed report.html
var pageText string

var page = template.Must(template.New("report").Parse(pageText))

// report collects the answers, draws their charts into a folder and writes the page.
type report struct {
	folder   string
	Data     string
	Sections []section
}

// section is one question on the page. Lack is set if the data could not tell, else all others are.
type section struct {
	Name, Title, Text, Lack string
	Picture                 template.URL
	Columns                 []string
	Rows                    [][]string
	Seconds                 string
}

func newReport(folder, data string) (*report, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("the folder for charts: %w; name another with -out", err)
	}
	return &report{folder: folder, Data: strings.ReplaceAll(data, ",", ", ")}, nil
}

func (r *report) skip(q question, lack string) {
	r.Sections = append(r.Sections, section{Name: q.name, Title: q.title, Lack: lack})
}

// add draws the answer to a question and keeps it for the page.
func (r *report) add(ctx context.Context, q question, table *dataframe.Table, took time.Duration) error {
	s := section{Name: q.name, Title: q.title, Text: q.text, Seconds: fmt.Sprintf("%.3f", took.Seconds())}
	for _, f := range table.Schema().Fields() {
		s.Columns = append(s.Columns, f.Name)
	}
	for i := range table.NumRows() {
		row := make([]string, len(s.Columns))
		for c, name := range s.Columns {
			row[c] = cell(table.Value(i, name))
		}
		s.Rows = append(s.Rows, row)
	}
	drawing, err := q.draw(ctx, table.Frame())
	if err != nil {
		return err
	}
	if drawing.plots != nil {
		path := filepath.Join(r.folder, q.name+".png")
		if err := drawing.save(path); err != nil {
			return err
		}
		picture, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture))
	}
	r.Sections = append(r.Sections, s)
	return nil
}

// cell is a value as the page shows it.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%.4f", v), "00")
	case time.Time:
		return strings.TrimSuffix(v.Format("2006-01-02 15:04:05"), " 00:00:00")
	}
	return fmt.Sprint(v)
}

// write writes the page and returns its path.
func (r *report) write() (string, error) {
	path, err := filepath.Abs(filepath.Join(r.folder, "report.html"))
	if err != nil {
		return "", err
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := page.Execute(f, r); err != nil {
		f.Close()
		return "", err
	}
	return path, f.Close()
}
