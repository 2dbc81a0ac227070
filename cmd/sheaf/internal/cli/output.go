package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/pflag"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/format"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/writers"
)

// outputFlags say how the output is written.
type outputFlags struct {
	to, compression       string
	overwrite, appendTo   bool
	partitionBy           []string
	rowGroup, fileRows    int64
	oneFile               bool
	outDelimiter, outNull string
	changed               func(flag string) bool
}

func (f *outputFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.to, "to", "", "`FORMAT` of the output: "+format.Names)
	set.BoolVar(&f.overwrite, "overwrite", false, "replace OUT where it is there already")
	set.BoolVar(&f.appendTo, "append", false, "add files to the folder OUT")
	set.StringArrayVar(&f.partitionBy, "partition-by", nil, "write folders key=value of these columns: `NAME`,…")
	set.BoolVar(&f.oneFile, "one-file", false, "write one file into the folder OUT")
	set.Int64Var(&f.fileRows, "file-rows", 0, "begin a new file in the folder OUT after `N` rows")
	set.StringVar(&f.compression, "compression", "", "`CODEC`: zstd (as usual), snappy, gzip, lz4, brotli or none for Parquet; zstd or lz4 for Arrow; gzip or zstd for folders of text")
	set.Int64Var(&f.rowGroup, "row-group-size", 0, "Parquet: `N` rows in a row group")
	set.StringVar(&f.outDelimiter, "out-delimiter", "", "CSV: `CHAR` between fields of the output (default a comma)")
	set.StringVar(&f.outNull, "out-null", "", "CSV: `WORD` for null in the output (default: empty)")
	f.changed = set.Changed
}

// output is where the rows go.
type output struct {
	path   string
	format format.Format
	tabs   bool
	folder bool
	mode   writers.Mode
	keys   []string
	sink   partition.Sink
}

var modeWords = map[writers.Mode]string{writers.ErrorIfExists: "new", writers.Overwrite: "replaced where it is there", writers.Append: "added to"}

// open checks the output's place and flags and makes the sink. Nothing is written.
func (f *outputFlags) open(path string, schema *arrow.Schema) (*output, error) {
	if path == "/dev/stdout" { // writes of files go by way of another name, which it cannot have
		path = fileio.Stdin
	}
	out := &output{path: path}
	if err := f.place(out); err != nil {
		return nil, err
	}
	if err := f.check(out, schema); err != nil {
		return nil, err
	}
	if err := out.mayWrite(); err != nil {
		return nil, err
	}
	var err error
	out.sink, err = f.sink(out)
	return out, err
}

// place tells format and kind of the output by its name and flags.
func (f *outputFlags) place(out *output) (err error) {
	byName, tabs := format.ByName(out.path)
	out.format, out.tabs = byName, tabs
	if f.to != "" {
		if out.format, out.tabs, err = format.Named(f.to); err != nil {
			return usageError{err}
		}
	}
	switch {
	case out.format == "" && out.path == fileio.Stdin:
		return usageHint("--to says it, for example --to csv", "the format of standard output is not known")
	case out.format == "":
		return usageHint("--to says it: "+format.Names, "the name of %s does not tell its format", out.path)
	}
	out.folder = isFolder(out.path)
	switch {
	case f.overwrite:
		out.mode = writers.Overwrite
	case f.appendTo:
		out.mode = writers.Append
	}
	return nil
}

// isFolder says whether an output is a folder: what is one already, what ends in a slash, and what has no extension.
func isFolder(path string) bool {
	if path == fileio.Stdin {
		return false
	}
	if info, err := os.Stat(path); err == nil {
		return info.IsDir()
	}
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)) || filepath.Ext(path) == ""
}

// compressions are the codecs of each format.
var compressions = map[format.Format][]string{
	format.Parquet: {"zstd", "snappy", "gzip", "lz4", "brotli", "none"}, format.IPC: {"zstd", "lz4", "none"},
	format.CSV: {"gzip", "zstd", "none"}, format.JSON: {"gzip", "zstd", "none"},
}

// checkCompression holds --compression against the format and the name, which tells the compression of text.
func (f *outputFlags) checkCompression(out *output) error {
	f.compression = strings.ToLower(f.compression)
	if f.compression == "" {
		return nil
	}
	codecs := compressions[out.format]
	if !slices.Contains(codecs, f.compression) {
		return usageHint("it is one of "+strings.Join(codecs, ", "), "--compression: %s files cannot have %q", out.format, f.compression)
	}
	text := out.format == format.CSV || out.format == format.JSON
	if text && !out.folder && f.compression != "none" && out.path != fileio.Stdin {
		codec, _ := fileio.CodecOfName(out.path)
		ext := map[string]string{"gzip": ".gz", "zstd": ".zst"}[f.compression]
		if codec == fileio.Plain {
			return usageHint("name it "+out.path+ext, "--compression: the name of a text file tells its compression")
		}
	}
	return nil
}

// check holds the flags against each other and against the columns.
func (f *outputFlags) check(out *output, schema *arrow.Schema) (err error) {
	if len(f.partitionBy) > 0 {
		if out.keys, err = names("partition-by", f.partitionBy); err == nil {
			err = known("partition-by", out.keys, schema)
		}
		if err != nil {
			return err
		}
	}
	if f.overwrite && f.appendTo {
		return usage("--overwrite and --append exclude each other")
	}
	if f.oneFile && f.fileRows > 0 {
		return usage("--one-file and --file-rows exclude each other")
	}
	folderFlags := []string{"partition-by", "one-file", "file-rows", "append"}
	for _, name := range folderFlags {
		if f.changed(name) && !out.folder {
			return usageHint("name OUT without an extension and give --to "+string(out.format), "--%s is for folders, and %s is one file", name, out.path)
		}
	}
	for name, only := range map[string]format.Format{"row-group-size": format.Parquet, "out-delimiter": format.CSV, "out-null": format.CSV} {
		if f.changed(name) && out.format != only {
			return usage("--%s is for %s, and the output is %s", name, only, out.format)
		}
	}
	if err := f.checkCompression(out); err != nil {
		return err
	}
	if f.fileRows < 0 || f.rowGroup < 0 {
		return usage("--file-rows and --row-group-size are numbers of rows")
	}
	return nil
}

// mayWrite looks whether something is at the output's place, so that no hours are spent before the writer says so.
func (out *output) mayWrite() error {
	if out.path == fileio.Stdin {
		return nil
	}
	info, err := os.Stat(out.path)
	if err != nil || out.mode != writers.ErrorIfExists || !info.IsDir() && !info.Mode().IsRegular() {
		return nil
	}
	if info.IsDir() {
		if entries, err := os.ReadDir(out.path); err != nil || len(entries) == 0 && out.folder {
			return nil
		}
	}
	e := fault.New(fault.Exists, "", "%s is there already", out.path)
	if out.folder {
		return e.WithHint("--overwrite replaces it, --append adds to it")
	}
	return e.WithHint("--overwrite replaces it")
}

// fileExts are the extensions by which the writers know a path to be one file of their format.
var fileExts = map[format.Format][]string{format.Parquet: {".parquet"}, format.CSV: {".csv", ".tsv", ".txt"}, format.JSON: {".json", ".jsonl", ".ndjson"},
	format.IPC: {".arrow", ".feather", ".ipc"}}

// sink makes the sink. A file whose name does not tell the format is written beside under one that does, and renamed.
func (f *outputFlags) sink(out *output) (partition.Sink, error) {
	exts := fileExts[out.format]
	_, bare := fileio.CodecOfName(out.path)
	if out.format == format.Parquet || out.format == format.IPC {
		bare = out.path
	}
	info, err := os.Stat(out.path)
	device := err == nil && !info.IsDir() && !info.Mode().IsRegular()
	if out.folder || device || out.path == fileio.Stdin || fileio.HasExt(bare, exts) {
		return f.writer(out, out.path, out.mode)
	}
	aside := filepath.Join(filepath.Dir(out.path), "."+filepath.Base(out.path)+".sheaf"+exts[0])
	sink, err := f.writer(out, aside, writers.Overwrite)
	return renamed{Sink: sink, from: aside, to: out.path, replace: out.mode == writers.Overwrite}, err
}

// writer makes the format's sink.
func (f *outputFlags) writer(out *output, path string, mode writers.Mode) (partition.Sink, error) {
	codec := f.compression
	switch out.format {
	case format.Parquet:
		return writers.Parquet(path, &writers.ParquetOptions{Mode: mode, PartitionBy: out.keys, OneFile: f.oneFile, FileRows: f.fileRows, Compression: codec,
			RowGroupRows: f.rowGroup}), nil
	case format.JSON:
		return writers.JSON(path, &writers.JSONOptions{Mode: mode, PartitionBy: out.keys, OneFile: f.oneFile, FileRows: f.fileRows, Compression: codec}), nil
	case format.IPC:
		if codec == "none" {
			codec = ""
		}
		return writers.IPC(path, &writers.IPCOptions{Mode: mode, PartitionBy: out.keys, OneFile: f.oneFile, FileRows: f.fileRows, Compression: codec}), nil
	}
	o := &writers.CSVOptions{Mode: mode, PartitionBy: out.keys, OneFile: f.oneFile, FileRows: f.fileRows, Null: f.outNull, Compression: codec}
	if out.tabs {
		o.Comma = '\t'
	}
	if f.changed("out-delimiter") {
		c, err := char("out-delimiter", f.outDelimiter)
		if err != nil {
			return nil, err
		}
		o.Comma = c
	}
	return writers.CSV(path, o), nil
}

// String says what is written, for --dry-run.
func (out *output) String() string {
	kind := "file"
	switch {
	case out.path == fileio.Stdin:
		return string(out.format) + " to standard output"
	case len(out.keys) > 0:
		kind = "folder of " + strings.Join(out.keys, "=…/") + "=…/"
	case out.folder:
		kind = "folder"
	}
	return fmt.Sprintf("%s (%s, %s, %s)", out.path, out.format, kind, modeWords[out.mode])
}
