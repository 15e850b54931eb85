package mail

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func invitation() Letter {
	return Letter{
		Lang: "fr", Subject: "Bienvenue sur Belfry", Preheader: "Un lien pour entrer.", Greeting: "Bonjour Élise,",
		Heading: "Votre lien pour entrer", Paragraphs: []string{"Il vaut vingt minutes.", "Il ne sert qu’une fois."}, Code: "428 117",
		Facts:  []Fact{{"Commune", "Seneffe"}, {"Demandé", "jeudi 18 mars, 9 h 30"}},
		Button: Link{"Entrer", "https://belfry.example/in?t=a--b&u=1"},
		Reason: "Vous recevez ce message parce que quelqu’un a donné votre adresse.", Stop: Link{"Ne plus rien recevoir", "https://belfry.example/stop"},
	}
}

func write(t *testing.T, l Letter) Message {
	t.Helper()
	layout, err := NewLayout("Belfry")
	if err != nil {
		t.Fatal(err)
	}
	m, err := layout.Message(l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLetterGolden(t *testing.T) {
	m := write(t, invitation())
	for name, got := range map[string]string{"testdata/letter.txt": m.Text, "testdata/letter.html": m.HTML} {
		if os.Getenv("GOLDEN") != "" {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not what is written now:\n%s", name, got)
		}
	}
}

// elements counts what a mail program sees, once with Outlook's comments opened and once without.
func elements(t *testing.T, source string) map[string]int {
	t.Helper()
	found := map[string]int{}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			found[token.Data]++
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s has %s", token.Data, a.Key)
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "https://") {
					t.Errorf("%s leads to %s", token.Data, a.Val)
				}
			}
		}
	}
}

// TestA24WhateverALetterHoldsIsText is case A24.
func TestA24WhateverALetterHoldsIsText(t *testing.T) {
	evil := `"'><script>alert(1)</script><img src=x onerror=alert(1)><a href=//x.example>--><![endif]-->{{.Hub}}%s` + "\r\n"
	l := Letter{
		Lang: evil, Subject: evil, Preheader: evil, Greeting: evil, Heading: evil, Paragraphs: []string{evil}, Code: evil,
		Facts: []Fact{{evil, evil}}, Button: Link{evil, "https://belfry.example/a--b'&<x"}, Reason: evil, Stop: Link{evil, "https://belfry.example/"},
	}
	layout, err := NewLayout(evil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := layout.Message(l); err == nil {
		t.Error("a link with < was taken")
	}
	l.Button.URL = "https://belfry.example/a--b'&x"
	m, err := layout.Message(l)
	if err != nil {
		t.Fatal(err)
	}
	opened := strings.NewReplacer("<!--[if !mso]><!-->", "", "<!--<![endif]-->", "", "<!--[if mso]>", "", "<![endif]-->", "").Replace(m.HTML)
	for _, source := range []string{m.HTML, opened} {
		found := elements(t, source)
		if found["script"] != 0 || found["img"] != 0 || found["a"] != 3 {
			t.Errorf("found %v in\n%s", found, source)
		}
	}
	for _, url := range []string{"javascript:alert(1)", "data:text/html,x", "/in", "https://a@x.example"} {
		l := invitation()
		l.Button.URL = url
		var wrong *InputError
		if _, err := layout.Message(l); !errors.As(err, &wrong) {
			t.Errorf("%s was taken: %v", url, err)
		}
	}
}

func TestAShortLetterHasNoEmptyParts(t *testing.T) {
	m := write(t, Letter{Lang: "en", Subject: "Done", Heading: "Your password was changed"})
	if m.Text != "Your password was changed\n" {
		t.Errorf("text is %q", m.Text)
	}
	if found := elements(t, m.HTML); found["a"] != 0 || found["h1"] != 1 {
		t.Errorf("found %v", found)
	}
	m.ID, m.Address = "m-1", "a@x.example"
	if err := m.Check(); err != nil {
		t.Error(err)
	}
}
