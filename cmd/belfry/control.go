package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"belfry/server/search"
	"belfry/store"
)

// A running server holds the file's lock, so the other commands reach it through a socket in the data folder that only
// the same user may open. A path too long for a socket is written into the file "control" instead.
const maxSocketPath = 100

// control answers the other commands.
type control struct {
	http   *http.Server
	remove []string
}

// Close stops answering and removes the socket.
func (c *control) Close() {
	_ = c.http.Close()
	for _, path := range c.remove {
		_ = os.RemoveAll(path)
	}
}

// socketPaths are where the socket is, and the file that names another place for it. They are absolute: whether a path
// is too long must not depend on the folder a command is started in.
func socketPaths(dir string) (socket, pointer string, err error) {
	dir, err = filepath.Abs(dir)
	return filepath.Join(dir, "control.sock"), filepath.Join(dir, "control"), err
}

// forget removes what a server that was killed left of a socket in another place. We hold the lock of the data, so no
// living server is listening there. Only a socket and an empty folder go.
func forget(pointer string) {
	named, err := os.ReadFile(pointer) // #nosec G304 -- the store's own file
	if err != nil {
		return
	}
	_ = os.Remove(pointer)
	if info, err := os.Lstat(string(named)); err == nil && info.Mode().Type() == fs.ModeSocket {
		_ = os.Remove(string(named))
		_ = os.Remove(filepath.Dir(string(named)))
	}
}

func listenControl(dir, public string, hub *store.Store, db engine, follower *search.Follower, log *slog.Logger) (*control, error) {
	path, pointer, err := socketPaths(dir)
	if err != nil {
		return nil, err
	}
	forget(pointer)
	c := &control{remove: []string{path}}
	if len(path) > maxSocketPath {
		short, err := os.MkdirTemp("", "belfry-")
		if err != nil {
			return nil, err
		}
		path = filepath.Join(short, "control.sock")
		if err := os.WriteFile(pointer, []byte(path), 0o600); err != nil {
			return nil, err
		}
		c.remove = []string{short, pointer}
	}
	_ = os.Remove(path) // left by a process that was killed: we hold the file's lock, so it is nobody's
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hello", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		if err := pack(r.Context(), w, db, hub.Shelf()); err != nil {
			log.Error("backup failed", "error", err)
			panic(http.ErrAbortHandler) // the reader must see a cut, not an end
		}
	})
	mux.HandleFunc("POST /check", func(w http.ResponseWriter, r *http.Request) {
		report, err := checkAll(r.Context(), hub, db)
		reply(w, report, err)
	})
	mux.HandleFunc("POST /compact", func(w http.ResponseWriter, r *http.Request) {
		report, err := compact(r.Context(), db, time.Now())
		reply(w, report, err)
	})
	mux.HandleFunc("POST /rebuild-search", func(w http.ResponseWriter, r *http.Request) {
		err := follower.Rebuild(r.Context())
		n, countErr := follower.Index.Count()
		reply(w, searchReport{Entries: int(n)}, errors.Join(err, countErr))
	})
	mux.HandleFunc("POST /import", func(w http.ResponseWriter, r *http.Request) {
		report, err := importArchives(r.Context(), hub, strings.Split(r.FormValue("files"), "\n"), r.FormValue("category"), r.FormValue("dry") != "", func(int, int) {})
		reply(w, report, err)
	})
	mux.HandleFunc("POST /publiccode", func(w http.ResponseWriter, r *http.Request) {
		report, err := importPubliccode(r.Context(), hub, r.FormValue("dir"), r.FormValue("partly") != "")
		reply(w, report, err)
	})
	mux.HandleFunc("POST /member", func(w http.ResponseWriter, r *http.Request) {
		token, err := memberTicket(r.Context(), hub, r.FormValue("do"), r.FormValue("email"), r.FormValue("name"), r.FormValue("lang"))
		reply(w, public+"/link/"+token, err)
	})
	c.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := c.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the control socket failed", "error", err)
		}
	}()
	return c, nil
}

type replyBody struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

func reply(w http.ResponseWriter, result any, err error) {
	var body replyBody
	if err != nil {
		body.Error = err.Error()
	} else if body.Result, err = json.Marshal(result); err != nil {
		body.Error = err.Error()
	}
	_ = json.NewEncoder(w).Encode(body) // a reader that went away needs no answer
}

// ask sends a request to the server of a folder; running is false when none answers there.
func ask(ctx context.Context, dir, path string, form map[string]string) (body io.ReadCloser, running bool, err error) {
	socket, pointer, err := socketPaths(dir)
	if err != nil {
		return nil, false, err
	}
	// #nosec G304 -- the store's own file
	if named, err := os.ReadFile(pointer); err == nil {
		socket = string(named)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	fields := url.Values{}
	for name, value := range form {
		fields.Set(name, value)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://belfry"+path, strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	var refused *net.OpError
	switch {
	case errors.As(err, &refused) && refused.Op == "dial":
		return nil, false, nil // nobody is there: the caller opens the file itself
	case err != nil:
		return nil, true, fmt.Errorf("the running server did not answer: %w", err)
	}
	return res.Body, true, nil
}

// askFor is ask for an answer in JSON. A shared database is open to everybody: nobody need be asked.
func askFor(ctx context.Context, at home, path string, form map[string]string, result any) (running bool, err error) {
	if at.shared() {
		return false, nil
	}
	return askNode(ctx, at.dir, path, form, result)
}

// askNode asks the server that uses a folder.
func askNode(ctx context.Context, dir, path string, form map[string]string, result any) (running bool, err error) {
	body, running, err := ask(ctx, dir, path, form)
	if err != nil || !running {
		return running, err
	}
	defer body.Close()
	var answer replyBody
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return true, fmt.Errorf("the server did not answer in full: %w", err)
	}
	if answer.Error != "" {
		return true, errors.New(answer.Error)
	}
	return true, json.Unmarshal(answer.Result, result)
}
