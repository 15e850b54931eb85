package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"syscall"
	"time"

	"belfry/server/vitals"
)

// process are the numbers of this process, by the names that Prometheus' own programs use where they have one.
func process() []vitals.Number {
	began := float64(time.Now().Unix())
	return []vitals.Number{
		{Name: vitals.Resident, Help: "Memory of the process.", Kind: vitals.Gauge, Kept: true, Read: resident},
		{Name: "process_cpu_seconds_total", Help: "Processor time of the process.", Kind: vitals.Counter, Read: processor},
		{Name: vitals.Descriptors, Help: "Open files and connections.", Kind: vitals.Gauge, Kept: true, Read: descriptors},
		{Name: "process_max_fds", Help: "How many may be open.", Kind: vitals.Gauge, Read: maxDescriptors},
		{Name: vitals.Began, Help: "When the process began.", Kind: vitals.Gauge, Read: func() float64 { return began }},
		{Name: vitals.Goroutines, Help: "Goroutines.", Kind: vitals.Gauge, Kept: true, Read: func() float64 { return float64(runtime.NumGoroutine()) }},
		{Name: vitals.Heap, Help: "Memory of what the program holds, and of what it dropped since the last collection.", Kind: vitals.Gauge, Kept: true, Read: measured("/memory/classes/heap/objects:bytes")},
		{Name: "go_heap_live_bytes", Help: "Memory of what the program held when memory was last collected.", Kind: vitals.Gauge, Read: measured("/gc/heap/live:bytes")},
		{Name: "go_gc_cycles_total", Help: "Collections of memory.", Kind: vitals.Counter, Read: measured("/gc/cycles/total:gc-cycles")},
		{Name: "go_gc_cpu_seconds_total", Help: "Processor time they took, as far as Go can tell.", Kind: vitals.Counter, Read: measured("/cpu/classes/gc/total:cpu-seconds")},
	}
}

// measured reads one of the numbers that Go keeps of itself.
func measured(name string) func() float64 {
	return func() float64 {
		sample := []metrics.Sample{{Name: name}}
		switch metrics.Read(sample); sample[0].Value.Kind() {
		case metrics.KindUint64:
			return float64(sample[0].Value.Uint64())
		case metrics.KindFloat64:
			return sample[0].Value.Float64()
		}
		return 0
	}
}

// resident is the memory of the process, or what Go has of it where the system does not say.
func resident() float64 {
	var pages, size int
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if _, err := fmt.Sscan(string(text), &size, &pages); err == nil {
			return float64(pages * os.Getpagesize())
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys)
}

func processor() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

func descriptors() float64 {
	open, _ := os.ReadDir("/proc/self/fd") // none where the system does not say
	return float64(len(open))
}

func maxDescriptors() float64 {
	return float64(openable())
}
