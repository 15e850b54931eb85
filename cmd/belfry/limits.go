package main

import (
	"bufio"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

const (
	ownDescriptors = 96       // of the data, the search index, the mail, the database, and what is opened for a moment
	lineMemory     = 64 << 10 // of a connection, at most, while it asks for an ordinary page
	noLimit        = 1 << 40  // bytes; more than that is how version 1 of control groups says that there is none
)

// connections are how many may be open at once in a process that may open so many descriptors and take so much memory; 0
// stands for no limit of either.
func connections(descriptors uint64, memory int64) int {
	most := uint64(math.MaxInt32)
	if descriptors > 0 && descriptors < most {
		most = descriptors - min(ownDescriptors, descriptors/2)
	}
	if memory > 0 {
		most = min(most, uint64(memory)/4/lineMemory)
	}
	if most == math.MaxInt32 {
		return 0
	}
	return max(int(most), 8)
}

// openable is how many descriptors the process may have, 0 when that cannot be said. Go has raised it as far as it may.
func openable() uint64 {
	var most syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &most) != nil {
		return 0
	}
	return most.Cur
}

// respectMemory lets Go collect before it takes more memory than the process may have, and returns that, 0 for no limit.
// GOMEMLIMIT, when it is set, is the operator's word.
func respectMemory(root string) int64 {
	if os.Getenv("GOMEMLIMIT") != "" {
		if limit := debug.SetMemoryLimit(-1); limit < noLimit {
			return limit
		}
		return 0
	}
	limit := memoryLimit(root)
	if limit > 0 {
		debug.SetMemoryLimit(limit / 100 * 65) // the rest is for what Go does not count, pages of the file among it
	}
	return limit
}

// memoryLimit is the least that a control group of the process, or one around it, leaves it, by what the system says below
// root; 0 for no limit.
func memoryLimit(root string) int64 {
	groups, err := os.Open(path.Join(root, "proc/self/cgroup")) // #nosec G304 -- of the system
	if err != nil {
		return 0
	}
	defer groups.Close()
	least := int64(math.MaxInt64)
	for lines := bufio.NewScanner(groups); lines.Scan(); { // number:controllers:path
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[1] == "": // version 2
			least = min(least, leastOf(path.Join(root, "sys/fs/cgroup"), parts[2], "memory.max"))
		case strings.Contains(","+parts[1]+",", ",memory,"):
			least = min(least, leastOf(path.Join(root, "sys/fs/cgroup/memory"), parts[2], "memory.limit_in_bytes"))
		}
	}
	if least >= noLimit {
		return 0
	}
	return least
}

// leastOf reads a limit of a group and of all around it. In a container the group's own folder may be the root.
func leastOf(root, group, file string) int64 {
	least := int64(math.MaxInt64)
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		text, err := os.ReadFile(path.Join(root, at, file)) // #nosec G304 -- of the system
		if n, wrong := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && wrong == nil && n > 0 {
			least = min(least, n)
		}
		if at == "/" {
			return least
		}
	}
}
