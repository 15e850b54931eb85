package store

import "strings"

// family is the first part of every key, up to the slash: one kind of record or one index of it.
// The table below is the whole physical schema. Parts after the slash are joined by a zero byte, which no
// accepted text contains. An index key ends in the primary key of the record it points to; its value is empty.
type family string

const (
	famMeta family = "meta" // name → schema version, server secret, whether the starter list of skills was put in, a probe of a disk that was full, a move under way, where the community went

	famMember       family = "member"        // id → Member
	famMemberEmail  family = "member.email"  // folded address → id (unique)
	famMemberHandle family = "member.handle" // handle → id (unique), old handles too
	famMemberTown   family = "member.town"   // town id, name, id
	famMemberName   family = "member.name"   // folded name, id
	famCredential   family = "credential"    // member id → Credential (password hash)
	famSession      family = "session"       // hash of the token → Session
	famSessionOwner family = "session.owner" // member id, hash
	famTicket       family = "ticket"        // hash of a mailed link → Ticket
	famTicketOwner  family = "ticket.owner"  // address, hash
	famAttempt      family = "attempt"       // what is limited → Attempt
	famSentForm     family = "sentform"      // hash of a form → SentForm
	famRoleChange   family = "role"          // id → RoleChange, public history
	famRoleMember   family = "role.member"   // member id, id
	famRoleTown     family = "role.town"     // town id, id

	famTown      family = "town"       // id → Town
	famTownCode  family = "town.code"  // gazetteer code → id (unique)
	famTownSlug  family = "town.slug"  // slug → id (unique), old slugs too
	famTownState family = "town.state" // state, folded name, id

	famSkill          family = "skill"           // slug → Skill
	famTownChange     family = "townchange"      // id → TownChange, public history
	famTownChangeTown family = "townchange.town" // town id, id

	famMentorRule         family = "mentorrule"          // "weights" → MentorRule
	famMentorRequest      family = "mentorrequest"       // id → MentorRequest
	famMentorRequestTown  family = "mentorrequest.town"  // town id, id
	famMentorRequestState family = "mentorrequest.state" // state, created, id
	famMentorRequestAsked family = "mentorrequest.asked" // town id that is or was asked, open or past, id
	famMentorship         family = "mentorship"          // id → Mentorship
	famMentorshipMentor   family = "mentorship.mentor"   // town id, open or past, id
	famMentorshipLearner  family = "mentorship.learner"  // town id, open or past, id
	famCheckIn            family = "checkin"             // id → CheckIn
	famCheckInMentorship  family = "checkin.mentorship"  // mentorship id, start, id
	famCheckInTown        family = "checkin.town"        // id of either town, start, id

	famSeries        family = "series"         // id → Series
	famSeriesSlug    family = "series.slug"    // slug → id (unique)
	famMeeting       family = "meeting"        // id → Meeting
	famMeetingSlug   family = "meeting.slug"   // slug → id (unique), old slugs too
	famMeetingStart  family = "meeting.start"  // start instant, id
	famMeetingSeries family = "meeting.series" // series id, slot, id
	famMeetingTown   family = "meeting.town"   // host town id, start, id
	famRSVP          family = "rsvp"           // meeting id, member id → RSVP
	famRSVPMember    family = "rsvp.member"    // member id, meeting id
	famRSVPWaiting   family = "rsvp.waiting"   // meeting id, place in the queue, member id
	famPresence      family = "presence"       // meeting id, member id → Presence, ticked at the door
	famRSVPTally     family = "rsvp.tally"     // meeting id → Tally
	famItem          family = "item"           // id → AgendaItem
	famItemMeeting   family = "item.meeting"   // meeting id, order, id
	famMinutes       family = "minutes"        // meeting id → Minutes
	famRevision      family = "revision"       // meeting id, number → MinutesRevision
	famMinutesLatest family = "minutes.latest" // published instant, meeting id
	famItemBacklog   family = "item.backlog"   // series id, id: parked items without a meeting
	famCorrection    family = "correction"     // meeting id, id → Correction proposed to published minutes

	famDecision        family = "decision"         // id → Decision
	famDecisionNumber  family = "decision.number"  // year and number → id (unique)
	famDecisionMeeting family = "decision.meeting" // meeting id, year and number, id
	famDecisionSeries  family = "decision.series"  // series id, year and number, id
	famDecisionTown    family = "decision.town"    // town id, year and number, id
	famDecisionOutcome family = "decision.outcome" // outcome or "withdrawn", year and number, id
	famAction          family = "action"           // id → Action
	famActionNumber    family = "action.number"    // year and number → id (unique)
	famActionState     family = "action.state"     // state, due date, id
	famActionYear      family = "action.year"      // year, "" or id of series, town or person, state, due date, id
	famActionMeeting   family = "action.meeting"   // meeting id, state, due date, id
	famActionSeries    family = "action.series"    // series id, state, due date, id
	famActionTown      family = "action.town"      // town id, state, due date, id
	famActionPerson    family = "action.person"    // member id, state, due date, id
	famNumbering       family = "numbering"        // kind, year → last number given

	famCategory        family = "category"         // id → Category
	famCategorySlug    family = "category.slug"    // slug → id (unique), old slugs too
	famTag             family = "tag"              // slug → Tag
	famThread          family = "thread"           // id → Thread
	famThreadNumber    family = "thread.number"    // number → id (unique)
	famThreadActive    family = "thread.active"    // newest post, id
	famThreadCategory  family = "thread.category"  // category id, newest post, id
	famThreadTag       family = "thread.tag"       // tag, newest post, id
	famThreadVotes     family = "thread.votes"     // votes, id
	famThreadWaiting   family = "thread.waiting"   // newest post, id: without reply or answer
	famThreadPinned    family = "thread.pinned"    // category id, id
	famThreadAuthor    family = "thread.author"    // member id, opened, id
	famThreadAssigned  family = "thread.assigned"  // member or town id, newest post, id
	famPost            family = "post"             // thread id, seq → Post
	famPostID          family = "post.id"          // id → thread id, seq (unique)
	famPostAuthor      family = "post.author"      // member id, post id, thread id, seq
	famPostOnce        family = "post.once"        // member id, form → thread id, seq (unique)
	famPostMention     family = "post.mention"     // member or town id, thread id, seq
	famPostMessage     family = "post.message"     // message id → thread id, seq (unique)
	famSender          family = "sender"           // hash of an address → Sender
	famPostRevision    family = "postrevision"     // post id, number → PostRevision
	famMoved           family = "moved"            // thread id, seq → Moved
	famPending         family = "pending"          // id → Pending
	famPendingMember   family = "pending.member"   // member id, id
	famAct             family = "act"              // id → Act of a moderator
	famReport          family = "report"           // id → Report
	famReportOnce      family = "report.once"      // post id, member id → id (unique)
	famReportOpen      family = "report.open"      // post id, id
	famReaction        family = "reaction"         // post id, kind, member id → Reaction
	famReactionTally   family = "reaction.tally"   // post id → ReactionTally
	famVote            family = "vote"             // thread id, member id → vote
	famDraft           family = "draft"            // member id, place → Draft
	famReading         family = "reading"          // member id, kind, subject → Reading
	famReadingWrote    family = "reading.wrote"    // member id, when they last wrote, member id, kind, thread id
	famReadingFollowed family = "reading.followed" // member id, since, member id, kind, thread id
	famReadingMark     family = "reading.mark"     // member id, since, member id, kind, thread id
	famReadingLevel    family = "reading.level"    // kind, subject, level, member id, kind, subject
	famReadingProfile  family = "reading.profile"  // member id → ReadingProfile
	famFollow          family = "follow"           // member id, kind, subject → Follow
	famFollowSubject   family = "follow.subject"   // kind, subject, member id, kind, subject

	famApp                 family = "app"                  // id → App
	famAppSlug             family = "app.slug"             // slug → id (unique), old slugs too
	famAppName             family = "app.name"             // folded name, id
	famAppKeeper           family = "app.keeper"           // town id, id
	famAppFile             family = "appfile"              // app id, number → AppFile (a publiccode.yml that was good)
	famAppUse              family = "appuse"               // town id, app id → AppUse
	famAppUseApp           family = "appuse.app"           // app id, state, town id, app id
	famAppUseExpert        family = "appuse.expert"        // member id, town id, app id
	famAppNotice           family = "appnotice"            // id → AppNotice
	famAppNoticeApp        family = "appnotice.app"        // app id, sent, id
	famNoticeAnswer        family = "noticeanswer"         // notice id, town id → NoticeAnswer
	famNeed                family = "need"                 // id → Need
	famNeedNumber          family = "need.number"          // number → id (unique)
	famNeedApp             family = "need.app"             // app id, opened, id
	famPledge              family = "pledge"               // need id, town id → Pledge
	famPledgeTown          family = "pledge.town"          // town id, need id, town id
	famProvider            family = "provider"             // id → Provider
	famProviderSlug        family = "provider.slug"        // slug → id (unique), old slugs too
	famReference           family = "reference"            // provider id, town id → Reference
	famReferenceTown       family = "reference.town"       // town id, provider id, town id
	famReferenceEnds       family = "reference.ends"       // last day of the contract, provider id, town id: not reminded yet
	famHosting             family = "hosting"              // id → HostingOffer
	famHostingProvider     family = "hosting.provider"     // provider id, id
	famHostingRequest      family = "hostingrequest"       // id → HostingRequest
	famHostingRequestOffer family = "hostingrequest.offer" // offer id, id
	famHostingRequestTown  family = "hostingrequest.town"  // town id, id
	famSister              family = "sister"               // id → Sister
	famSisterFeed          family = "sisterfeed"           // sister id, kind → SisterFeed
	famDecisionApp         family = "decision.app"         // app id, year and number, id
	famActionApp           family = "action.app"           // app id, state, due date, id
	famItemApp             family = "item.app"             // app id, written, id
	famRoom                family = "room"                 // id → Room, those that need a record
	famRoomSlug            family = "room.slug"            // slug → id (unique)
	famRoomPeople          family = "room.people"          // ids of those in a direct conversation → id (unique)
	famRoomName            family = "room.name"            // folded name, id: rooms that members opened, but private ones
	famRoomLog             family = "roomlog"              // room id → RoomLog
	famRoomMember          family = "roommember"           // room id, member id → RoomMember
	famRoomMemberOf        family = "roommember.of"        // member id, room id, member id
	famRoomMemberWatch     family = "roommember.watch"     // room id, room id, member id: who follows every message
	famMessage             family = "message"              // room id, number → Message
	famMessageOnce         family = "message.once"         // member id, id the client gave → room id, number (unique)
	famMessageChange       family = "message.change"       // room id, change, room id, number: those that were changed
	famMessageMention      family = "message.mention"      // member or town id, instant, room id, number
	famMessageMark         family = "message.mark"         // room id, room id, number: those marked for the minutes
	famMessageRevision     family = "messagerevision"      // room id, number, nth → MessageRevision

	famMessageRevisionGone family = "messagerevision.gone" // when it was deleted, room id, number, nth

	famFeed      family = "feed"       // id → FeedLink (personal calendar address)
	famFeedOwner family = "feed.owner" // member id, id

	famStale    family = "stale"    // searcher, kind, id → Stale: what a search index has to read again
	famSearcher family = "searcher" // id → Searcher: a search index that follows

	famNode  family = "node"  // id → Node: a process that serves, where several share the data
	famLease family = "lease" // queue → Lease: which of them works it

	famPaper     family = "paper"      // hash → Paper, where several machines share the files
	famPaperPart family = "paper.part" // hash, number → bytes

	famAudit        family = "audit"         // id → AuditEntry
	famAuditSubject family = "audit.subject" // subject, id
	famEvent        family = "event"         // id → Event, waiting for its worker
	famMail         family = "mail"          // id → Mail
	famMailDue      family = "mail.due"      // next try, id
	famMailTime     family = "mail.time"     // written at, id
)

// public families are what pages and feeds show to everybody: a commit that touches one of them drops what was
// kept of those pages. The others are one person's, or the machine's own.
func (f family) public() bool {
	switch f.record() {
	case famMember, famTown, famSeries, famMeeting, famRSVP, famPresence, famItem, famMinutes, famRevision, famCorrection,
		famDecision, famAction, famRoleChange, famCategory, famTag, famThread, famPost, famReaction, famMoved,
		famApp, famAppFile, famAppUse, famNeed, famPledge, famProvider, famReference, famHosting, famHostingRequest, famSister, famSisterFeed, famSkill, famTownChange,
		famMentorRule, famMentorRequest, famMentorship, famCheckIn:
		return true
	}
	return false
}

// identity families are what a session is answered from.
func (f family) identity() bool {
	switch f.record() {
	case famSession, famMember, famTown:
		return true
	}
	return false
}

// record is the family of the records an index belongs to.
func (f family) record() family {
	name, _, _ := strings.Cut(string(f), ".")
	return family(name)
}

const partEnd = "\x00"

// key joins a family and its parts.
func (f family) key(parts ...string) []byte { return f.append(make([]byte, 0, f.size(parts)), parts) }

// prefix is the start of every key whose first parts are these, complete.
func (f family) prefix(parts ...string) []byte {
	key := f.append(make([]byte, 0, f.size(parts)+48), parts) // with room for more behind
	if len(parts) > 0 {
		key = append(key, partEnd...)
	}
	return key
}

// size is how long a key is at most.
func (f family) size(parts []string) int {
	size := len(f) + len("/")
	for _, part := range parts {
		size += len(part) + len(partEnd)
	}
	return size
}

// append writes the family and its parts behind what is there.
func (f family) append(key []byte, parts []string) []byte {
	key = append(append(key, f...), '/')
	for i, part := range parts {
		if i > 0 {
			key = append(key, partEnd...)
		}
		key = append(key, part...)
	}
	return key
}

// splitKey takes a key of a family apart.
func splitKey(f family, key []byte) []string { return strings.Split(string(key[len(f)+1:]), partEnd) }
