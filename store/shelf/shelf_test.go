package shelf_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"belfry/store/shelf"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
)

func put(t *testing.T, s *shelf.Shelf, text string) shelf.File {
	t.Helper()
	in, err := s.Receive(ctx, strings.NewReader(text), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Keep(noon); err != nil {
		t.Fatal(err)
	}
	return in.File
}

func TestKeepOpenVerify(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "documents")
	s := shelf.At(dir)
	if err := s.Each(ctx, func(shelf.File) error { return errors.New("a file in a folder that is not there") }); err != nil {
		t.Error(err)
	}
	f, again := put(t, s, "Bonjour"), put(t, s, "Bonjour")
	if f != again || f.Hash != "9172e8eec99f144f72eca9a568759580edadb2cfd154857f07e657569493bc44" || f.Size != 7 {
		t.Errorf("kept as %+v, then %+v", f, again)
	}
	file, size, err := s.Open(f.Hash)
	if err != nil || size != 7 {
		t.Fatal(size, err)
	}
	if content, err := io.ReadAll(file); string(content) != "Bonjour" || err != nil {
		t.Errorf("%q %v", content, err)
	}
	_ = file.Close()
	if err := s.Verify(ctx, f.Hash); err != nil {
		t.Error(err)
	}
	path := filepath.Join(dir, f.Hash[:2], f.Hash[2:])
	if err := os.WriteFile(path, []byte("bonjour"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(ctx, f.Hash); err == nil {
		t.Error("changed bytes are taken for the file")
	}
	for _, hash := range []string{"", "../../../etc/passwd", strings.Repeat("0", 64), strings.Repeat("A", 64)} {
		if _, _, err := s.Open(hash); !errors.Is(err, shelf.ErrMissing) {
			t.Errorf("%q: %v", hash, err)
		}
	}
}

func TestWhatIsNotKeptLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := shelf.At(dir)
	if _, err := s.Receive(ctx, strings.NewReader("12345678"), 7); !errors.Is(err, shelf.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if in, err := s.Receive(ctx, strings.NewReader("1234567"), 7); err != nil {
		t.Error(err)
	} else {
		in.Drop()
	}
	over, end := context.WithCancel(ctx)
	end()
	if _, err := s.Receive(over, strings.NewReader("x"), 7); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := s.Receive(ctx, io.MultiReader(strings.NewReader("half"), broken{}), 7); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	s := shelf.At(dir)
	named, old := put(t, s, "named"), put(t, s, "old")
	if err := os.WriteFile(filepath.Join(dir, ".incoming-1"), []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	keep := map[string]bool{named.Hash: true}
	if n, err := s.Sweep(ctx, keep, noon.Add(time.Hour), 24*time.Hour); n != 0 || err != nil {
		t.Errorf("young files: %d removed, %v", n, err)
	}
	err := s.Hold(func() error {
		if n, err := s.Sweep(ctx, keep, noon.Add(48*time.Hour), 24*time.Hour); n != 0 || err != nil {
			t.Errorf("while files are copied away: %d removed, %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if n, err := s.Sweep(ctx, keep, time.Now().Add(48*time.Hour), 24*time.Hour); n != 1 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if s.Verify(ctx, named.Hash) != nil || !errors.Is(s.Verify(ctx, old.Hash), shelf.ErrMissing) {
		t.Error("the wrong file went")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".incoming-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestManyAtOnce(t *testing.T) {
	s := shelf.At(t.TempDir())
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			for k := range 20 {
				in, err := s.Receive(ctx, strings.NewReader(fmt.Sprint((n+k)%7)), 10)
				if err == nil {
					err = in.Keep(noon)
				}
				if err != nil {
					t.Error(err)
				}
				if _, err := s.Sweep(ctx, map[string]bool{}, noon, time.Hour); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	files := 0
	if err := s.Each(ctx, func(f shelf.File) error { files++; return s.Verify(ctx, f.Hash) }); err != nil || files != 7 {
		t.Errorf("%d files, %v", files, err)
	}
}

// archive is a zip file of these entries.
func archive(entries ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		f, _ := w.CreateHeader(&zip.FileHeader{Name: entries[i], Method: zip.Store})
		_, _ = io.WriteString(f, entries[i+1])
	}
	_ = w.Close()
	return b.String()
}

func picture(width, height int) string {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)))
	return b.String()
}

func TestKind(t *testing.T) {
	odt := archive("mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "<office:document-content/>")
	huge := []byte(picture(1, 1))
	copy(huge[16:], "\x00\x00\x75\x30\x00\x00\x75\x30") // IHDR says 30,000 × 30,000
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for _, c := range []struct{ name, content, want string }{
		{"note.pdf", "%PDF-1.7\n%âãÏÓ\n1 0 obj", "application/pdf"},
		{"NOTE.PDF", "%PDF-1.4\n", "application/pdf"},
		{"note.odt", odt, "application/vnd.oasis.opendocument.text"},
		{"plan.png", picture(2, 3), "image/png"},
		{"liste.csv", "nom;commune\nLena;Namur\n", "text/"},
		{"lisez-moi.md", "# Bonjour\n\nTexte\n", "text/plain"},
		{"note.pdf", "<!DOCTYPE html><script>alert(1)</script>", ""},
		{"note.html", "<!DOCTYPE html><p>x", ""},
		{"dessin.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`, ""},
		{"dessin.png", `<svg xmlns="http://www.w3.org/2000/svg"/>`, ""},
		{"note.odt", archive("a.txt", "x"), ""},
		{"note.exe", "MZ\x90\x00", ""},
		{"note.txt", "MZ\x90\x00" + strings.Repeat("\x00", 200), ""},
		{"note.txt", strings.Repeat("a", 100_000) + "\x00", ""},
		{"note", "texte", ""},
		{"plan.png", picture(2, 3)[:20], ""},
	} {
		got, err := shelf.Kind(strings.NewReader(c.content), int64(len(c.content)), c.name)
		var kind *shelf.KindError
		if c.want == "" && !errors.As(err, &kind) || c.want != "" && (err != nil || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s %.20q: %s, %v", c.name, c.content, got, err)
		}
	}
	var large *shelf.PictureError
	if _, err := shelf.Kind(bytes.NewReader(huge), int64(len(huge)), "plan.png"); !errors.As(err, &large) || large.Width != 30_000 {
		t.Error("a picture of 30,000 × 30,000 pixels is taken")
	}
}
