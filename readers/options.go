package readers

import (
	"context"
	"io/fs"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
)

// fileOptions are the options that every format of files has; the public options hold them flat.
type fileOptions struct {
	op      string // the operation as users know it: "read_parquet"
	context context.Context
	fs      fs.FS
	files   []string
	schema  *arrow.Schema
	union   unionOptions

	fileColumn string
	hive       bool
	largePages bool
}

// ctx is the context of the first look.
func (o *fileOptions) ctx() context.Context {
	if o.context == nil {
		return context.Background()
	}
	return o.context
}

// resolve finds the files of the path.
func (o *fileOptions) resolve(path string, ext ...string) ([]fileio.File, error) {
	files, err := fileio.Resolve(o.ctx(), fileio.ResolveOptions{Path: path, FS: o.fs, Files: o.files, Ext: ext, Hive: o.hive})
	return files, named(err, o.op)
}

// named gives a fault the operation as the user knows it, and the user's file:line where it has none.
func named(err error, op string) error {
	f, ok := err.(*fault.Error)
	if !ok {
		return err
	}
	if f.Op == "" || f.Op == "read" {
		f.Op = op
	}
	return f
}

// ParquetOptions are the options of Parquet; nil and zero fields are the defaults.
type ParquetOptions struct {
	// Context bounds the first look at the files; nil is none.
	Context context.Context
	// FS is where the path is looked up; nil is the system's file system.
	FS fs.FS
	// Files are files or patterns below the path, in this order.
	Files []string
	// Schema is the frame's schema: the files are not looked at until the frame runs, and must fit it.
	Schema *arrow.Schema
	// UnionByName takes the columns of all files, not only of the first.
	UnionByName bool
	// PromoteTypes also widens int64 to double and anything to text where files differ.
	PromoteTypes bool
	// CaseInsensitive matches column names of several files without regard to case; the first file's spelling counts.
	CaseInsensitive bool
	// Strict makes any difference between files, and any duplicate column name, an error.
	Strict bool
	// FileColumn adds a text column of this name with each row's file.
	FileColumn string
	// Hive adds the key=value folders of each file as columns.
	Hive bool
	// LargePages lets a file take memory out of proportion to its size (more than 32 MiB and 16 times the file), which texts of many
	// MiB, compressed well, need.
	LargePages bool
}

func (o *ParquetOptions) file() fileOptions {
	if o == nil {
		o = &ParquetOptions{}
	}
	return fileOptions{op: "read_parquet", largePages: o.LargePages, context: o.Context, fs: o.FS, files: o.Files, schema: o.Schema, fileColumn: o.FileColumn, hive: o.Hive,
		union: unionOptions{byName: o.UnionByName, promote: o.PromoteTypes, fold: o.CaseInsensitive, strict: o.Strict}}
}

// JSONOptions are the options of JSON; nil and zero fields are the defaults.
type JSONOptions struct {
	// Context bounds the first look at the files; nil is none.
	Context context.Context
	// FS is where the path is looked up; nil is the system's file system.
	FS fs.FS
	// Files are files or patterns below the path, in this order.
	Files []string
	// Schema is the frame's schema: no samples are read, and values must fit it.
	Schema *arrow.Schema
	// UnionByName takes the columns of all files, not only of the first.
	UnionByName bool
	// PromoteTypes also widens int64 to double and anything to text where samples or files differ.
	PromoteTypes bool
	// CaseInsensitive matches column names of several files without regard to case; the first file's spelling counts.
	CaseInsensitive bool
	// Strict makes any difference between files, and any duplicate name in an object, an error.
	Strict bool
	// FileColumn adds a text column of this name with each row's file.
	FileColumn string
	// Hive adds the key=value folders of each file as columns.
	Hive bool
	// MaxDepth bounds how deep values may nest; 0 is 64.
	MaxDepth int
}

func (o *JSONOptions) file() fileOptions {
	if o == nil {
		o = &JSONOptions{}
	}
	return fileOptions{op: "read_json", context: o.Context, fs: o.FS, files: o.Files, schema: o.Schema, fileColumn: o.FileColumn, hive: o.Hive,
		union: unionOptions{byName: o.UnionByName, promote: o.PromoteTypes, fold: o.CaseInsensitive, strict: o.Strict}}
}

// IPCOptions are the options of IPC; nil and zero fields are the defaults.
type IPCOptions struct {
	// Context bounds the first look at the files; nil is none.
	Context context.Context
	// FS is where the path is looked up; nil is the system's file system.
	FS fs.FS
	// Files are files or patterns below the path, in this order.
	Files []string
	// Schema is the frame's schema: the files are not looked at until the frame runs, and must fit it.
	Schema *arrow.Schema
	// UnionByName takes the columns of all files, not only of the first.
	UnionByName bool
	// PromoteTypes also widens int64 to double and anything to text where files differ.
	PromoteTypes bool
	// CaseInsensitive matches column names of several files without regard to case; the first file's spelling counts.
	CaseInsensitive bool
	// Strict makes any difference between files, and any duplicate column name, an error.
	Strict bool
	// FileColumn adds a text column of this name with each row's file.
	FileColumn string
	// Hive adds the key=value folders of each file as columns.
	Hive bool
}

func (o *IPCOptions) file() fileOptions {
	if o == nil {
		o = &IPCOptions{}
	}
	return fileOptions{op: "read_ipc", context: o.Context, fs: o.FS, files: o.Files, schema: o.Schema, fileColumn: o.FileColumn, hive: o.Hive,
		union: unionOptions{byName: o.UnionByName, promote: o.PromoteTypes, fold: o.CaseInsensitive, strict: o.Strict}}
}
