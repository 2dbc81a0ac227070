package readers

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// TestCoarseSplits cuts row groups of one and of several files: every row is in one split, in order, there are fewer splits than usual,
// none at the end is larger than usual, and no file shares one with another.
func TestCoarseSplits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, c := range []struct {
		files, groups int
		rows, bytes   int64
		most          int // splits
	}{
		{files: 1, groups: 10, rows: 1e6, bytes: 15e6, most: 9},
		{files: 1, groups: 200, rows: 1e5, bytes: 1e6, most: 16},
		{files: 1, groups: 1, rows: 3e6, bytes: 50e6, most: 16},
		{files: 12, groups: 1, rows: 3e6, bytes: 30e6, most: 20},
		{files: 3, groups: 2, rows: 1000, bytes: 5000, most: 3},
		{files: 1, groups: 4, rows: 1e9, bytes: 8 << 30, most: 1024},
	} {
		t.Run(fmt.Sprintf("%d files of %d", c.files, c.groups), func(t *testing.T) {
			usual, coarse := cutPieces(c.files, c.groups, c.rows, c.bytes, false), cutPieces(c.files, c.groups, c.rows, c.bytes, true)
			require.LessOrEqual(t, len(coarse), c.most)
			require.LessOrEqual(t, len(coarse), len(usual))
			size := splitBytes(0, int64(c.files*c.groups)*c.bytes)
			require.LessOrEqual(t, coarse[len(coarse)-1].bytes, size*3/2)
			for _, splits := range [][]*parquetSplit{usual, coarse} {
				at := make([]int64, c.files*c.groups)
				last := 0
				for _, s := range splits {
					require.LessOrEqual(t, s.bytes, int64(maxCoarseBytes+maxCoarseBytes/2))
					for _, g := range s.groups {
						k := s.fileIndex*c.groups + g.group
						require.GreaterOrEqual(t, k, last)
						last = k
						for _, r := range g.ranges {
							require.Equal(t, at[k], r.from)
							require.Less(t, r.from, r.to)
							at[k] = r.to
						}
					}
				}
				for _, n := range at {
					require.Equal(t, c.rows, n)
				}
			}
		})
	}
}

// cutPieces cuts files of so many row groups, of rows and bytes each.
func cutPieces(files, groups int, rows, bytes int64, coarse bool) []*parquetSplit {
	p := &parquetPlan{src: &parquetSource{set: &fileSet{}}, req: partition.ScanRequest{Coarse: coarse}}
	for f := range files {
		file := &sharedFile{file: fileio.File{Path: fmt.Sprint(f), Size: int64(groups) * bytes}}
		for g := range groups {
			p.pieces = append(p.pieces, parquetPiece{file: f, f: file, group: g, ranges: []rowRange{{0, rows}}, rows: rows, bytes: bytes, groupRows: rows})
			p.bytes += bytes
		}
	}
	p.cut()
	var out []*parquetSplit
	for _, s := range p.splits {
		if l, ok := s.(localSplit); ok {
			s = l.Split
		}
		out = append(out, s.(*parquetSplit))
	}
	return out
}
