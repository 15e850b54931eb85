package disktest

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

// Calls of the kernel that make writing durable, and those that write a part of a file.
func Syncs() []uintptr  { return []uintptr{syscall.SYS_FSYNC, syscall.SYS_FDATASYNC} }
func Writes() []uintptr { return []uintptr{syscall.SYS_PWRITE64} }

// Answer makes the kernel answer these calls of this process with an error from now on, 0 for success, instead of doing
// them. It cannot be undone.
func Answer(errno syscall.Errno, calls ...uintptr) error {
	const (
		load, equal, answer = 0x20, 0x15, 0x06 // BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
		allow, refuse       = 0x7fff0000, 0x00050000
		noNewPrivileges     = 38
		setFilter, allTasks = 1, 1
	)
	type step struct {
		code       uint16
		whenYes, _ uint8 // steps to leave out when equal, and when not
		k          uint32
	}
	program := []step{{code: load}} // the number of the call comes first
	for i, call := range calls {
		program = append(program, step{code: equal, whenYes: uint8(len(calls) - i), k: uint32(call)})
	}
	program = append(program, step{code: answer, k: allow}, step{code: answer, k: refuse | uint32(errno)})
	filter := struct {
		length uint16
		steps  *step
	}{uint16(len(program)), &program[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, failed := syscall.Syscall6(syscall.SYS_PRCTL, noNewPrivileges, 1, 0, 0, 0, 0); failed != 0 {
		return fmt.Errorf("give privileges up: %w", failed)
	}
	if other, _, failed := syscall.Syscall(seccomp(), setFilter, allTasks, uintptr(unsafe.Pointer(&filter))); failed != 0 || other != 0 {
		return fmt.Errorf("filter calls of the kernel: %w %d", failed, other)
	}
	return nil
}

// seccomp is the number of that call, which package syscall does not name.
func seccomp() uintptr {
	if runtime.GOARCH == "arm64" {
		return 277
	}
	return 317
}
