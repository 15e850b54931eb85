package pages

import (
	"strings"

	"belfry/frontend"
	"belfry/store"
)

// agentWords names a session's browser and system as people know them.
func agentWords(p *frontend.Page, s store.Session) string {
	browser, system := "", ""
	for _, one := range []struct{ mark, name string }{
		{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(s.Agent, one.mark) {
			browser = one.name
			break
		}
	}
	for _, one := range []struct{ mark, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(s.Agent, one.mark) {
			system = one.name
			break
		}
	}
	switch {
	case browser != "" && system != "":
		return browser + ", " + system
	case browser != "":
		return browser
	}
	return p.T("settings.sessions_unknown")
}
