package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// slowFrom is from when a request is logged for having been slow.
const slowFrom = time.Second

// noteTime logs a request that was slow, and at the level debug every other. Neither what was asked beside the path nor who
// asked is in it.
func (s *Server) noteTime(c *fiber.Ctx, v *visit, code int, took time.Duration) {
	level, what := slog.LevelDebug, "request answered"
	if took >= s.slow {
		level, what = slog.LevelWarn, "slow request"
	}
	if s.Log.Enabled(context.Background(), level) {
		s.Log.Log(context.Background(), level, what, "id", v.id(), "method", c.Method(), "path", logPath(c.Path()), "status", code, "ms", took.Milliseconds())
	}
}

// spelled writes what the web server itself complains of, such as a connection that sends no HTTP, as events of our log.
type spelled struct{ log *slog.Logger }

// Printf is one complaint. Its last part says why, those before whose connection it was.
func (l spelled) Printf(format string, args ...any) {
	why := format
	if len(args) > 0 {
		why = fmt.Sprint(args[len(args)-1])
	}
	l.log.Debug("connection refused", "why", unquoted(why))
}

// unquoted is what an error of the web server says before it quotes what was sent, which may hold a session or a password.
func unquoted(text string) string {
	for _, mark := range []string{`"`, ": buffer size"} {
		text, _, _ = strings.Cut(text, mark)
	}
	return strings.TrimSpace(text)
}

// secretPaths are the beginnings of paths that go on with a secret.
var secretPaths = []string{"/calendar/", "/link/"}

// logPath keeps secrets that stand in a path out of the log.
func logPath(path string) string {
	for _, prefix := range secretPaths {
		if strings.HasPrefix(strings.ToLower(path), prefix) {
			return prefix + "…"
		}
	}
	return path
}

// longestName is how much of a name that somebody sent is logged, in bytes.
const longestName = 100

// shortened cuts a name that somebody sent; the handler of the log quotes what is strange in it.
func shortened(name string) string {
	if len(name) <= longestName {
		return name
	}
	return strings.ToValidUTF8(name[:longestName], "") + "…"
}
