package server

import (
	"net/netip"
	"strings"

	"belfry/store"

	"github.com/gofiber/fiber/v2"
)

// client is where a request comes from; a proxy's word counts only when the proxy is configured.
func (s *Server) client(c *fiber.Ctx) store.Client {
	agent := c.Get(fiber.HeaderUserAgent)
	remote, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return store.Client{Address: c.Context().RemoteIP().String(), Agent: agent}
	}
	var said []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		said = append(said, string(line))
	}
	return store.Client{Address: network(forwarded(remote.Unmap(), strings.Join(said, ","), s.proxies)), Agent: agent}
}

// network is what tries are counted by. Whoever has one IPv6 address has the 2^64 of their network, so those count as one.
func network(address netip.Addr) string {
	if address.Is6() {
		return netip.PrefixFrom(address.WithZone(""), 64).Masked().String()
	}
	return address.String()
}

// forwarded is who stands behind the proxies: each adds at the end who spoke to it, so what stands before the first
// stranger, counted from the end, is that stranger's own word.
func forwarded(remote netip.Addr, said string, proxies []netip.Prefix) netip.Addr {
	trusted := func(a netip.Addr) bool {
		for _, p := range proxies {
			if p.Contains(a) {
				return true
			}
		}
		return false
	}
	all := strings.Split(said, ",")
	for at := len(all) - 1; at >= 0 && trusted(remote); at-- {
		next, err := netip.ParseAddr(strings.TrimSpace(all[at]))
		if err != nil {
			break
		}
		remote = next.Unmap().WithZone("")
	}
	return remote
}

// prefixes reads addresses and ranges, as the configuration names them.
func prefixes(names []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, name := range names {
		if one, err := netip.ParseAddr(name); err == nil {
			all = append(all, netip.PrefixFrom(one, one.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
