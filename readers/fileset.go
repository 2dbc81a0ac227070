package readers

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
)

// fileSet is the files of a source and the schema that they make together: the columns of the files' union, then the folder columns,
// then the file column.
type fileSet struct {
	opts   fileOptions
	files  []fileio.File
	schema *arrow.Schema
	// cols says for each column of schema where it comes from.
	cols []setColumn
	// data is the part of schema that comes from within files; maps has, for each file, its columns of data. maps is nil where the
	// schema was declared: then a file is mapped when it is opened.
	data *arrow.Schema
	maps []columnMap
}

// setColumn is the origin of a frame's column: column data of the union, a folder key, or the file's name.
type setColumn struct {
	data int // -1: a constant
	hive string
	file bool
}

// newFileSet joins the files' schemas; schemas is nil where Options.Schema declares one.
func newFileSet(o fileOptions, files []fileio.File, schemas []fileSchema) (*fileSet, error) {
	s := &fileSet{opts: o, files: files}
	consts, err := s.constantColumns()
	if err != nil {
		return nil, err
	}
	if o.schema != nil {
		return s, s.declare(consts)
	}
	union, maps, err := unionSchemas(schemas, o.union)
	if err != nil {
		return nil, named(err, o.op)
	}
	s.maps = maps
	s.data = union
	var fields []arrow.Field
	for i, f := range union.Fields() {
		if c, dup := findConstant(consts, f.Name); dup {
			if c.origin.file {
				return nil, fault.New(fault.Plan, o.op, "the files have a column %q, which FileColumn names too", f.Name)
			}
			continue // the folder's value counts
		}
		fields = append(fields, f)
		s.cols = append(s.cols, setColumn{data: i})
	}
	for _, c := range consts {
		fields = append(fields, c.field)
		s.cols = append(s.cols, c.origin)
	}
	s.schema = arrow.NewSchema(fields, nil)
	return s, nil
}

// declare takes the schema of the options; constant columns that it names are of its type, the others are added.
func (s *fileSet) declare(consts []constColumn) error {
	var fields, data []arrow.Field
	seen := map[string]bool{}
	for _, f := range s.opts.schema.Fields() {
		if seen[f.Name] {
			return fault.New(fault.Plan, s.opts.op, "the option Schema has column %q twice", f.Name)
		}
		seen[f.Name] = true
		fields = append(fields, f)
		if c, ok := findConstant(consts, f.Name); ok {
			s.cols = append(s.cols, c.origin)
			continue
		}
		s.cols = append(s.cols, setColumn{data: len(data)})
		data = append(data, f)
	}
	for _, c := range consts {
		if !seen[c.field.Name] {
			fields = append(fields, c.field)
			s.cols = append(s.cols, c.origin)
		}
	}
	s.schema, s.data = arrow.NewSchema(fields, nil), arrow.NewSchema(data, nil)
	return nil
}

type constColumn struct {
	field  arrow.Field
	origin setColumn
}

func findConstant(cs []constColumn, name string) (constColumn, bool) {
	for _, c := range cs {
		if c.field.Name == name {
			return c, true
		}
	}
	return constColumn{}, false
}

// constantColumns are the folder keys of all files, in order of first appearance, and the file column.
func (s *fileSet) constantColumns() ([]constColumn, error) {
	var out []constColumn
	for _, f := range s.files {
		for _, kv := range f.Hive {
			if _, have := findConstant(out, kv.Key); have {
				continue
			}
			var vals []*constant
			nulls := false
			for i := range s.files {
				k := s.hiveValue(i, kv.Key)
				nulls = nulls || k == nil || k.null
				vals = append(vals, k)
			}
			field := arrow.Field{Name: kv.Key, Type: constantType(vals), Nullable: nulls}
			out = append(out, constColumn{field: field, origin: setColumn{data: -1, hive: kv.Key}})
		}
	}
	if name := s.opts.fileColumn; name != "" {
		if _, dup := findConstant(out, name); dup {
			return nil, fault.New(fault.Plan, s.opts.op, "FileColumn %q is the name of a folder column", name)
		}
		out = append(out, constColumn{field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String}, origin: setColumn{data: -1, file: true}})
	}
	return out, nil
}

// hiveValue is the file's value of a folder key, nil where its path has none.
func (s *fileSet) hiveValue(file int, key string) *constant {
	var k *constant
	for _, kv := range s.files[file].Hive {
		if kv.Key == key {
			k = &constant{text: kv.Value, null: kv.Null}
		}
	}
	return k
}

// constant is the value of a constant column in a file, nil for null.
func (s *fileSet) constant(file int, c setColumn) *constant {
	if c.file {
		return &constant{text: s.files[file].Path}
	}
	return s.hiveValue(file, c.hive)
}

// mapOf maps a file's own schema to the columns of data.
func (s *fileSet) mapOf(file int, own *arrow.Schema) (columnMap, error) {
	if s.maps != nil {
		return s.maps[file], nil
	}
	m, err := fitSchema(s.data, fileSchema{file: s.files[file].Path, schema: own}, s.opts.union)
	return m, named(err, s.opts.op)
}

// adapter makes the adapter that gives columns cols of the frame's schema from a file with the mapping.
func (s *fileSet) adapter(file int, m columnMap, cols []int) *adapter {
	a := &adapter{}
	for _, c := range cols {
		f, from := s.schema.Field(c), s.cols[c]
		if from.data >= 0 {
			a.add(f.Name, f.Type, m[from.data])
			continue
		}
		a.addConstant(f.Name, f.Type, s.constant(file, from))
	}
	return a
}
