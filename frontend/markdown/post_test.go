package markdown_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"belfry/frontend/markdown"
)

func post(t *testing.T, source string) string {
	t.Helper()
	html, err := markdown.Posts().Post(context.Background(), source, map[string]string{"nadia-benali": "/people/nadia-benali", "mons": "/towns/mons"})
	if err != nil {
		t.Fatal(err)
	}
	return html
}

func TestPostNamesPeopleTownsAndRecords(t *testing.T) {
	for source, expected := range map[string]string{
		"Merci @nadia-benali !":                `<p>Merci <a class="mention" href="/people/nadia-benali">@nadia-benali</a> !</p>`,
		"@Mons, voyez":                         `<p><a class="mention" href="/towns/mons">@Mons</a>, voyez</p>`,
		"@personne":                            `<p>@personne</p>`,
		"ecrire a x@mons.example":              `<p>ecrire a <a href="mailto:x@mons.example" rel="nofollow ugc noopener">x@mons.example</a></p>`,
		"`@mons` et #12":                       `<p><code>@mons</code> et <a class="ref" href="/t/12">#12</a></p>`,
		"voir #12/3.":                          `<p>voir <a class="postref" href="/t/12/-/3">#12/3</a>.</p>`,
		"décision 2026-014, action A-2026-031": `<p>décision <a class="ref" href="/decisions/2026-014">2026-014</a>, action <a class="ref" href="/actions/A-2026-031">A-2026-031</a></p>`,
		"le 2026-11-24 et 12026-014":           `<p>le 2026-11-24 et 12026-014</p>`,
		"[[reunion-mons]] [[reunion-mons/3]]":  `<p><a class="ref" href="/meetings/reunion-mons">reunion-mons</a> <a class="ref" href="/meetings/reunion-mons#agenda-3">reunion-mons/3</a></p>`,
		"[texte #12](https://example.org)":     `<p><a href="https://example.org" rel="nofollow ugc noopener">texte #12</a></p>`,
		"A#12 x#12 #012 ##12":                  `<p>A#12 x#12 #012 ##12</p>`,
	} {
		if have := strings.TrimSpace(post(t, source)); have != expected {
			t.Errorf("%s\n have %s\n want %s", source, have, expected)
		}
	}
}

func TestCodeIsHighlightedWithClassesOnly(t *testing.T) {
	html := post(t, "```go\nfunc main() { x := \"<b>\" } // fin\n```\n")
	for _, part := range []string{`<span class="k">func</span>`, `<span class="s">&#34;&lt;b&gt;&#34;</span>`, `<span class="c">// fin</span>`} {
		if !strings.Contains(html, part) {
			t.Errorf("%s is missing in %s", part, html)
		}
	}
	if strings.Contains(html, "style=") {
		t.Error("inline style")
	}
	if strings.Contains(post(t, "```\nfunc main() {}\n```"), "<span") {
		t.Error("a language was guessed")
	}
	for _, lang := range []string{"go", "python", "php", "javascript", "sql", "xml", "yaml", "bash", "diff", "json", "html", "css", "dockerfile"} {
		if html := post(t, "```"+lang+"\n<?php if (1) { return \"a\"; } # x\n- a: 1 # c\n+ b\nSELECT 1 FROM t -- c\nFROM x\n<a b=\"c\">d</a>\n// c\n```"); !strings.Contains(html, `<span class="`) {
			t.Errorf("%s is not highlighted: %s", lang, html)
		}
	}
}

func TestWordsAreFoundOutsideCode(t *testing.T) {
	w := markdown.Posts().Words("@mons @mons `@tournai` #12 [x](https://a.example) https://b.example <https://c.example>\n\n    @code\n\n> @cite 2026-014\n")
	if fmt.Sprint(w.Mentions, w.Refs, w.Links) != "[mons mons cite] [thread:12 decision:2026-014] 3" {
		t.Errorf("%+v", w)
	}
}

func TestReferFillsTitlesAndEscapesThem(t *testing.T) {
	html := post(t, "voir #12 et #13, 2026-014")
	filled := markdown.Refer(html, func(code string) (markdown.Ref, bool) {
		switch code {
		case "thread:12":
			return markdown.Ref{Title: `Un <b>"titre"</b>`, Lang: "fr", State: "résolu", Href: "/t/12/un-titre"}, true
		case "decision:2026-014":
			return markdown.Ref{Title: "Adopter", Lang: "fr"}, true
		}
		return markdown.Ref{}, false
	})
	expected := `<p>voir <a class="ref" href="/t/12/un-titre">#12 <span lang="fr">Un &lt;b&gt;&#34;titre&#34;&lt;/b&gt;</span> <span class="badge">résolu</span></a> et <a class="ref" href="/t/13">#13</a>, <a class="ref" href="/decisions/2026-014">2026-014 <span lang="fr">Adopter</span></a></p>`
	if strings.TrimSpace(filled) != expected {
		t.Errorf("have %s\nwant %s", filled, expected)
	}
}

func FuzzReferIsNeverForged(f *testing.F) {
	f.Add(`<a class="ref" href="/t/1">x</a>`)
	f.Add("[a](/t/1) `<a class=\"ref\" href=\"/t/1\">`")
	f.Add("```html\n<a class=\"ref\" href=\"/t/1\">#1</a>\n```")
	posts := markdown.Posts()
	f.Fuzz(func(t *testing.T, source string) {
		html, err := posts.Post(context.Background(), source, nil)
		if err != nil {
			t.Skip()
		}
		named := map[string]bool{}
		for _, code := range posts.Words(source).Refs {
			named[code] = true
		}
		markdown.Refer(html, func(code string) (markdown.Ref, bool) {
			if !named[code] {
				t.Errorf("%q: %q was looked up, the text names %v", source, code, named)
			}
			return markdown.Ref{}, false
		})
	})
}

func TestAnchorsOfTwoPostsStayApart(t *testing.T) {
	one, two := post(t, "# Titre\n\nune[^1]\n\n[^1]: note"), post(t, "# Titre\n\ndeux[^1]\n\n[^1]: note")
	for _, html := range []string{one, two} {
		if strings.Contains(html, `id="p-titre"`) || strings.Contains(html, `"p-fn:1"`) {
			t.Error(html)
		}
		if !strings.Contains(html, "<h4") {
			t.Error("headings of a post stand above those of the page", html)
		}
	}
}

func TestLanguageIsGuessedOutsideOfCodeAndQuotes(t *testing.T) {
	for source, expected := range map[string]string{
		"Comment reprendre les anciennes délibérations de notre commune dans le nouveau logiciel ?":                                                                      "fr",
		"Kunnen wij de agenda van de gemeenteraad automatisch laten overnemen in het systeem?":                                                                           "nl",
		"Für unsere Gemeinde wäre es wichtig, dass die Protokolle barrierefrei veröffentlicht werden.":                                                                   "de",
		"We would like to know whether the webhook is retried when our database is down.":                                                                                "en",
		"> Kunnen wij de agenda van de gemeenteraad automatisch laten overnemen in het systeem?\n\nOui, c’est possible depuis la version trois, il suffit de l’activer.": "fr",
	} {
		tag, sure := markdown.Posts().Language(source)
		if tag != expected || !sure {
			t.Errorf("%q is said to be %q (%v)", source, tag, sure)
		}
	}
	for _, source := range []string{"", "ok", "```\nselect * from a where b\n```", "👍"} {
		if tag, sure := markdown.Posts().Language(source); sure {
			t.Errorf("%q is said to be %q for sure", source, tag)
		}
	}
}

func TestExcerptIsTheBeginningWithoutCode(t *testing.T) {
	html := post(t, "Voici **ce qui** marche :\n\n1. un\n2. deux\n\n```go\nfunc main() {}\n```\n\nFin & suite.")
	if have := markdown.Excerpt(html, 400); have != "Voici ce qui marche : un deux Fin & suite." {
		t.Errorf("%q", have)
	}
	if have := markdown.Excerpt(html, 10); have != "Voici ce q…" {
		t.Errorf("%q", have)
	}
}

// TestReadIsAllAtOnce: reading a text once gives what the three ways to ask give one by one.
func TestReadIsAllAtOnce(t *testing.T) {
	r := markdown.Posts()
	known := map[string]string{"zoe": "/people/zoe", "liege": "/towns/liege"}
	for _, source := range []string{
		"Bonjour @zoe, voir #12 et 2026-014, et https://a.example/x ; merci pour les idées dans cette note.\n\n[^1]\n\n[^1]: note",
		"@nobody @LIEGE `@zoe` [a](https://b.example) [@zoe](https://c.example)\n\n```go\nx := 1\n```\n# Titre",
		"mail zoe@a.example, www.a.example, (zoe@a.example) *zoe@a.example* http://a.example ahttp://a.example x@y",
		strings.Repeat("*a_ ", 1_200),
		"",
	} {
		text, err := r.Read(t.Context(), source, true, func(words []string) (map[string]string, error) { return known, nil })
		html, wantErr := r.Post(t.Context(), source, known)
		lang, sure := r.Language(source)
		words := r.Words(source)
		if text.HTML != html || (err == nil) != (wantErr == nil) || err == nil && (text.Lang != lang || text.Sure != sure || fmt.Sprint(text.Words) != fmt.Sprint(words)) {
			t.Errorf("%q\nread %+v %v\nwant %q %v %v %v %v", source, text, err, html, lang, sure, words, wantErr)
		}
	}
	refused := errors.New("refused")
	if _, err := r.Read(t.Context(), "a @zoe", false, func([]string) (map[string]string, error) { return nil, refused }); !errors.Is(err, refused) {
		t.Error(err)
	}
}

// TestOrdinaryTextIsToldBySmallWords: languages near the four are not taken for one of them by their small words alone.
func TestOrdinaryTextIsToldBySmallWords(t *testing.T) {
	for source, expected := range map[string]string{
		"Nous avons environ quatre mille fichiers, un par point, rangés par date de conseil. Le modèle a changé trois fois.": "fr",
		"Wij hebben ongeveer vierduizend bestanden, een voor elk punt, en niemand weet nog waarom het model veranderd is.":   "nl",
		"Wir haben etwa viertausend Dateien, und niemand weiß noch, warum das Modell für die Sitzungen geändert wurde.":      "de",
		"We have about four thousand files, one for each point, and nobody knows why the model has been changed.":            "en",
	} {
		if tag, sure := markdown.Posts().Language(source); tag != expected || !sure {
			t.Errorf("%q is said to be %q (%v)", source, tag, sure)
		}
	}
}

// TestShortTextIsToldBySmallWords: two words of one language and none of the others tell a message; those that other
// languages have too do not.
func TestShortTextIsToldBySmallWords(t *testing.T) {
	for source, expected := range map[string]string{
		"Le serveur est en panne depuis hier.":                   "fr",
		"Qui teste la version de mars avant jeudi ?":             "fr",
		"De vergadering wordt naar dinsdag verplaatst, niet?":    "nl",
		"Als afkorting, bijvoorbeeld EUPL-1.2 of AGPL-3.0.":      "nl",
		"Das Protokoll ist noch nicht online.":                   "de",
		"The minutes are online, and you may correct them.":      "en",
		"Merci, c’est bien arrivé chez nous.":                    "fr",
		"Ik stuur het verslag straks door.":                      "nl",
		"Könnt ihr mir bitte die Adresse vom Server schicken?":   "de",
		"Our server does not answer any more since this morning": "en",
	} {
		if tag, sure := markdown.Posts().Language(source); tag != expected || !sure {
			t.Errorf("%q is said to be %q (%v)", source, tag, sure)
		}
	}
}
