package readers

import (
	"runtime"
	"strings"
	"testing"

	"github.com/sheafdata/sheaf/partition"
)

// TestCSVHostileMemory: what a file makes the reader allocate, garbage included, is in proportion to it. (The promise of 64 MiB and 20
// times the file is of what is held at once.)
func TestCSVHostileMemory(t *testing.T) {
	for name, text := range map[string]string{
		"wide":            strings.Repeat(",", 16000) + "\n" + strings.Repeat("1,", 16000) + "1\n",
		"too wide":        strings.Repeat(",", 1<<20) + "\n1\n",
		"open quote":      "a,b\n1,2\n\"" + strings.Repeat("x,y\n", 1<<20),
		"quotes":          "a,b\n" + strings.Repeat("\"", 1<<20),
		"stray quotes":    "a,b\n" + strings.Repeat("x\",\"y\"z\n", 1<<17),
		"one long line":   strings.Repeat("x", 4<<20),
		"zeros":           strings.Repeat("\x00", 1<<20),
		"short rows":      "a\n" + strings.Repeat("\n", 1<<20),
		"commas":          "a,b\n" + strings.Repeat(",\n", 1<<19),
		"carriage return": strings.Repeat("\r", 1<<20),
		"wide and padded": strings.Repeat("a,", 16000) + "a\n" + strings.Repeat("1\n", 100),
	} {
		dir := csvFiles(t, text)
		for _, o := range []*CSVOptions{nil, {Ragged: Pad}, {Ragged: Skip}} {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			src, err := newCSVSource(dir, o, false)
			if err == nil {
				_, err = scanAll(t, src, partition.ScanRequest{}, func(partition.Batch) {})
			}
			runtime.ReadMemStats(&after)
			if used := int64(after.TotalAlloc - before.TotalAlloc); used > 256<<20+64*int64(len(text)) {
				t.Errorf("%s, %+v: %d MiB allocated for %d KiB (%v)", name, o, used>>20, len(text)>>10, err)
			}
		}
	}
}
