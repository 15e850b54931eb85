package locales

import "time"

// calendarNames are the words of dates. They live in code because they are the language's, not the program's: no
// translator has to see them, and the date functions cannot miss one.
type calendarNames struct {
	self, and, byteUnit        string
	months, monthsShort        [12]string
	weekdays, weekdaysShort    [7]string // from Sunday
	today, tomorrow, yesterday string
}

func namesOf(tag string) calendarNames {
	switch tag {
	case "nl":
		return calendarNames{
			self: "Nederlands", and: "en", byteUnit: "B",
			months:        [12]string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
			monthsShort:   [12]string{"jan.", "feb.", "mrt.", "apr.", "mei", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."},
			weekdays:      [7]string{"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"},
			weekdaysShort: [7]string{"zo", "ma", "di", "wo", "do", "vr", "za"},
			today:         "vandaag", tomorrow: "morgen", yesterday: "gisteren",
		}
	case "de":
		return calendarNames{
			self: "Deutsch", and: "und", byteUnit: "B",
			months:        [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
			monthsShort:   [12]string{"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
			weekdays:      [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
			weekdaysShort: [7]string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"},
			today:         "heute", tomorrow: "morgen", yesterday: "gestern",
		}
	case "en":
		return calendarNames{
			self: "English", and: "and", byteUnit: "B",
			months:        [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
			monthsShort:   [12]string{"Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"},
			weekdays:      [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
			weekdaysShort: [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
			today:         "today", tomorrow: "tomorrow", yesterday: "yesterday",
		}
	}
	return calendarNames{
		self: "Français", and: "et", byteUnit: "o",
		months:        [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		monthsShort:   [12]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
		weekdays:      [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
		weekdaysShort: [7]string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."},
		today:         "aujourd’hui", tomorrow: "demain", yesterday: "hier",
	}
}

// Month is a month's name.
func (l *Language) Month(m time.Month) string { return l.names.months[m-1] }

// MonthShort is a month's short name.
func (l *Language) MonthShort(m time.Month) string { return l.names.monthsShort[m-1] }

// Weekday is a day's name.
func (l *Language) Weekday(d time.Weekday) string { return l.names.weekdays[d] }

// WeekdayShort is a day's short name.
func (l *Language) WeekdayShort(d time.Weekday) string { return l.names.weekdaysShort[d] }
