package store

import (
	"context"
	"slices"
)

// OwnThread is what one reader has of their own on a page of a thread.
type OwnThread struct {
	Reading Reading
	Level   Level                     // how closely it is followed, chosen or inherited
	New     int                       // posts that are new, at most 100 are counted
	First   int                       // seq of the first new one, 0 for none
	Said    map[string][]ReactionKind // by post id, of this page
	Voted   bool
	Draft   Draft
	Pending []Pending // the reader's own words here that wait for a moderator
}

// OwnThread reads what a member has of their own on a page of a thread.
func (s *Store) OwnThread(ctx context.Context, by Actor, threadID string, page int) (OwnThread, error) {
	var own OwnThread
	err := s.view(ctx, func(t *tx) error {
		own = OwnThread{Said: map[string][]ReactionKind{}}
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		d, _, err := t.thread(threadID, who)
		if err != nil {
			return err
		}
		if err := own.reading(t, who, d); err != nil {
			return err
		}
		if _, own.Voted, err = threadVotes().find(t, d.ID, who.ID); err != nil {
			return err
		}
		if own.Draft, _, err = drafts().find(t, who.ID, "reply/"+d.ID); err != nil {
			return err
		}
		waiting, err := pendings().list(t, famPendingMember, window{Under: []string{who.ID}, Limit: maxPending})
		if err != nil {
			return err
		}
		own.Pending = slices.DeleteFunc(waiting, func(p Pending) bool { return p.Thread != d.ID })
		return own.said(t, who, d, page)
	})
	return own, err
}

func (own *OwnThread) reading(t *tx, who Member, d Thread) error {
	var err error
	if own.Reading, err = t.reading(who.ID, d.ID); err != nil {
		return err
	}
	profile, err := t.caughtUp(who)
	if err != nil {
		return err
	}
	chosen, err := t.chosen(who.ID)
	if err != nil {
		return err
	}
	own.Level = levelOf(own.Reading, d, chosen)
	fresh, err := t.newPosts(d, own.Reading, profile, unreadPage)
	if own.New = len(fresh); own.New > 0 {
		own.First = fresh[own.New-1].Seq
	}
	return err
}

// said finds the reader's reactions to the posts of a page.
func (own *OwnThread) said(t *tx, who Member, d Thread, page int) error {
	first := (max(page, 1)-1)*PostsPerPage + 1
	found, err := posts().under(t, window{Under: []string{d.ID}, From: postSeq(first), To: postSeq(first + PostsPerPage), Limit: PostsPerPage})
	if err != nil {
		return err
	}
	kinds := Reactions()
	var keys [][]byte
	for _, p := range found {
		for _, kind := range kinds {
			keys = append(keys, famReaction.key(p.ID, string(kind), who.ID))
		}
	}
	values, err := t.GetMany(keys)
	for i, value := range values {
		if value != nil {
			id := found[i/len(kinds)].ID
			own.Said[id] = append(own.Said[id], kinds[i%len(kinds)])
		}
	}
	return err
}
