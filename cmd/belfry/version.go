package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// versionCommand says which version this is.
type versionCommand struct{}

// Run prints version, commit and Go version.
func (v *versionCommand) Run(t *terminal) error {
	fmt.Fprintf(t.out, "belfry %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value[:min(12, len(setting.Value))]
		}
	}
	return "development"
}

// zonesVersion names the time zone data in use: the operator's copy, the system's, or the one built in.
func zonesVersion() string {
	for _, dir := range []string{os.Getenv("ZONEINFO"), "/usr/share/zoneinfo"} {
		if dir == "" {
			continue
		}
		for _, name := range []string{"+VERSION", "tzdata.zi"} {
			// #nosec G304 -- a folder of the operator or the system
			if raw, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
				line, _, _ := strings.Cut(string(raw), "\n")
				return strings.TrimSpace(strings.TrimPrefix(line, "# version "))
			}
		}
	}
	return "built in (" + runtime.Version() + ")"
}
