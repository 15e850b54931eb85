package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"belfry/store"
	"belfry/store/kv"
	"belfry/store/kv/bolt"
)

// TestCheckSeesAnotherApprovedText approves minutes, then changes one word of them in the file, with a good checksum of
// the value: `belfry check` says that the text is not the one that was approved, beside a serving hub too.
func TestCheckSeesAnotherApprovedText(t *testing.T) {
	c := newCommunity(t, 1, 0)
	c.approved(t, "La sortie attend la traduction.")
	belfry(t, "check", "--data", c.dir).ends(t, 0, "Nothing wrong")
	db, err := bolt.Open(filepath.Join(c.dir, "belfry.db"), bolt.Options{})
	ok(t, err)
	ok(t, db.Update(context.Background(), "tamper", func(tx kv.Tx) error {
		pairs, err := tx.Scan(kv.Prefix([]byte("revision/")), 10)
		for _, pair := range pairs {
			tx.Put(bytes.Clone(pair.Key), bytes.Replace(pair.Value, []byte("attend"), []byte("saute "), 1))
		}
		return err
	}))
	ok(t, db.Close())
	belfry(t, "check", "--data", c.dir).ends(t, 1, "the approved text is not the one that was approved", "SHA-256", "faults")
	h := serve(t, c.dir)
	belfry(t, "check", "--data", c.dir).ends(t, 1, "the approved text is not the one that was approved")
	h.stop()
}

// approved is a meeting of the past whose minutes a later one approved.
func (c *community) approved(t *testing.T, text string) store.Meeting {
	t.Helper()
	now := time.Now().AddDate(0, 0, -9)
	hub, _, err := openStore(t.Context(), c.dir, change, store.Options{Demo: true, Clock: func() time.Time { return now }})
	ok(t, err)
	defer hub.Close()
	var held [2]store.Meeting
	for i := range held {
		held[i], err = hub.ScheduleMeeting(t.Context(), store.System(), store.MeetingInput{Title: "Tenue", Lang: "fr",
			Date: now.AddDate(0, 0, 1+3*i).Format(time.DateOnly), Clock: "12:30", Zone: "Europe/Brussels", Minutes: 60, Venue: "Hôtel de ville"})
		ok(t, err)
	}
	now = time.Now()
	_, err = hub.SaveMinutes(t.Context(), store.System(), held[0].ID, store.MinutesDraft{Source: "!D " + text + "\n", Lang: "fr"})
	ok(t, err)
	_, err = hub.PublishMinutes(t.Context(), store.System(), held[0].ID)
	ok(t, err)
	_, err = hub.ApproveMinutes(t.Context(), store.System(), held[0].ID, "")
	ok(t, err)
	return held[0]
}
