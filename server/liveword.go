package server

import (
	"strconv"
	"strings"

	"belfry/server/live"
	"belfry/store"
)

// tellNodes lets the hubs of other nodes hear a word, gathered with what else is to be told.
func (s *Server) tellNodes(w live.Word) {
	s.Store.Announce(store.Event{Kind: store.EventWord, Subject: w.Key(), By: w.From, Data: map[string]string{"do": string(w.Do), "room": w.Room,
		"here": strings.Join(w.Here, " "), "away": strings.Join(w.Away, " "), "count": strconv.Itoa(w.Count), "turn": strconv.Itoa(w.Turn)}})
}

// wordOf reads what tellNodes wrote.
func wordOf(e store.Event) live.Word {
	w := live.Word{Do: live.Deed(e.Data["do"]), From: e.By, Room: e.Data["room"], Here: strings.Fields(e.Data["here"]), Away: strings.Fields(e.Data["away"])}
	w.Count, _ = strconv.Atoi(e.Data["count"])
	w.Turn, _ = strconv.Atoi(e.Data["turn"])
	return w
}
