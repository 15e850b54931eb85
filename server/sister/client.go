package sister

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Limits of a fetch.
const (
	MaxBody   = 1 << 20
	timeout   = 15 * time.Second
	maxHeader = 64 << 10
	maxHops   = 3
)

// Resolver finds the addresses of a name; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Dialer opens a connection to an address that was checked; net.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Client is the one way out. For every fetch it resolves the name, refuses it when any of its addresses is not public,
// and connects to one of exactly those addresses, so that a name cannot lead elsewhere between the look and the call. It
// takes no proxy, no cookie, no packed answer, and no redirect to another host. It may be used by many at once.
type Client struct {
	Resolver Resolver // the system's unless given
	Dialer   Dialer
	Agent    string
	Own      map[string]func() []byte // files that this program holds itself, by address: nobody is called for them
}

// Known is what a site said about the file when it was fetched last; it asks only for what is newer.
type Known struct{ ETag, Modified string }

// Answer is a fetched file. With Unchanged there is no body.
type Answer struct {
	Body      []byte
	Known     Known
	Unchanged bool
}

// Get fetches a file. Every error is one of this package's.
func (c *Client) Get(ctx context.Context, address string, known Known) (Answer, error) {
	u, err := check(address)
	if err != nil {
		return Answer{}, err
	}
	if own := c.Own[address]; own != nil {
		return Answer{Body: own()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	pinned, err := c.resolve(ctx, u.Hostname())
	if err != nil {
		return Answer{}, err
	}
	dialer := c.Dialer
	if dialer == nil {
		dialer = &net.Dialer{Timeout: timeout}
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, target string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(target)
			if err != nil {
				return nil, err
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort(pinned.String(), port))
		},
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: timeout,
		ResponseHeaderTimeout: timeout,
	}
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error { return follow(u, next.URL, len(via)) }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Answer{}, ErrAddress
	}
	request.Header.Set("User-Agent", c.Agent)
	request.Header.Set("Accept-Encoding", "identity")
	if known.ETag != "" {
		request.Header.Set("If-None-Match", known.ETag)
	}
	if known.Modified != "" {
		request.Header.Set("If-Modified-Since", known.Modified)
	}
	response, err := browser.Do(request)
	if err != nil {
		if errors.Is(err, ErrRedirect) {
			return Answer{}, ErrRedirect
		}
		return Answer{}, fmt.Errorf("%w: %w", ErrReach, err)
	}
	defer response.Body.Close()
	return take(response, known)
}

// follow allows a redirect to another page of the same host, not from https to http, and not for ever.
func follow(from, to *url.URL, hops int) error {
	if hops > maxHops || to.Hostname() != from.Hostname() || from.Scheme == "https" && to.Scheme != "https" {
		return ErrRedirect
	}
	if _, err := check(to.String()); err != nil {
		return ErrRedirect
	}
	return nil
}

// take reads an answer, and no more of it than is allowed.
func take(response *http.Response, known Known) (Answer, error) {
	switch {
	case response.StatusCode == http.StatusNotModified && known != Known{}:
		return Answer{Known: known, Unchanged: true}, nil
	case response.StatusCode != http.StatusOK, response.Header.Get("Content-Encoding") != "" && response.Header.Get("Content-Encoding") != "identity":
		return Answer{}, ErrStatus
	case response.ContentLength > MaxBody:
		return Answer{}, ErrLarge
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBody+1))
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrReach, err)
	}
	if len(body) > MaxBody {
		return Answer{}, ErrLarge
	}
	next := Known{ETag: response.Header.Get("ETag"), Modified: response.Header.Get("Last-Modified")}
	if len(next.ETag) > 300 || len(next.Modified) > 100 {
		next = Known{}
	}
	return Answer{Body: body, Known: next}, nil
}

// resolve finds the address to connect to. One address that is not public makes the whole name unfit: which one is taken
// later must not be a matter of luck.
func (c *Client) resolve(ctx context.Context, host string) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if !Public(ip) {
			return ip, ErrPrivate
		}
		return ip, nil
	}
	resolver := c.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	all, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(all) == 0 {
		return netip.Addr{}, ErrName
	}
	for i, ip := range all {
		if all[i] = ip.Unmap(); !Public(all[i]) { // a resolver may hand out an IPv4 address in IPv6 form: what counts is what it is
			return all[i], ErrPrivate
		}
	}
	return all[0], nil
}
