package writers

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/internal/textio"
	"github.com/sheafdata/sheaf/partition"
)

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
	// Comma separates fields; 0 is ',', and a tab in files that end in .tsv.
	Comma rune
	// Null is written for null; empty text is written as two quotes, and a text that looks like Null in quotes.
	Null string
	// Compression is that of part files: "", "gzip" or "zstd". A file path tells it by its extension, .csv.gz or .csv.zst.
	Compression string
}

// CSV writes CSV files after RFC 4180 (.csv, .tsv, .txt, and with .gz or .zst after that): a line with the names of the columns, then
// the rows, each ended by a line feed.
//
// Null is an empty field, empty text is two quotes. Floats have the fewest digits that read back the same; what is no number is NaN,
// inf, -inf. Dates and times are ISO 8601, timestamps with a zone in UTC with a Z, durations as Go writes them. Binary is written as it
// is and must be UTF-8. Lists, structs and maps are JSON.
func CSV(path string, opts *CSVOptions) partition.Sink {
	if opts == nil {
		opts = &CSVOptions{}
	}
	o := textio.Options{Comma: opts.Comma, Null: opts.Null}
	if _, bare := fileio.CodecOfName(path); o.Comma == 0 && strings.HasSuffix(strings.ToLower(bare), ".tsv") {
		o.Comma = '\t'
	}
	f, err := newTextFormat("write_csv", path, opts.Compression, []string{".csv", ".tsv", ".txt"}, o)
	return newSink(path, layout{opts.Mode, opts.PartitionBy, opts.OneFile, opts.FileRows}, f, err)
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
	// Compression is that of part files: "", "gzip" or "zstd". A file path tells it by its extension, .json.gz or .json.zst.
	Compression string
}

// JSON writes JSON lines (.json, .jsonl, .ndjson, and with .gz or .zst after that): an object a row, with all columns in order.
//
// Numbers, decimals too, are written with all their digits; floats that are no numbers are NaN, Infinity, -Infinity, as Python and
// DuckDB write and read them: RFC 8259 has no others, and null would be another value. Dates and times are texts after ISO 8601,
// binary is base64, a map is a list of objects of key and value.
func JSON(path string, opts *JSONOptions) partition.Sink {
	if opts == nil {
		opts = &JSONOptions{}
	}
	f, err := newTextFormat("write_json", path, opts.Compression, []string{".json", ".jsonl", ".ndjson"}, textio.Options{JSON: true})
	return newSink(path, layout{opts.Mode, opts.PartitionBy, opts.OneFile, opts.FileRows}, f, err)
}

// textFormat is CSV or JSON lines.
type textFormat struct {
	name  string
	names []string // extensions
	codec fileio.Codec
	opts  textio.Options
	mem   *textMemory // of the files of a write; nil: of no write
}

// ofWrite implements shared.
func (f *textFormat) ofWrite() format {
	g := *f
	g.mem = &textMemory{}
	return &g
}

func newTextFormat(op, path, compression string, exts []string, o textio.Options) (*textFormat, error) {
	f := &textFormat{name: op, names: exts, opts: o}
	named, _ := fileio.CodecOfName(path)
	switch compression {
	case "", "none":
		f.codec = named
	case "gzip":
		f.codec = fileio.Gzip
	case "zstd":
		f.codec = fileio.Zstd
	default:
		return f, fault.New(fault.Plan, op, "there is no compression %q", compression).WithHint(`"gzip" or "zstd"`)
	}
	if named != fileio.Plain && named != f.codec {
		return f, fault.New(fault.Plan, op, "the file is named after %s compression, and %q is asked for", named, compression)
	}
	_, err := fileio.NewPacker(f.codec)
	return f, err
}

func (f *textFormat) op() string { return f.name }

func (f *textFormat) exts() []string {
	if f.codec == fileio.Plain {
		return f.names
	}
	ext := map[fileio.Codec]string{fileio.Gzip: ".gz", fileio.Zstd: ".zst"}[f.codec]
	return append([]string{f.names[0] + ext}, f.names...)
}

func (f *textFormat) check(s *arrow.Schema) error {
	_, err := textio.New(s, f.opts)
	return err
}

func (f *textFormat) open(out *fileio.OutFile, s *arrow.Schema) (outFile, error) {
	return newTextFile(out, f.codec, s, f.opts, f.mem)
}

func (f *textFormat) wire() *wireFormat {
	return &wireFormat{Op: f.name, Exts: f.names, Codec: uint8(f.codec), JSON: f.opts.JSON, Comma: f.opts.Comma, Null: f.opts.Null}
}

func decodeText(w *wireFormat) (format, error) {
	return &textFormat{name: w.Op, names: w.Exts, codec: fileio.Codec(w.Codec), opts: textio.Options{JSON: w.JSON, Comma: w.Comma, Null: w.Null}}, nil
}

// openPiece begins a file that holds a piece of another one: no line of names.
func (f *textFormat) openPiece(out *fileio.OutFile, s *arrow.Schema) (outFile, error) {
	return &textFile{mem: &textMemory{}, out: out, codec: f.codec, opts: f.opts, shape: s, turns: turns[*textPart]{parts: map[int]*textPart{}}}, nil
}
