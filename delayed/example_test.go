package delayed_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sheafdata/sheaf/delayed"
	"github.com/sheafdata/sheaf/expr"
	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/sched"
)

// files stand for what is stored elsewhere.
var files = map[string]string{"mon": "3 apples, 2 pears", "tue": "4 pears", "wed": "1 apple"}

func loadText(name string) (string, error) {
	text, ok := files[name]
	if !ok {
		return "", errors.New("no file " + name)
	}
	return text, nil
}

func countWords(text string) int { return len(strings.Fields(text)) }

func total(counts []int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// Load several files, count the words of each, and add the counts up.
func Example() {
	ctx := context.Background()
	load, count, sum := delayed.Func1Err(loadText), delayed.Func1(countWords), delayed.Func1(total)

	var counts []*delayed.Value[int]
	for _, name := range []string{"mon", "tue", "wed"} {
		counts = append(counts, count(load(delayed.Of(name))))
	}
	words := sum(delayed.ListOf(counts...))

	n, err := words.Compute(ctx)
	fmt.Println(n, err)
	// Output: 8 <nil>
}

// A function that fails: the error names the task and the line where it was called.
func Example_error() {
	load := delayed.Func1Err(loadText, delayed.Name("read note"))
	_, err := load(delayed.Of("sun")).Compute(context.Background())
	var f *fault.Error
	if errors.As(err, &f) {
		fmt.Println(strings.HasPrefix(f.At, "delayed/example_test.go:"), errors.Unwrap(f))
	}
	// Output: true task read note[0]: no file sun
}

// Two results of one call.
func ExampleFunc1Two() {
	divide := delayed.Func2Two(func(a, b int) (quotient, rest int) { return a / b, a % b })
	quotient, rest := divide(delayed.Of(17), delayed.Of(5))
	q, r, err := delayed.Compute2(context.Background(), quotient, rest) // divides once
	fmt.Println(q, r, err)
	// Output: 3 2 <nil>
}

// Equal calls of a pure function are one task.
func ExamplePure() {
	count := delayed.Func1(countWords, delayed.Pure())
	add := delayed.Func2(func(a, b int) int { return a + b })
	twice := add(count(delayed.Of("to be or not to be")), count(delayed.Of("to be or not to be")))
	g, _, _ := twice.Graph()
	n, err := twice.Compute(context.Background())
	fmt.Println(n, err, "in", g.Len(), "tasks")
	// Output: 12 <nil> in 2 tasks
}

// A tree of calls adds the values up, two at a time.
func ExampleTree() {
	join := delayed.Func2(func(a, b string) string { return "(" + a + b + ")" })
	var letters []*delayed.Value[string]
	for _, l := range strings.Split("abcde", "") {
		letters = append(letters, delayed.Of(l))
	}
	s, err := delayed.Tree(join, letters).Compute(context.Background())
	fmt.Println(s, err)
	// Output: (((ab)(cd))e) <nil>
}

// A struct whose parts are computed in parallel.
func ExampleStructOf() {
	type report struct {
		Title string
		Words int
	}
	words := delayed.Func1(countWords)(delayed.Of("all the words"))
	r := delayed.StructOf[report](struct {
		Title string
		Words *delayed.Value[int]
	}{"June", words})
	v, err := r.Compute(context.Background())
	fmt.Printf("%+v %v\n", v, err)
	// Output: {Title:June Words:3} <nil>
}

// A map of delayed values.
func ExampleMapOf() {
	count := delayed.Func1(countWords)
	byName := delayed.MapOf(map[string]*delayed.Value[int]{"a": count(delayed.Of("one")), "b": count(delayed.Of("one two"))})
	m, err := byName.Compute(context.Background())
	fmt.Println(m, err)
	// Output: map[a:1 b:2] <nil>
}

// What was persisted is not computed again.
func ExampleValue_Persist() {
	ctx := context.Background()
	calls := 0
	load := delayed.Func0(func() int { calls++; return 7 })
	data, err := load().Persist(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	double := delayed.Func1(func(x int) int { return 2 * x })
	a, _ := double(data).Compute(ctx)
	b, _ := double(double(data)).Compute(ctx)
	fmt.Println(a, b, "after", calls, "load")
	// Output: 14 28 after 1 load
}

// The inline scheduler runs one call after the other in this goroutine: breakpoints and prints come in order.
func ExampleValue_Compute_inline() {
	say := delayed.Func1(func(s string) string { fmt.Println(s); return s })
	_, err := delayed.ListOf(say(delayed.Of("first")), say(delayed.Of("second"))).Compute(context.Background(), sched.On(sched.Inline()))
	fmt.Println(err)
	// Output:
	// first
	// second
	// <nil>
}

// What would run, as a tree; DOT gives a picture.
func ExampleText() {
	load := delayed.Func1Err(loadText, delayed.Name("day"))
	both := delayed.Func2(func(a, b string) string { return a + b }, delayed.Name("both"))
	text, err := delayed.Text(both(load(delayed.Of("mon")), load(delayed.Of("tue"))))
	fmt.Print(text, err)
	// Output:
	// both
	// ├─ day
	// └─ day[1]
	// <nil>
}

// A dataframe whose partitions are made by a function.
func ExampleFrame() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	numbers := delayed.Func1(func(from int64) arrow.RecordBatch {
		b := array.NewInt64Builder(memory.DefaultAllocator)
		for n := from; n < from+10; n++ {
			b.Append(n)
		}
		return array.NewRecordBatch(schema, []arrow.Array{b.NewArray()}, 10)
	})
	df := delayed.Frame(schema, numbers(delayed.Of[int64](0)), numbers(delayed.Of[int64](10)))
	sums, err := df.Filter(expr.Col("n").Ge(5)).GroupBy().Agg(expr.Sum("n").As("sum"), expr.Count()).Collect(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sums.Value(0, "sum"), sums.Value(0, "count"))
	// Output: 180 15
}
