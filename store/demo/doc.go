// Package demo builds the demo community: real municipalities, invented people and invented words, two years of
// meetings. It uses only what the store offers to everybody, with a clock it moves through those two years, so the demo
// obeys the rules it shows. The same instant and seed give the same community.
package demo
