package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/pflag"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/format"
	"github.com/sheafdata/sheaf/cmd/sheaf/internal/typename"
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/readers"
)

// inputFlags say how the input is read.
type inputFlags struct {
	from, schema                       string
	unionByName, promote, fold, strict bool
	hive                               bool
	fileColumn                         string
	delimiter, quote, escape, comment  string
	noHeader                           bool
	skip                               int
	nulls, types, timeLayouts          []string
	ragged, rejects, encoding          string
	replaceInvalid                     bool
	decimal, thousands                 string
	maxColumns                         int
	changed                            func(flag string) bool
}

func (f *inputFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.from, "from", "", "`FORMAT` of the input: "+format.Names)
	set.StringVar(&f.schema, "schema", "", "take names and types of the columns from `FILE`")
	set.BoolVar(&f.unionByName, "union-by-name", false, "several files: take the columns of all, not only of the first")
	set.BoolVar(&f.promote, "promote", false, "several files: widen types that differ, to text at last")
	set.BoolVar(&f.fold, "ignore-case", false, "several files: match column names in any case")
	set.BoolVar(&f.strict, "strict", false, "several files: any difference is an error")
	set.BoolVar(&f.hive, "hive", false, "read key=value folders as columns")
	set.StringVar(&f.fileColumn, "file-column", "", "add a column `NAME` with each row's file")
	f.addCSV(set)
	f.changed = set.Changed
}

// csvFlags are the flags that only CSV input has.
var csvFlags = []string{"delimiter", "quote", "escape", "comment", "no-header", "skip", "null", "types", "time-layout", "ragged", "rejects", "encoding",
	"replace-invalid", "decimal", "thousands", "max-columns"}

func (f *inputFlags) addCSV(set *pflag.FlagSet) {
	set.StringVar(&f.delimiter, "delimiter", "", "CSV: `CHAR` between fields, tab for a tab (default: found out)")
	set.StringVar(&f.quote, "quote", "", "CSV: `CHAR` around fields, none for no quotes (default \")")
	set.StringVar(&f.escape, "escape", "", "CSV: `CHAR` before a quote inside quotes (default: quotes are doubled)")
	set.StringVar(&f.comment, "comment", "", "CSV: `CHAR` that begins lines to leave out")
	set.BoolVar(&f.noHeader, "no-header", false, "CSV: the first row is data; columns are column1, column2…")
	set.IntVar(&f.skip, "skip", 0, "CSV: leave out `N` lines before the header")
	set.StringArrayVar(&f.nulls, "null", nil, "CSV: a `WORD` that stands for null; repeat for more")
	set.StringArrayVar(&f.types, "types", nil, "CSV: types of columns, `NAME=TYPE`,…, the others are found out")
	set.StringArrayVar(&f.timeLayouts, "time-layout", nil, "CSV: a `LAYOUT` of dates and times, as Go has it: 02.01.2006 15:04")
	set.StringVar(&f.ragged, "ragged", "", "CSV: `HOW` to take rows of the wrong shape: fail (as usual), pad with nulls, skip")
	set.StringVar(&f.rejects, "rejects", "", "CSV: write rows of the wrong shape to `FILE`")
	set.StringVar(&f.encoding, "encoding", "", "CSV: `NAME` of the encoding: utf8, latin1, utf16le or utf16be (default: utf8, or found out)")
	set.BoolVar(&f.replaceInvalid, "replace-invalid", false, "CSV: read bytes that are no valid text as U+FFFD")
	set.StringVar(&f.decimal, "decimal", "", "CSV: `CHAR` before decimals (default .)")
	set.StringVar(&f.thousands, "thousands", "", "CSV: `CHAR` between groups of digits")
	set.IntVar(&f.maxColumns, "max-columns", 0, "CSV: take files of up to `N` columns, however small they are")
}

// input is what is read: files of one format.
type input struct {
	paths  []string
	format format.Format
	frame  *dataframe.DataFrame
	csv    *readers.CSVOptions // of CSV
	odd    []*fault.Error      // columns that are text because of a few values
}

// open reads footers or samples of the files and returns their frame.
func (f *inputFlags) open(ctx context.Context, paths []string) (*input, error) {
	in := &input{paths: paths}
	tabs := false
	for _, p := range paths {
		kind, tabbed, err := f.formatOf(p)
		if err != nil {
			return nil, err
		}
		if in.format != "" && kind != in.format {
			return nil, usageHint("convert one of them first", "the inputs are of several formats: %s is %s, %s is %s", paths[0], in.format, p, kind)
		}
		in.format, tabs = kind, tabbed
	}
	if in.format != format.CSV {
		for _, name := range csvFlags {
			if f.changed(name) {
				return nil, usage("--%s is for CSV input, and the input is %s", name, in.format)
			}
		}
	}
	schema, err := f.schemaOf(ctx)
	if err != nil {
		return nil, err
	}
	if in.frame, err = f.frame(ctx, in, schema, tabs); err != nil {
		return nil, err
	}
	return in, in.frame.Err()
}

func (f *inputFlags) formatOf(path string) (kind format.Format, tabs bool, err error) {
	if f.from != "" {
		if kind, tabs, err = format.Named(f.from); err != nil {
			return "", false, usageError{err}
		}
		return kind, tabs, nil
	}
	if path == fileio.Stdin {
		return "", false, usageHint("--from says it, for example --from csv", "the format of standard input is not known")
	}
	kind, tabs = format.Of(path)
	if kind != "" {
		if other := format.OtherIn(path, kind); other != "" {
			return "", false, usageHint("--from "+string(kind)+" reads the files of this format alone", "the folder %s holds files of several formats: %s is not %s", path, other, kind)
		}
		return kind, tabs, nil
	}
	if _, err := fileio.Resolve(context.Background(), fileio.ResolveOptions{Path: path}); err != nil && !isUsage(err) {
		return "", false, err // it is not there at all
	}
	return "", false, usageHint("--from says it: "+format.Names, "the name of %s does not tell its format", path)
}

// schemaOf reads the schema of the file that --schema names. Dictionaries count as their values.
func (f *inputFlags) schemaOf(ctx context.Context) (*arrow.Schema, error) {
	if f.schema == "" {
		return nil, nil
	}
	if len(f.types) > 0 {
		return nil, usage("--types and --schema exclude each other")
	}
	plain := &inputFlags{changed: func(string) bool { return false }}
	in, err := plain.open(ctx, []string{f.schema})
	if err != nil {
		return nil, err
	}
	fields := in.frame.Schema().Fields()
	for i := range fields {
		if fields[i].Type.ID() == arrow.DICTIONARY {
			fields[i].Type = expr.ValueType(fields[i].Type)
		}
		fields[i].Metadata = arrow.Metadata{}
	}
	return arrow.NewSchema(fields, nil), nil
}

func (f *inputFlags) frame(ctx context.Context, in *input, schema *arrow.Schema, tabs bool) (*dataframe.DataFrame, error) {
	path, files := in.paths[0], in.paths
	if len(files) == 1 {
		files = nil
	} else {
		path = ""
	}
	switch in.format {
	case format.Parquet:
		return readers.Parquet(path, &readers.ParquetOptions{Context: ctx, Files: files, Schema: schema, UnionByName: f.unionByName, PromoteTypes: f.promote,
			CaseInsensitive: f.fold, Strict: f.strict, FileColumn: f.fileColumn, Hive: f.hive}), nil
	case format.JSON:
		return readers.JSON(path, &readers.JSONOptions{Context: ctx, Files: files, Schema: schema, UnionByName: f.unionByName, PromoteTypes: f.promote,
			CaseInsensitive: f.fold, Strict: f.strict, FileColumn: f.fileColumn, Hive: f.hive}), nil
	case format.IPC:
		return readers.IPC(path, &readers.IPCOptions{Context: ctx, Files: files, Schema: schema, UnionByName: f.unionByName, PromoteTypes: f.promote,
			CaseInsensitive: f.fold, Strict: f.strict, FileColumn: f.fileColumn, Hive: f.hive}), nil
	}
	o, err := f.csvOptions(tabs)
	if err != nil {
		return nil, err
	}
	o.Context, o.Files, o.Schema, o.UnionByName, o.PromoteTypes = ctx, files, schema, f.unionByName, f.promote
	o.CaseInsensitive, o.Strict, o.FileColumn, o.Hive = f.fold, f.strict, f.fileColumn, f.hive
	in.csv = o
	o.Notice = func(e *fault.Error) { in.odd = append(in.odd, e) }
	return readers.CSV(path, o), nil
}

// leftOut says what the frame lacks that the names of the input's folders hold, "" for nothing.
func (f *inputFlags) leftOut(in *input) string {
	if f.hive {
		return ""
	}
	for _, p := range in.paths {
		entries, err := os.ReadDir(p)
		if err != nil {
			continue // a file
		}
		for _, e := range entries {
			key, _, found := strings.Cut(e.Name(), "=")
			if found && e.IsDir() && key != "" && !slices.Contains(expr.FieldNames(in.frame.Schema()), key) {
				return "note: " + filepath.Join(p, e.Name()) + " looks like a value of a column " + strconv.Quote(key) + ", which --hive reads"
			}
		}
	}
	return ""
}

// rejected is the frame of the rows that were left out with --rejects.
func (in *input) rejected() *dataframe.DataFrame {
	if in.csv.Files != nil {
		return readers.CSVRejects("", in.csv)
	}
	return readers.CSVRejects(in.paths[0], in.csv)
}

var encodings = map[string]readers.Encoding{"": readers.Auto, "auto": readers.Auto, "utf8": readers.UTF8, "utf-8": readers.UTF8, "latin1": readers.Latin1,
	"latin-1": readers.Latin1, "iso-8859-1": readers.Latin1, "utf16le": readers.UTF16LE, "utf-16le": readers.UTF16LE, "utf16be": readers.UTF16BE, "utf-16be": readers.UTF16BE}

var raggeds = map[string]readers.Ragged{"": readers.Fail, "fail": readers.Fail, "pad": readers.Pad, "skip": readers.Skip, "reject": readers.Reject}

func (f *inputFlags) csvOptions(tabs bool) (*readers.CSVOptions, error) {
	o := &readers.CSVOptions{NoHeader: f.noHeader, SkipRows: f.skip, Nulls: f.nulls, TimeLayouts: f.timeLayouts, ReplaceInvalid: f.replaceInvalid, MaxColumns: f.maxColumns}
	if f.maxColumns < 0 {
		return nil, usage("--max-columns: %d is no number of columns", f.maxColumns)
	}
	if tabs {
		o.Comma = '\t'
	}
	for _, c := range []struct {
		flag, value string
		to          *rune
	}{{"delimiter", f.delimiter, &o.Comma}, {"quote", f.quote, &o.Quote}, {"escape", f.escape, &o.Escape}, {"comment", f.comment, &o.Comment},
		{"decimal", f.decimal, &o.Decimal}, {"thousands", f.thousands, &o.Thousands}} {
		if f.changed(c.flag) {
			r, err := char(c.flag, c.value)
			if err != nil {
				return nil, err
			}
			*c.to = r
		}
	}
	var ok bool
	if o.Encoding, ok = encodings[strings.ToLower(f.encoding)]; !ok {
		return nil, usageHint("it is utf8, latin1, utf16le or utf16be", "--encoding: %q is not known", f.encoding)
	}
	if o.Ragged, ok = raggeds[strings.ToLower(f.ragged)]; !ok {
		return nil, usageHint("it is fail, pad, skip or reject", "--ragged: %q is not known", f.ragged)
	}
	switch {
	case f.rejects != "" && f.ragged == "":
		o.Ragged = readers.Reject
	case f.rejects != "" && o.Ragged != readers.Reject:
		return nil, usage("--rejects goes with --ragged reject only")
	case f.rejects == "" && o.Ragged == readers.Reject:
		return nil, usageHint("--rejects FILE names it, --ragged skip leaves such rows out", "--ragged reject needs a file for the rows")
	}
	types, err := typePairs("types", f.types)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		if o.Types == nil {
			o.Types = map[string]arrow.DataType{}
		}
		o.Types[t.name] = t.typ
	}
	return o, nil
}

// typed is a column and a type.
type typed struct {
	name string
	typ  arrow.DataType
}

// typePairs returns the NAME=TYPE pairs that a flag lists.
func typePairs(flag string, values []string) ([]typed, error) {
	list, err := pairs(flag, "NAME=TYPE", values)
	if err != nil {
		return nil, err
	}
	var out []typed
	for _, p := range list {
		t, err := typename.Parse(p.value)
		if err != nil {
			return nil, usageError{fault.New(fault.Plan, "", "--%s: %w", flag, err.Err).WithHint("%s", err.Hint)}
		}
		out = append(out, typed{p.name, t})
	}
	return out, nil
}

// char reads a flag of one character.
func char(flag, value string) (rune, error) {
	switch strings.ToLower(value) {
	case "tab", `\t`:
		return '\t', nil
	case "none", "":
		return readers.None, nil
	case "space":
		return ' ', nil
	}
	r, n := utf8.DecodeRuneInString(value)
	if n != len(value) {
		return 0, usage("--%s takes one character, not %q", flag, value)
	}
	return r, nil
}
