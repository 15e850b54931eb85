package demo

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"belfry/store"
)

//go:embed discussions/*.md
var conversations embed.FS

// conversation is a thread as it is written in its file: a line with the title; one with the shelf, the month it is
// opened in ("late" for the last days), flags and tags; then the posts, each under who writes it.
type conversation struct {
	lang, title, shelf, month, flags, tags string
	posts                                  []remark
}

// remark is one post: the language and number of its author, and whether it is the answer.
type remark struct {
	lang   string
	n      int
	answer bool
	text   string
}

func talks() ([]conversation, error) {
	files, err := conversations.ReadDir("discussions")
	if err != nil {
		return nil, err
	}
	var all []conversation
	for _, file := range files {
		raw, err := conversations.ReadFile("discussions/" + file.Name())
		if err != nil {
			return nil, err
		}
		one, err := parseTalk(string(raw))
		if err != nil {
			return nil, fmt.Errorf("demo: %s: %w", file.Name(), err)
		}
		parts := strings.Split(file.Name(), ".")
		one.lang = parts[len(parts)-2]
		all = append(all, one)
	}
	return all, nil
}

func parseTalk(text string) (conversation, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	head := strings.Split(lines[1], "|")
	if len(head) != 4 {
		return conversation{}, fmt.Errorf("no head of four parts")
	}
	c := conversation{title: typeset(strings.TrimPrefix(lines[0], "# ")), shelf: strings.TrimSpace(head[0]), month: strings.TrimSpace(head[1]),
		flags: head[2], tags: head[3]}
	for _, line := range lines[2:] {
		who, found := strings.CutPrefix(line, "[")
		if rest, ok := strings.CutSuffix(who, "]"); found && ok && len(strings.Fields(rest)) >= 2 {
			words := strings.Fields(rest)
			n, err := strconv.Atoi(words[1])
			if err == nil {
				c.posts = append(c.posts, remark{lang: words[0], n: n, answer: len(words) > 2})
				continue
			}
		}
		if len(c.posts) == 0 {
			return c, fmt.Errorf("a text without an author")
		}
		c.posts[len(c.posts)-1].text += line + "\n"
	}
	return c, nil
}

// typeset puts the narrow spaces of French where the files have plain ones.
func typeset(text string) string {
	return strings.NewReplacer(" :", "\u00a0:", " ?", "\u202f?", " !", "\u202f!", " ;", "\u202f;", "« ", "«\u00a0", " »", "\u00a0»").Replace(text)
}

// shelves makes the categories.
func (s *story) shelves() error {
	s.shelf = map[string]store.Category{}
	for _, one := range []struct {
		key            string
		names, abouts  [4]string
		members, staff bool
	}{
		{"help", [4]string{"Entraide", "Onderlinge hulp", "Gegenseitige Hilfe", "Mutual help"}, [4]string{"Une question ? Quelqu’un l’a déjà eue.", "Een vraag? Iemand had ze al.", "Eine Frage? Jemand hatte sie schon.", "A question? Somebody has had it before."}, false, false},
		{"dev", [4]string{"Développement", "Ontwikkeling", "Entwicklung", "Development"}, [4]string{"Le code, les formats, les choix techniques.", "Code, formaten, technische keuzes.", "Code, Formate, technische Entscheidungen.", "Code, formats, technical choices."}, false, false},
		{"legal", [4]string{"Juridique", "Juridisch", "Recht", "Legal"}, [4]string{"Textes, délais, données personnelles.", "Teksten, termijnen, persoonsgegevens.", "Texte, Fristen, personenbezogene Daten.", "Laws, deadlines, personal data."}, false, false},
		{"org", [4]string{"Organisation", "Organisatie", "Organisation", "Organisation"}, [4]string{"Nos réunions et notre façon de travailler.", "Onze vergaderingen en hoe we werken.", "Unsere Versammlungen und unsere Arbeitsweise.", "Our meetings and how we work."}, false, false},
		{"translate", [4]string{"Traductions", "Vertalingen", "Übersetzungen", "Translations"}, [4]string{"Ensemble, en quatre langues.", "Samen, in vier talen.", "Gemeinsam, in vier Sprachen.", "Together, in four languages."}, false, false},
		{"news", [4]string{"Annonces", "Aankondigingen", "Ankündigungen", "Announcements"}, [4]string{"Nouvelles versions et rendez-vous.", "Nieuwe versies en afspraken.", "Neue Versionen und Termine.", "New releases and dates."}, false, true},
		{"inside", [4]string{"Entre membres", "Onder leden", "Unter Mitgliedern", "Among members"}, [4]string{"Ce qui ne regarde que les communes membres.", "Wat alleen de leden aangaat.", "Was nur die Mitglieder angeht.", "What concerns members only."}, true, false},
	} {
		in := store.CategoryInput{Names: map[string]string{}, Abouts: map[string]string{}, Members: one.members, Staff: one.staff}
		for i, lang := range store.Languages() {
			in.Names[lang], in.Abouts[lang] = one.names[i], one.abouts[i]
		}
		if one.key == "help" {
			in.Templates = map[string]string{"fr": "**Ce que je veux faire :**\n\n**Ce que j’ai essayé :**\n", "nl": "**Wat ik wil doen:**\n\n**Wat ik geprobeerd heb:**\n",
				"de": "**Was ich tun möchte:**\n\n**Was ich versucht habe:**\n", "en": "**What I want to do:**\n\n**What I tried:**\n"}
		}
		c, err := s.hub.SaveCategory(s.ctx, s.steward, "", in)
		if err != nil {
			return fmt.Errorf("demo: category %s: %w", one.key, err)
		}
		s.shelf[one.key] = c
	}
	var err error
	s.talks, err = talks()
	return err
}

// talk holds the conversations of a month.
func (s *story) talk(month string) error {
	for _, c := range s.talks {
		if c.month != month {
			continue
		}
		if err := s.hold(c); err != nil {
			return fmt.Errorf("demo: %s: %w", c.title, err)
		}
	}
	return nil
}

// lateTalk is what is being talked about now; those who look around have read all but the last days.
func (s *story) lateTalk() error {
	s.reach(s.now.Add(-80 * time.Hour))
	for _, one := range Persons() {
		m, err := s.hub.MemberByHandle(s.ctx, one.Handle)
		if store.KindOf(err) == store.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.hub.CatchUp(s.ctx, store.As(m.ID), s.clock.Now()); err != nil {
			return err
		}
	}
	return s.talk("late")
}

func (s *story) hold(c conversation) error {
	var d store.Thread
	for i, one := range c.posts {
		author := s.writer(one.lang, one.n)
		if s.shelf[c.shelf].Staff && i == 0 {
			author = s.hugo()
		}
		by := store.As(author.ID)
		s.reach(s.clock.Now().Add(time.Duration(3+(one.n*5+i*7)%11) * time.Hour))
		input := store.PostInput{Source: typeset(strings.TrimSpace(one.text)), Lang: one.lang}
		if c.lang == "en" && one.lang != "de" {
			input.Lang = "en"
		}
		if one.lang != "fr" || c.lang == "en" {
			input.Source = strings.TrimSpace(one.text)
		}
		if i == 0 {
			opened, err := s.hub.OpenThread(s.ctx, by, store.ThreadInput{Title: c.title, Category: s.shelf[c.shelf].Slug, Tags: c.tags,
				Question: strings.Contains(c.flags, "question"), PostInput: input})
			if err != nil {
				return err
			}
			d = opened.Thread
			continue
		}
		opened, err := s.hub.Reply(s.ctx, by, d.ID, input)
		if err != nil {
			return err
		}
		if err := s.react(d, i); err != nil {
			return err
		}
		if one.answer {
			if err := s.hub.Accept(s.ctx, store.As(d.Author), d.ID, opened.Post.Seq); err != nil {
				return err
			}
		}
	}
	if strings.Contains(c.flags, "pinned") {
		return s.hub.ModerateThread(s.ctx, s.steward, d.ID, store.ActPin, "", true)
	}
	return nil
}

// react lets a few people say a word about a post with one click.
func (s *story) react(d store.Thread, n int) error {
	for k, kind := range store.Reactions() {
		who := s.members[(n*7+k*5+d.Number)%len(s.members)]
		err := s.hub.React(s.ctx, store.As(who.ID), d.ID, n, kind, true)
		if err != nil && store.KindOf(err) != store.Conflict { // their own post
			return err
		}
	}
	if n%2 == 0 {
		return s.hub.VoteThread(s.ctx, store.As(s.members[(n*3+d.Number)%len(s.members)].ID), d.ID, true)
	}
	return nil
}

// writer is the n-th person who writes in a language and is welcomed.
func (s *story) writer(lang string, n int) store.Member {
	all := slices.DeleteFunc(slices.Clone(s.members), func(m store.Member) bool { return m.Language != lang })
	if len(all) == 0 {
		all = s.members
	}
	return all[n%len(all)]
}

// hugo is the organiser.
func (s *story) hugo() store.Member {
	at := slices.IndexFunc(s.members, func(m store.Member) bool { return m.Handle == Persons()[2].Handle })
	return s.members[max(at, 0)]
}
