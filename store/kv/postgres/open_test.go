package postgres_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store/kv"
	"belfry/store/kv/postgres"
	"belfry/store/kv/postgres/pgtest"
)

func withTimeout(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

func refused(t *testing.T, address string, opt postgres.Options, kind error, text string) {
	t.Helper()
	short, cancel := withTimeout(20 * time.Second)
	defer cancel()
	db, err := postgres.Open(short, address, opt)
	if err == nil {
		_ = db.Close()
		t.Errorf("%s was opened", address)
		return
	}
	if kind != nil && !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v", address, err)
	}
}

func TestRefused(t *testing.T) {
	address := pgtest.Database(t)
	refused(t, address, postgres.Options{ReadOnly: true}, fs.ErrNotExist, "belfry")
	refused(t, address, postgres.Options{Existing: true}, fs.ErrNotExist, "belfry")
	refused(t, "postgres://belfry:geheim@[", postgres.Options{}, postgres.ErrAddress, "")
	refused(t, "postgres://belfry@db.example/belfry", postgres.Options{}, postgres.ErrAddress, "sslmode")
	refused(t, "postgres://belfry@127.0.0.1:1/belfry?sslmode=disable", postgres.Options{}, nil, "refused")
	query(t, address, "CREATE SCHEMA other")
	query(t, address, "CREATE TABLE other.invoices (id integer)")
	refused(t, address+"&search_path=other", postgres.Options{}, postgres.ErrForeign, "other")
	db := open(t, address)
	want(t, put(db, "a/1", "x"), nil)
	reader, err := postgres.Open(ctx, address, postgres.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	want(t, put(reader, "a/2", "x") != nil, true)
	want(t, put(db, "new/1", "x"), nil) // a table that was not there when the other was opened
	_, ok := get(t, reader, "new/1")
	want(t, ok, true)
	_, ok = get(t, reader, "never/1")
	want(t, ok, false)
	if text := postgres.Mask("postgres://belfry:geheim@db/x", "postgres://belfry:geheim@db/x"); strings.Contains(text, "geheim") {
		t.Error(text)
	}
}

// TestMask: nobody reads a password in what is printed, and an address stays one in everything else.
func TestMask(t *testing.T) {
	for address, shown := range map[string]string{
		"postgres://belfry@db1,db2/belfry?sslmode=verify-full":           "postgres://belfry@db1,db2/belfry?sslmode=verify-full",
		"postgres://belfry:belfry@belfry:5432/belfry":                    "postgres://belfry:…@belfry:5432/belfry",
		"postgres://belfry:a%20b@db/x?sslmode=disable":                   "postgres://belfry:…@db/x?sslmode=disable",
		"postgres://belfry@db/x?password=geheim&sslmode=disable":         "postgres://belfry@db/x?password=…&sslmode=disable",
		"postgres://belfry@db/x?sslkey=k&sslpassword=geheim":             "postgres://belfry@db/x?sslkey=k&sslpassword=…",
		"postgres://belfry:a/geheim@db/x":                                "postgres://belfry:…@db/x",
		"postgres://db:5432/x?options=-csearch_path%3Da&application=a@b": "postgres://db:5432/x?options=-csearch_path%3Da&application=a@b",
		"postgres://belfry:@db/x":                                        "postgres://belfry:@db/x",
	} {
		want(t, postgres.Mask("at "+address+".", address), "at "+shown+".")
	}
	want(t, postgres.Mask("no role a b, a%20b", "postgres://belfry:a%20b@db/x"), "no role …, …")
}

// TestConnectionsAreBounded runs more transactions at once than there are connections.
func TestConnectionsAreBounded(t *testing.T) {
	address := pgtest.Database(t)
	db := open(t, address+"&pool_max_conns=3")
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			err := db.Update(ctx, fmt.Sprint(i), func(tx kv.Tx) error {
				_, _, err := tx.Get([]byte(fmt.Sprintf("k%d/x", i%20)))
				tx.Put([]byte(fmt.Sprintf("k%d/x", i%20)), nil)
				return err
			})
			want(t, err, nil)
		})
	}
	wg.Wait()
	if n := query(t, address, "SELECT count(*)::text FROM pg_stat_activity WHERE application_name = 'belfry' AND datname = current_database()"); n > "3" || len(n) > 1 {
		t.Errorf("%s connections", n)
	}
}

// TestACrowdedServerIsWaitedFor runs more at once than the server has connections for this user: each waits for one, and
// none that is there is thrown away.
func TestACrowdedServerIsWaitedFor(t *testing.T) {
	address := pgtest.Database(t)
	name := "few_" + strings.ToLower(rand.Text())
	query(t, address, "CREATE ROLE "+name+" LOGIN PASSWORD 'x' CONNECTION LIMIT 2")
	query(t, address, "DO $$ BEGIN EXECUTE 'GRANT ALL ON DATABASE ' || current_database() || ' TO "+name+"'; END $$")
	t.Cleanup(func() { query(t, address, "DROP OWNED BY "+name+" CASCADE"); query(t, address, "DROP ROLE "+name) })
	where, err := url.Parse(address)
	want(t, err, nil)
	where.User = url.UserPassword(name, "x")
	db, err := postgres.Open(ctx, where.String(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want(t, put(db, "a/1", "x"), nil)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			for range 5 {
				want(t, db.View(ctx, func(r kv.Reader) error {
					_, _, err := r.Get([]byte("a/1"))
					time.Sleep(2 * time.Millisecond)
					return err
				}), nil)
				want(t, db.Update(ctx, fmt.Sprint(i), func(tx kv.Tx) error { tx.Put(fmt.Appendf(nil, "a/2%d", i), nil); return nil }), nil)
			}
		})
	}
	wg.Wait()
	want(t, db.Stats().Reconnected, uint64(0))
}

// TestEncrypted connects to a server with a certificate of its own, and refuses one it cannot verify.
func TestEncrypted(t *testing.T) {
	certificate, key := selfSigned(t)
	s := pgtest.Start(t, pgtest.TLS(t, certificate, key)...)
	root := filepath.Join(t.TempDir(), "root.pem")
	want(t, os.WriteFile(root, certificate, 0o600), nil)
	address := fmt.Sprintf("postgres://belfry@localhost:%d/postgres?", s.Port)
	db := open(t, address+"sslmode=verify-full&sslrootcert="+root)
	want(t, put(db, "a/1", "x"), nil)
	want(t, query(t, s.Address("postgres"), "SELECT bool_and(ssl)::text FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'belfry'"), "true")
	other, _ := selfSigned(t)
	want(t, os.WriteFile(root, other, 0o600), nil)
	refused(t, address+"sslmode=verify-full&sslrootcert="+root, postgres.Options{}, nil, "certificate")
}

func selfSigned(t *testing.T) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// TestMessagesBetweenProcesses sends wake-ups from one engine to another, and lets the listener begin anew.
func TestMessagesBetweenProcesses(t *testing.T) {
	s := pgtest.Start(t)
	p := s.Through(t)
	address := fmt.Sprintf("postgres://belfry@127.0.0.1:%d/postgres?sslmode=disable", p.Port())
	one, two := open(t, address), open(t, address)
	heard := make(chan string, 100)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() { two.Receive(listening, func(m []byte) { heard <- string(m) }); close(ended) }()
	want(t, <-heard, "")
	for i := range 10 {
		want(t, one.Send(ctx, []byte(fmt.Sprint("{}", i))), nil)
		want(t, <-heard, fmt.Sprint("{}", i))
	}
	p.Reset()
	want(t, <-heard, "") // it says that some may be missed
	for one.Send(ctx, []byte("again")) != nil {
	}
	want(t, <-heard, "again")
	want(t, errors.Is(one.Send(ctx, make([]byte, kv.MaxMessage+1)), kv.ErrTooLarge), true)
	stop()
	<-ended
}
