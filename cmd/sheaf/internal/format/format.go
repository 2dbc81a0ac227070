// Package format tells the format of a file by its name, as the command line has it: trips.parquet, trips.csv.gz, a folder of files.
//
// It opens no file; of a folder or pattern it looks at the names. It imports fault and internal/fileio.
package format

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
)

// Format is a file format; the zero Format is none.
type Format string

// The formats.
const (
	Parquet Format = "parquet"
	CSV     Format = "csv"
	JSON    Format = "json"
	IPC     Format = "arrow"
)

// Names lists what --from and --to take.
const Names = "parquet, csv, tsv, json or arrow"

// words are the names of formats, and the extensions of their files. Tab-separated values are CSV.
var words = map[string]Format{
	"parquet": Parquet, "pq": Parquet, "parq": Parquet, "csv": CSV, "tsv": CSV, "tab": CSV, "txt": CSV,
	"json": JSON, "jsonl": JSON, "ndjson": JSON, "arrow": IPC, "arrows": IPC, "ipc": IPC, "feather": IPC,
}

// Named returns the format that --from or --to names, and whether fields are parted by tabs.
func Named(word string) (f Format, tabs bool, err error) {
	lower := strings.ToLower(strings.TrimPrefix(word, "."))
	f, ok := words[lower]
	if !ok || lower == "txt" {
		return "", false, fault.New(fault.Plan, "", "%q is no format", word).WithHint("formats are %s", Names)
	}
	return f, lower == "tsv" || lower == "tab", nil
}

// ByName returns the format that a file's name tells, compression set aside, and whether fields are parted by tabs; "" is unknown.
func ByName(name string) (f Format, tabs bool) {
	_, plain := fileio.CodecOfName(name)
	ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(plain), "."))
	return words[ext], ext == "tsv" || ext == "tab"
}

// Of returns the format of an input: by its name, or by the names of the files in the folder or of those that match the pattern.
func Of(path string) (Format, bool) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return ofFolder(path)
	}
	if f, tabs := ByName(path); f != "" {
		return f, tabs
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return "", false
	}
	for _, m := range matches {
		if f, tabs := ByName(m); f != "" {
			return f, tabs
		}
	}
	return "", false
}

// maxLooked bounds how many names of a folder are looked at.
const maxLooked = 10000

func ofFolder(dir string) (found Format, tabs bool) {
	eachFile(dir, func(p string) bool {
		found, tabs = ByName(p)
		return found == ""
	})
	return found, tabs
}

// OtherIn returns a file of the folder that is of another format, "" for none and where path is no folder. Text files that are called
// .txt may be anything and do not count.
func OtherIn(path string, than Format) (file string) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return ""
	}
	eachFile(path, func(p string) bool {
		if f, _ := ByName(p); f != "" && f != than && !strings.HasSuffix(strings.ToLower(p), ".txt") {
			file = p
		}
		return file == ""
	})
	return file
}

// eachFile visits the files of a folder that reading it would, up to maxLooked names, until visit gives false.
func eachFile(dir string, visit func(path string) bool) {
	looked := 0
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		looked++
		switch {
		case err != nil || looked > maxLooked:
			return fs.SkipAll
		case p != dir && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && !visit(p):
			return fs.SkipAll
		}
		return nil
	})
}
