package demo

import "strings"

// Person is somebody of the demo one can be with one click.
type Person struct {
	Key    string // newcomer, member, organiser, steward, administrator
	Handle string
}

// Persons are the five ways to look at the community.
func Persons() []Person {
	return []Person{{"newcomer", "zoe-essai"}, {"member", "elise-delvaux"}, {"organiser", "hugo-servais"}, {"steward", "thomas-lecocq"},
		{"administrator", "anne-baudoux"}}
}

// place is a town of the demo with the language of its people, how many there are, and what it says about itself.
type place struct {
	code, lang string
	people     int
	about      string
	staff      string
}

// places are towns that public sources name with the shared applications, and a few neighbours.
func places() []place {
	return []place{
		{"BE-58001", "fr", 4, "Nous hébergeons la réunion depuis le début et gardons la mémoire des décisions.", "few"},
		{"BE-92094", "fr", 4, "Équipe de six personnes. Nous pilotons la préparation des conseils et aidons volontiers à démarrer.", "team"},
		{"BE-55085", "fr", 2, "Une seule personne à l’informatique, et beaucoup d’entraide.", "one"},
		{"BE-57081", "fr", 3, "La ville relie les communes des deux côtés de la frontière.", "few"},
		{"BE-62063", "fr", 4, "Nous maintenons les gabarits de documents et relisons les traductions.", "team"},
		{"BE-53053", "fr", 3, "Nous testons chaque version avant les autres.", "few"},
		{"BE-25014", "fr", 2, "Le site de la commune et le guichet sont nos deux chantiers.", "few"},
		{"BE-25112", "fr", 2, "", "few"}, {"BE-52012", "fr", 2, "", "one"}, {"BE-55040", "fr", 2, "", "one"},
		{"BE-62096", "fr", 3, "Nous publions les délibérations depuis 2015.", "few"}, {"BE-92003", "fr", 2, "", "few"},
		{"BE-91034", "fr", 1, "", "one"}, {"BE-84010", "fr", 1, "", "none"}, {"BE-82039", "fr", 2, "", "one"},
		{"BE-56044", "fr", 1, "", "none"}, {"BE-56078", "fr", 2, "", "one"}, {"BE-53014", "fr", 1, "", "one"},
		{"BE-51069", "fr", 2, "", "one"}, {"BE-25105", "fr", 2, "", "few"}, {"BE-25124", "fr", 1, "", "none"},
		{"BE-93022", "fr", 1, "", "none"}, {"BE-92140", "fr", 2, "", "one"}, {"BE-83031", "fr", 1, "", "none"},
		{"BE-63080", "fr", 2, "", "one"}, {"BE-81013", "fr", 1, "", "none"}, {"BE-57097", "fr", 1, "", "one"},
		{"BE-85007", "fr", 1, "", "none"}, {"BE-91120", "fr", 1, "", "none"}, {"BE-25023", "fr", 2, "", "one"},
		{"BE-34022", "nl", 3, "Ons team Digitale Dienstverlening helpt gemeenten die van papier naar het loket gaan.", "team"},
		{"BE-12025", "nl", 2, "Wij lezen de Nederlandse vertalingen na.", "few"},
		{"BE-63023", "de", 2, "Wir übersetzen ins Deutsche und freuen uns über jede Rückfrage.", "one"},
		{"BE-63067", "de", 1, "", "one"},
		{"FR-59350", "fr", 3, "Nous partageons nos modèles de délibérations et notre expérience de la dématérialisation.", "team"},
		{"FR-62041", "fr", 2, "Nous tenons souvent le secrétariat de la réunion.", "few"},
		{"FR-59043", "fr", 2, "", "one"}, {"FR-59599", "fr", 2, "", "few"},
	}
}

// Names are invented: first and last names that are common in the region, put together by number. None is meant to be
// anybody.
func names(lang string) (first, last []string) {
	switch lang {
	case "nl":
		return strings.Fields("Jonas Lotte Marieke Pieter Anouk Wout Saskia Bram"), strings.Fields("Vermeersch Desmet Claes Vanhove Goossens Willems")
	case "de":
		return strings.Fields("Ute Matthias Svenja Rainer"), strings.Fields("Schröder Kessel Langer Heinen")
	}
	return strings.Fields("Agathe Bruno Inès Luc Karim Sophie Hélène Julien Fatima Quentin Nadia Olivier Marion Serge Clara Denis Yasmine Paul Céline Arnaud Rachel Michel Lucie Simon"),
		strings.Fields("Lemoine Petit Amrani Gilles Haddad Marchal Dufour Colin Renard Lambert Noël Fontaine Maes Hubert Leroy Pirard Rousseau Collard Dumont Mathy Gérard Lejeune Bodart")
}

// named are the people with a part of their own, by town.
func named() map[string][]string {
	return map[string][]string{"BE-55085": {"Élise Delvaux"}, "BE-92094": {"Hugo Servais"}, "BE-58001": {"Thomas Lecocq", "Anne Baudoux"}}
}

// duties are what people of a town hall do.
func duties(lang string) []string {
	switch lang {
	case "nl":
		return []string{"informatica", "gemeentesecretariaat", "communicatie"}
	case "de":
		return []string{"IT", "Gemeindesekretariat", "Öffentlichkeitsarbeit"}
	}
	return []string{"informatique", "secrétariat communal", "communication", "urbanisme", "direction générale"}
}
