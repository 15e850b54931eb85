package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// behindHAProxy starts HAProxy before some nodes, with the very lines that OPERATING.md gives operators: only where it
// listens and where the nodes are is put in, and each answer says which node gave it (X-Node: 0, 1, …). swift lets it ask
// the nodes ten times a second. The hub it gives is HAProxy.
func behindHAProxy(t *testing.T, swift bool, nodes ...*hub) *hub {
	t.Helper()
	front := newHub(t, nil, "")
	address := freePort(t)
	front.url, front.host = "http://"+address, nodes[0].host
	text, err := os.ReadFile("OPERATING.md")
	ok(t, err)
	_, config, found := strings.Cut(string(text), "\n# HAProxy\n")
	config, _, closed := strings.Cut(config, "```")
	bind, each := "    bind :443 ssl crt /etc/haproxy/hub.pem\n", regexp.MustCompile(`(?m)^    server a \S+( check.*)\n(    server .*\n)+`)
	server := each.FindStringSubmatch(config)
	if !found || !closed || server == nil || !strings.Contains(config, bind) {
		t.Fatalf("OPERATING.md has no HAProxy to be started any more: %s", config)
	}
	all, interval := "    http-response set-header X-Node %s\n", ""
	if swift {
		interval, all = " inter 100ms", all+"    timeout check 2s\n" // else as long as the interval
	}
	for i, h := range nodes {
		all += fmt.Sprintf("    server %d %s%s%s\n", i, strings.TrimPrefix(h.url, "http://"), server[1], interval)
	}
	config = strings.Replace(config, bind, "    bind "+address+"\n", 1)
	config = strings.Replace(config, server[0], all, 1)
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	ok(t, os.WriteFile(file, []byte(config), 0o600))
	proxy, log := exec.Command(needHAProxy(t), "-f", file, "-db"), newTranscript()
	proxy.Stdout, proxy.Stderr = log, log
	ok(t, proxy.Start())
	t.Cleanup(func() { _ = proxy.Process.Kill(); _ = proxy.Wait() })
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if status, _, err := front.get("/readyz", ""); err == nil && status == 200 {
			return front
		} else if time.Since(began) > patience {
			t.Fatalf("HAProxy reaches no node: %d %v: %s", status, err, log)
		}
	}
}

// needHAProxy is where HAProxy is; a test that needs it is not run where there is none.
func needHAProxy(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("NOT RUN: nodes behind HAProxy (apt-get install haproxy)")
	return ""
}
