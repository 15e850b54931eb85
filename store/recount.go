package store

import (
	"fmt"
	"slices"
)

// thread checks a thread's references and keeps it to compare its counts with its posts.
func (v *verification) thread(d *Thread) {
	v.number(famThread, "thread", 0, d.Number)
	v.lead(famThread, d.ID, famCategory, d.Category)
	v.lead(famThread, d.ID, famMember, d.Author)
	v.lead(famThread, d.ID, famTown, d.Town)
	v.lead(famThread, d.ID, famTown, d.AssignedTown)
	for _, item := range d.Items {
		v.lead(famThread, d.ID, famItem, item)
	}
	id, into := d.ID, d.MergedInto
	v.later = append(v.later, func() { v.lead(famThread, id, famThread, into) })
	for _, tag := range d.Tags {
		v.lead(famThread, d.ID, famTag, tag)
	}
	v.discussions[d.ID] = &discussion{thread: *d, towns: map[string]int{}}
}

// discussion is what the posts of a thread say, to compare with what the thread says.
type discussion struct {
	thread      Thread
	posts, last int
	answered    bool
	accepted    bool
	towns       map[string]int
	votes       int
}

func (v *verification) post(p *Post) {
	key := p.Thread + "/" + postSeq(p.Seq)
	v.lead(famPost, key, famMember, p.Author)
	v.lead(famPost, key, famTown, p.Town)
	d := v.discussions[p.Thread]
	if d == nil {
		v.report(Fault{"reference", string(famPost) + "/" + key, "names a thread that is not there"})
		return
	}
	d.last = max(d.last, p.Seq)
	d.answered = d.answered || p.Hidden == nil && p.Author != d.thread.Author
	d.accepted = d.accepted || p.Seq == d.thread.Accepted
	if p.Hidden == nil {
		d.posts++
		if p.Town != "" {
			d.towns[p.Town]++
		}
	}
}

// threadCounts compares what threads say of their posts with the posts.
func (v *verification) threadCounts() error {
	for id, d := range v.discussions {
		place := string(famThread) + "/" + id
		if d.posts != d.thread.Posts {
			v.report(Fault{"count", place, fmt.Sprintf("says %d posts; there are %d", d.thread.Posts, d.posts)})
		}
		if d.last > d.thread.Last {
			v.report(Fault{"count", place, fmt.Sprintf("says that its last post is %d; there is post %d", d.thread.Last, d.last)})
		}
		if d.answered != d.thread.Answered {
			v.report(Fault{"count", place, fmt.Sprintf("says answered %v; the posts say %v", d.thread.Answered, d.answered)})
		}
		if d.thread.Accepted > 0 && !d.accepted {
			v.report(Fault{"reference", place, fmt.Sprintf("accepts post %d, which is not there", d.thread.Accepted)})
		}
		if d.votes != d.thread.Votes {
			v.report(Fault{"count", place, fmt.Sprintf("says %d votes; there are %d", d.thread.Votes, d.votes)})
		}
		for _, town := range slices.Compact(slices.Sorted(bothKeys(d.towns, d.thread.Towns))) {
			if d.towns[town] != d.thread.Towns[town] {
				v.report(Fault{"count", place, fmt.Sprintf("says %d posts of town %s; there are %d", d.thread.Towns[town], town, d.towns[town])})
				break
			}
		}
	}
	return nil
}

// bothKeys are the keys of two maps, those in both twice.
func bothKeys(a, b map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, m := range []map[string]int{a, b} {
			for key := range m {
				if !yield(key) {
					return
				}
			}
		}
	}
}
