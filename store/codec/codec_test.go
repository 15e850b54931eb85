package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

type word string

type inner struct {
	Town string    `json:"town"`
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

type embedded struct{ Source, Lang string }

type loop struct {
	Name string
	More *loop `json:"more,omitzero"`
}

type everything struct {
	ID       string            `json:"id"`
	Kind     word              `json:"kind,omitzero"`
	Count    int               `json:"count,omitempty"`
	Queue    int64             `json:"queue"`
	Small    int8              `json:"small"`
	Yes      bool              `json:"yes,omitzero"`
	No       bool              `json:"no"`
	Lat      float64           `json:"lat,omitzero"`
	At       time.Time         `json:"at"`
	Never    time.Time         `json:"never,omitzero"`
	Words    []string          `json:"words"`
	Kinds    []word            `json:"kinds,omitzero"`
	Numbers  []int             `json:"numbers,omitempty"`
	Days     []time.Weekday    `json:"days"`
	Places   []inner           `json:"places,omitzero"`
	Texts    map[string]string `json:"texts,omitempty"`
	Tallies  map[word]int      `json:"tallies"`
	Counts   Counts            `json:"counts,omitempty"`
	Deep     map[string][]inner
	Hidden   *inner `json:"hidden,omitzero"`
	Maybe    *int   `json:"maybe"`
	Secret   string `json:"-"`
	Bytes    []byte `json:"bytes"`
	Any      any    `json:"any"`
	Input    holder `json:"input"`
	Itself   *loop  `json:"itself,omitempty"`
	private  int
	Duration time.Duration
}

type holder struct {
	Title string `json:"title"`
	embedded
}

// random fills a value with what records hold, and with what nobody would write.
func random(rnd *rand.Rand, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(randomText(rnd))
	case reflect.Int, reflect.Int8, reflect.Int64:
		v.SetInt(rnd.Int64() >> rnd.IntN(64) & (1<<(v.Type().Bits()-1) - 1))
		if rnd.IntN(2) == 0 {
			v.SetInt(-v.Int())
		}
	case reflect.Bool:
		v.SetBool(rnd.IntN(2) == 0)
	case reflect.Float64:
		v.SetFloat([]float64{0, 1, -50.25, 4.437, 1e-9, 3e22, 1.0 / 3}[rnd.IntN(7)])
	case reflect.Pointer:
		if depth > 0 && rnd.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			random(rnd, v.Elem(), depth-1)
		}
	case reflect.Slice:
		if counts, ok := v.Addr().Interface().(*Counts); ok {
			for range rnd.IntN(5) {
				counts.Add(randomText(rnd), rnd.IntN(9)-4)
			}
			return
		}
		if n := rnd.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
			for i := range n - 1 {
				random(rnd, v.Index(i), depth-1)
			}
		}
	case reflect.Map:
		if n := rnd.IntN(5); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n - 1 {
				key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				random(rnd, key, depth-1)
				random(rnd, elem, depth-1)
				v.SetMapIndex(key, elem)
			}
		}
	case reflect.Uint8:
		v.SetUint(uint64(rnd.IntN(256)))
	case reflect.Struct:
		if v.Type() == instantType {
			zone := []*time.Location{time.UTC, time.FixedZone("", 7200), time.FixedZone("", -12600)}[rnd.IntN(3)]
			at := time.Unix(rnd.Int64N(4e9), rnd.Int64N(1e9)*int64(rnd.IntN(2))).In(zone)
			if rnd.IntN(3) == 0 {
				at = time.Time{}
			}
			v.Set(reflect.ValueOf(at))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				random(rnd, v.Field(i), depth-1)
			}
		}
	}
}

func randomText(rnd *rand.Rand) string {
	pieces := []string{"", "mot", "été à Liège", "\"", "\\", "\n", "\t", "\r", "\b\f", "\x00\x1f", "\x7f", "<a href=\"x\">&</a>", "漢字", "👩‍🏫", "\u2028", "\u2029", "\xff\xfe",
		"\xed\xa0\x80", "{\"a\":[1]}", strings.Repeat("long ", 40)}
	var b strings.Builder
	for range rnd.IntN(5) {
		b.WriteString(pieces[rnd.IntN(len(pieces))])
	}
	return b.String()
}

// asStandard encodes as encoding/json does.
func asStandard(t *testing.T, record any) []byte {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(record); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

func TestSameAsStandard(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var c Codec
	for range 20_000 {
		var in everything
		random(rnd, reflect.ValueOf(&in).Elem(), 4)
		in.Any, in.private = nil, 7 // what is not exported is not written
		want := asStandard(t, in)
		got, err := c.Encode(in)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v\ngot  %s\nwant %s", err, got, want)
		}
		var ours, standard everything
		if err := json.Unmarshal(want, &standard); err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(want, &ours); err != nil || !reflect.DeepEqual(ours, standard) {
			t.Fatalf("%v\ngot  %+v\nwant %+v\nof   %s", err, ours, standard, want)
		}
	}
}

// TestOtherText reads what another version, or a person with an editor, wrote; whatever it is, the answer is that of
// encoding/json.
func TestOtherText(t *testing.T) {
	var c Codec
	for _, text := range otherTexts() {
		if ours, standard := compared(&c, text); ours != standard {
			t.Errorf("%q\ngot  %s\nwant %s", text, ours, standard)
		}
	}
}

// compared says what we read in a text, and what encoding/json does.
func compared(c *Codec, text string) (ours, standard string) {
	said := func(record everything, err error) string {
		if err != nil {
			return "an error"
		}
		again, err := json.Marshal(record)
		return fmt.Sprintf("%v %s %#v", err, again, []any{record.Words == nil, record.Numbers == nil, record.Texts == nil, record.Places == nil, record.Any})
	}
	var one, other everything
	err := c.Decode([]byte(text), &one)
	return said(one, err), said(other, json.Unmarshal([]byte(text), &other))
}

func otherTexts() []string {
	return []string{
		`{}`, ` { } `, `{"id": "spaced"}`, `{"no":true,"id":"backwards"}`, `{"id":"a","id":"b"}`, `{"id":"a","unknown":{"x":[1,"}",{"y":"\\"}]},"queue":7}`,
		`{"unknown":"a\"b","id":"a"}`, `{"unknown":1.5e3,"id":"a"}`, `{"unknown":null,"id":"a"}`, `{"unknown":[],"id":"a"}`, `{"unknown":{,},"id":"a"}`, `{"unknown":tru,"id":"a"}`,
		`{"ID":"case"}`, `{"id":null,"words":null,"hidden":null,"at":null}`, `{"id":1}`, `{"queue":"1"}`, `{"queue":1.5}`, `{"queue":99999999999999999999}`, `{"small":300}`,
		`{"id":"\u00e9\ud83d\udc69\/"}`, `{"id":"\ud83d"}`, `{"id":"\ud83d\u0041"}`, `{"id":"\x"}`, `{"id":"\u12"}`, `{"id":"open`, `{"id":"a"`, `{"id":"a",}`, `{"id":"a"}x`, `{"id"}`,
		`{"words":["a",]}`, `{"words":["a" ,"b"]}`, `{"words":[]}`, `{"texts":{"a":"b",}}`, `{"texts":{}}`, `{"tallies":{"a":1,"a":2}}`, `{"at":"yesterday"}`, `{"at":"2026-02-30T00:00:00Z"}`,
		`{"any":{"a":[1,2,{"b":null}]}}`, `{"any":"a\\"}`, `[]`, `null`, ``, `"a"`, `{"places":[{"town":"x","from":"2026-01-02T03:04:05.5+02:00"},null]}`,
		`{"hidden":{"town":"a"},"hidden":{"to":"2026-01-02T03:04:05Z"}}`,
		`{"queue":+1}`, `{"queue":01}`, `{"queue":-0}`, `{"queue":-}`, `{"queue":1e2}`, `{"lat":.5}`, `{"lat":1.}`, `{"lat":+1}`, `{"lat":01.5}`, `{"lat":1e400}`, `{"lat":-1.5E+3}`,
		"{\"id\":\"a\nb\"}", "{\"id\":\"a\x00\"}", "{\"id\":\"\x1f\\n\"}", "{\"id\":\"\xff\"}", "{\"id\":\"\xed\xa0\x80\\n\"}", "{\"\xff\":1}", "{\"texts\":{\"\xff\":\"a\",\"\xfe\":\"b\"}}",
		`{"at":"2026-01-02T3:04:05Z"}`, `{"at":"2026-01-02T03:04:05,5Z"}`, `{"at":"2026-01-02T03:04:05+24:00"}`, `{"at":"2026-01-02T03:04:05\u005a"}`, `{"at":"2026-01-02T03:04:60Z"}`,
		`{"\u0069d":"a"}`, `{"Id":"a","iD":"b"}`, `{"\u212aind":"kelvin"}`, `{"input":{"title":"a"},"input":{}}`, `{"texts":{"a":"b"},"texts":{"c":"d"}}`, `{"counts":{"b":1,"a":2}}`, `{"counts":{"a":1,"a":2}}`, `{"counts":{"a":0}}`, `{"counts":{}}`, `{"counts":null}`, `{"counts":{"a":1.5}}`, `{"counts":{"a":1,}}`, `{"counts":[]}`,
		`{"deep":{"a":[]}}`,
		`{"unknown":01,"id":"a"}`, "{\"unknown\":\"\n\"}", `{"unknown":]}`, `{"no":truex}`, `{"no":nullx}`, `{"hidden":{}}`, `{"maybe":1,"maybe":null}`,
	}
}

// FuzzDecode reads any bytes: whatever they are, the answer is that of encoding/json.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"a","words":["x"],"texts":{"a":"b"},"at":"2026-01-02T03:04:05Z"}`))
	for _, text := range otherTexts() {
		f.Add([]byte(text))
	}
	var c Codec
	f.Fuzz(func(t *testing.T, text []byte) {
		if ours, standard := compared(&c, string(text)); ours != standard {
			t.Errorf("%q\ngot  %s\nwant %s", text, ours, standard)
		}
	})
}

// quiet has its methods on the pointer.
type quiet struct{ n int }

func (q *quiet) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `"%d"`, q.n), nil }

func (q *quiet) IsZero() bool { return q.n == 1 }

// TestMethodsOfThePointerAreAsked writes a type of that kind as encoding/json does, where it can be pointed to.
func TestMethodsOfThePointerAreAsked(t *testing.T) {
	var c Codec
	record := &struct {
		One  quiet `json:"one,omitzero"`
		Two  quiet `json:"two,omitzero"`
		Many []quiet
	}{quiet{1}, quiet{2}, []quiet{{3}}}
	got, err := c.Encode(record)
	if want := asStandard(t, record); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}

func TestNothingOfTheInputIsKept(t *testing.T) {
	var c Codec
	text := []byte(`{"id":"abc","texts":{"a":"b"}}`)
	var record everything
	if err := c.Decode(text, &record); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		text[i] = 'X'
	}
	if record.ID != "abc" || record.Texts["a"] != "b" {
		t.Errorf("%+v", record)
	}
}

func TestErrorsAreSaid(t *testing.T) {
	var c Codec
	if _, err := c.Encode(everything{At: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("a time that cannot be written was written")
	}
	if _, err := c.Encode(everything{Any: func() {}}); err == nil {
		t.Error("a function was written")
	}
}

func BenchmarkCodec(b *testing.B) {
	record := struct {
		ID, Thread, Author, Source, HTML, Lang string
		Seq                                    int
		At, Edited                             time.Time
		Mentions                               []string
		Towns                                  map[string]int
	}{ID: strings.Repeat("0123", 9), Thread: strings.Repeat("0123", 9), Author: strings.Repeat("0123", 9), Source: strings.Repeat("Quelques mots écrits. ", 8),
		HTML: "<p>" + strings.Repeat("Quelques mots écrits. ", 8) + "</p>\n", Lang: "fr", Seq: 3, At: time.Now().UTC(), Mentions: []string{"a", "b"}, Towns: map[string]int{"a": 1, "b": 2}}
	var c Codec
	text, err := c.Encode(record)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = c.Encode(record)
		}
	})
	b.Run("encode-standard", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(record)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			into := record
			reflect.ValueOf(&into).Elem().SetZero()
			_ = c.Decode(text, &into)
		}
	})
	b.Run("decode-standard", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			into := record
			reflect.ValueOf(&into).Elem().SetZero()
			_ = json.Unmarshal(text, &into)
		}
	})
}
