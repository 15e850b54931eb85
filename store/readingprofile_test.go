package store_test

import (
	"context"
	"testing"

	"belfry/store"
	"belfry/store/storetest"
)

func TestChoicesForRoomsAreKept(t *testing.T) {
	k := talking(t, storetest.OpenTwice(t))
	ctx := context.Background()
	if err := k.ReadLanguages(ctx, k.asReader, []string{"nl"}); err != nil {
		t.Fatal(err)
	}
	if err := k.ChooseForRooms(ctx, k.asReader, store.RoomChoices{HidePresence: true, EnterBreaks: true}); err != nil {
		t.Fatal(err)
	}
	p, err := k.ReadingProfileOf(ctx, k.asReader.MemberID)
	if err != nil || !p.HidePresence || p.HideReads || !p.EnterBreaks || len(p.Languages) != 1 {
		t.Errorf("kept %+v, %v", p, err)
	}
	if p, err = k.ReadingProfileOf(ctx, k.asAuthor.MemberID); err != nil || p.HidePresence || p.HideReads || p.EnterBreaks {
		t.Errorf("somebody who chose nothing has %+v, %v", p, err)
	}
	if err := k.ChooseForRooms(ctx, store.Visitor(), store.RoomChoices{}); store.KindOf(err) != store.Denied {
		t.Errorf("a visitor chooses: %v", err)
	}
}
