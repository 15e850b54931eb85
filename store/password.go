package store

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// argon2id with 19 MiB and two passes (OWASP's floor for servers of this size). Two at once at most: more would let
// a burst of sign-ins take the machine's memory.
var passwordCost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const passwordsAtOnce = 2

// decoyHash is compared when an address is unknown, so that the answer takes the same time.
const decoyHash = "$argon2id$v=19$m=19456,t=2,p=1$YmVsZnJ5LWRlY295LXNhbA$q1n5Jc1nUe0M2k3yV0S1pXo6l8bq2mS0b3f5o0a7n3E"

// hashPassword runs outside any transaction: it takes tens of milliseconds.
func (s *Store) hashPassword(ctx context.Context, password string) (string, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return argon2id.CreateHash(password, passwordCost)
}

// checkPassword compares in constant time; an empty hash is compared with a decoy and never matches.
func (s *Store) checkPassword(ctx context.Context, password, hash string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if hash == "" {
		_, _ = argon2id.ComparePasswordAndHash(password, decoyHash)
		return false, nil
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// password checks a new password: long enough, not too long, not one that everybody tries first. Every character
// counts and none is cut off.
func (c *check) password(field, value string, personal ...string) {
	n := utf8.RuneCountInString(value)
	switch {
	case !utf8.ValidString(value):
		c.add(field, "invalid.encoding")
	case n < MinPassword:
		c.add(field, "invalid.password_short", "Min", MinPassword, "Have", n)
	case n > MaxPassword:
		c.add(field, "invalid.too_long", "Max", MaxPassword, "Have", n)
	case isCommon(value):
		c.add(field, "invalid.password_common")
	default:
		for _, word := range personal {
			if word != "" && strings.EqualFold(word, value) {
				c.add(field, "invalid.password_personal")
				return
			}
		}
	}
}

// isCommon refuses what guessing starts with: a few words of our languages with digits around them, one repeated
// character, and runs of the keyboard.
func isCommon(password string) bool {
	folded := fold(strings.Join(strings.Fields(password), ""))
	core := strings.Trim(folded, "0123456789!?.*-_@#$")
	if core == "" || strings.Count(folded, folded[:1]) == len(folded) {
		return true
	}
	for _, word := range strings.Fields(commonWords) {
		if core == word || core == word+word {
			return true
		}
	}
	return false
}

const commonWords = `password motdepasse wachtwoord passwort kennwort azerty azertyuiop qwerty qwertyuiop qwertz qwertzuiop
	welcome welkom bienvenue willkommen bonjour belfry communesplone commune gemeente gemeinde mairie stadhuis
	administrator administrateur beheerder changeme letmein iloveyou jetaime abcdefgh abcdefghij sunshine doudou
	soleil chocolat football voetbal fussball dragon monkey master superman internet ordinateur computer geheim secret`
