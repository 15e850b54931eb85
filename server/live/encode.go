package live

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// encoder turns messages into the bytes of WebSocket frames, so that one encoding is written to any number of
// connections. The framing is the library's: it writes to a connection that only keeps the bytes.
type encoder struct {
	mu   sync.Mutex // guards conn and kept
	conn *websocket.Conn
	kept *bytes.Buffer
}

func newEncoder() (*encoder, error) {
	kept := &bytes.Buffer{}
	head := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	up := websocket.Upgrader{ReadBufferSize: 256, WriteBufferSize: 32 << 10}
	conn, err := up.Upgrade(&answer{conn: sink{kept}}, &http.Request{Method: http.MethodGet, Header: head}, nil)
	if err != nil {
		return nil, fmt.Errorf("live: prepare the encoder: %w", err)
	}
	return &encoder{conn: conn, kept: kept}, nil
}

// text is the bytes of a text message: one frame, or several for a long one.
func (e *encoder) text(payload []byte) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept.Reset()
	if err := e.conn.WriteMessage(websocket.TextMessage, payload); err != nil {
		return nil, err
	}
	return bytes.Clone(e.kept.Bytes()), nil
}

// frame is the bytes of a JSON object as a message.
func (e *encoder) frame(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("live: encode: %w", err)
	}
	return e.text(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// control is a control frame of a server (RFC 6455 section 5.5): at most 125 bytes, never masked, never in pieces.
func control(opcode byte, payload []byte) []byte {
	payload = payload[:min(len(payload), 125)]
	return append([]byte{0x80 | opcode, byte(len(payload))}, payload...)
}

func closing(code int, reason string) []byte {
	return control(websocket.CloseMessage, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}

// answer is what the library answers a handshake through; a connection that is handed over is out of HTTP's hands.
type answer struct {
	conn   net.Conn
	head   http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header {
	if a.head == nil {
		a.head = http.Header{}
	}
	return a.head
}

func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// Hijack hands the connection over with buffers that are too small to be kept.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return a.conn, bufio.NewReadWriter(bufio.NewReaderSize(a.conn, 16), bufio.NewWriterSize(a.conn, 16)), nil
}

// sink is a connection that keeps what is written to it.
type sink struct{ kept *bytes.Buffer }

func (s sink) Read([]byte) (int, error)        { return 0, net.ErrClosed }
func (s sink) Write(b []byte) (int, error)     { return s.kept.Write(b) }
func (s sink) Close() error                    { return nil }
func (s sink) LocalAddr() net.Addr             { return nil }
func (s sink) RemoteAddr() net.Addr            { return nil }
func (s sink) SetDeadline(time.Time) error     { return nil }
func (s sink) SetReadDeadline(time.Time) error { return nil }
func (s sink) SetWriteDeadline(time.Time) error {
	return nil
}
