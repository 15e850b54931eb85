package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"belfry/store/kv/postgres/pgtest"
)

// asProgram makes the test binary be the program, so that tests run real processes without building anything.
const asProgram = "BELFRY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		spoilDisk()
		main()
	}
	os.Exit(m.Run())
}

// patience bounds every wait for a process; nothing takes nearly as long.
const patience = 60 * time.Second

func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "BELFRY_") {
			cmd.Env = append(cmd.Env, setting)
		}
	}
	// under the race detector a program waits a second at its end by default, for reports of what is still running
	cmd.Env = append(cmd.Env, asProgram+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// said is what a command left behind.
type said struct {
	out, err string
	code     int
	took     time.Duration
}

// belfry runs one command to its end.
func belfry(t *testing.T, args ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := program(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said{out.String(), errs.String(), cmd.ProcessState.ExitCode(), time.Since(began)}
}

// ends asserts how a command ended, and that each text is somewhere in what it said.
func (s said) ends(t *testing.T, code int, texts ...string) {
	t.Helper()
	if s.code != code {
		t.Errorf("exit code %d, want %d: %s%s", s.code, code, s.out, s.err)
	}
	for _, text := range texts {
		if !strings.Contains(s.out+s.err, text) {
			t.Errorf("%q is not in %q", text, s.out+s.err)
		}
	}
}

// refused asserts an error of one plain sentence.
func (s said) refused(t *testing.T, texts ...string) {
	t.Helper()
	s.ends(t, 1, append(texts, "belfry: ")...)
	if strings.Count(strings.TrimSpace(s.err), "\n") > 0 || strings.Contains(s.err, "goroutine") {
		t.Errorf("not one sentence: %q", s.err)
	}
}

// hub is a server in a process of its own.
type hub struct {
	t        *testing.T
	args     []string
	settings []string        // of the environment
	confined string          // a command of the shell that sets limits first
	on       *pgtest.Machine // nil for this one
	cmd      *exec.Cmd
	url      string
	public   string
	host     string // named in requests, "" for the address that they go to
	ready    time.Duration
	log      *transcript
	client   *http.Client
	ended    chan struct{}
}

var greeted = regexp.MustCompile(`Belfry is at (\S+) \(listening on (\S+)\)`)

// serve starts a server on a free port of this machine and waits until it says where it listens.
func serve(t *testing.T, dir string, more ...string) *hub {
	t.Helper()
	return serveWith(t, nil, dir, more...)
}

// serveWith is serve with some settings of the environment.
func serveWith(t *testing.T, settings []string, dir string, more ...string) *hub {
	t.Helper()
	h := newHub(t, nil, "127.0.0.1:0", append([]string{"--data", dir}, more...)...)
	h.settings = settings
	h.start()
	return h
}

func newHub(t *testing.T, on *pgtest.Machine, listen string, more ...string) *hub {
	return &hub{t: t, on: on, args: append([]string{"serve", "--listen", listen}, more...),
		client: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 300},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// start runs the server of a hub, again when it was killed: only where that is may be read meanwhile.
func (h *hub) start() {
	t := h.t
	t.Helper()
	cmd, log, ended := program(context.Background(), h.args...), newTranscript(), make(chan struct{})
	h.cmd, h.log, h.ended = cmd, log, ended
	cmd.Env = append(cmd.Env, h.settings...)
	if h.confined != "" {
		cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", h.confined + ` && exec "$0" "$@"`, cmd.Path}, h.args...)
	}
	if h.on != nil {
		h.on.Enter(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.kill)
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	var found []string
	for found == nil && lines.Scan() {
		_, _ = log.Write([]byte(lines.Text() + "\n"))
		found = greeted.FindStringSubmatch(lines.Text())
	}
	overdue.Stop()
	h.ready = time.Since(began)
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		for lines.Scan() {
			_, _ = log.Write([]byte(lines.Text() + "\n"))
		}
	}()
	go func() { <-rest; _ = cmd.Wait(); close(ended) }()
	switch {
	case found == nil:
		<-ended
		t.Fatalf("the server did not start: %s", log)
	case h.url == "":
		h.public, h.url = found[1], "http://"+found[2]
	}
}

// kill ends the server as a power cut would, and waits until it is gone.
func (h *hub) kill() {
	_ = h.cmd.Process.Kill()
	<-h.ended
	h.client.CloseIdleConnections()
}

// stop asks the server to end and returns its exit code.
func (h *hub) stop() int {
	h.t.Helper()
	h.client.CloseIdleConnections()
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatal(err)
	}
	select {
	case <-h.ended:
	case <-time.After(patience):
		h.t.Fatalf("the server does not stop: %s", h.log)
	}
	return h.cmd.ProcessState.ExitCode()
}

// get reads a page as the owner of a session, "" for a visitor.
func (h *hub) get(path, session string) (int, string, error) {
	return h.send(http.MethodGet, path, session, nil)
}

// post sends a form as a browser does.
func (h *hub) post(path, session string, form url.Values) (int, string, error) {
	return h.send(http.MethodPost, path, session, form)
}

// upload sends a paper as a browser does.
func (h *hub) upload(path, session, token string, content []byte) (int, string, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("doc_file", "note.pdf")
	if err == nil {
		_, err = part.Write(content)
	}
	err = errors.Join(err, w.WriteField("csrf", token), w.WriteField("doc_lang", "fr"), w.Close())
	if err != nil {
		return 0, "", err
	}
	return h.do(http.MethodPost, path, session, w.FormDataContentType(), &body)
}

func (h *hub) send(method, path, session string, form url.Values) (int, string, error) {
	return h.do(method, path, session, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (h *hub) do(method, path, session, kind string, content io.Reader) (int, string, error) {
	req, err := http.NewRequest(method, h.url+path, content)
	if err != nil {
		return 0, "", err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if h.host != "" {
		req.Host = h.host
	}
	if session != "" {
		req.AddCookie(&http.Cookie{Name: "belfry_session", Value: session})
	}
	res, err := h.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

var tokenField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is the form token of a session. It stays good when the server starts again.
func (h *hub) token(session string) string {
	h.t.Helper()
	_, page, err := h.get("/settings", session)
	found := tokenField.FindStringSubmatch(page)
	if err != nil || found == nil {
		h.t.Fatalf("no form token: %v", err)
	}
	return found[1]
}

// transcript is what a process says, and tells when it has said something.
type transcript struct {
	mu   sync.Mutex // guards text
	more *sync.Cond
	text []byte
}

func newTranscript() *transcript {
	log := &transcript{}
	log.more = sync.NewCond(&log.mu)
	return log
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.more.Broadcast()
	return len(p), nil
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// await blocks until the process has said something.
func (l *transcript) await(t *testing.T, text string) {
	t.Helper()
	late := false
	overdue := time.AfterFunc(patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		late = true
		l.more.Broadcast()
	})
	defer overdue.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !bytes.Contains(l.text, []byte(text)) {
		if late {
			t.Fatalf("%q was never said: %s", text, l.text)
		}
		l.more.Wait()
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	for flag, sentence := range map[string]string{
		"--listen=nonsense":                   "--listen must look like",
		"--public-url=ftp://x.example":        "--public-url must look like",
		"--public-url=https://x.example/path": "--public-url must look like",
		"--listen=0.0.0.0:0":                  "--public-url is needed",
		"--proxies=everybody":                 "--proxies takes addresses",
		"--patience=0s":                       "--patience must be",
		"--smtp-host=mail.example":            "--mail-from must be",
	} {
		dir := filepath.Join(t.TempDir(), "new")
		belfry(t, "serve", "--data", dir, flag).refused(t, sentence)
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: a folder was made all the same", flag)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	belfry(t, "serve", "--data", t.TempDir(), "--listen", taken.Addr().String()).refused(t, "cannot listen on "+taken.Addr().String())
	belfry(t, "serve", "--log", "poetry").ends(t, 2, "belfry: --log must be one of")
	belfry(t, "sing").ends(t, 2, "belfry: ")
	belfry(t).ends(t, 2, "belfry: ")
	belfry(t, "version").ends(t, 0, "belfry ")
}
