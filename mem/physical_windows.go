package mem

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatusEx is MEMORYSTATUSEX of the Windows API.
type memoryStatusEx struct {
	length, load                                                        uint32
	totalPhys, availPhys, totalPage, availPage, totalVirtual, availVirt uint64
	availExtended                                                       uint64
}

// physicalMemory returns the machine's memory in bytes, 0 unknown.
func physicalMemory() int64 {
	status := memoryStatusEx{}
	status.length = uint32(unsafe.Sizeof(status))
	call := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if ok, _, _ := call.Call(uintptr(unsafe.Pointer(&status))); ok == 0 {
		return 0
	}
	return int64(status.totalPhys)
}
