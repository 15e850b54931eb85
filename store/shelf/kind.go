package shelf

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif"  // dimensions
	_ "image/jpeg" // dimensions
	_ "image/png"  // dimensions
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	_ "golang.org/x/image/webp" // dimensions
)

// Bounds of a picture: what a browser can still show.
const (
	MaxSide   = 20_000     // pixels
	MaxPixels = 60_000_000 // width × height
)

// KindError says that a file is not one of the kinds taken, or not the kind its name says.
type KindError struct{ Found, Name string }

func (e *KindError) Error() string { return fmt.Sprintf("shelf: %s is %s", e.Name, e.Found) }

// PictureError says that a picture has too many pixels.
type PictureError struct{ Width, Height int }

func (e *PictureError) Error() string {
	return fmt.Sprintf("shelf: a picture of %d × %d pixels", e.Width, e.Height)
}

// kinds are the media types taken, with the endings a file of that type may have. What a browser would run (web pages,
// drawings with scripts, programs) is not among them.
func kinds() map[string][]string {
	return map[string][]string{
		"application/pdf":                                                           {".pdf"},
		"application/vnd.oasis.opendocument.text":                                   {".odt"},
		"application/vnd.oasis.opendocument.spreadsheet":                            {".ods"},
		"application/vnd.oasis.opendocument.presentation":                           {".odp"},
		"application/vnd.oasis.opendocument.graphics":                               {".odg"},
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   {".docx"},
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         {".xlsx"},
		"application/vnd.openxmlformats-officedocument.presentationml.presentation": {".pptx"},
		"application/msword":                                                        {".doc"},
		"application/vnd.ms-excel":                                                  {".xls"},
		"application/vnd.ms-powerpoint":                                             {".ppt"},
		"application/rtf":                                                           {".rtf"},
		"text/rtf":                                                                  {".rtf"},
		"image/png":                                                                 {".png"},
		"image/jpeg":                                                                {".jpg", ".jpeg"},
		"image/gif":                                                                 {".gif"},
		"image/webp":                                                                {".webp"},
		"text/csv":                                                                  {".csv", ".txt"},
		"text/tab-separated-values":                                                 {".tsv", ".txt"},
		"text/calendar":                                                             {".ics"},
		"text/plain":                                                                {".txt", ".md", ".markdown", ".csv", ".tsv", ".yml", ".yaml"},
	}
}

// Endings lists the file name endings taken, for the file chooser and for people.
func Endings() []string {
	var all []string
	for _, endings := range kinds() {
		all = append(all, endings...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Kind finds a file's media type in its bytes and compares it with the ending of its name. Errors: *KindError,
// *PictureError.
func Kind(file io.ReaderAt, size int64, name string) (string, error) {
	found, err := mimetype.DetectReader(io.NewSectionReader(file, 0, size))
	if err != nil {
		return "", err
	}
	media, _, _ := strings.Cut(found.String(), ";")
	ending := strings.ToLower(filepath.Ext(name))
	if !slices.Contains(kinds()[media], ending) {
		return "", &KindError{Found: media, Name: name}
	}
	if strings.HasPrefix(media, "text/") {
		return media, plain(file, size, name)
	}
	if strings.HasPrefix(media, "image/") {
		return media, picture(file, size, name, media)
	}
	return media, nil
}

// plain makes sure that a text is one, to its end.
func plain(file io.ReaderAt, size int64, name string) error {
	chunk := make([]byte, 64<<10)
	r := io.NewSectionReader(file, 0, size)
	for {
		n, err := r.Read(chunk)
		if bytes.IndexByte(chunk[:n], 0) >= 0 {
			return &KindError{Found: "application/octet-stream", Name: name}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// picture reads no more than the dimensions: pictures are never decoded here.
func picture(file io.ReaderAt, size int64, name, media string) error {
	config, _, err := image.DecodeConfig(io.NewSectionReader(file, 0, size))
	if err != nil {
		return &KindError{Found: media, Name: name}
	}
	if config.Width > MaxSide || config.Height > MaxSide || config.Width*config.Height > MaxPixels {
		return &PictureError{Width: config.Width, Height: config.Height}
	}
	return nil
}
