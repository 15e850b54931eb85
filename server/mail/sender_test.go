package mail

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	gomessage "github.com/emersion/go-message/mail"
)

func letter() Message {
	return Message{
		ID: "m-1", Name: "Élise Delvaux-Nguyễn", Address: "elise@seneffe.example", Lang: "fr",
		Subject: "Réunion de mars : êtes-vous là ? " + strings.Repeat("très ", 20), Text: "Bonjour Élise,\n.\nÀ bientôt\n",
		HTML: "<p>Bonjour Élise</p>",
	}
}

func TestALetterArrivesWhole(t *testing.T) {
	box := open(t, "", nil)
	m := letter()
	m.ReplyTo, m.Thread, m.ListHeaders = "r.1@in.belfry.example", "m-0", true
	m.UnsubscribeURL = "https://belfry.example/stop/" + strings.Repeat("k7", 60)
	if err := send(t, box.config(), m); err != nil {
		t.Fatal(err)
	}
	got := box.all()
	if len(got) != 1 || got[0].from != "hub@belfry.example" || !slices.Equal(got[0].to, []string{m.Address}) {
		t.Fatalf("got %+v", got)
	}
	r, err := gomessage.CreateReader(strings.NewReader(got[0].data))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Subject": m.Subject, "Message-Id": "<m-1@belfry.example>", "Date": "Thu, 18 Mar 2027 09:30:00 +0000",
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Language": "fr", "Mime-Version": "1.0",
		"In-Reply-To": "<m-0@belfry.example>", "References": "<m-0@belfry.example>", "Reply-To": "<r.1@in.belfry.example>",
		"List-Id": "<notices.belfry.example>", "List-Unsubscribe": "<" + m.UnsubscribeURL + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"User-Agent":            "", "X-Mailer": "", "Cc": "", "Bcc": "",
	} {
		if text, err := r.Header.Text(name); err != nil || strings.TrimSpace(text) != strings.TrimSpace(want) {
			t.Errorf("%s is %q (%v), want %q", name, text, err, want)
		}
	}
	if to, err := r.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Name != m.Name || to[0].Address != m.Address {
		t.Errorf("to %v %v", to, err)
	}
	if from, err := r.Header.AddressList("From"); err != nil || len(from) != 1 || from[0].Name != "Belfry" {
		t.Errorf("from %v %v", from, err)
	}
	if kind, _, _ := r.Header.ContentType(); kind != "multipart/alternative" {
		t.Errorf("the letter is %s", kind)
	}
	want := []struct{ kind, body string }{{"text/plain", m.Text}, {"text/html", m.HTML}}
	for _, w := range want {
		part, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part.Body)
		kind, _, _ := part.Header.(*gomessage.InlineHeader).ContentType()
		if text := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || kind != w.kind || strings.TrimSpace(text) != strings.TrimSpace(w.body) {
			t.Errorf("part %s holds %q (%v)", kind, text, err)
		}
	}
	if _, err := r.NextPart(); !errors.Is(err, io.EOF) {
		t.Errorf("there is a third part: %v", err)
	}
}

func TestAnAccountLetterHasNoListHeaders(t *testing.T) {
	box := open(t, "", nil)
	m := letter()
	m.HTML = ""
	if err := send(t, box.config(), m); err != nil {
		t.Fatal(err)
	}
	e, err := message.Read(strings.NewReader(box.all()[0].data))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "References"} {
		if e.Header.Has(name) {
			t.Errorf("%s is there", name)
		}
	}
	if kind, _, _ := e.Header.ContentType(); kind != "text/plain" {
		t.Errorf("a letter without HTML is %s", kind)
	}
}

// TestA25InjectionIsRefusedAndNothingIsSent is case A25.
func TestA25InjectionIsRefusedAndNothingIsSent(t *testing.T) {
	box := open(t, "", nil)
	evil := []string{
		"a\r\nBcc: all@x.example", "a\nX-Evil: 1", "a\rb", "a\x00b", "a\u2028b", "a\x7f", "\xff",
	}
	cases := map[string]Message{}
	put := func(field, value string, change func(*Message, string)) {
		m := letter()
		change(&m, value)
		cases[field+" "+value] = m
	}
	for _, e := range evil {
		put("name", e, func(m *Message, v string) { m.Name = v })
		put("subject", e, func(m *Message, v string) { m.Subject = v })
		put("lang", e, func(m *Message, v string) { m.Lang = v })
		put("id", e, func(m *Message, v string) { m.ID = v })
		put("thread", e, func(m *Message, v string) { m.Thread = v })
		put("unsubscribe_url", "https://x.example/"+e, func(m *Message, v string) { m.ListHeaders, m.UnsubscribeURL = true, v })
	}
	for _, e := range []string{
		"a@x.example\r\nRCPT TO:<b@x.example>", "a@x.example, b@x.example", "a@x.example;b@x.example", "<a@x.example>", "a b@x.example",
		"a@x.example>", "\"a b\"@x.example", "a@b@x.example", "@x.example", "a@", "a", "", "a@x .example", "é@x.example", "a@x.example BODY=8BITMIME",
		"a..b@x.example", "(c)a@x.example", "a@[127.0.0.1]", "a@x..example", strings.Repeat("a", 65) + "@x.example",
	} {
		put("address", e, func(m *Message, v string) { m.Address = v })
		if e != "" {
			put("reply_to", e, func(m *Message, v string) { m.ReplyTo = v })
		}
	}
	for _, e := range []string{"javascript:alert(1)", "", "https://x.example/>, <mailto:a@x.example", "mailto:a@x.example", "//x.example"} {
		put("unsubscribe_url", e, func(m *Message, v string) { m.ListHeaders, m.UnsubscribeURL = true, v })
	}
	for name, m := range cases {
		err := send(t, box.config(), m)
		wantFailure(t, err, true, 0)
		var wrong *InputError
		if !errors.As(err, &wrong) || wrong.Field != strings.Fields(name)[0] {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := box.all(); len(got) != 0 {
		t.Errorf("sent %+v", got)
	}
}

func TestOddNamesStayNames(t *testing.T) {
	box := open(t, "", nil)
	names := []string{`O'Brien, "Bob" <boss@x.example>`, `a@x.example`, "東京 太郎", "=?utf-8?q?Bcc?=", `back\slash`, "<script>", "שלום", "a;b:c", "👩‍🏫"}
	for i, name := range names {
		m := letter()
		m.Name, m.Subject = name, name
		m.Address = []string{"a+b@x.example", "o'neil@bücher.example"}[i%2]
		if err := send(t, box.config(), m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for i, d := range box.all() {
		r, err := gomessage.CreateReader(strings.NewReader(d.data))
		if err != nil {
			t.Fatal(err)
		}
		to, err := r.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Name != names[i] || len(d.to) != 1 || to[0].Address != d.to[0] {
			t.Errorf("%q became %v (%v), sent to %v", names[i], to, err, d.to)
		}
		if r.Header.Has("Bcc") || r.Header.Has("Cc") {
			t.Errorf("%q made a header", names[i])
		}
	}
	if got := box.all()[1].to[0]; got != "o'neil@xn--bcher-kva.example" {
		t.Errorf("the domain went out as %s", got)
	}
}

func TestFailuresAreTold(t *testing.T) {
	box := open(t, "", nil)
	answer := func(rcpt, data error) {
		box.mu.Lock()
		defer box.mu.Unlock()
		box.refuse = func(string) error { return rcpt }
		box.spoil = func() error { return data }
	}
	for _, c := range []struct {
		rcpt, data error
		permanent  bool
		code       int
	}{
		{code(450), nil, false, 450}, {code(550), nil, true, 550}, {nil, code(451), false, 451}, {nil, code(554), true, 554},
	} {
		answer(c.rcpt, c.data)
		wantFailure(t, send(t, box.config(), letter()), c.permanent, c.code)
	}
	gone := box.config()
	box.close()
	wantFailure(t, send(t, gone, letter()), false, 0)
}

func TestEncryptionIsNotNegotiable(t *testing.T) {
	cert, trusted := selfSigned(t)
	box := open(t, "", cert)
	c := box.config()
	c.TLS = "starttls"
	wantFailure(t, send(t, c, letter()), false, 0)
	if got := box.all(); len(got) != 0 {
		t.Fatal("sent past a certificate nobody vouches for")
	}
	c.Roots, c.Username, c.Password = trusted, "belfry", "right"
	if err := send(t, c, letter()); err != nil {
		t.Error(err)
	}
	if box.logins != 1 {
		t.Errorf("%d logins", box.logins)
	}
	c.Password = "wrong"
	wantFailure(t, send(t, c, letter()), false, 0)

	plain := open(t, "", nil).config()
	plain.TLS = ""
	wantFailure(t, send(t, plain, letter()), false, 0)
}

func TestConfigurationIsChecked(t *testing.T) {
	good := Config{Host: "mx.example", From: "hub@belfry.example"}
	for name, change := range map[string]func(*Config){
		"from": func(c *Config) { c.From = "hub" }, "from_name": func(c *Config) { c.FromName = "a\nb" },
		"tls": func(c *Config) { c.TLS = "perhaps" }, "host": func(c *Config) { c.Host = "" },
		"port": func(c *Config) { c.Port = 70_000 },
	} {
		c := good
		change(&c)
		if _, err := NewSender(c); err == nil {
			t.Errorf("a wrong %s was taken", name)
		}
	}
	if _, err := NewSender(good); err != nil {
		t.Error(err)
	}
}
