package cli

import (
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/sched"
)

// runFlags say what the work may use.
type runFlags struct {
	memory, spillDir string
	threads          int
}

func (f *runFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.memory, "memory", "", "memory to use at most, `SIZE` as in 512MB or 4GB")
	set.IntVar(&f.threads, "threads", 0, "threads to use at most, `N` (default: one a processor)")
	set.StringVar(&f.spillDir, "spill-dir", "", "`DIR` for what does not fit into memory")
}

func (f *runFlags) options() ([]dataframe.RunOption, error) {
	var opts []dataframe.RunOption
	if f.memory != "" {
		bytes, err := size(f.memory)
		if err != nil {
			return nil, err
		}
		opts = append(opts, sched.Memory(bytes))
	}
	if f.threads < 0 {
		return nil, usage("--threads: %d is no number of threads", f.threads)
	}
	if f.threads > 0 {
		opts = append(opts, sched.Workers(f.threads))
	}
	if f.spillDir != "" {
		opts = append(opts, sched.SpillDir(f.spillDir))
	}
	return opts, nil
}

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{{"tib", 1 << 40}, {"gib", 1 << 30}, {"mib", 1 << 20}, {"kib", 1 << 10}, {"tb", 1e12}, {"gb", 1e9}, {"mb", 1e6}, {"kb", 1e3},
	{"t", 1 << 40}, {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"b", 1}, {"", 1}}

// size reads a number of bytes with a unit.
func size(text string) (int64, error) {
	lower := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(lower, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(number, 64)
		if bytes := v * u.bytes; err == nil && bytes >= 1 && bytes < math.MaxInt64 {
			return int64(bytes), nil
		}
		break
	}
	return 0, usageHint("write it as 512MB, 4GB or 1.5GiB", "%q is no size", text)
}
