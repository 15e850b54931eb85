package store

import (
	"context"
	"slices"
	"strings"
)

// Followers are the members who are to be told of a new post by letter: those who watch its thread, its category or one
// of its tags, and those it mentions, unless they muted it. Its author, and who may not see it, are never among them.
func (s *Store) Followers(ctx context.Context, postID string) (d Thread, p Post, told []Member, err error) {
	err = s.view(ctx, func(t *tx) error {
		told = nil
		if p, err = posts().lookup(t, famPostID, postID); err != nil {
			return err
		}
		if d, err = threads().get(t, p.Thread); err != nil || p.Hidden != nil {
			return err
		}
		asked := map[string]bool{}
		shelves, err := t.shelves()
		if err != nil {
			return err
		}
		candidates, err := t.candidates(d, p)
		if err != nil {
			return err
		}
		for _, id := range candidates {
			if asked[id] || id == p.Author {
				continue
			}
			asked[id] = true
			who, ok, err := members().find(t, id)
			if err != nil {
				return err
			}
			if !ok || who.State != MemberActive || who.NoNotice || !d.shown(who, shelves) {
				continue
			}
			wants, err := t.wantsLetter(who, d, p)
			if err != nil {
				return err
			}
			if wants {
				told = append(told, who)
			}
		}
		return nil
	})
	return d, p, told, err
}

// maxTold is how many posts one letter tells of.
const maxTold = 20

// ToTell are the posts that a letter about a new post tells a member of, oldest first: what they have neither read nor
// been told of. None when a letter told of this post already.
func (s *Store) ToTell(ctx context.Context, memberID, postID string) ([]PostRow, error) {
	var rows []PostRow
	err := s.view(ctx, func(t *tx) error {
		rows = nil
		p, err := posts().lookup(t, famPostID, postID)
		if err != nil {
			return err
		}
		r, err := t.reading(memberID, p.Thread)
		if err != nil {
			return err
		}
		done := max(r.Told, r.Read)
		if p.Seq <= done {
			return nil
		}
		before, err := posts().under(t, window{Under: []string{p.Thread}, From: postSeq(done + 1), To: postSeq(p.Seq), Reverse: true, Limit: maxTold})
		if err != nil {
			return err
		}
		slices.Reverse(before) // those of the same few minutes; events of one instant come in any order
		after, err := posts().under(t, window{Under: []string{p.Thread}, From: postSeq(p.Seq), Limit: maxTold})
		if err != nil {
			return err
		}
		found := slices.DeleteFunc(append(before, after...), func(one Post) bool {
			return one.Hidden != nil || one.Author == memberID || one.At.Before(p.At.Add(-gatherPosts))
		})
		rows, err = t.postRows(found, false)
		return err
	})
	return rows, err
}

// ThreadFor reads a thread that a member may see, for a letter to them.
func (s *Store) ThreadFor(ctx context.Context, memberID, threadID string) (Thread, error) {
	var d Thread
	err := s.view(ctx, func(t *tx) error {
		who, err := members().get(t, memberID)
		if err != nil {
			return err
		}
		d, _, err = t.thread(threadID, who)
		return err
	})
	return d, err
}

// candidates are all who follow something of a post closely, or whom it mentions. However many towns it names, it calls
// at most maxCalled people who did not ask for it: those named themselves first.
func (t *tx) candidates(d Thread, p Post) ([]string, error) {
	var found []string
	pick := func(f family, under ...string) error {
		pairs, err := t.Scan(window{Under: under, Limit: 5_000}.bounds(f), 5_000)
		for _, pair := range pairs {
			found = append(found, strings.Split(string(pair.Key[len(f.prefix(under...)):]), partEnd)[0])
		}
		return err
	}
	if err := pick(famReadingLevel, "thread", d.ID, "l"+string(Watch)); err != nil {
		return nil, err
	}
	if err := pick(famFollowSubject, "category", d.Category); err != nil {
		return nil, err
	}
	for _, tag := range d.Tags {
		if err := pick(famFollowSubject, "tag", tag); err != nil {
			return nil, err
		}
	}
	called, err := t.called(p)
	return append(found, called...), err
}

// maxCalled is how many people a post tells because it mentions them or their town.
const maxCalled = MaxMentions

// called are the people a post mentions, then those of the towns it mentions.
func (t *tx) called(p Post) ([]string, error) {
	var found, places []string
	for _, id := range p.Mentions {
		if _, ok, err := towns().find(t, id); err != nil {
			return nil, err
		} else if ok {
			places = append(places, id)
		} else {
			found = append(found, id)
		}
	}
	for _, id := range places {
		if len(found) >= maxCalled {
			break
		}
		people, err := t.people(id)
		if err != nil {
			return nil, err
		}
		for _, m := range people {
			found = append(found, m.ID)
		}
	}
	return found[:min(len(found), maxCalled)], nil
}

// wantsLetter says whether a member is to be told of a post by letter. A category or a tag that they watch writes only of
// what they read: a post in one of their languages, or translated into one. A thread that they chose itself always does.
func (t *tx) wantsLetter(who Member, d Thread, p Post) (bool, error) {
	r, err := t.reading(who.ID, d.ID)
	if err != nil {
		return false, err
	}
	chosen, err := t.chosen(who.ID)
	if err != nil {
		return false, err
	}
	named := slices.Contains(p.Mentions, who.ID) || who.TownID() != "" && slices.Contains(p.Mentions, who.TownID())
	switch levelOf(r, d, chosen) {
	case Muted:
		return false, nil
	case Watch:
		if named || r.Chosen {
			return true, nil
		}
		profile, err := t.caughtUp(who)
		l := look{profile: profile}
		return l.reads(p.Lang) || slices.ContainsFunc(p.Translations, func(tr Translation) bool { return l.reads(tr.Lang) }), err
	}
	return named, nil
}
