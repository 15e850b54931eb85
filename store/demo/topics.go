package demo

import (
	"embed"
	"fmt"
	"strconv"
	"strings"

	"belfry/store"
)

//go:embed minutes/*.md
var texts embed.FS

// topic is an agenda item with what was said about it.
type topic struct {
	item store.ItemInput
	said string
	by   store.Member // who brought it, once it is on an agenda
}

// topics reads the topics in the order in which the community takes them up: each comes once, and once more a year
// later, when there is something to tell.
func topics() ([]topic, error) {
	files, err := texts.ReadDir("minutes")
	if err != nil {
		return nil, err
	}
	var first, later []topic
	for _, file := range files {
		name := file.Name()
		if !strings.HasPrefix(name, "topic-") {
			continue
		}
		text, err := read(name)
		if err != nil {
			return nil, err
		}
		lang := name[len(name)-len("fr.md") : len(name)-len(".md")]
		before, after, _ := strings.Cut(text, "\n+++\n")
		for _, half := range []struct {
			list *[]topic
			text string
		}{{&first, before}, {&later, after}} {
			one, err := parse(half.text, lang)
			if err != nil {
				return nil, fmt.Errorf("demo: %s: %w", name, err)
			}
			one.item.App = aboutApp(name)
			*half.list = append(*half.list, one)
		}
	}
	return append(first, later...), nil
}

// parse reads a topic: a line with its title, one with its kind and length, one for the agenda, then the minutes.
func parse(text, lang string) (topic, error) {
	head, said, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) != 3 {
		return topic{}, fmt.Errorf("no head of three lines")
	}
	kind, length, _ := strings.Cut(lines[1], " ")
	n, err := strconv.Atoi(length)
	return topic{said: strings.TrimSpace(said), item: store.ItemInput{Title: strings.TrimPrefix(lines[0], "# "), Text: lines[2],
		Lang: lang, Kind: store.ItemKind(kind), Minutes: n}}, err
}

// read is one of the written texts.
func read(name string) (string, error) {
	raw, err := texts.ReadFile("minutes/" + name)
	text := strings.TrimSpace(string(raw))
	if strings.HasSuffix(name, ".fr.md") {
		text = typeset(text)
	}
	return text, err
}

// variant is one of the texts that are numbered from 1 to of, in turn.
func variant(kind string, n, of int, lang string) (string, error) {
	return read(fmt.Sprintf("%s-%d.%s.md", kind, n%of+1, lang))
}
