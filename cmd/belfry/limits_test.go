package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestT28LimitsOfTheSystem: of what is written where the kernel writes it, the least counts.
func TestT28LimitsOfTheSystem(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"none at all":     {nil, 0},
		"version 2":       {map[string]string{"proc/self/cgroup": "0::/town/hub\n", "sys/fs/cgroup/town/hub/memory.max": "268435456\n"}, 256 * mib},
		"of one around":   {map[string]string{"proc/self/cgroup": "0::/town/hub\n", "sys/fs/cgroup/town/hub/memory.max": "max\n", "sys/fs/cgroup/town/memory.max": "134217728\n"}, 128 * mib},
		"no limit":        {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"version 1":       {map[string]string{"proc/self/cgroup": "4:cpu,memory:/a\n1:cpuset:/\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "67108864\n"}, 64 * mib},
		"version 1, none": {map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
		"in a container":  {map[string]string{"proc/self/cgroup": "0::/docker/abc\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 512 * mib},
		"nonsense":        {map[string]string{"proc/self/cgroup": "what\n0::/../..\n", "sys/fs/cgroup/memory.max": "-5\n"}, 0},
	} {
		root := t.TempDir()
		for path, text := range c.files {
			ok(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o700))
			ok(t, os.WriteFile(filepath.Join(root, path), []byte(text), 0o600))
		}
		if got := memoryLimit(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	for _, c := range []struct {
		descriptors uint64
		memory      int64
		want        int
	}{{256, 0, 160}, {1024, 0, 928}, {1 << 20, 256 * mib, 1024}, {0, 0, 0}, {32, 0, 16}, {1 << 62, 0, 0}} {
		if got := connections(c.descriptors, c.memory); got != c.want {
			t.Errorf("%d descriptors, %d bytes: %d connections, want %d", c.descriptors, c.memory, got, c.want)
		}
	}
}
