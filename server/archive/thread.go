package archive

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Conversation is a tree of messages flattened: oldest first.
type Conversation struct {
	Title    string
	Messages []Head
}

// subjectWindow is how far apart messages of one subject may lie to belong together when nothing else joins them.
const subjectWindow = 60 * 24 * time.Hour

// Conversations joins messages by References and In-Reply-To, then by subject within two months. A message that is there
// twice, by its id, is kept once; the others are given back. Circles of references end where they close.
func Conversations(all []Head) (found []Conversation, doubles []Head) {
	byID := map[string]int{}
	var kept []Head
	for _, h := range all {
		if _, twice := byID[h.ID]; twice {
			doubles = append(doubles, h)
			continue
		}
		byID[h.ID] = len(kept)
		kept = append(kept, h)
	}
	dates(kept)
	groups := newGroups(len(kept))
	named := map[string]int{} // ids that are only referred to join their children
	for i, h := range kept {
		for _, id := range h.References {
			if at, ok := byID[id]; ok {
				groups.join(i, at)
			} else if at, ok := named[id]; ok {
				groups.join(i, at)
			} else {
				named[id] = i
			}
		}
	}
	joinSubjects(kept, groups)
	trees := map[int][]Head{}
	for i, h := range kept {
		root := groups.root(i)
		trees[root] = append(trees[root], h)
	}
	for _, tree := range trees {
		slices.SortStableFunc(tree, func(a, b Head) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
		found = append(found, Conversation{Title: Title(tree[0].Subject), Messages: tree})
	}
	slices.SortFunc(found, func(a, b Conversation) int {
		return cmp.Or(a.Messages[0].At.Compare(b.Messages[0].At), cmp.Compare(a.Messages[0].ID, b.Messages[0].ID))
	})
	return found, doubles
}

// dates gives messages without a date that of their neighbour in the file.
func dates(all []Head) {
	last := time.Unix(0, 0).UTC()
	for i := range all {
		if all[i].At.IsZero() {
			all[i].At = last
		}
		last = all[i].At
	}
}

// joinSubjects joins messages that answer by their subject alone ("Re: …") to what was said under it shortly before.
func joinSubjects(all []Head, g groups) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return all[a].At.Compare(all[b].At) })
	latest := map[string]int{}
	for _, i := range order {
		subject := strings.ToLower(Title(all[i].Subject))
		if subject == "" {
			continue
		}
		before, ok := latest[subject]
		if ok && len(all[i].References) == 0 && answers.MatchString(withoutTags(all[i].Subject)) && all[i].At.Sub(all[before].At) <= subjectWindow {
			g.join(i, before)
		}
		latest[subject] = i
	}
}

var (
	answers = regexp.MustCompile(`(?i)^\s*(re|aw|tr|rép|rep|antw|sv|vs|fwd?|wg)(\[\d+\])?\s*:\s*`)
	listTag = regexp.MustCompile(`^\s*\[[^\]]{1,40}\]\s*`)
)

func withoutTags(subject string) string {
	for listTag.MatchString(subject) {
		subject = listTag.ReplaceAllString(subject, "")
	}
	return subject
}

// Title is a subject without what lists and answers put before it. A tag that says something about a patch goes too: it
// stays in the text.
func Title(subject string) string {
	for {
		shorter := answers.ReplaceAllString(withoutTags(subject), "")
		if shorter == subject {
			break
		}
		subject = shorter
	}
	if runes := []rune(strings.TrimSpace(subject)); len(runes) > 150 {
		return string(runes[:150]) + "…"
	}
	return strings.TrimSpace(subject)
}

// groups is a union of sets of messages, by index.
type groups []int

func newGroups(n int) groups {
	g := make(groups, n)
	for i := range g {
		g[i] = i
	}
	return g
}

func (g groups) root(i int) int {
	for g[i] != i {
		g[i] = g[g[i]]
		i = g[i]
	}
	return i
}

func (g groups) join(a, b int) { g[g.root(a)] = g.root(b) }
