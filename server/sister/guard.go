package sister

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// What is wrong with an address or an answer. Each is one sentence for a steward (see Key).
var (
	ErrAddress  = errors.New("the address is not one of a public web site")
	ErrPrivate  = errors.New("the name leads to a private network")
	ErrName     = errors.New("the name leads nowhere")
	ErrRedirect = errors.New("the site sends on to another one")
	ErrStatus   = errors.New("the site does not answer with the file")
	ErrLarge    = errors.New("the file is too large")
	ErrReach    = errors.New("the site cannot be reached")
	ErrForm     = errors.New("the file cannot be read")
	ErrSlow     = errors.New("the rules of the calendar take too long")
)

// Key is the text key of an error of this package; others are about reaching the site.
func Key(err error) string {
	for _, one := range []struct {
		err error
		key string
	}{{ErrAddress, "sister.error.address"}, {ErrPrivate, "sister.error.private"}, {ErrName, "sister.error.name"}, {ErrRedirect, "sister.error.redirect"},
		{ErrStatus, "sister.error.status"}, {ErrLarge, "sister.error.large"}, {ErrForm, "sister.error.form"}, {ErrSlow, "sister.error.slow"}} {
		if errors.Is(err, one.err) {
			return one.key
		}
	}
	return "sister.error.reach"
}

// closed are the networks that are nobody's public web site: RFC 6890 and what has come since. Addresses that wrap an IPv4
// address (mapped, NAT64, 6to4, Teredo) are closed as a whole, because what they wrap may be private.
func closed() []netip.Prefix {
	var all []netip.Prefix
	for _, one := range strings.Fields(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20`) {
		all = append(all, netip.MustParsePrefix(one))
	}
	return all
}

// Public says whether an address belongs to the public internet. Of IPv6 only the global unicast block is (2000::/3).
func Public(address netip.Addr) bool {
	if !address.IsValid() || address.Zone() != "" || address.Is4In6() {
		return false
	}
	if address.Is6() && !netip.MustParsePrefix("2000::/3").Contains(address) {
		return false
	}
	for _, network := range closed() {
		if network.Contains(address) {
			return false
		}
	}
	return true
}

// check reads an address of a feed: http or https, the usual port, a name with a dot in it or a plain IP address, no
// user. Numbers in other spellings (0x7f000001, 2130706433, 127.1) are no names: some resolvers take them for addresses.
func check(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > 1000 || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Opaque != "" {
		return nil, ErrAddress
	}
	if port := u.Port(); port != "" && !(port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http") {
		return nil, ErrAddress
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		if !Public(ip) {
			return nil, ErrPrivate
		}
		return u, nil
	}
	labels := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return nil, ErrAddress
	}
	for _, label := range labels {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return nil, ErrAddress // an international name has to come in its ASCII form
		}
	}
	if last == "localhost" || last == "local" || last == "internal" || last == "arpa" {
		return nil, ErrPrivate
	}
	return u, nil
}
