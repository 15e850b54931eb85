package locales

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/number"
)

// Number groups digits as the language does: "11 568", "11.568", "11,568". It is for amounts, not for years.
func (l *Language) Number(n int) string {
	if n > -1000 && n < 1000 {
		return strconv.Itoa(n)
	}
	return l.printer.Sprint(number.Decimal(n))
}

// Decimal writes a number with so many digits after the comma.
func (l *Language) Decimal(f float64, digits int) string {
	return l.printer.Sprint(number.Decimal(unsignedZero(f, digits), number.Scale(digits)))
}

// unsignedZero keeps what rounds to nothing from being written "-0".
func unsignedZero(f float64, digits int) float64 {
	if math.Abs(f) < 0.5*math.Pow10(-digits) {
		return 0
	}
	return f
}

// Percent writes a share, 0.9994 being 99,94 %, with at most two digits after the comma.
func (l *Language) Percent(share float64) string {
	digits := l.printer.Sprint(number.Decimal(unsignedZero(share*100, 2), number.MaxFractionDigits(2)))
	if l.tag == "en" {
		return digits + "%"
	}
	return digits + space + "%"
}

// Bytes writes a size: kilobytes, rounded up, then megabytes and gigabytes with one digit. "340 ko", "1,2 Mo".
func (l *Language) Bytes(n int64) string {
	switch kilo := (n + 999) / 1000; {
	case kilo < 1000:
		return l.Number(int(kilo)) + space + "k" + l.names.byteUnit
	case kilo < 1_000_000:
		return l.Decimal(float64(n)/1e6, 1) + space + "M" + l.names.byteUnit
	}
	return l.Decimal(float64(n)/1e9, 1) + space + "G" + l.names.byteUnit
}

// List joins words: "a, b et c".
func (l *Language) List(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " " + l.names.and + " " + words[n-1]
	}
}

// Ordinal writes the number of a meeting: "128e", "128e", "128.", "128th". The French first is feminine, "1re", as
// réunion, commune and personne are; write "premier" in the text itself where a masculine noun follows.
func (l *Language) Ordinal(n int) string {
	digits := l.Number(n)
	switch l.tag {
	case "fr":
		if n == 1 {
			return digits + "re"
		}
		return digits + "e"
	case "nl":
		return digits + "e"
	case "de":
		return digits + "."
	}
	switch {
	case n%100 >= 11 && n%100 <= 13:
		return digits + "th"
	case n%10 == 1:
		return digits + "st"
	case n%10 == 2:
		return digits + "nd"
	case n%10 == 3:
		return digits + "rd"
	}
	return digits + "th"
}
