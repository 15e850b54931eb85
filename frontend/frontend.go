package frontend

import (
	"crypto/sha256"
	"embed"
	"encoding/base32"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

//go:embed assets
var embedded embed.FS

// StaticRoot is the path below which assets are served.
const StaticRoot = "/static/"

// contentTypes lists the kinds of asset there are; a file of another kind fails Load.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
	".txt":   "text/plain; charset=utf-8",
}

// Assets are the embedded files under names that change with their content, so that they may be cached for ever.
// They never change after Load and may be used by any number of goroutines.
type Assets struct {
	byName map[string]*File // "css/belfry.css"
	byPath map[string]*File // "/static/css/belfry.4q7x….css"
	sprite string
}

// Load reads the embedded files, shortens them, and points their references to each other at the hashed names. It
// fails when one names a file that is not there. Compression is left to the first request for each file.
func Load() (*Assets, error) {
	root, err := fs.Sub(embedded, "assets")
	if err != nil {
		return nil, fmt.Errorf("open assets: %w", err)
	}
	return load(root)
}

func load(root fs.FS) (*Assets, error) {
	a := &Assets{byName: map[string]*File{}, byPath: map[string]*File{}}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return a.add(root, name, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("load assets: %w", err)
	}
	if sprite, ok := a.byName["icons.svg"]; ok {
		a.sprite = sprite.Path
	}
	return a, nil
}

// add prepares one file after those it refers to; trail holds the files being added, to refuse a circle.
func (a *Assets) add(root fs.FS, name string, trail []string) error {
	if a.byName[name] != nil {
		return nil
	}
	for _, waiting := range trail {
		if waiting == name {
			return fmt.Errorf("%s refers to itself by way of %s", name, strings.Join(trail, ", "))
		}
	}
	body, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	kind, ok := contentTypes[path.Ext(name)]
	if !ok {
		return fmt.Errorf("%s: no content type for %q", name, path.Ext(name))
	}
	body, err = a.link(root, name, shorten(name, body), append(trail, name))
	if err != nil {
		return err
	}
	file := newFile(name, kind, body)
	a.byName[name], a.byPath[file.Path] = file, file
	return nil
}

// A stylesheet refers to files by url("…"), a module to another by a string that starts with "./".
var (
	cssReference = regexp.MustCompile(`url\("([^"#:]+)"\)`)
	jsReference  = regexp.MustCompile(`"(\./[^"]+\.js)"`)
)

// link replaces the references in a file by the hashed paths of what they name.
func (a *Assets) link(root fs.FS, name string, body []byte, trail []string) ([]byte, error) {
	var reference *regexp.Regexp
	switch path.Ext(name) {
	case ".css":
		reference = cssReference
	case ".js":
		reference = jsReference
	default:
		return body, nil
	}
	var failed error
	linked := reference.ReplaceAllFunc(body, func(found []byte) []byte {
		relative := string(reference.FindSubmatch(found)[1])
		target := path.Join(path.Dir(name), relative)
		if err := a.add(root, target, trail); err != nil {
			failed = fmt.Errorf("%s refers to %s: %w", name, relative, err)
			return found
		}
		return []byte(strings.Replace(string(found), relative, a.byName[target].Path, 1))
	})
	return linked, failed
}

// URL is the path under which the asset of this name is served; "css/belfry.css" is "/static/css/belfry.<hash>.css".
// An unknown name gives a path that answers 404.
func (a *Assets) URL(name string) string {
	if file, ok := a.byName[name]; ok {
		return file.Path
	}
	return StaticRoot + name
}

// Symbol is the address of one symbol in the icon sprite, for <use href>.
func (a *Assets) Symbol(id string) string { return a.sprite + "#" + id }

// File finds an asset by the path of a request. Anything but a current hashed path is not found.
func (a *Assets) File(requestPath string) (*File, bool) {
	file, ok := a.byPath[requestPath]
	return file, ok
}

// Names lists every asset by the name URL takes, in no order.
func (a *Assets) Names() []string {
	names := make([]string, 0, len(a.byName))
	for name := range a.byName {
		names = append(names, name)
	}
	return names
}

func contentHash(body []byte) string {
	sum := sha256.Sum256(body)
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:12]
}
