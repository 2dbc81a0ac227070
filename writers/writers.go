// Package writers puts frames into files and databases: Parquet, CSV, JSON lines, Arrow IPC, SQL. Each is a partition.Sink for
// dataframe.Write.
//
//	report, err := df.Write(ctx, writers.Parquet("out", nil))                                       // out/part-00000.parquet …
//	report, err := df.Write(ctx, writers.CSV("out.csv.gz", nil))                                    // one file
//	report, err := df.Write(ctx, writers.JSON("out", &writers.JSONOptions{PartitionBy: []string{"year"}})) // out/year=2024/part-00000.json …
//
// A path that ends in the format's extension is one file, and so are "-", standard output, and devices and pipes; any other path is a
// folder of part files, one a partition that has rows. OneFile makes one part in the folder, FileRows cuts parts into files of so many
// rows, PartitionBy makes folders key=value of the values of columns, which the files then lack. Rows keep their order: in one file, and
// over the files of a folder by name.
//
// A write is whole or it is not there. Files are built out of sight, in a hidden folder on the same disk, synced, and renamed at the
// end; a folder that is replaced is swapped for the new one. Where the write fails, is cancelled or its process is killed, what was
// there before is there still; what a killed process leaves behind is hidden, and the next write into that place removes it. Files that
// are appended to a folder get their names one after another, and a journal makes this one step: readers of Sheaf see all of them or
// none, and the next write takes back what a killed process had begun. (Readers of others that look in that moment may see some.)
//
// It must not know plans or frames. It imports partition, expr, graph, mem, fault and internal/{parquetio,fileio,textio,vec}.
package writers

import "github.com/sheafdata/sheaf/internal/fileio"

// Mode says what to do where the output is there already.
type Mode int

// The modes.
const (
	// ErrorIfExists gives an Exists fault; an empty folder is no output.
	ErrorIfExists Mode = iota
	// Overwrite replaces the file, the folder or the table as a whole. A folder that holds anything but data files is left alone, and is
	// an Exists fault.
	Overwrite
	// Append adds part files to a folder, or rows to a table. Where nothing is there it begins.
	Append
)

func (m Mode) existing() fileio.Existing {
	switch m {
	case Overwrite:
		return fileio.Replace
	case Append:
		return fileio.Extend
	}
	return fileio.Refuse
}

// dataExts are the extensions of files that a folder may hold and be replaced.
var dataExts = []string{".parquet", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".arrow", ".feather", ".ipc"}
