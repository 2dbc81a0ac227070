package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sheafdata/sheaf/graph"
)

// point is a result type of its own.
type point struct{ X, Y byte }

func init() {
	graph.RegisterResult("graphtest.fussy", func(v any) ([]byte, error) { return nil, fmt.Errorf("a %T is not mine", v) },
		func([]byte) (any, error) { return nil, errors.New("never encoded") })
	graph.RegisterResult("graphtest.point", func(v any) ([]byte, error) {
		p, ok := v.(point)
		if !ok {
			return nil, fmt.Errorf("a %T is no point", v)
		}
		return []byte{p.X, p.Y}, nil
	}, func(b []byte) (any, error) {
		if len(b) != 2 {
			return nil, errors.New("a point has two bytes")
		}
		return point{b[0], b[1]}, nil
	})
	graph.Register("graphtest.add", func(_ context.Context, args []byte, in []any) (any, error) { return len(in) + len(args), nil })
	graph.RegisterFunc(topLevel)
	graph.RegisterFunc(leaf)
}

func topLevel(context.Context, []any) (any, error) { return "top", nil }

// leaf has nothing but an inlined call on its first line.
func leaf(a int) int { return inlined(a) }

func inlined(a int) int { return a * 3 }

func values() []any {
	return []any{nil, true, false, int(-5), int8(-5), int16(-5), int32(-5), int64(math.MinInt64), uint(5), uint8(200), uint16(5), uint32(5),
		uint64(math.MaxUint64), float32(1.5), math.Inf(-1), "", "text", []byte{}, []byte("bytes"), []byte(nil), point{1, 2}}
}

func TestResultRoundTrip(t *testing.T) {
	for range 2 { // the second time the codec of a type is known
		for _, v := range values() {
			b, err := graph.EncodeResult([]byte("before"), v)
			if err != nil {
				t.Fatalf("%#v: %v", v, err)
			}
			rest, ok := bytes.CutPrefix(b, []byte("before"))
			if !ok {
				t.Fatalf("%#v: the destination was changed", v)
			}
			got, err := graph.DecodeResult(rest)
			if err != nil || !reflect.DeepEqual(got, v) {
				t.Errorf("%#v comes back as %#v, %v", v, got, err)
			}
		}
	}
	for _, v := range []any{struct{}{}, time.Second, []int{1}, make(chan int)} {
		_, err := graph.EncodeResult(nil, v)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%T", v)) || !strings.Contains(err.Error(), "graph.RegisterResult") {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// FuzzDecodeResult: any bytes give a value or an error, and a value encodes to what decodes to it again.
func FuzzDecodeResult(f *testing.F) {
	for _, v := range values() {
		b, err := graph.EncodeResult(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add([]byte{18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{18, 3, 'a', 'b'})
	f.Add([]byte{99})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := graph.DecodeResult(b)
		if err != nil {
			return
		}
		again, err := graph.EncodeResult(nil, v)
		if err != nil {
			t.Fatalf("%#v came from bytes and does not encode: %v", v, err)
		}
		if !bytes.Equal(again, b) {
			w, err := graph.DecodeResult(again)
			if err != nil || !reflect.DeepEqual(v, w) {
				t.Fatalf("%#v comes back as %#v, %v", v, w, err)
			}
		}
	})
}

func TestRegister(t *testing.T) {
	fn, ok := graph.Lookup("graphtest.add")
	if !ok {
		t.Fatal("a registered operation is not found")
	}
	if v, err := fn(t.Context(), []byte("ab"), []any{1}); v != 3 || err != nil {
		t.Error(v, err)
	}
	if _, ok := graph.Lookup("graphtest.none"); ok {
		t.Error("an operation is found that nobody registered")
	}
	if !strings.Contains(fmt.Sprint(graph.Operations()), "graphtest.add") {
		t.Error(graph.Operations())
	}
	nop := func(context.Context, []byte, []any) (any, error) { return nil, nil }
	for name, register := range map[string]func(){
		"twice":       func() { graph.Register("graphtest.add", nop) },
		"no name":     func() { graph.Register("", nop) },
		"nil":         func() { graph.Register("graphtest.nil", nil) },
		"result":      func() { graph.RegisterResult("graphtest.point", nil, nil) },
		"closure":     func() { graph.RegisterFunc(nop) },
		"no function": func() { graph.RegisterFunc(3) },
		"nil func":    func() { graph.RegisterFunc((func())(nil)) },
		"method":      func() { graph.RegisterFunc(time.Now().String) },
		"generic":     func() { graph.RegisterFunc(generic[int]) },
		"package var": func() { graph.RegisterFunc(packageVar) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			register()
		}()
	}
}

func generic[T any](v T) T { return v }

var packageVar = func() {}

func TestRegisterFunc(t *testing.T) {
	graph.RegisterFunc(topLevel)
	for symbol, fn := range map[string]any{
		"github.com/sheafdata/sheaf/graph_test.topLevel": topLevel,
		"github.com/sheafdata/sheaf/graph_test.leaf":     leaf,
	} {
		if got, ok := graph.FuncName(fn); !ok || got != symbol {
			t.Errorf("FuncName gives %q, %v, expected %q", got, ok, symbol)
		}
		if _, ok := graph.FuncNamed(symbol); !ok {
			t.Errorf("%s is not found", symbol)
		}
	}
	graph.RegisterFunc(time.Time.String) // a method expression is as good as a function
	if got, ok := graph.FuncName(inlined); ok {
		t.Errorf("%s is found, nobody registered it", got)
	}
}

func TestRemote(t *testing.T) {
	g := graph.New()
	portable := g.Add(graph.Task{Op: "graphtest.add", Args: []byte("a"), Run: topLevel})
	function := g.Add(graph.Task{Run: topLevel})
	closure := g.Add(graph.Task{Run: func(context.Context, []any) (any, error) { return t, nil }})
	if op, args, err := g.Remote(portable); op != "graphtest.add" || string(args) != "a" || err != nil {
		t.Error(op, args, err)
	}
	op, args, err := g.Remote(function)
	if err != nil {
		t.Fatal(err)
	}
	fn, _ := graph.Lookup(op)
	if v, err := fn(t.Context(), args, nil); v != "top" || err != nil {
		t.Error(v, err)
	}
	for _, symbol := range []string{"graph_test.nobody", "github.com/sheafdata/sheaf/graph_test.leaf"} {
		if _, err := fn(t.Context(), []byte(symbol), nil); err == nil || !strings.Contains(err.Error(), symbol) {
			t.Errorf("%s: %v", symbol, err)
		}
	}
	if _, _, err := g.Remote(closure); err == nil || !strings.Contains(err.Error(), "TestRemote.func1") {
		t.Error(err)
	}
}
