package parquetio

import (
	"bytes"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/klauspost/compress/zstd"

	"github.com/sheafdata/sheaf/fault"
)

// writeOp is the operation named in errors of writing.
const writeOp = "write_parquet"

// WriteOptions are the options of an Encoder; zero fields are the defaults.
type WriteOptions struct {
	// Compression is the codec of pages: "zstd" (the default), "snappy", "gzip", "lz4", "brotli", "none".
	Compression string
	// RowGroupRows is how many rows a row group should have; 0 is DefaultRowGroupRows.
	RowGroupRows int64
	// PageBytes is about how large a page is before compression; 0 is 1 MiB.
	PageBytes int
	// Bloom names the top-level columns that get Bloom filters.
	Bloom []string
	// NoPageIndex leaves the column and offset indexes out.
	NoPageIndex bool
	// PlainOnly keeps to the encodings of the format's first version, for very old readers: integers that ascend are then not stored
	// as differences.
	PlainOnly bool
}

const (
	// DefaultRowGroupRows is the number of rows of a row group where WriteOptions does not say: so many that dictionaries pay, so few
	// that a file of some ten million rows can be read by several tasks.
	DefaultRowGroupRows = 1 << 20
	// rowGroupBytes ends a row group before it has its rows.
	rowGroupBytes    = 128 << 20
	defaultPageBytes = 1 << 20
	maxPageBytes     = 1 << 30
	// pageRows bounds the rows of a page, so that the page index can leave out parts of narrow columns.
	pageRows = 1 << 16
)

// Encoder turns rows of one schema into the parts of Parquet files, of one file or of many. It is safe for concurrent use. Between row
// groups it keeps memory for as many as there are processors.
type Encoder struct {
	o     WriteOptions
	codec int32
	tree  *writeTree
	// used has the memory of finished row groups, zstds idle compressors.
	used  spares[*leafMemory]
	zstds spares[*zstd.Encoder]
}

// Check returns a *fault.Error for options that mean nothing whatever the schema is.
func (o *WriteOptions) Check() error {
	switch _, ok := writeCodecs[o.Compression]; {
	case !ok:
		return writeFault("there is no compression %q", o.Compression).WithHint("zstd, snappy, gzip, lz4, brotli or none")
	case o.RowGroupRows < 0 || o.RowGroupRows > maxRows:
		return writeFault("a row group cannot have %d rows", o.RowGroupRows)
	case o.PageBytes < 0 || o.PageBytes > maxPageBytes:
		return writeFault("a page cannot have %d bytes", o.PageBytes).WithHint("at most 1 GiB; 1 MiB serves most readers best")
	}
	return nil
}

// NewEncoder returns an encoder of rows of the schema. Errors are *fault.Error: types that Parquet has not, wrong options.
func NewEncoder(schema *arrow.Schema, o WriteOptions) (*Encoder, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	tree, err := newWriteTree(schema)
	if err != nil {
		return nil, err
	}
	if o.RowGroupRows == 0 {
		o.RowGroupRows = DefaultRowGroupRows
	}
	if o.PageBytes == 0 {
		o.PageBytes = defaultPageBytes
	}
	e := &Encoder{o: o, codec: writeCodecs[o.Compression], tree: tree}
	if err := e.setBloom(schema); err != nil {
		return nil, err
	}
	return e, nil
}

// setBloom marks the leaves of the columns that get Bloom filters.
func (e *Encoder) setBloom(schema *arrow.Schema) error {
	for _, name := range e.o.Bloom {
		i := slices.IndexFunc(schema.Fields(), func(f arrow.Field) bool { return f.Name == name })
		if i < 0 {
			err := writeFault("there is no column %q for a Bloom filter", name)
			if near := fault.Suggest(name, schemaNames(schema)); near != "" {
				err = err.WithHint("%s", near)
			}
			return err
		}
		for _, l := range e.tree.leaves {
			if l.path[0] != name {
				continue
			}
			if l.elem.typ == physBoolean || l.conv == writeNull {
				return writeFault("a Bloom filter is of no use for the type of column %q", strings.Join(l.path, "."))
			}
			l.bloom = true
		}
	}
	return nil
}

func schemaNames(s *arrow.Schema) []string {
	names := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		names[i] = f.Name
	}
	return names
}

// Head returns the bytes that every file starts with. The first row group follows.
func (e *Encoder) Head() []byte { return bytes.Clone([]byte(magic)) }

// Placed is a row group that is written at an offset of the file.
type Placed struct {
	Chunk  *Chunk
	Offset int64
}
