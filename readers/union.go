package readers

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
)

// The rules of several files, for every format: the columns of the first file, by name; a file that lacks one gives null; types widen
// without loss over all files (widen.go). unionOptions go further, or with strict less far.
type unionOptions struct {
	byName  bool // take the columns of all files
	promote bool // widen int64 to double and anything to text
	fold    bool // match names without regard to case
	strict  bool // any difference is an error
}

// fileSchema is the schema that a file itself has.
type fileSchema struct {
	file   string
	schema *arrow.Schema
}

// columnMap says for each column of the frame which column of a file gives it; -1 is none: null.
type columnMap []int

// unionSchemas returns the frame's schema and, for each file, which of its columns give the frame's. Names within a file are made unique
// first.
func unionSchemas(files []fileSchema, o unionOptions) (*arrow.Schema, []columnMap, error) {
	u := unioner{o: o}
	maps := make([]columnMap, len(files))
	for i, f := range files {
		if o.strict {
			if err := u.checkStrict(f, files[0]); err != nil {
				return nil, nil, err
			}
		}
		m, err := u.add(f, i == 0)
		if err != nil {
			return nil, nil, err
		}
		maps[i] = m
	}
	for i, m := range maps {
		for len(m) < len(u.fields) {
			m = append(m, -1)
		}
		maps[i] = m
		for c, src := range m {
			if src < 0 {
				u.fields[c].Nullable = true
			}
		}
	}
	return arrow.NewSchema(u.fields, nil), maps, nil
}

type unioner struct {
	o      unionOptions
	fields []arrow.Field
	from   []string // the file that gave each field's type last
}

func (u *unioner) add(f fileSchema, first bool) (columnMap, error) {
	names := uniqueNames(fieldNames(f.schema))
	m := matchNames(fieldNamesOf(u.fields), names, u.o.fold)
	taken := make([]bool, len(names))
	for c, src := range m {
		if src < 0 {
			continue
		}
		taken[src] = true
		t, ok := widen(u.fields[c].Type, f.schema.Field(src).Type, u.o.promote)
		if !ok {
			return nil, u.typesDiffer(f, c, f.schema.Field(src).Type)
		}
		if !arrow.TypeEqual(t, u.fields[c].Type) {
			u.fields[c].Type, u.from[c] = t, f.file
		}
		u.fields[c].Nullable = u.fields[c].Nullable || f.schema.Field(src).Nullable
	}
	for src, name := range names {
		if taken[src] {
			continue
		}
		field := f.schema.Field(src)
		if !first && !u.o.byName {
			return nil, u.newColumn(f, name, field.Type)
		}
		field.Name, field.Nullable = name, field.Nullable || !first
		u.fields = append(u.fields, field)
		u.from = append(u.from, f.file)
		m = append(m, src)
	}
	return m, nil
}

func (u *unioner) typesDiffer(f fileSchema, c int, t arrow.DataType) error {
	name := u.fields[c].Name
	e := fault.New(fault.Type, "", "column %q is %s, but %s in %s", name, t, u.fields[c].Type, u.from[c])
	e.File, e.Column = f.file, name
	if !u.o.promote {
		e.Hint = "PromoteTypes widens them to one type"
	}
	return e
}

func (u *unioner) newColumn(f fileSchema, name string, t arrow.DataType) error {
	e := fault.New(fault.Type, "", "column %q of type %s is not in the first file, %s", name, t, u.from0())
	e.File, e.Column = f.file, name
	for i := range u.fields {
		if strings.EqualFold(u.fields[i].Name, name) {
			e.Err = fmt.Errorf("column %q of type %s is not in the first file, %s, which has %q of type %s", name, t, u.from0(), u.fields[i].Name, u.fields[i].Type)
			return e.WithHint("CaseInsensitive matches them, UnionByName takes both")
		}
	}
	return e.WithHint("UnionByName takes the columns of all files")
}

func (u *unioner) from0() string {
	if len(u.from) > 0 {
		return u.from[0]
	}
	return "which has no columns"
}

// checkStrict compares a file with the first one: names, order and types, and no name twice.
func (u *unioner) checkStrict(f, first fileSchema) error {
	seen := map[string]bool{}
	for i := range f.schema.NumFields() {
		name := f.schema.Field(i).Name
		if seen[name] || name == "" {
			e := fault.New(fault.Type, "", "column name %q is empty or there twice, which Strict forbids", name)
			e.File, e.Column = f.file, name
			return e
		}
		seen[name] = true
	}
	for i := range max(f.schema.NumFields(), first.schema.NumFields()) {
		got, want := describe(f.schema, i), describe(first.schema, i)
		if got == want {
			continue
		}
		e := fault.New(fault.Type, "", "column %d is %s, but %s in %s, and Strict allows no difference", i+1, got, want, first.file)
		e.File = f.file
		if i < f.schema.NumFields() {
			e.Column = f.schema.Field(i).Name
		}
		return e
	}
	return nil
}

func describe(s *arrow.Schema, i int) string {
	if i >= s.NumFields() {
		return "missing"
	}
	return strconv.Quote(s.Field(i).Name) + " of type " + s.Field(i).Type.String()
}

// fitSchema maps a file's columns to a declared schema, as the Schema option gives it: columns it does not name are left out, those the
// file lacks are null, and types must widen to the declared ones.
func fitSchema(declared *arrow.Schema, f fileSchema, o unionOptions) (columnMap, error) {
	names := uniqueNames(fieldNames(f.schema))
	m := matchNames(fieldNames(declared), names, o.fold)
	for c, src := range m {
		want := declared.Field(c)
		if src < 0 {
			if o.strict {
				e := fault.New(fault.Type, "", "column %q of type %s of the schema is missing, which Strict forbids", want.Name, want.Type)
				e.File, e.Column = f.file, want.Name
				return nil, e
			}
			continue
		}
		got := f.schema.Field(src).Type
		if t, ok := widen(want.Type, got, o.promote); !ok || !arrow.TypeEqual(valueType(t), valueType(want.Type)) || o.strict && !arrow.TypeEqual(got, want.Type) {
			e := fault.New(fault.Type, "", "column %q is %s, which does not widen to the %s of the schema", want.Name, got, want.Type)
			e.File, e.Column = f.file, want.Name
			return nil, e.WithHint("declare a type that holds it, and Cast in the query")
		}
	}
	return m, nil
}

// matchNames finds each wanted name among names: itself, else with fold one that differs in case only and that is wanted nowhere else.
func matchNames(wanted, names []string, fold bool) columnMap {
	index := make(map[string]int, len(names))
	for i, n := range names {
		index[n] = i
	}
	m := make(columnMap, len(wanted))
	taken := make([]bool, len(names))
	for c, n := range wanted {
		m[c] = -1
		if i, ok := index[n]; ok {
			m[c], taken[i] = i, true
		}
	}
	if !fold {
		return m
	}
	folded := make(map[string]int, len(names))
	for i, n := range names {
		if _, dup := folded[strings.ToLower(n)]; !dup && !taken[i] {
			folded[strings.ToLower(n)] = i
		}
	}
	for c, n := range wanted {
		if i, ok := folded[strings.ToLower(n)]; ok && m[c] < 0 && !taken[i] {
			m[c], taken[i] = i, true
		}
	}
	return m
}

// uniqueNames makes names usable as columns: an empty one becomes column3 (counted from 1), one that was there before a_1, a_2….
func uniqueNames(names []string) []string {
	used := make(map[string]bool, len(names))
	for _, n := range names {
		used[n] = true
	}
	out := make([]string, len(names))
	first := make(map[string]bool, len(names))
	for i, n := range names {
		if n != "" && !first[n] {
			first[n], out[i] = true, n
			continue
		}
		base, k := n+"_", 1
		if n == "" {
			base, k = "column", i+1
		}
		for used[base+strconv.Itoa(k)] {
			k++
		}
		out[i] = base + strconv.Itoa(k)
		used[out[i]] = true
	}
	return out
}

func fieldNames(s *arrow.Schema) []string { return fieldNamesOf(s.Fields()) }

func fieldNamesOf(fields []arrow.Field) []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}
