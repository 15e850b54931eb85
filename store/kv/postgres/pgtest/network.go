package pgtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Network is machines, each a network namespace of its own, joined by a bridge that the test reaches too. It goes away
// with the test, also when that is killed: a namespace lasts as long as the process that waits in it.
type Network struct {
	prefix   string // of all addresses: 10.213.x.
	wire     int    // the process in the namespace of the bridge
	machines int
}

// Machine is one of them, with an address that all others reach.
type Machine struct {
	Address string
	network *Network
	inside  int
}

// NewNetwork makes a network. Where that cannot be done it says so, with a line that begins "NOT RUN:", and gives none.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	n, err := network(t)
	if err != nil {
		t.Logf("NOT RUN: a network between machines that breaks (needs root, network namespaces, iproute2 and nftables): %v", err)
		return nil
	}
	return n
}

func network(t testing.TB) (*Network, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("not root")
	}
	for _, name := range []string{"ip", "nft", "unshare", "nsenter"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, err
		}
	}
	n := &Network{prefix: fmt.Sprintf("10.213.%d.", 1+rand.IntN(250))}
	var err error
	if n.wire, err = namespace(t); err != nil {
		return nil, err
	}
	ours := fmt.Sprintf("bt%d", rand.IntN(1e9))
	for _, step := range []string{"ip link add bridge type bridge", "ip link set bridge up",
		fmt.Sprintf("ip link add test type veth peer name %s netns %d", ours, os.Getpid()), "ip link set test master bridge up"} {
		if err := n.in(n.wire, step); err != nil {
			return nil, err
		}
	}
	for _, step := range []string{"ip addr add " + n.prefix + "254/24 dev " + ours, "ip link set " + ours + " up"} {
		if out, err := exec.Command("sh", "-c", step).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", step, err, out)
		}
	}
	return n, nil
}

// namespace starts a process that waits in a network namespace of its own until the test ends.
func namespace(t testing.TB) (process int, err error) {
	cmd := exec.Command("unshare", "-n", "sh", "-c", "ip link set lo up && nft add table inet fault && echo ready && exec cat")
	input, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is not for it
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	t.Cleanup(func() { _ = input.Close(); _ = cmd.Wait() })
	if said, err := bufio.NewReader(output).ReadString('\n'); err != nil || said != "ready\n" {
		return 0, fmt.Errorf("no network namespace or packet filter: %q %w", said, err)
	}
	return cmd.Process.Pid, nil
}

// in runs a line in the namespace of a process.
func (n *Network) in(process int, line string) error {
	out, err := exec.Command("nsenter", "-t", strconv.Itoa(process), "-n", "sh", "-c", line).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, out)
	}
	return nil
}

// Machine adds a machine.
func (n *Network) Machine(t testing.TB) *Machine {
	t.Helper()
	inside, err := namespace(t)
	if err != nil {
		t.Fatal(err)
	}
	n.machines++
	m := &Machine{Address: n.prefix + strconv.Itoa(n.machines), network: n, inside: inside}
	port := fmt.Sprintf("port%d", n.machines)
	err = errors.Join(n.in(n.wire, fmt.Sprintf("ip link add %s type veth peer name eth0 netns %d && ip link set %s master bridge up", port, inside, port)),
		n.in(inside, "ip addr add "+m.Address+"/24 dev eth0 && ip link set eth0 up"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Enter makes a command that is not started yet run on the machine.
func (m *Machine) Enter(cmd *exec.Cmd) {
	args := []string{"nsenter", "-t", strconv.Itoa(m.inside), "-n"}
	if attr := cmd.SysProcAttr; attr != nil && attr.Credential != nil {
		args = append(args, "-S", fmt.Sprint(attr.Credential.Uid), "-G", fmt.Sprint(attr.Credential.Gid))
		attr.Credential = nil // to enter takes root
	}
	cmd.Args = append(append(args, "--", cmd.Path), cmd.Args[1:]...)
	cmd.Path, cmd.Err = "/usr/bin/nsenter", nil
	if path, err := exec.LookPath("nsenter"); err == nil {
		cmd.Path = path
	}
}

// Fault is what a packet filter does to what goes between a machine and another.
type Fault string

// The faults of a network.
const (
	Cut       Fault = "cut both ways"
	CutThere  Fault = "cut on the way there"
	CutBack   Fault = "cut on the way back"
	Lossy     Fault = "30 % loss"
	Resetting Fault = "connections reset"
	Narrow    Fault = "1 Mbit/s"
)

// rules are lines of nft for the ways there and back, %s is what addresses the other.
func (f Fault) rules() (there, back string) {
	switch f {
	case Cut:
		return "%s counter drop", "%s counter drop"
	case CutThere:
		return "%s counter drop", ""
	case CutBack:
		return "", "%s counter drop"
	case Lossy:
		return "%s numgen random mod 100 < 30 counter drop", "%s numgen random mod 100 < 30 counter drop"
	case Resetting:
		return "%s meta l4proto tcp counter reject with tcp reset", "%s meta l4proto tcp counter reject with tcp reset"
	case Narrow:
		return "%s limit rate over 125 kbytes/second burst 8 kbytes counter drop", "%s limit rate over 125 kbytes/second burst 8 kbytes counter drop"
	}
	return string(f), "" // After
}

// After lets so many bytes go there and then nothing, while what comes back does.
func After(bytes int) Fault { return Fault(fmt.Sprintf("%%s quota over %d bytes counter drop", bytes)) }

// Break begins a fault between the machine and others. What is given back ends it, and says how many packets it hit.
func (m *Machine) Break(t testing.TB, fault Fault, others ...*Machine) (heal func() (hit int)) {
	t.Helper()
	addresses := make([]string, len(others))
	for i, other := range others {
		addresses[i] = other.Address
	}
	to := "{ " + strings.Join(addresses, ", ") + " }"
	there, back := fault.rules()
	script := "flush table inet fault\n"
	for _, way := range []struct{ hook, rule, address string }{{"output", there, "ip daddr " + to}, {"input", back, "ip saddr " + to}} {
		if way.rule != "" {
			script += fmt.Sprintf("add chain inet fault %s { type filter hook %s priority 0; }\nadd rule inet fault %s %s\n", way.hook, way.hook, way.hook, fmt.Sprintf(way.rule, way.address))
		}
	}
	m.filter(t, script, "-f", "-")
	return func() (hit int) {
		t.Helper()
		var listed struct {
			All []struct {
				Rule struct {
					Expr []struct {
						Counter struct {
							Packets int `json:"packets"`
						} `json:"counter"`
					} `json:"expr"`
				} `json:"rule"`
			} `json:"nftables"`
		}
		out := m.filter(t, "", "-j", "list", "table", "inet", "fault")
		if err := json.Unmarshal(out, &listed); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, one := range listed.All {
			for _, part := range one.Rule.Expr {
				hit += part.Counter.Packets
			}
		}
		m.filter(t, "", "flush", "table", "inet", "fault")
		return hit
	}
}

// filter runs nft on the machine.
func (m *Machine) filter(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("nft", args...)
	cmd.Stdin = strings.NewReader(script)
	m.Enter(cmd)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("nft: %v: %s\n%s", err, exit.Stderr, script)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Reaches says whether a machine gets an answer from a port of another, within a second.
func (m *Machine) Reaches(other *Machine, port int) bool {
	cmd := exec.Command("timeout", "1", "bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/%s/%d", other.Address, port))
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = io.Discard, io.Discard, 5*time.Second
	m.Enter(cmd)
	return cmd.Run() == nil
}
