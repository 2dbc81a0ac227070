package dataframe_test

import (
	"context"
	"database/sql"
	"io"
	"io/fs"
	"iter"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/graph"
	"github.com/sheafdata/sheaf/optimizer"
	"github.com/sheafdata/sheaf/partition"
	"github.com/sheafdata/sheaf/plan"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/sched"
	"github.com/sheafdata/sheaf/writers"
)

// This file uses every public name as programs outside use it. A name that goes missing or changes its type breaks the build.

type (
	frame    = *dataframe.DataFrame
	row      struct{ A int64 }
	rowOther struct{ B string }
	runOpt   = func(*sched.Options)
	record   = arrow.RecordBatch
	schema   = *arrow.Schema
)

var _ error = &fault.Error{
	Kind: fault.Plan, Op: "", At: "", File: "", Column: "", Text: "", Hint: "", Partition: int(0), Row: int64(0), Line: int64(0), Err: error(nil),
}

var _ = []fault.Kind{fault.Plan, fault.Input, fault.Data, fault.Type, fault.Memory, fault.Exists, fault.Canceled, fault.Panic, fault.Internal}

var (
	_ func(string, *readers.ParquetOptions) frame      = readers.Parquet
	_ func(string, *readers.CSVOptions) frame          = readers.CSV
	_ func(string, *readers.CSVOptions) frame          = readers.CSVRejects
	_ func(string, *readers.JSONOptions) frame         = readers.JSON
	_ func(string, *readers.IPCOptions) frame          = readers.IPC
	_ func(*sql.DB, string, *readers.SQLOptions) frame = readers.SQL
	_ func(string, *writers.ParquetOptions) sink       = writers.Parquet
	_ func(string, *writers.CSVOptions) sink           = writers.CSV
	_ func(string, *writers.JSONOptions) sink          = writers.JSON
	_ func(string, *writers.IPCOptions) sink           = writers.IPC
	_ func(*sql.DB, string, *writers.SQLOptions) sink  = writers.SQL
	_ []writers.Mode                                   = []writers.Mode{writers.ErrorIfExists, writers.Overwrite, writers.Append}
	_ int                                              = int(writers.ErrorIfExists)
	_ []readers.Ragged                                 = []readers.Ragged{readers.Fail, readers.Pad, readers.Skip, readers.Reject}
	_                                                  = [1]int{}[readers.Fail]
)

type sink = partition.Sink

var (
	_ = readers.ParquetOptions{Context: context.Context(nil), FS: fs.FS(nil), Files: []string(nil), Schema: schema(nil), UnionByName: true, PromoteTypes: true,
		CaseInsensitive: true, Strict: true, FileColumn: "", Hive: true}
	_ = readers.CSVOptions{Context: context.Context(nil), FS: fs.FS(nil), Files: []string(nil), Schema: schema(nil), UnionByName: true, PromoteTypes: true,
		CaseInsensitive: true, Strict: true, FileColumn: "", Hive: true, Comma: ',', Quote: '"', Comment: '#', NoHeader: true, SkipRows: 1,
		Nulls: []string{}, TimeLayouts: []string{}, Types: map[string]arrow.DataType{}, Ragged: readers.Fail}
	_ = readers.JSONOptions{Context: context.Context(nil), FS: fs.FS(nil), Files: []string(nil), Schema: schema(nil), UnionByName: true, PromoteTypes: true,
		CaseInsensitive: true, Strict: true, FileColumn: "", Hive: true}
	_ = readers.IPCOptions{Context: context.Context(nil), FS: fs.FS(nil), Files: []string(nil), Schema: schema(nil), UnionByName: true, PromoteTypes: true,
		CaseInsensitive: true, Strict: true, FileColumn: "", Hive: true}
	_ = writers.ParquetOptions{Mode: writers.Append, PartitionBy: []string{}, OneFile: true, FileRows: int64(1), Compression: "zstd"}
	_ = writers.CSVOptions{Mode: writers.Append, PartitionBy: []string{}, OneFile: true, FileRows: int64(1), Comma: ';', Null: ""}
	_ = writers.JSONOptions{Mode: writers.Append, PartitionBy: []string{}, OneFile: true, FileRows: int64(1)}
	_ = writers.IPCOptions{Mode: writers.Append, PartitionBy: []string{}, OneFile: true, FileRows: int64(1)}
)

var (
	_ func(schema, ...record) frame                                                             = dataframe.FromRecords
	_ func([]row) frame                                                                         = dataframe.FromStructs[row]
	_ func(partition.Source) frame                                                              = dataframe.FromSource
	_ func(frame, ...any) frame                                                                 = frame.Select
	_ func(frame, ...expr.Expr) frame                                                           = frame.With
	_ func(frame, ...string) frame                                                              = frame.Drop
	_ func(frame, string, string) frame                                                         = frame.Rename
	_ func(frame, func(string) string) frame                                                    = frame.RenameFunc
	_ func(frame, ...expr.Expr) frame                                                           = frame.Filter
	_ func(frame, ...any) *dataframe.Grouped                                                    = frame.GroupBy
	_ func(*dataframe.Grouped, ...expr.Expr) frame                                              = (*dataframe.Grouped).Agg
	_ func(*dataframe.Grouped, any, ...any) *dataframe.Grouped                                  = (*dataframe.Grouped).Pivot
	_ func(*dataframe.Grouped) *dataframe.Grouped                                               = (*dataframe.Grouped).DropNullKeys
	_ func(frame, []string, string, string) frame                                               = frame.Unpivot
	_ func(frame, ...string) frame                                                              = frame.Explode
	_ func(frame, frame, ...dataframe.JoinOption) frame                                         = frame.Join
	_ func(...string) dataframe.JoinOption                                                      = dataframe.Using
	_ func(l, r any) dataframe.JoinOption                                                       = dataframe.On
	_ func(...expr.Expr) dataframe.JoinOption                                                   = dataframe.OnExpr
	_ func(l, r any, d dataframe.Direction) dataframe.JoinOption                                = dataframe.AsOf
	_ func(any) dataframe.JoinOption                                                            = dataframe.Within
	_ func(string) dataframe.JoinOption                                                         = dataframe.Suffix
	_ []dataframe.Direction                                                                     = []dataframe.Direction{dataframe.Backward, dataframe.Forward, dataframe.Nearest}
	_ func(frame, ...any) frame                                                                 = frame.Sort
	_ func(any) expr.Expr                                                                       = dataframe.Asc
	_ func(any) expr.Expr                                                                       = dataframe.Desc
	_ func(frame, int64) frame                                                                  = frame.Limit
	_ func(frame, int64) frame                                                                  = frame.Offset
	_ func(frame, ...string) frame                                                              = frame.Distinct
	_ func(frame, ...string) frame                                                              = frame.DistinctLast
	_ func(...frame) frame                                                                      = dataframe.Concat
	_ func(dataframe.UnionOptions, ...frame) frame                                              = dataframe.Union
	_ func(frame, schema, dataframe.BatchFunc) frame                                            = frame.MapBatches
	_ dataframe.BatchFunc                                                                       = func(context.Context, record) (record, error) { return nil, nil }
	_ func(frame, func(row) rowOther) frame                                                     = dataframe.Map[row, rowOther]
	_ func(frame, func(row) ([]rowOther, error)) frame                                          = dataframe.FlatMap[row, rowOther]
	_ func(frame, dataframe.RepartitionOptions) frame                                           = frame.Repartition
	_ func(frame) schema                                                                        = frame.Schema
	_ func(frame) error                                                                         = frame.Err
	_ []dataframe.JoinOption                                                                    = []dataframe.JoinOption{dataframe.Inner, dataframe.Left, dataframe.Right, dataframe.Full, dataframe.Semi, dataframe.Anti, dataframe.Cross}
	_                                                                                           = [1]int{}[dataframe.Inner]
	_ func(frame, context.Context, ...dataframe.RunOption) (*dataframe.Table, error)            = frame.Collect
	_ func(context.Context, frame, ...dataframe.RunOption) ([]row, error)                       = dataframe.CollectAs[row]
	_ func(context.Context, frame, ...dataframe.RunOption) (row, error)                         = dataframe.One[row]
	_ func(context.Context, []frame, ...dataframe.RunOption) ([]*dataframe.Table, error)        = dataframe.CollectAll
	_ func(frame, context.Context, ...dataframe.RunOption) (int64, error)                       = frame.Count
	_ func(frame, context.Context, int64, ...dataframe.RunOption) (*dataframe.Table, error)     = frame.Head
	_ func(frame, context.Context, ...dataframe.RunOption) (*dataframe.Table, error)            = frame.Describe
	_ func(frame, context.Context, ...dataframe.RunOption) iter.Seq2[record, error]             = frame.Batches
	_ func(context.Context, frame, ...dataframe.RunOption) iter.Seq2[row, error]                = dataframe.Rows[row]
	_ func(frame, context.Context, sink, ...dataframe.RunOption) (dataframe.WriteReport, error) = frame.Write
	_ func(frame, context.Context, ...dataframe.RunOption) (frame, error)                       = frame.Persist
	_ func(frame)                                                                               = frame.Unpersist
	_ func(frame, ...dataframe.ExplainOption) string                                            = frame.Explain
	_ func(frame, context.Context, ...dataframe.RunOption) (dataframe.Receipt, error)           = frame.Analyze
	_ sched.Option                                                                              = dataframe.RunOption(nil)
	_ partition.Report                                                                          = dataframe.WriteReport{}
	_ []dataframe.ExplainOption                                                                 = []dataframe.ExplainOption{dataframe.Optimized, dataframe.Logical, dataframe.Physical, dataframe.AllPhases}
	_ func(dataframe.Receipt) string                                                            = dataframe.Receipt.String
)

var (
	_ = dataframe.Receipt{Rows: int64(0), BytesRead: int64(0), Spilled: int64(0), PeakMemory: int64(0), Wall: time.Duration(0),
		Operators: []dataframe.OpReceipt{}, Warnings: []string{}}
	_ = dataframe.OpReceipt{Name: "", Exchange: true, Rows: int64(0), Bytes: int64(0), Spilled: int64(0), Memory: int64(0), Time: time.Duration(0)}
	_ = dataframe.UnionOptions{UnionByName: true, PromoteTypes: true, CaseInsensitive: true}
	_ = dataframe.RepartitionOptions{Parts: 1, Rows: int64(1), Bytes: int64(1), By: []string{}}

	_ func(*dataframe.Table) schema                 = (*dataframe.Table).Schema
	_ func(*dataframe.Table) int64                  = (*dataframe.Table).NumRows
	_ func(*dataframe.Table, string) *arrow.Chunked = (*dataframe.Table).Column
	_ func(*dataframe.Table, int64, string) any     = (*dataframe.Table).Value
	_ func(*dataframe.Table) iter.Seq[record]       = (*dataframe.Table).Batches
	_ func(*dataframe.Table) frame                  = (*dataframe.Table).Frame
	_ func(*dataframe.Table) string                 = (*dataframe.Table).String
)

type (
	e0 = func(expr.Expr) expr.Expr
	e1 = func(expr.Expr, any) expr.Expr
	ev = func(expr.Expr, ...any) expr.Expr
	s0 = func(expr.StrExpr) expr.Expr
	t0 = func(expr.TimeExpr) expr.Expr
)

var (
	_ func(string) expr.Expr              = expr.Col
	_ func(any) expr.Expr                 = expr.Lit
	_ func(expr.Expr, any, any) expr.Expr = expr.If
	_ ev                                  = expr.Coalesce
	_                                     = []func(...any) expr.Expr{expr.Greatest, expr.Least, expr.StructOf}
	_                                     = []e1{expr.Expr.Add, expr.Expr.Sub, expr.Expr.Mul, expr.Expr.Div, expr.Expr.FloorDiv, expr.Expr.Mod, expr.Expr.Pow}
	_                                     = []e1{expr.Expr.Eq, expr.Expr.Ne, expr.Expr.Lt, expr.Expr.Le, expr.Expr.Gt, expr.Expr.Ge, expr.Expr.FillNaN}
)

var (
	_ = []e0{expr.Expr.Neg, expr.Expr.Abs, expr.Expr.Sign, expr.Expr.Floor, expr.Expr.Ceil, expr.Expr.Sqrt, expr.Expr.Exp, expr.Expr.Log, expr.Expr.Not,
		expr.Expr.IsNull, expr.Expr.NotNull, expr.Expr.IsNaN, expr.Expr.Desc, expr.Expr.NullsFirst}
	_ func(expr.Expr, int) expr.Expr       = expr.Expr.Round
	_ func(expr.Expr, any, any) expr.Expr  = expr.Expr.Between
	_ ev                                   = expr.Expr.In
	_                                      = []func(expr.Expr, ...expr.Expr) expr.Expr{expr.Expr.And, expr.Expr.Or}
	_                                      = []func(expr.Expr, arrow.DataType) expr.Expr{expr.Expr.Cast, expr.Expr.TryCast}
	_                                      = []func(expr.Expr, string) expr.Expr{expr.Expr.As, expr.Expr.Field}
	_ func(expr.Expr) expr.StrExpr         = expr.Expr.Str
	_ func(expr.Expr) expr.TimeExpr        = expr.Expr.Dt
	_ func(expr.Expr) expr.ListExpr        = expr.Expr.List
	_                                      = []s0{expr.StrExpr.Lower, expr.StrExpr.Upper, expr.StrExpr.Trim, expr.StrExpr.Len, expr.StrExpr.LenBytes}
	_ func(expr.StrExpr, ...any) expr.Expr = expr.StrExpr.Concat
	_                                      = []t0{expr.TimeExpr.Year, expr.TimeExpr.Quarter, expr.TimeExpr.Month, expr.TimeExpr.Week, expr.TimeExpr.Day, expr.TimeExpr.YearDay,
		expr.TimeExpr.Weekday, expr.TimeExpr.Hour, expr.TimeExpr.Minute, expr.TimeExpr.Second, expr.TimeExpr.Date, expr.TimeExpr.Seconds}
	_                               = []func(expr.TimeExpr, string) expr.Expr{expr.TimeExpr.Truncate, expr.TimeExpr.In, expr.TimeExpr.Format}
	_ func(expr.ListExpr) expr.Expr = expr.ListExpr.Len
	_ func() expr.Expr              = expr.Count
	_                               = []func(any) expr.Expr{expr.CountOf, expr.Sum, expr.Mean, expr.Min, expr.Max, expr.Var, expr.Std, expr.VarPop, expr.StdPop, expr.Median, expr.First,
		expr.Last, expr.NUnique, expr.ApproxNUnique, expr.Mode, expr.Any, expr.All, expr.ListOf, expr.CumSum, expr.CumMin, expr.CumMax, expr.FillForward,
		expr.FillBackward}
	_                                         = []func(any, float64) expr.Expr{expr.Quantile, expr.ApproxQuantile}
	_                                         = []func(a, b any) expr.Expr{expr.Corr, expr.Cov}
	_                                         = []func() expr.Expr{expr.RowNumber, expr.Rank, expr.DenseRank}
	_                                         = []func(any, int) expr.Expr{expr.Lag, expr.Lead}
	_ func(expr.Expr, expr.Expr) expr.Expr    = expr.Expr.Where
	_                                         = []ev{expr.Expr.OrderBy, expr.Expr.Over}
	_ func(expr.Expr, int64, int64) expr.Expr = expr.Expr.Rows
	_ func(expr.Expr, any, any) expr.Expr     = expr.Expr.Range
	_                                         = []int64{expr.UnboundedPreceding, expr.UnboundedFollowing}
	_ func(expr.Expr) bool                    = expr.Expr.IsZero
	_                                         = []func(expr.Expr) string{expr.Expr.Op, expr.Expr.Name, expr.Expr.String}
	_                                         = []func(expr.Expr) []expr.Expr{expr.Expr.Args, expr.Expr.Conjuncts}
	_ func(expr.Expr) []string                = expr.Expr.Columns
	_ func(expr.Expr) (any, bool)             = expr.Expr.Literal
)

// User functions are package-level variables, as programs have them.
var (
	apiHalf  func(any) expr.Expr            = expr.Func1("api_half", func(x float64) float64 { return x / 2 })
	_        func(a, b any) expr.Expr       = expr.Func2("api_join", func(a string, b []byte) string { return a + string(b) })
	_        func(a, b, c any) expr.Expr    = expr.Func3("api_three", func(a bool, b time.Time, c time.Duration) int64 { return 0 })
	_        func(a, b, c, d any) expr.Expr = expr.Func4("api_four", func(a int8, b uint16, c float32, d int) uint64 { return 0 })
	apiArrow func(...any) expr.Expr         = expr.FuncArrow("api_arrow", arrow.PrimitiveTypes.Int64, apiSame)
	_        func(expr.Expr)                = func(e expr.Expr) { _ = struct{ expr.Expr }{e} }
)

func apiSame(_ context.Context, args []arrow.Array) (arrow.Array, error) {
	args[0].Retain()
	return args[0], nil
}

// apiTextCalls shows the calls of text, time and list expressions with the arguments that api users give.
func apiTextCalls() []expr.Expr {
	s, d, l := expr.Col("s").Str(), expr.Col("d").Dt(), expr.Col("l").List()
	return []expr.Expr{
		s.Contains("x"), s.StartsWith("x"), s.EndsWith("x"), s.Replace("a", "b"), s.Split(","), s.Concat("a", expr.Col("s"), 1), s.Match("^a"),
		s.ReplaceMatch("a+", "b"), s.Extract("(a)", 1), s.Like("a%"), s.Slice(0, 2), s.ParseTime(time.DateOnly),
		d.Truncate("15m"), d.AddMonths(1), d.In("Europe/Berlin"), d.Format(time.DateOnly), l.Get(0), l.Contains("x"), l.Join(","),
		apiHalf("x"), apiArrow("x"), expr.If(expr.Col("a").Gt(0), 1, nil), expr.Coalesce(expr.Col("a"), 0), expr.Col("a").In(1, 2, []int{3}),
		expr.First("name").OrderBy(expr.Col("score").Desc()), expr.Sum("x").Where(expr.Col("a").Eq(1)).Over("k").OrderBy("t").Rows(-2, 0),
		expr.Sum("x").OrderBy("t").Range(-6*24*time.Hour, 0).Over(), expr.Sum("x").OrderBy("t").Rows(expr.UnboundedPreceding, expr.UnboundedFollowing).Over(),
	}
}

func valueTypes[T expr.Value]() {}

var _ = []func(){
	valueTypes[bool], valueTypes[int], valueTypes[int8], valueTypes[int16], valueTypes[int32], valueTypes[int64], valueTypes[uint], valueTypes[uint8],
	valueTypes[uint16], valueTypes[uint32], valueTypes[uint64], valueTypes[float32], valueTypes[float64], valueTypes[string], valueTypes[[]byte],
	valueTypes[time.Time], valueTypes[time.Duration],
}

// apiSplit and its kin implement the interfaces of package partition as outside readers and writers do.
type apiSplit struct{}

func (apiSplit) Stats() partition.Stats {
	return partition.Stats{Exact: true, Rows: int64(1), Bytes: int64(1), Columns: map[string]partition.ColumnStats{"a": {Min: any(nil), Max: any(nil), NullsKnown: true, Nulls: int64(0)}}}
}

func (apiSplit) Open(_ context.Context, env *partition.Env) (partition.Reader, error) {
	var _ memory.Allocator = env.Alloc
	var _ func(int64) (func(), error) = env.Reserve
	return apiReader{}, nil
}
func (apiSplit) Op() string                     { return "api_split" }
func (apiSplit) MarshalBinary() ([]byte, error) { return nil, nil }

type apiReader struct{}

func (apiReader) Next(context.Context) (partition.Batch, error) {
	return partition.Batch{Cols: []arrow.Array{}, Rows: int(0), Seq: partition.Seq(uint64(1))}, io.EOF
}
func (apiReader) Close() error { return nil }

type apiSource struct{}

func (apiSource) Schema() *arrow.Schema { return arrow.NewSchema(nil, nil) }
func (apiSource) Plan(_ context.Context, r partition.ScanRequest) (*partition.Scan, error) {
	_ = partition.ScanRequest{Columns: []string{}, Predicate: expr.Expr{}, Limit: int64(0), SplitBytes: int64(0)}
	return &partition.Scan{Splits: []partition.Split{apiSplit{}}, Residual: r.Predicate, Layout: partition.Layout{SortedBy: []string{}, HashedBy: []string{}}}, nil
}

type apiSink struct{}

func (apiSink) Open(context.Context, *arrow.Schema, int) (partition.PartitionedWriter, error) {
	return apiWriter{}, nil
}
func (apiSink) Op() string                     { return "api_sink" }
func (apiSink) MarshalBinary() ([]byte, error) { return nil, nil }

type apiWriter struct{}

func (apiWriter) Part(context.Context, int) (partition.Writer, error) { return apiPart{}, nil }
func (apiWriter) Commit(context.Context) (partition.Report, error) {
	return partition.Report{Rows: int64(0), Bytes: int64(0), Files: []string{}}, nil
}
func (apiWriter) Abort(context.Context) error { return nil }

type apiPart struct{}

func (apiPart) Write(context.Context, partition.Batch) error { return nil }
func (apiPart) Close() error                                 { return nil }

var (
	_ partition.Source        = apiSource{}
	_ partition.PortableSplit = apiSplit{}
	_ partition.PortableSink  = apiSink{}

	_ func(string, func([]byte) (partition.Split, error))                              = partition.RegisterSplit
	_ func(string, func([]byte) (partition.Sink, error))                               = partition.RegisterSink
	_ func(schema, ...func(context.Context) iter.Seq2[record, error]) partition.Source = partition.NewSource
)

var (
	_ = []plan.Node{&plan.Scan{}, &plan.Filter{}, &plan.Project{}, &plan.GroupBy{}, &plan.Join{}, &plan.Sort{}, &plan.Limit{}, &plan.TopK{}, &plan.Distinct{},
		&plan.Concat{}, &plan.Explode{}, &plan.Unpivot{}, &plan.Window{}, &plan.MapBatches{}, &plan.Repartition{}, &plan.Cache{}, &plan.Write{}}
	_ = optimizer.Rule{Name: "", Dir: optimizer.Direction(0), Apply: func(*optimizer.Context, plan.Node) (plan.Node, error) { return nil, nil }}
	_ = optimizer.Phase{Name: "", Rules: []optimizer.Rule{}, Max: int(1)}
)

var (
	_ = graph.Task{Key: graph.Key{Group: "", Index: int(0)}, Deps: []graph.ID{int32ID}, Run: graph.Func(nil), Op: "", Args: []byte{}, Hint: graph.Hint{
		Cost: time.Duration(0), Memory: int64(0), Resources: map[string]int{}, Retries: int(0), Priority: int(0)}}
	_ func() *graph.Graph                                                = graph.New
	_ func(*graph.Graph, graph.Task) graph.ID                            = (*graph.Graph).Add
	_ func(*graph.Graph) int                                             = (*graph.Graph).Len
	_ func(context.Context, []any) (any, error)                          = graph.Func(nil)
	_ func(string, func(any) ([]byte, error), func([]byte) (any, error)) = graph.RegisterResult
	_ func(string, func(context.Context, []byte, []any) (any, error))    = graph.Register
	_ func(any)                                                          = graph.RegisterFunc
)

const int32ID = graph.ID(int32(0))

type apiObserver struct{}

func (apiObserver) Observe(sched.Event) {}

var (
	_ func() sched.Scheduler                                          = sched.Inline
	_ func(int) sched.Scheduler                                       = sched.Pool
	_ func(sched.Scheduler, context.Context, sched.Options) sched.Run = sched.Scheduler.Start
	_ func(sched.Run, *graph.Graph, ...graph.ID) error                = sched.Run.Submit
	_ func(sched.Run, context.Context) error                          = sched.Run.Wait
	_ func(sched.Run, context.Context) iter.Seq2[graph.ID, error]     = sched.Run.Done
	_ func(sched.Run, graph.ID) (any, error)                          = sched.Run.Result
	_                                                                 = []func(sched.Run, ...graph.ID){sched.Run.Release, sched.Run.Cancel}
	_ func(sched.Run) error                                           = sched.Run.Close
	_                                                                 = sched.Options{Workers: int(1), Memory: int64(1), SpillDir: "", On: sched.Scheduler(nil), Observers: []sched.Observer{apiObserver{}},
		Progress: io.Writer(nil), InOrder: true, Reproducible: true}
	_ = sched.Event{Kind: sched.Started, Run: int64(1), Task: graph.ID(0), Key: graph.Key{}, Worker: int(0), Time: time.Time{}, Err: error(nil)}
	_ = []sched.EventKind{sched.GraphAdded, sched.Started, sched.Finished, sched.Failed, sched.Released}
	_ = []sched.Option{sched.Workers(1), sched.Memory(int64(1)), sched.SpillDir(""), sched.On(sched.Inline()), sched.Observe(apiObserver{}),
		sched.Progress(io.Discard), sched.InOrder(), sched.Reproducible()}
	_ runOpt = sched.Workers(1)
)

// TestRegistrations calls what a program calls while it starts.
func TestRegistrations(t *testing.T) {
	partition.RegisterSplit("api_split", func([]byte) (partition.Split, error) { return apiSplit{}, nil })
	partition.RegisterSink("api_sink", func([]byte) (partition.Sink, error) { return apiSink{}, nil })
	graph.Register("api_op", func(context.Context, []byte, []any) (any, error) { return nil, nil })
	graph.RegisterFunc(apiSame)
	require.Panics(t, func() { expr.Func1("api_half", func(x float64) float64 { return x }) }, "the name is taken")
	for _, e := range apiTextCalls() {
		require.False(t, e.IsZero())
		require.NotEmpty(t, e.String())
	}
}
