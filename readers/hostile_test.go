package readers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/vec"
	"github.com/sheafdata/sheaf/partition"
)

// drain reads a source whole, batch by batch, touching every value as the engine does.
func drain(src partition.Source) (rows int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	scan, err := src.Plan(ctx, partition.ScanRequest{})
	if err != nil {
		return 0, err
	}
	for _, s := range scan.Splits {
		r, err := s.Open(ctx, nil)
		if err != nil {
			return rows, err
		}
		n, err := drainReader(ctx, r)
		rows += n
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func drainReader(ctx context.Context, r partition.Reader) (rows int64, err error) {
	defer r.Close()
	var scratch vec.Scratch
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		for _, c := range b.Cols {
			var v vec.Vec
			if err := vec.FromArrow(c, &v, &scratch); err != nil {
				return rows, err
			}
		}
		rows += int64(b.Rows)
	}
}

func readJSONBytes(data []byte) error {
	fsys := fstest.MapFS{"a.json": {Data: data}}
	src, err := newJSONSource("a.json", (&JSONOptions{FS: fsys}).file(), defaultJSONDepth)
	if err != nil {
		return err
	}
	_, err = drain(src)
	return err
}

func readIPCBytes(data []byte) error {
	fsys := fstest.MapFS{"a.arrow": {Data: data}}
	src, err := newIPCSource("a.arrow", (&IPCOptions{FS: fsys}).file())
	if err != nil {
		return err
	}
	_, err = drain(src)
	return err
}

var jsonSeeds = []string{
	`{"a":1,"b":"x\u00e9","c":[1,2,{"d":null}],"e":{"f":true}}` + "\n" + `{"a":-2.5e3,"b":null}` + "\n",
	"[\n{\"a\":1},{\"a\":18446744073709551615}]\n", "\ufeff{}\n{}", `{"a":[[[[]]]]}`, "", "[]", "{\"a\":\"\\ud83d\\ude00\"}",
}

func FuzzJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkFault(t, readJSONBytes(data)) })
}

// ipcSeeds are files and streams of many types.
func ipcSeeds(t testing.TB) [][]byte {
	rng := rand.New(rand.NewPCG(1, 1))
	flat := mixedRecord(rng, 0, 20)
	nested := []arrow.Array{
		arrayOf(t, arrow.ListOf(i32), "[1,2]", nil, "[]"), arrayOf(t, structXY, `{"x":1,"y":"a"}`, nil, `{"x":null,"y":"b"}`), arrayOf(t, dictText, "a", nil, "b"),
		arrayOf(t, arrow.BinaryTypes.StringView, "a", nil, "longer than twelve bytes"), arrayOf(t, arrow.Null, nil, nil, nil), arrayOf(t, dec52, "1.5", nil, "2"),
		arrayOf(t, arrow.FixedSizeListOf(2, i32), "[1,2]", nil, "[3,4]"), arrayOf(t, largeText, "x", nil, "y"),
	}
	var fields []arrow.Field
	for i, a := range nested {
		fields = append(fields, arrow.Field{Name: fmt.Sprintf("c%d", i), Type: a.DataType(), Nullable: true})
	}
	deep := array.NewRecordBatch(arrow.NewSchema(fields, nil), nested, 3)
	var out [][]byte
	dir := t.TempDir()
	for i, rec := range []arrow.RecordBatch{flat, deep} {
		for j, file := range []bool{true, false} {
			for k, opts := range [][]ipc.Option{nil, {ipc.WithLZ4()}, {ipc.WithZstd()}} {
				path := filepath.Join(dir, fmt.Sprint(i, j, k))
				writeIPC(t, path, file, []arrow.RecordBatch{rec, rec}, opts...)
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				out = append(out, data)
			}
		}
	}
	return out
}

func FuzzIPC(f *testing.F) {
	for _, s := range ipcSeeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkFault(t, readIPCBytes(data)) })
}

// checkFault wants an error to say something.
func checkFault(t testing.TB, err error) {
	if err != nil && err.Error() == "" {
		t.Fatal("an error without a message")
	}
}

// mutate changes some bytes of data, or cuts it.
func mutate(rng *rand.Rand, data []byte) []byte {
	out := bytes.Clone(data)
	for range 1 + rng.IntN(4) {
		at := rng.IntN(len(out))
		switch rng.IntN(4) {
		case 0:
			out[at] ^= 1 << rng.IntN(8)
		case 1:
			out[at] = byte(rng.IntN(256))
		case 2:
			for i := at; i < min(at+8, len(out)); i++ {
				out[i] = 0xff
			}
		case 3:
			if at > 0 {
				out = out[:at]
			}
		}
	}
	return out
}

func TestMutatedFilesGiveErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for i, seed := range ipcSeeds(t) {
		require.NoError(t, readIPCBytes(seed), "seed %d", i)
		for range 60 {
			checkFault(t, readIPCBytes(mutate(rng, seed)))
		}
	}
	for _, seed := range jsonSeeds {
		for range 60 {
			if len(seed) > 0 {
				checkFault(t, readJSONBytes(mutate(rng, []byte(seed))))
			}
		}
	}
}

// TestBombsStaySmall reads inputs that claim or unfold to much more than they are.
func TestBombsStaySmall(t *testing.T) {
	var wide, names strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&names, `{"k%d":1}`+"\n", i)
	}
	wide.WriteString(names.String() + names.String())
	cases := map[string]struct {
		data []byte
		read func([]byte) error
	}{
		"a name a row":   {[]byte(wide.String()), readJSONBytes},
		"open brackets":  {[]byte(`{"a":` + strings.Repeat("[", 1<<20)), readJSONBytes},
		"one long line":  {[]byte(`{"a":"` + strings.Repeat("x", 4<<20) + `"}`), readJSONBytes},
		"huge null rows": {nullBomb(t), readIPCBytes},
		"zeros":          {zeroBomb(t), readIPCBytes},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			done, peak := make(chan struct{}), make(chan uint64)
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			go watchHeap(done, peak)
			err := c.read(c.data)
			close(done)
			grown := int64(<-peak) - int64(before.HeapInuse)
			require.Less(t, grown, int64(64<<20+20*len(c.data)), "%v", err)
			t.Log(grown>>20, "MiB,", err)
		})
	}
}

// watchHeap reports the largest heap in use until done.
func watchHeap(done <-chan struct{}, peak chan<- uint64) {
	var most uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
		select {
		case <-done:
			peak <- most
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func nullBomb(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "n")
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.Null, Nullable: true}}, nil)
	writeIPC(t, path, false, []arrow.RecordBatch{array.NewRecordBatch(schema, []arrow.Array{array.NewNull(1 << 26)}, 1<<26)})
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func zeroBomb(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "z")
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues(make([]int64, 16<<20), nil)
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: i64}}, nil)
	writeIPC(t, path, false, []arrow.RecordBatch{array.NewRecordBatch(schema, []arrow.Array{b.NewArray()}, 16<<20)}, ipc.WithZstd())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// splitForms are encoded splits of each format.
func splitForms(t testing.TB) map[string][]byte {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(2, 2))
	writeParquet(t, filepath.Join(dir, "a.parquet"), parquetShape{groupRows: 50, pageRows: 10}, mixedRecord(rng, 0, 120))
	writeIPC(t, filepath.Join(dir, "a.arrow"), true, []arrow.RecordBatch{mixedRecord(rng, 0, 20)})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.json"), []byte(jsonSeeds[0]), 0o644))
	pq, err := newParquetSource(dir, (&ParquetOptions{FileColumn: "f"}).file())
	require.NoError(t, err)
	js, err := newJSONSource(dir, (&JSONOptions{PromoteTypes: true}).file(), 10)
	require.NoError(t, err)
	ip, err := newIPCSource(dir, (*IPCOptions)(nil).file())
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, src := range []partition.Source{pq, js, ip} {
		scan, err := src.Plan(context.Background(), partition.ScanRequest{})
		require.NoError(t, err)
		p := scan.Splits[0].(partition.PortableSplit)
		if out[p.Op()], err = p.MarshalBinary(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func FuzzSplitForms(f *testing.F) {
	ops := []string{opParquetSplit, opJSONSplit, opIPCSplit}
	forms := splitForms(f)
	for i, op := range ops {
		f.Add(uint8(i), forms[op])
	}
	f.Fuzz(func(t *testing.T, op uint8, data []byte) {
		s, err := partition.DecodeSplit(ops[int(op)%len(ops)], data)
		if err != nil {
			return
		}
		again, err := s.(partition.PortableSplit).MarshalBinary()
		if err != nil {
			return
		}
		if _, err := partition.DecodeSplit(ops[int(op)%len(ops)], again); err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		r, err := s.Open(ctx, nil)
		if err == nil {
			_, err = drainReader(ctx, r)
		}
		checkFault(t, err)
	})
}
