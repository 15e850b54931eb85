// Package publiccode reads and writes publiccode.yml, the file by which public bodies describe their software
// (https://yml.publiccode.tools). It reads every version from 0.2 to 0.5 into one Software, says what is wrong at its line
// and column as text keys with arguments, and writes the newest version out. It looks nothing up: whether an address leads
// somewhere is not its question. It does not know the store, the community or a language.
package publiccode
