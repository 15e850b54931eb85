package store

import (
	"context"
	"fmt"
	"time"
)

// ReactionKind is what one can say of a post with one click.
type ReactionKind string

const (
	Useful ReactionKind = "useful"
	UsToo  ReactionKind = "us_too" // counts towns
	Thanks ReactionKind = "thanks"
)

// Reactions are the kinds in the order they are shown.
func Reactions() []ReactionKind { return []ReactionKind{Useful, UsToo, Thanks} }

// Reaction is one member's word of one kind on one post.
type Reaction struct {
	Post   string       `json:"post"`
	Kind   ReactionKind `json:"kind"`
	Member string       `json:"member"`
	Town   string       `json:"town,omitzero"`
	At     time.Time    `json:"at"`
}

// ReactionTally counts a post's reactions. UsToo counts people by town ("" for those without one).
type ReactionTally struct {
	Post   string         `json:"post"`
	Useful int            `json:"useful,omitzero"`
	Thanks int            `json:"thanks,omitzero"`
	UsToo  map[string]int `json:"us_too,omitzero"`
}

// Count is the number shown for a kind: people, or towns for "us too".
func (r ReactionTally) Count(kind ReactionKind) int {
	switch kind {
	case Useful:
		return r.Useful
	case Thanks:
		return r.Thanks
	}
	n := len(r.UsToo)
	if r.UsToo[""] > 0 {
		n--
	}
	return n
}

func (r *ReactionTally) add(one Reaction, by int) {
	switch one.Kind {
	case Useful:
		r.Useful += by
	case Thanks:
		r.Thanks += by
	case UsToo:
		if r.UsToo == nil {
			r.UsToo = map[string]int{}
		}
		if r.UsToo[one.Town] += by; r.UsToo[one.Town] == 0 {
			delete(r.UsToo, one.Town)
		}
	}
}

func reactions() *table[Reaction] {
	return &table[Reaction]{
		family: famReaction,
		key:    func(r *Reaction) []string { return []string{r.Post, string(r.Kind), r.Member} },
	}
}

func reactionTallies() *table[ReactionTally] {
	return &table[ReactionTally]{family: famReactionTally, key: func(r *ReactionTally) []string { return []string{r.Post} }}
}

// React says a word on a post, or takes it back: by members, not on their own posts. Saying it twice changes nothing.
func (s *Store) React(ctx context.Context, by Actor, threadID string, seq int, kind ReactionKind, on bool) error {
	var c check
	oneOf(&c, "kind", kind, Reactions()...)
	if err := c.err(); err != nil {
		return err
	}
	return s.update(ctx, "thread/"+threadID, func(t *tx) error {
		who, err := t.require(by, Take)
		if err != nil {
			return err
		}
		if _, _, err := t.thread(threadID, who); err != nil {
			return err
		}
		p, err := posts().get(t, threadID, postSeq(seq))
		if err != nil {
			return err
		}
		if p.Hidden != nil {
			return notFound()
		}
		if p.Author == who.ID {
			return conflict("post.own")
		}
		have, had, err := reactions().find(t, p.ID, string(kind), who.ID)
		if err != nil || had == on {
			return err
		}
		tally, _, err := reactionTallies().find(t, p.ID)
		if err != nil {
			return err
		}
		tally.Post = p.ID
		if !on {
			tally.add(have, -1)
			if err := reactions().remove(t, p.ID, string(kind), who.ID); err != nil {
				return err
			}
			return reactionTallies().put(t, tally)
		}
		fresh := Reaction{Post: p.ID, Kind: kind, Member: who.ID, Town: who.TownID(), At: t.now}
		tally.add(fresh, 1)
		if err := reactions().put(t, fresh); err != nil {
			return err
		}
		return reactionTallies().put(t, tally)
	})
}

// Vote is one member's vote for a thread.
type threadVote struct {
	Thread string    `json:"thread"`
	Member string    `json:"member"`
	At     time.Time `json:"at"`
}

func threadVotes() *table[threadVote] {
	return &table[threadVote]{family: famVote, key: func(v *threadVote) []string { return []string{v.Thread, v.Member} }}
}

// VoteThread votes a thread up, or takes the vote back: by members. Voting twice changes nothing.
func (s *Store) VoteThread(ctx context.Context, by Actor, id string, on bool) error {
	return s.changeThread(ctx, by, id, func(t *tx, who Member, _ Category, d *Thread) error {
		_, had, err := threadVotes().find(t, d.ID, who.ID)
		if err != nil || had == on {
			return err
		}
		if !on {
			d.Votes--
			return threadVotes().remove(t, d.ID, who.ID)
		}
		d.Votes++
		return threadVotes().put(t, threadVote{Thread: d.ID, Member: who.ID, At: t.now})
	})
}

func (v *verification) reaction(r *Reaction) {
	v.lead(famReaction, r.Post+"/"+r.Member, famMember, r.Member)
	if v.reacted[r.Post] == nil {
		v.reacted[r.Post] = &ReactionTally{Post: r.Post}
	}
	v.reacted[r.Post].add(*r, 1)
}

func (v *verification) reactionTally(r *ReactionTally) {
	real := v.reacted[r.Post]
	if real == nil {
		real = &ReactionTally{}
	}
	if real.Useful != r.Useful || real.Thanks != r.Thanks || fmt.Sprint(real.UsToo) != fmt.Sprint(r.UsToo) {
		v.report(Fault{"count", string(famReactionTally) + "/" + r.Post, "the reactions say otherwise"})
	}
	delete(v.reacted, r.Post)
}

func (v *verification) threadVote(one *threadVote) {
	v.lead(famVote, one.Thread+"/"+one.Member, famMember, one.Member)
	if d := v.discussions[one.Thread]; d != nil {
		d.votes++
	}
}
