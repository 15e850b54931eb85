package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// letterbox is a mail server on this machine that keeps what it is given.
type letterbox struct {
	listener net.Listener
	server   *smtp.Server
	served   chan struct{}

	mu     sync.Mutex
	taken  []delivery
	logins int
	refuse func(to string) error // nil takes everybody
	spoil  func() error          // answer to the content, after it was read
}

type delivery struct {
	from string
	to   []string
	data string
}

func (b *letterbox) all() []delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.taken)
}

func (b *letterbox) config() Config {
	addr := b.listener.Addr().(*net.TCPAddr)
	return Config{
		Host: "127.0.0.1", Port: addr.Port, TLS: "none", From: "hub@belfry.example", FromName: "Belfry",
		Timeout: 5 * time.Second, Clock: func() time.Time { return time.Date(2027, 3, 18, 9, 30, 0, 0, time.UTC) },
	}
}

// open starts a server at address (":0" of the loopback if empty), with STARTTLS if cert is given.
func open(t *testing.T, at string, cert *tls.Certificate) *letterbox {
	t.Helper()
	if at == "" {
		at = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	b := &letterbox{listener: listener}
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &visit{box: b}, nil }))
	b.server.Domain = "mx.belfry.example"
	b.server.AllowInsecureAuth = true
	b.server.ErrorLog = quiet{}
	if cert != nil {
		b.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}}
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = b.server.Serve(listener) }()
	b.served = served
	t.Cleanup(b.close)
	return b
}

// close ends the server. Its own Close misses a listener that Serve has not seen yet.
func (b *letterbox) close() {
	_ = b.listener.Close()
	_ = b.server.Close()
	<-b.served
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type visit struct {
	box *letterbox
	now delivery
}

func (v *visit) Reset()        { v.now = delivery{} }
func (v *visit) Logout() error { return nil }

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.now.from = from
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	if v.box.refuse != nil {
		if err := v.box.refuse(to); err != nil {
			return err
		}
	}
	v.now.to = append(v.now.to, to)
	return nil
}

func (v *visit) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	if v.box.spoil != nil {
		if err := v.box.spoil(); err != nil {
			return err
		}
	}
	v.now.data = string(data)
	v.box.taken = append(v.box.taken, v.now)
	return nil
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "belfry" || password != "right" {
			return smtp.ErrAuthFailed
		}
		v.box.mu.Lock()
		defer v.box.mu.Unlock()
		v.box.logins++
		return nil
	}), nil
}

func code(n int) error {
	return &smtp.SMTPError{Code: n, EnhancedCode: smtp.EnhancedCode{n / 100, 0, 0}, Message: "said the server"}
}

func selfSigned(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func send(t *testing.T, c Config, m Message) error {
	t.Helper()
	s, err := NewSender(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), m)
}

func wantFailure(t *testing.T, err error, permanent bool, code int) {
	t.Helper()
	var failed *DeliveryError
	if !errors.As(err, &failed) || failed.Permanent != permanent || failed.Code != code {
		t.Errorf("got %v, want permanent %t with code %d", err, permanent, code)
	}
}
