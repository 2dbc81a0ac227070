package mem

import (
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

// processShare of what the machine grants is the process's budget: the rest is for the Go heap's slack (garbage between collections),
// page cache and everything that does not reserve.
const processShare = 0.6

// fallbackMemory is assumed where the system does not say: small enough to be safe on any machine of today.
const fallbackMemory = 4 << 30

// Process returns the budget of the whole process: 60 % of the smallest of physical memory, the cgroup's limit and GOMEMLIMIT.
var Process = sync.OnceValue(func() *Budget {
	return New("process", int64(processShare*float64(available())))
})

// available is the smallest limit that is known, in bytes.
func available() int64 {
	least := int64(math.MaxInt64)
	limits := []int64{physicalMemory(), cgroupLimit(), debug.SetMemoryLimit(-1)}
	for _, n := range limits {
		if n > 0 && n < least {
			least = n
		}
	}
	if least == math.MaxInt64 {
		return fallbackMemory
	}
	return least
}

// cgroupLimit returns the limit of the process's cgroup as a container sees it (version 2, then 1), 0 where there is none.
func cgroupLimit() int64 {
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			return n
		}
	}
	return 0
}
