package demo

// place is a town of the demo with the language of its people, how many there are, and what it says about itself.
type place struct {
	code, lang string
	people     int
	about      string
	staff      string
}

// founders are the towns that were there before the story begins, so that each of them may host. Most are named by
// public sources as users of the shared applications; the others are neighbours.
func founders() []place {
	return []place{
		{"BE-58001", "fr", 4, "Nous hébergeons la réunion depuis le début et gardons la mémoire des décisions.", "few"},
		{"BE-92094", "fr", 4, "Équipe de six personnes. Nous pilotons la préparation des conseils et aidons volontiers à démarrer.", "team"},
		{"BE-55085", "fr", 2, "Une seule personne à l’informatique, et beaucoup d’entraide.", "one"},
		{"BE-57081", "fr", 3, "La ville relie les communes des deux côtés de la frontière.", "few"},
		{"BE-62063", "fr", 4, "Nous maintenons les gabarits de documents et relisons les traductions.", "team"},
		{"BE-53053", "fr", 3, "Nous testons chaque version avant les autres.", "few"},
		{"BE-25014", "fr", 3, "Le site de la commune et le guichet sont nos deux chantiers.", "few"},
		{"BE-34022", "nl", 3, "Ons team Digitale Dienstverlening helpt gemeenten die van papier naar het loket gaan.", "team"},
		{"BE-12025", "nl", 3, "Wij lezen de Nederlandse vertalingen na.", "few"},
		{"BE-63023", "de", 3, "Wir übersetzen ins Deutsche und freuen uns über jede Rückfrage.", "one"},
		{"BE-63067", "de", 2, "Wir prüfen die deutschen Formulare am Schalter.", "one"},
		{"FR-59350", "fr", 3, "Nous partageons nos modèles de délibérations et notre expérience de la dématérialisation.", "team"},
		{"FR-62041", "fr", 2, "Nous tenons souvent le secrétariat de la réunion.", "few"},
		{"BE-25112", "fr", 2, "Nous cherchons la phrase la plus courte.", "few"},
		{"BE-52012", "fr", 2, "Le guichet en ligne est ouvert, et le guichet de la place aussi.", "one"},
		{"BE-55040", "fr", 2, "", "one"},
		{"BE-62096", "fr", 3, "Nous publions les délibérations depuis 2015.", "few"},
		{"BE-92003", "fr", 2, "", "few"},
		{"BE-91034", "fr", 1, "", "one"},
		{"BE-84010", "fr", 1, "", "none"},
		{"BE-82039", "fr", 2, "Nous venons de loin, et nous venons souvent.", "one"},
		{"BE-56044", "fr", 1, "", "none"},
		{"BE-56078", "fr", 2, "", "one"},
		{"BE-56029", "fr", 1, "", "none"},
		{"BE-53014", "fr", 1, "", "one"},
		{"BE-51069", "fr", 2, "", "one"},
		{"BE-25105", "fr", 2, "", "few"},
		{"BE-25124", "fr", 2, "L’école communale essaie avec nous le formulaire des repas.", "none"},
		{"BE-57097", "fr", 2, "Nos rues changent de pays : nos cartes aussi.", "one"},
		{"FR-59043", "fr", 2, "Commune frontalière, voisine de Comines-Warneton.", "one"},
	}
}

// arrivals are the towns that join during the two years, one now and then.
func arrivals() []place {
	return []place{
		{"BE-93022", "fr", 1, "", "none"}, {"BE-92140", "fr", 2, "", "one"}, {"BE-83031", "fr", 1, "", "none"},
		{"FR-59599", "fr", 2, "Nous découvrons, et nous prenons des notes.", "few"}, {"BE-63080", "fr", 2, "", "one"},
		{"BE-81013", "fr", 1, "", "none"}, {"BE-51004", "fr", 3, "La salle des géants accueille volontiers une réunion.", "few"},
		{"BE-85007", "fr", 1, "", "none"}, {"BE-91120", "fr", 1, "", "none"}, {"BE-25023", "fr", 2, "", "one"},
		{"BE-61031", "fr", 3, "", "few"}, {"BE-63079", "fr", 3, "Nous remettons nos archives au propre, carton par carton.", "team"},
		{"BE-83034", "fr", 2, "", "one"},
	}
}
