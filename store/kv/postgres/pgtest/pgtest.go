// Package pgtest starts and stops PostgreSQL servers for tests: on loopback ports, as an ordinary user, in folders that go
// away with them, also when the test process is killed. It must not be imported outside tests.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how long a server may take to start, or a standby to follow.
const patience = 60 * time.Second

// Server is a running PostgreSQL.
type Server struct {
	Port int
	host string
	on   *Machine // nil for this one
	bin  string
	dir  string
	keep io.Closer // closing it ends the server
	done chan struct{}
}

// binaries is the folder of the newest server installed, "" when there is none.
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.SortFunc(found, func(a, b string) int { return len(a)*1000 - len(b)*1000 + strings.Compare(a, b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// Start starts a server with settings beside the usual ones, "name=value". The test's end stops it. Where PostgreSQL is
// not installed the test is skipped.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	return (*Machine)(nil).Start(t, settings...)
}

// Start starts a server on a machine of a network, as Start does on this one.
func (m *Machine) Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := start(m, settings)
	if errors.Is(err, errAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

var errAbsent = errors.New("NOT RUN: PostgreSQL is not installed here (apt-get install postgresql, or BELFRY_TEST_POSTGRES=address)")

// server is the address of the one that all tests of a process share. It ends with the process.
var server = sync.OnceValues(func() (string, error) {
	if address := os.Getenv("BELFRY_TEST_POSTGRES"); address != "" {
		return address, nil
	}
	s, err := start(nil, nil)
	if err != nil {
		return "", err
	}
	return s.Address("postgres"), nil
})

// Database makes an empty database on the server that all tests of the process share, and gives its address. With
// BELFRY_TEST_POSTGRES an existing server is used; databases are then left in it.
func Database(t testing.TB) string {
	t.Helper()
	address, err := server()
	if errors.Is(err, errAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	run(t, address, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", url.UserPassword(config.User, config.Password),
		net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), name)
}

func start(on *Machine, settings []string) (*Server, error) {
	s, err := place(on)
	if err != nil {
		return nil, err
	}
	out, err := s.command("initdb", "-D", s.data(), "-U", "belfry", "-A", "trust", "-E", "UTF8", "--locale=C", "-k", "--no-sync").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if on != nil {
		if err := s.admit(on.network.prefix + "0/24"); err != nil {
			return nil, err
		}
	}
	return s, s.launch(settings)
}

// admit lets everybody of a network in.
func (s *Server) admit(network string) error {
	file, err := os.OpenFile(filepath.Join(s.data(), "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "host all all %s trust\nhost replication all %s trust\n", network, network)
	return errors.Join(err, file.Close())
}

// place finds the program, a folder that its user owns, and a port.
func place(on *Machine) (*Server, error) {
	s := &Server{host: "127.0.0.1", on: on, bin: binaries()}
	if s.bin == "" {
		return nil, errAbsent
	}
	var err error
	if s.dir, err = os.MkdirTemp("", "belfry-postgres-"); err != nil {
		return nil, err
	}
	if who := ordinary(); who != nil {
		if err := os.Chown(s.dir, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	if on != nil {
		s.host, s.Port = on.Address, 5432
		return s, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.Port = l.Addr().(*net.TCPAddr).Port
	return s, l.Close()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// ordinary is who runs the server when we are root, which PostgreSQL refuses to be; nil when we are not.
func ordinary() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	return nil
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: ordinary()}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	return cmd
}

// keeper starts the server and ends it when its input does, which it also does when the process that holds the other end
// is killed. Then the folder goes.
const keeper = `"$@" >"$HOME/log" 2>&1 & server=$!
cat >/dev/null
kill -QUIT $server 2>/dev/null
wait $server
[ -e "$HOME/keep" ] || rm -rf "$HOME"`

func (s *Server) launch(settings []string) error {
	args := []string{"-c", keeper, "keeper", filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.Port),
		"-c", "listen_addresses=" + s.host, "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "wal_level=replica",
		"-c", "max_wal_senders=4", "-c", "wal_keep_size=256MB"}
	for _, one := range settings {
		args = append(args, "-c", one)
	}
	cmd := s.command("postgres")
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh"}, args...)
	cmd.Env = append(cmd.Env, "HOME="+s.dir)
	cmd.SysProcAttr.Setpgid = true // an interrupt at the terminal is not for it
	if s.on != nil {
		s.on.Enter(cmd)
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.keep, s.done = input, make(chan struct{})
	go func() { _ = cmd.Wait(); close(s.done) }()
	return s.await(func(ctx context.Context, conn *pgx.Conn) bool { return conn.Ping(ctx) == nil })
}

// await waits until the server answers as wanted.
func (s *Server) await(wanted func(context.Context, *pgx.Conn) bool) error {
	for began := time.Now(); ; {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		conn, err := pgx.Connect(ctx, s.Address("postgres"))
		if err == nil {
			ok := wanted(ctx, conn)
			_ = conn.Close(ctx)
			if ok {
				cancel()
				return nil
			}
		}
		cancel()
		if time.Since(began) > patience {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("the server is not as it should be: %v\n%s", err, log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Address is the server's, for one of its databases.
func (s *Server) Address(database string) string {
	return fmt.Sprintf("postgres://belfry@%s:%d/%s?sslmode=disable", s.host, s.Port, database)
}

// Host is where the server listens, as an address names it among others.
func (s *Server) Host() string { return net.JoinHostPort(s.host, strconv.Itoa(s.Port)) }

// Run runs statements in the database postgres.
func (s *Server) Run(t testing.TB, statements ...string) {
	t.Helper()
	run(t, s.Address("postgres"), statements...)
}

func run(t testing.TB, address string, statements ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Standby starts a second server that follows this one, and makes commits wait until it has them.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	return s.StandbyOn(t, s.on)
}

// StandbyOn starts the second server on another machine.
func (s *Server) StandbyOn(t testing.TB, m *Machine, settings ...string) *Server {
	t.Helper()
	standby, err := place(m)
	if err != nil {
		t.Fatal(err)
	}
	out, err := standby.command("pg_basebackup", "-D", standby.data(), "-R", "-X", "stream", "-c", "fast", "-d",
		fmt.Sprintf("host=%s port=%d user=belfry application_name=standby connect_timeout=2", s.host, s.Port)).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_basebackup: %v: %s", err, out)
	}
	if err := standby.launch(settings); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	s.Run(t, "ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()")
	err = s.await(func(ctx context.Context, conn *pgx.Conn) bool {
		var n int
		err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").Scan(&n)
		return err == nil && n == 1
	})
	if err != nil {
		t.Fatal(err)
	}
	return standby
}

// Promote makes a standby the one that takes writes.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	s.Run(t, "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()", "SELECT pg_promote()")
}

// Kill ends the server as a machine that fails does: no process of it does anything more.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
}

// Pause stops all processes of the server where they are, until it goes on.
func (s *Server) Pause(t testing.TB, on bool) {
	t.Helper()
	if on {
		s.signal(t, syscall.SIGSTOP)
	} else {
		s.signal(t, syscall.SIGCONT)
	}
}

func (s *Server) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	pid := s.pid(t)
	children, _ := exec.Command("ps", "-o", "pid=", "--ppid", strconv.Itoa(pid)).Output()
	for _, text := range append([]string{strconv.Itoa(pid)}, strings.Fields(string(children))...) {
		if one, err := strconv.Atoi(text); err == nil && one > 1 {
			_ = syscall.Kill(one, signal)
		}
	}
}

func (s *Server) pid(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid < 2 {
		t.Fatalf("no process: %q", first)
	}
	return pid
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	_ = s.keep.Close()
	<-s.done
}

// Restart starts a server that was killed again, on the same port with what it had.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	keep := filepath.Join(s.dir, "keep") // the keeper leaves the folder
	if err := os.WriteFile(keep, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if err := os.Remove(keep); err != nil {
		t.Fatal(err)
	}
	if err := s.launch(nil); err != nil {
		t.Fatal(err)
	}
}

// TLS are the settings of a server with a certificate, whose files its user owns.
func TLS(t testing.TB, certificate, key []byte) []string {
	t.Helper()
	dir, err := os.MkdirTemp("", "belfry-tls-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for name, content := range map[string][]byte{"server.crt": certificate, "server.key": key} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if who := ordinary(); who != nil {
		for _, path := range []string{dir, filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")} {
			if err := os.Chown(path, int(who.Uid), int(who.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []string{"ssl=on", "ssl_cert_file=" + filepath.Join(dir, "server.crt"), "ssl_key_file=" + filepath.Join(dir, "server.key")}
}
