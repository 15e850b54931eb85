package parts

import (
	"strings"

	"belfry/frontend"

	"github.com/a-h/templ"
)

type navEntry struct {
	section           frontend.Section
	href, label, icon string
}

// navigation lists the tabs of the site, at most six. A section is added here when its first page exists.
func navigation() []navEntry {
	return []navEntry{
		{frontend.Meetings, "/meetings", "nav.meetings", "calendar"},
		{frontend.Discussions, "/discussions", "nav.discussions", "threads"},
		{frontend.Chat, "/chat", "nav.chat", "chat"},
		{frontend.Towns, "/towns", "nav.towns", "town"},
		{frontend.Apps, "/apps", "app.title", "app"},
		{frontend.Services, "/services", "service.title", "service"},
	}
}

type footerGroup struct {
	title string
	links []navEntry
}

// footerGroups lists only pages there are.
func footerGroups() []footerGroup {
	return []footerGroup{
		{"layout.footer.site", []navEntry{{href: "/", label: "nav.home"}, {href: "/about", label: "about.title"}}},
		{"layout.footer.community", []navEntry{
			{href: "/meetings", label: "nav.meetings"},
			{href: "/decisions", label: "decision.title"},
			{href: "/actions", label: "actions.title"},
			{href: "/meetings/attendance", label: "door.footer"},
			{href: "/towns", label: "nav.towns"},
			{href: "/mentors/find", label: "mentor.find"},
			{href: "/apps", label: "app.title"},
			{href: "/services", label: "service.title"},
			{href: "/sisters", label: "sister.title"},
			{href: "/meetings.ics", label: "layout.footer.calendar"},
		}},
	}
}

type themeChoice struct {
	theme       frontend.Theme
	label, icon string
}

func themes() []themeChoice {
	return []themeChoice{
		{frontend.SystemTheme, "theme.system", "settings"},
		{frontend.LightTheme, "theme.light", "sun"},
		{frontend.DarkTheme, "theme.dark", "moon"},
	}
}

// ThemeAttr is the attribute of a document in a colour scheme that somebody chose.
func ThemeAttr(theme frontend.Theme) templ.Attributes {
	if theme == frontend.SystemTheme {
		return nil
	}
	return templ.Attributes{"data-theme": string(theme)}
}

func currentAttr(current bool) templ.Attributes {
	if !current {
		return nil
	}
	return templ.Attributes{"aria-current": "true"}
}

func currentPageAttr(current bool) templ.Attributes {
	if !current {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

func title(p *frontend.Page) string {
	if p.Title == "" {
		return "Belfry"
	}
	return p.Title + " – Belfry"
}

func short(tag string) string { return strings.ToUpper(tag) }
