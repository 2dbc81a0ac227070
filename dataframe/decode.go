package dataframe

import (
	"reflect"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// rowDecoder turns record batches of a schema into values of T: a struct by field, or a single value for a schema of one column. How
// each column is stored is decided once; a batch is then decoded column by column, in typed loops.
type rowDecoder[T any] struct{ *structDecoder }

// structDecoder is rowDecoder for a type known at run time alone.
type structDecoder struct {
	columns []column
	size    uintptr
}

// column is how a column of a frame becomes a field of T.
type column struct {
	name   string
	index  int     // in the schema
	offset uintptr // of the field in T
	load   loader
}

// loader stores the values of an array in a field of rows: the first at base, the next ones stride bytes apart. It returns how many it
// stored and, where that is not all, why the next one does not fit.
type loader func(a arrow.Array, base unsafe.Pointer, stride uintptr) (int, *fault.Error)

// newRowDecoder matches T with the schema. Every exported field needs its column; columns without a field are left out.
func newRowDecoder[T any](schema *arrow.Schema) (*rowDecoder[T], error) {
	d, err := decoderOf(reflect.TypeFor[T](), schema)
	return &rowDecoder[T]{d}, err
}

func decoderOf(typ reflect.Type, schema *arrow.Schema) (*structDecoder, error) {
	d := &structDecoder{size: typ.Size()}
	if !isRowStruct(typ) {
		if schema.NumFields() != 1 {
			return nil, fault.New(fault.Plan, "", "a row of %d columns does not fit in one %s", schema.NumFields(), typ).
				WithHint("Select one column, or give a struct with a field a column")
		}
		return d, d.add(schema.Field(0), 0, field{typ: typ, goName: "value"})
	}
	fields, err := structFields(typ)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		idx := schema.FieldIndices(f.name)
		if len(idx) == 0 {
			return nil, missingColumn(f, typ, schema)
		}
		if err := d.add(schema.Field(idx[0]), idx[0], f); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func missingColumn(f field, typ reflect.Type, schema *arrow.Schema) error {
	names := make([]string, schema.NumFields())
	for i, c := range schema.Fields() {
		names[i] = c.Name
	}
	return fault.New(fault.Plan, "", "field %s of %s: column %q not found", f.goName, typ, f.name).
		WithHint("%s", fault.Suggest(f.name, names))
}

func (d *structDecoder) add(c arrow.Field, index int, f field) error {
	load, ok := loaderOf(c.Type, f.typ)
	if !ok {
		e := fault.New(fault.Type, "", "a column of type %s does not fit in a field of type %s", TypeName(c.Type), f.typ)
		e.Column = c.Name
		return e.WithHint("%s", fieldHint(c.Type, f.typ))
	}
	d.columns = append(d.columns, column{name: c.Name, index: index, offset: f.offset, load: load})
	return nil
}

// fieldHint says which Go type a column fits in.
func fieldHint(t arrow.DataType, g reflect.Type) string {
	_, inner := unwrap(g)
	if goType := goTypeName(t); goType != "" && goType != inner.String() {
		return "use " + goType + ", or Cast the column"
	}
	return "Cast the column, or leave the field out with the tag `sheaf:\"-\"`"
}

// decode stores the rows of a record batch in dst, which has their number and is zero. It returns how many rows it stored and, where
// that is not all, why the next one does not fit.
func (d *rowDecoder[T]) decode(rec arrow.RecordBatch, dst []T) (int, *fault.Error) {
	return d.decodeAt(rec, unsafe.Pointer(unsafe.SliceData(dst)), len(dst))
}

// decodeAt is decode to n zero values at base.
func (d *structDecoder) decodeAt(rec arrow.RecordBatch, base unsafe.Pointer, rows int) (int, *fault.Error) {
	n, failure := rows, (*fault.Error)(nil)
	if n == 0 {
		return 0, nil
	}
	for _, c := range d.columns {
		stored, err := c.load(rec.Column(c.index), unsafe.Add(base, c.offset), d.size)
		if err != nil && stored < n {
			n, failure = stored, err
			failure.Column = c.name
		}
	}
	return n, failure
}
