//go:build !windows

package month

import (
	"errors"
	"syscall"
)

// running says whether there is such a process.
func running(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
