package readers_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/readers"
)

// event is a row of the file: a number in order and one without, floats with NaN, both zeros and nulls, short and long text.
type event struct {
	ID    int64    `parquet:"id"`
	Place *int64   `parquet:"place,optional"`
	Score *float64 `parquet:"score,optional"`
	Name  *string  `parquet:"name,optional,dict"`
	Note  string   `parquet:"note"`
	Cost  float64  `parquet:"cost"`
}

func events(rows int) []event {
	rng := rand.New(rand.NewPCG(5, 6))
	out := make([]event, rows)
	for i := range out {
		e := &out[i]
		e.ID, e.Note, e.Cost = int64(i), fmt.Sprintf("a note that is longer than a view, of %d", rng.IntN(rows)), float64(rng.IntN(1000))/8
		if rng.IntN(10) > 0 {
			place := int64(rng.IntN(5000) - 2500)
			e.Place = &place
		}
		if rng.IntN(10) > 0 {
			score := math.Floor(rng.NormFloat64()*1e4) / 8
			switch rng.IntN(20_000) {
			case 0:
				score = math.NaN()
			case 1:
				score = math.Copysign(0, -1)
			}
			e.Score = &score
		}
		if rng.IntN(10) > 0 {
			name := fmt.Sprintf("name %d", rng.IntN(3000))
			e.Name = &name
		}
	}
	return out
}

// inMemory is the same frame from a source that knows no filters.
func inMemory(rows []event) *dataframe.DataFrame {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "place", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "score", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "note", Type: arrow.BinaryTypes.String}, {Name: "cost", Type: arrow.PrimitiveTypes.Float64}}, nil)
	var parts []func(context.Context) iter.Seq2[arrow.RecordBatch, error]
	for at := 0; at < len(rows); at += 10_000 {
		part := rows[at:min(at+10_000, len(rows))]
		parts = append(parts, func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
			return func(yield func(arrow.RecordBatch, error) bool) {
				b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
				for _, e := range part {
					b.Field(0).(*array.Int64Builder).Append(e.ID)
					appendOr(b.Field(1), e.Place, b.Field(1).(*array.Int64Builder).Append)
					appendOr(b.Field(2), e.Score, b.Field(2).(*array.Float64Builder).Append)
					appendOr(b.Field(3), e.Name, b.Field(3).(*array.StringBuilder).Append)
					b.Field(4).(*array.StringBuilder).Append(e.Note)
					b.Field(5).(*array.Float64Builder).Append(e.Cost)
				}
				yield(b.NewRecordBatch(), nil)
			}
		})
	}
	return dataframe.FromSource(partition.NewSource(schema, parts...))
}

func appendOr[T any](b array.Builder, v *T, add func(T)) {
	if v == nil {
		b.AppendNull()
		return
	}
	add(*v)
}

func eventFile(t *testing.T, rows []event) string {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[event](&b, parquet.MaxRowsPerRowGroup(30_000), parquet.PageBufferSize(16<<10))
	_, err := w.Write(rows)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	path := filepath.Join(t.TempDir(), "events.parquet")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

func answerOf(t *testing.T, df *dataframe.DataFrame) (rows []string) {
	table, err := df.Collect(context.Background())
	require.NoError(t, err)
	for i := range table.NumRows() {
		line := ""
		for _, f := range table.Schema().Fields() {
			line += fmt.Sprint(table.Value(i, f.Name), "|")
		}
		rows = append(rows, line)
	}
	return rows
}

// What a top-k, a join or a condition rules out does not come from a file, and the answers are those of a source that gives all rows.
func TestScansLeaveRowsOut(t *testing.T) {
	const rows = 120_000
	data := events(rows)
	file, all := readers.Parquet(eventFile(t, data), nil), inMemory(data)
	few := all.Filter(expr.Col("id").Ge(100), expr.Col("id").Lt(140)) // places and names with nulls among them
	none := all.Filter(expr.Col("id").Lt(0))
	col := expr.Col
	const always, never, sometimes = "always", "never", "sometimes" // where it takes what another task knows in time
	for _, c := range []struct {
		name string
		of   func(df *dataframe.DataFrame) *dataframe.DataFrame
		out  string // when rows are left out of the scan of the file
	}{
		{"greatest", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort(dataframe.Desc("score")).Limit(20) }, always},
		{"least", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort("score", "note").Limit(20) }, always},
		{"in order", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort("id").Limit(5) }, always},
		{"against the order", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort(dataframe.Desc("id")).Limit(5) }, sometimes},
		{"many", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Sort(dataframe.Desc("place"), "id").Limit(300)
		}, always},
		{"ties", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort("cost").Limit(50) }, always},
		{"nulls first", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort(col("name").NullsFirst()).Limit(50) }, never},
		{"text", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort("note").Limit(7) }, always},
		{"short text", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Sort(dataframe.Desc("name"), "id").Limit(7)
		}, always},
		{"computed", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort(col("cost").Mul(-1.0)).Limit(7) }, always},
		{"offset", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Sort("score").Limit(120).Offset(100) }, always},
		{"filtered", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Filter(col("place").Gt(-2000)).Sort(dataframe.Desc("cost")).Limit(9)
		}, always},
		{"what can fail", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.With(col("id").Mul(col("id")).As("square")).Sort("square").Limit(9)
		}, never},
		{"a later key that can fail", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Sort("cost", col("id").Mul(col("id"))).Limit(9)
		}, never},
		{"inner", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("place").As("p"), col("id").As("other")), dataframe.On("place", "p"))
		}, always},
		{"inner by text", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("name").As("n"), col("id").As("other")), dataframe.On("name", "n"))
		}, always},
		{"inner by two", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("name").As("n"), col("place").As("p"), col("id").As("other")), dataframe.On("name", "n"), dataframe.On("place", "p"))
		}, always},
		{"inner by id", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("id").As("i")), dataframe.On("id", "i"))
		}, always},
		{"semi", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few, dataframe.Using("place"), dataframe.Semi)
		}, always},
		{"right", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("place").As("p"), col("id").As("other")), dataframe.On("place", "p"), dataframe.Right)
		}, always},
		{"no right row", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(none.Select(col("place").As("p")), dataframe.On("place", "p"))
		}, always},
		{"anti", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few, dataframe.Using("place"), dataframe.Anti).Select("id")
		}, never},
		{"left", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("place").As("p"), col("id").As("other")), dataframe.On("place", "p"), dataframe.Left).Select("id", "p", "other")
		}, never},
		{"joined twice", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("place").As("p")).Distinct(), dataframe.On("place", "p"), dataframe.Left).
				Join(few.Select(col("name").As("n")), dataframe.On("name", "n"), dataframe.Semi)
		}, always},
		{"joined, then the first", func(df *dataframe.DataFrame) *dataframe.DataFrame {
			return df.Join(few.Select(col("place").As("p")), dataframe.On("place", "p")).Sort(dataframe.Desc("cost"), "id").Limit(5)
		}, always},
		{"a condition", func(df *dataframe.DataFrame) *dataframe.DataFrame { return df.Filter(col("name").Eq("name 77")) }, always},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, got := answerOf(t, c.of(all)), answerOf(t, c.of(file))
			require.Equal(t, want, got)
			r, err := c.of(file).Analyze(context.Background())
			require.NoError(t, err)
			leftOut := int64(0)
			for _, op := range r.Operators {
				leftOut += op.LeftOut
			}
			switch c.out {
			case always:
				require.Greater(t, leftOut, int64(rows/20), "%s", r)
			case never:
				require.Zero(t, leftOut, "%s", r)
			}
		})
	}
}
