package writers

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// layout says how rows become files.
type layout struct {
	mode     Mode
	by       []string // PartitionBy
	oneFile  bool
	fileRows int64
}

// sink is a place for files of a format.
type sink struct {
	path string
	layout
	format format
	err    error // of the options
}

func newSink(path string, l layout, f format, err error) partition.Sink {
	l.by = slices.Clone(l.by)
	return &sink{path: path, layout: l, format: f, err: err}
}

// isFile says whether the path is one file rather than a folder.
func (s *sink) isFile() bool {
	if s.path == fileio.Stdin || fileio.HasExt(s.path, s.format.exts()) && !strings.HasSuffix(s.path, "/") {
		return true
	}
	info, err := os.Stat(s.path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular()
}

// Open implements partition.Sink.
func (s *sink) Open(ctx context.Context, schema *arrow.Schema, parts int) (partition.PartitionedWriter, error) {
	w, err := s.open(ctx, schema)
	if err != nil {
		return nil, named(err, s.format.op(), s.path)
	}
	return w, nil
}

func (s *sink) open(ctx context.Context, schema *arrow.Schema) (*write, error) {
	if err := s.checkOptions(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if schema == nil {
		return nil, fault.New(fault.Plan, s.format.op(), "the schema is nil")
	}
	keys, rest, err := splitSchema(schema, s.by)
	if err == nil {
		err = s.format.check(rest)
	}
	if err != nil {
		return nil, err
	}
	w := &write{sink: s, format: formatOfWrite(s.format), schema: schema, rest: rest, keys: keys, done: map[int]partDone{}}
	file := s.isFile()
	w.out, err = fileio.Begin(fileio.OutputOptions{Path: s.path, Folder: !file, Existing: s.mode.existing(), Ext: dataExts})
	if err != nil {
		return nil, err
	}
	w.stage = w.out.Stage()
	if file || s.oneFile {
		if err := w.beginOne(file); err != nil {
			_ = w.out.Abort()
			return nil, err
		}
	}
	return w, nil
}

// checkOptions finds options that do not fit together.
func (s *sink) checkOptions() error {
	plan := func(format string, args ...any) *fault.Error {
		return fault.New(fault.Plan, s.format.op(), format, args...)
	}
	switch file := s.isFile(); {
	case s.err != nil:
		return s.err
	case s.mode < ErrorIfExists || s.mode > Append:
		return plan("there is no mode %d", s.mode).WithHint("ErrorIfExists, Overwrite or Append")
	case s.fileRows < 0:
		return plan("FileRows is %d", s.fileRows)
	case file && len(s.by) > 0:
		return plan("PartitionBy makes folders, and the path is one file").WithHint("give a path without the extension %s", s.format.exts()[0])
	case file && s.fileRows > 0:
		return plan("FileRows makes several files, and the path is one file").WithHint("give a path without the extension %s", s.format.exts()[0])
	case s.oneFile && len(s.by) > 0:
		return plan("OneFile and PartitionBy exclude each other")
	case s.oneFile && s.fileRows > 0:
		return plan("OneFile and FileRows exclude each other")
	}
	return nil
}

// splitSchema returns the places of the key columns and the schema without them.
func splitSchema(s *arrow.Schema, by []string) (keys []int, rest *arrow.Schema, err error) {
	if len(by) == 0 {
		return nil, s, nil
	}
	for _, name := range by {
		at := s.FieldIndices(name)
		if len(at) == 0 {
			var names []string
			for _, f := range s.Fields() {
				names = append(names, f.Name)
			}
			e := fault.New(fault.Plan, "write", "PartitionBy: there is no column %q", name)
			return nil, nil, e.WithHint("%s", fault.Suggest(name, names))
		}
		if slices.Contains(keys, at[0]) {
			return nil, nil, fault.New(fault.Plan, "write", "PartitionBy names %q twice", name)
		}
		switch s.Field(at[0]).Type.ID() {
		case arrow.LIST, arrow.LARGE_LIST, arrow.FIXED_SIZE_LIST, arrow.LIST_VIEW, arrow.LARGE_LIST_VIEW, arrow.STRUCT, arrow.MAP:
			e := fault.New(fault.Plan, "write", "PartitionBy: values of %s cannot name folders", s.Field(at[0]).Type)
			e.Column = name
			return nil, nil, e
		}
		keys = append(keys, at[0])
	}
	var fields []arrow.Field
	for i, f := range s.Fields() {
		if !slices.Contains(keys, i) {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return nil, nil, fault.New(fault.Plan, "write", "PartitionBy takes all columns: none is left for the files")
	}
	md := s.Metadata()
	return keys, arrow.NewSchema(fields, &md), nil
}
