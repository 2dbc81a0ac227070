package dataframe

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/plan"
)

// UnionOptions say how Union brings frames of different columns together.
type UnionOptions struct {
	// UnionByName takes all columns of all frames; a frame that lacks one gives null.
	UnionByName bool
	// PromoteTypes also allows int64 with float64, and anything with text.
	PromoteTypes bool
	// CaseInsensitive matches names whatever their case.
	CaseInsensitive bool
}

// Concat gives the rows of frames one after the other. Columns are matched by name; names and types must be the same.
func Concat(frames ...*DataFrame) *DataFrame { return together("Concat", frames, plan.NewConcat) }

// Union is Concat for frames whose columns differ, as the options allow.
func Union(o UnionOptions, frames ...*DataFrame) *DataFrame {
	return together("Union", frames, func(ins []plan.Node) (plan.Node, error) {
		return plan.NewUnion(ins, plan.UnionSpec(o))
	})
}

func together(op string, frames []*DataFrame, make func([]plan.Node) (plan.Node, error)) *DataFrame {
	at := fault.Caller()
	var ins []plan.Node
	for _, f := range frames {
		if err := f.fault(); err != nil {
			return failed(at, op, err)
		}
		ins = append(ins, f.node)
	}
	n, err := make(ins)
	if err != nil {
		return failed(at, op, err)
	}
	return &DataFrame{node: n}
}

// Unpivot gives a row for every row and column of cols: the other columns, then the column's name and its value.
func (df *DataFrame) Unpivot(cols []string, name, value string) *DataFrame {
	return df.then("Unpivot", func(in plan.Node) (plan.Node, error) { return plan.NewUnpivot(in, slices.Clone(cols), name, value) })
}

// Explode gives a row for every element of list columns, which go in step; an empty or null list gives one row with null.
func (df *DataFrame) Explode(cols ...string) *DataFrame {
	return df.then("Explode", func(in plan.Node) (plan.Node, error) { return plan.NewExplode(in, slices.Clone(cols)) })
}

// BatchFunc makes a record batch of a record batch. in is good until it returns; the result is the engine's.
type BatchFunc func(ctx context.Context, in arrow.RecordBatch) (arrow.RecordBatch, error)

// MapBatches gives what fn makes of the frame's batches, which is of the schema given. Where batches are cut must not matter to fn.
func (df *DataFrame) MapBatches(schema *arrow.Schema, fn BatchFunc) *DataFrame {
	return df.then("MapBatches", func(in plan.Node) (plan.Node, error) {
		if schema == nil || fn == nil {
			return nil, fault.New(fault.Plan, "MapBatches", "the schema or the function is nil")
		}
		n, err := plan.NewMapBatches(in, schema, plan.BatchFunc(fn), graph.Symbol(fn))
		if err != nil {
			return nil, err
		}
		n.(*plan.MapBatches).Adapter = adapterOf(batchAdapter, fn)
		return n, nil
	})
}

// RepartitionOptions say how many parts rows are wished in, how large these are, and by which columns equal rows go together.
type RepartitionOptions struct {
	Parts       int
	Rows, Bytes int64
	By          []string
}

// Repartition wishes for rows in other parts, as files and in parallelism; it never changes the answer. Today it is checked and shows in
// Explain, and nothing else comes of it: the engine cuts its tasks itself. What files are written is said to the writer: OneFile,
// FileRows and PartitionBy of its options.
func (df *DataFrame) Repartition(opts RepartitionOptions) *DataFrame {
	return df.then("Repartition", func(in plan.Node) (plan.Node, error) {
		opts.By = slices.Clone(opts.By)
		return plan.NewRepartition(in, plan.RepartitionSpec(opts))
	})
}
