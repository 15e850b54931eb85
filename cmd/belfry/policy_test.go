package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unasked are the store's methods that name nobody on whose behalf they run, and which files of the server may call them:
// all of them when none is named. Whatever is not here takes an Actor, and asks what they may.
func unasked() map[string][]string {
	all := map[string][]string{}
	for _, one := range []struct{ names, files string }{
		// what everybody may know
		{"ActionYears AllSeries AllTowns AppBySlug AppNames Apps AppsOfTown AttendanceOfYear DecisionByNumber DecisionYears Decisions FindMentors Gazetteer LatestMinutes MemberByHandle MembersByID " +
			"MentorOffers MentorRule MinutesOfYear Needs Now Numbers OverTheYears ReadMarks Rendered SeriesBySlug SisterMeetings SisterOffers SkillNames Skills TownByCode TownByID TownNamed TownTyped Towns " +
			"TownsOf Writable WriteApp", ""},
		// who somebody is, by a secret of theirs
		{"DemoSignIn Found Join RequestSignIn Session SignIn SignOut TicketFor TouchSession UseCode UseTicket", "account.go known.go session.go mentorfind.go"},
		{"CalendarData FeedByToken", "feed.go calendar.go"},
		// one's own, of who is signed in
		{"ReadingProfileOf ReadInRoom", "chat.go live.go settings.go"},
		// letters: to whom something is written, and about what, is a rule of the store too
		{"ActionByID Audience Concerned DueEvents Followers ItemByID MeetingByID MemberByID MentorNotice NeedAudience NoticeAudience Posted ProviderByID RoomFor RoomNotices ThreadFor ToTell Welcomers",
			"appletters.go letters.go mentorletters.go notices.go post.go postletters.go roomletters.go chatmessage.go"},
		// the hub of the live connections, which asks who is admitted
		{"Admitted Missed RoomLog SessionsLive", "live.go liveframes.go"},
		// the search index, which is asked for what its reader may find
		{"EverySearchable Follow Indexed Searches StaleSearch", "follow.go"},
		{"SisterRead SistersDue", "sisters.go"},
		// the program itself
		{"Announce Generation Identity Listen Marks Peers Ready Secret Shared", "calendar.go diagnostics.go follow.go front.go known.go live.go liveword.go post.go ready.go server.go shared.go transport.go unread.go"},
	} {
		for _, name := range strings.Fields(one.names) {
			all[name] = strings.Fields(one.files)
		}
	}
	return all
}

// asSystem are the places of the server that act for the operator, and may therefore see everything.
func asSystem() []string {
	return []string{"appletters.go serviceLetters", "archive/import.go Import", "find.go findQuery", "search/follow.go put"}
}

// TestDecisionsAreTheStores: the server reaches records only through methods that ask who may. What does not is named above,
// with the files that may call it; so is every place that acts for the operator. (SAFETY 40)
func TestDecisionsAreTheStores(t *testing.T) {
	files := token.NewFileSet()
	asks := map[string]bool{} // methods of the store: whether they name somebody
	each(t, files, "../../store", func(path string, fn *ast.FuncDecl) {
		if strings.Contains(path, "/") || fn.Recv == nil || !fn.Name.IsExported() || receiver(fn) != "Store" {
			return
		}
		asks[fn.Name.Name] = slices.ContainsFunc(fn.Type.Params.List, func(p *ast.Field) bool { id, ok := p.Type.(*ast.Ident); return ok && id.Name == "Actor" })
	})
	if len(asks) < 100 {
		t.Fatalf("only %d methods of the store were found", len(asks))
	}
	called, system, excused := map[string]bool{}, map[string]bool{}, unasked()
	each(t, files, "../../server", func(path string, fn *ast.FuncDecl) {
		ast.Inspect(fn, func(n ast.Node) bool {
			selected, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := selected.Sel.Name
			if from, ok := selected.X.(*ast.Ident); ok && from.Name == "store" && name == "System" {
				system[path+" "+fn.Name.Name] = true
			}
			from, ok := selected.X.(*ast.SelectorExpr)
			if !ok || from.Sel.Name != "Store" {
				return true
			}
			asking, method := asks[name]
			called[name] = method
			if allowed, known := excused[name]; method && !asking && (!known || len(allowed) > 0 && !slices.Contains(allowed, filepath.Base(path))) {
				t.Errorf("%s, %s: Store.%s asks nobody's rights: give it an Actor, or say in unasked why it needs none here", path, fn.Name.Name, name)
			}
			return true
		})
	})
	for name := range excused {
		if !called[name] || asks[name] {
			t.Errorf("%s is named in unasked, and need not be", name)
		}
	}
	for _, place := range asSystem() {
		if !system[place] {
			t.Errorf("%s is named in asSystem, and need not be", place)
		}
		delete(system, place)
	}
	for place := range system {
		t.Errorf("%s acts for the operator", place)
	}
}

// each visits the functions of a folder's packages, tests left out.
func each(t *testing.T, files *token.FileSet, root string, visit func(path string, fn *ast.FuncDecl)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(root, path)
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				visit(filepath.ToSlash(short), fn)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// receiver is the type a method belongs to, when it is a pointer.
func receiver(fn *ast.FuncDecl) string {
	if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); ok {
		if id, ok := star.X.(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}
