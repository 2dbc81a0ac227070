package ref

import (
	"fmt"
	"slices"

	"github.com/sheafdata/sheaf/plan"
)

// explode gives a row an element; a shorter list is filled up with nulls, and at least one row remains.
func explode(in *Table, n *plan.Explode) []Row {
	var rows []Row
	for _, r := range in.Rows {
		size := 1
		for i, f := range in.Schema.Fields() {
			if l, ok := r[i].(List); ok && slices.Contains(n.Cols, f.Name) {
				size = max(size, len(l))
			}
		}
		for k := range size {
			row := slices.Clone(r)
			for i, f := range in.Schema.Fields() {
				if !slices.Contains(n.Cols, f.Name) {
					continue
				}
				l, _ := r[i].(List)
				row[i] = nil
				if k < len(l) {
					row[i] = l[k]
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// unpivot gives, row by row, a row a column of n.Cols.
func unpivot(in *Table, n *plan.Unpivot) []Row {
	var rows []Row
	for _, r := range in.Rows {
		e := in.Env(r)
		var kept Row
		for i, f := range in.Schema.Fields() {
			if !slices.Contains(n.Cols, f.Name) {
				kept = append(kept, r[i])
			}
		}
		for _, c := range n.Cols {
			rows = append(rows, append(slices.Clone(kept), c, r[e.at[c]]))
		}
	}
	return rows
}

// maps says what the functions of MapBatches make of a row, by their names.
var maps = map[string]func(Row) []Row{}

// RegisterMap makes Run take a MapBatches node of the name as what gives these rows for each row. Call it from init.
func RegisterMap(name string, rows func(Row) []Row) { maps[name] = rows }

func mapped(in *Table, n *plan.MapBatches) ([]Row, error) {
	of := maps[n.Name]
	if of == nil {
		return nil, fmt.Errorf("ref: nobody has registered what %s does", n.Name)
	}
	var rows []Row
	for _, r := range in.Rows {
		rows = append(rows, of(r)...)
	}
	return rows, nil
}
