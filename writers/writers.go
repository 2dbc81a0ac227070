// Package writers puts frames into files and databases: Parquet, CSV, JSON, Arrow IPC, SQL. Each is a partition.Sink for
// dataframe.Write.
//
//	report, err := df.Write(ctx, writers.Parquet("out/", nil))
//
// A path that ends in the format's extension is one file; any other path is a folder of part files, one a partition.
//
// It must not know plans or frames. It imports partition, expr, graph, mem, fault and internal/{parquetio,fileio}.
package writers

import (
	"context"
	"database/sql"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/partition"
)

// Mode says what to do where the output is there already.
type Mode int

// The modes.
const (
	ErrorIfExists Mode = iota // an Exists fault
	Overwrite                 // replaced as a whole
	Append                    // more part files, or more rows of a table
)

// ParquetOptions are the options of Parquet; nil and zero fields are the defaults.
type ParquetOptions struct {
	// Mode says what to do where the output is there already.
	Mode Mode
	// PartitionBy makes key=value folders of these columns.
	PartitionBy []string
	// OneFile writes one part into the folder.
	OneFile bool
	// FileRows starts a new file after so many rows; 0 is one file a partition.
	FileRows int64
	// Compression is the codec of pages: "zstd" (the default), "snappy", "gzip", "lz4", "brotli", "none".
	Compression string
}

// CSVOptions are the options of CSV; nil and zero fields are the defaults.
type CSVOptions struct {
	// Mode says what to do where the output is there already.
	Mode Mode
	// PartitionBy makes key=value folders of these columns.
	PartitionBy []string
	// OneFile writes one part into the folder.
	OneFile bool
	// FileRows starts a new file after so many rows; 0 is one file a partition.
	FileRows int64
	// Comma separates fields; 0 is ','.
	Comma rune
	// Null is written for null; empty text is written as two quotes.
	Null string
}

// JSONOptions are the options of JSON; nil and zero fields are the defaults.
type JSONOptions struct {
	// Mode says what to do where the output is there already.
	Mode Mode
	// PartitionBy makes key=value folders of these columns.
	PartitionBy []string
	// OneFile writes one part into the folder.
	OneFile bool
	// FileRows starts a new file after so many rows; 0 is one file a partition.
	FileRows int64
}

// IPCOptions are the options of IPC; nil and zero fields are the defaults.
type IPCOptions struct {
	// Mode says what to do where the output is there already.
	Mode Mode
	// PartitionBy makes key=value folders of these columns.
	PartitionBy []string
	// OneFile writes one part into the folder.
	OneFile bool
	// FileRows starts a new file after so many rows; 0 is one file a partition.
	FileRows int64
}

// SQLOptions are the options of SQL; nil and zero fields are the defaults.
type SQLOptions struct {
	// Mode says what to do where the table is there already.
	Mode Mode
}

// Parquet writes Parquet files (.parquet). It is not built yet: Open returns a fault.
func Parquet(path string, opts *ParquetOptions) partition.Sink {
	return notYet{op: "write_parquet", to: path}
}

// CSV writes CSV files (.csv). It is not built yet: Open returns a fault.
func CSV(path string, opts *CSVOptions) partition.Sink { return notYet{op: "write_csv", to: path} }

// JSON writes JSON lines (.json, .jsonl, .ndjson). It is not built yet: Open returns a fault.
func JSON(path string, opts *JSONOptions) partition.Sink { return notYet{op: "write_json", to: path} }

// IPC writes Arrow IPC files (.arrow, .feather, .ipc). It is not built yet: Open returns a fault.
func IPC(path string, opts *IPCOptions) partition.Sink { return notYet{op: "write_ipc", to: path} }

// SQL writes into a table of a database. It is not built yet: Open returns a fault.
func SQL(db *sql.DB, table string, opts *SQLOptions) partition.Sink {
	return notYet{op: "write_sql", to: table}
}

// notYet is a sink that cannot be opened.
type notYet struct{ op, to string }

func (s notYet) Open(context.Context, *arrow.Schema, int) (partition.PartitionedWriter, error) {
	e := fault.New(fault.Plan, s.op, "writing is not built yet")
	e.File = s.to
	return nil, e.WithHint("Collect or Batches give the rows")
}
