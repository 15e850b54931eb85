package main

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// The top level is what a newcomer sees first: it stays as short as this. bin is what make build writes.
func TestTopLevel(t *testing.T) {
	allowed := []string{"cmd", "server", "store", "frontend", "locales", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE",
		"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bin"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}

// source is one file of Go that somebody wrote.
type source struct {
	path string
	text []byte
}

// sources reads every written Go file; what a program generated is left out.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() {
			if hidden := strings.HasPrefix(name, ".") && path != root && name != ".ci"; hidden || name == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil && !bytes.Contains(text[:min(len(text), 300)], []byte("// Code generated ")) {
			all = append(all, source{path, text})
		}
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	return all
}

func TestFilesAreShortAndNamed(t *testing.T) {
	nothing := []string{"util", "utils", "common", "helper", "helpers", "base", "misc", "types", "models", "manager"}
	for _, file := range sources(t) {
		stem := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file.path), ".go"), "_test")
		folder := filepath.Base(filepath.Dir(file.path))
		if slices.Contains(nothing, stem) || slices.Contains(nothing, folder) {
			t.Errorf("%s: the name says nothing", file.path)
		}
		limit := 500
		if strings.HasSuffix(file.path, "_test.go") {
			limit = 600
		}
		if lines := bytes.Count(file.text, []byte("\n")); lines > limit {
			t.Errorf("%s has %d lines, more than %d", file.path, lines, limit)
		}
	}
}

// No package has a state of its own: no init, no variable that is changed after its declaration. Checked as far as the
// package's own sources show it.
func TestNoStateInPackages(t *testing.T) {
	fset, folders := token.NewFileSet(), map[string][]*ast.File{}
	for _, file := range sources(t) {
		if strings.HasSuffix(file.path, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(fset, file.path, file.text, 0)
		if err != nil {
			t.Fatal(err)
		}
		folders[filepath.Dir(file.path)] = append(folders[filepath.Dir(file.path)], tree)
	}
	for folder, files := range folders {
		for _, complaint := range state(fset, files) {
			t.Errorf("%s: %s", folder, complaint)
		}
	}
}

// state names every init and every package variable that is written to.
func state(fset *token.FileSet, files []*ast.File) (complaints []string) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: nothing{}, Error: func(error) {}} // other packages are not needed to see whose name it is
	pkg, _ := config.Check("checked", fset, files, info)
	written := func(target ast.Expr) {
		if name := first(target); name != nil {
			if v, ok := info.Uses[name].(*types.Var); ok && v.Parent() == pkg.Scope() {
				complaints = append(complaints, fset.Position(name.Pos()).String()+" changes "+name.Name)
			}
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				if node.Recv == nil && node.Name.Name == "init" {
					complaints = append(complaints, fset.Position(node.Pos()).String()+" is an init")
				}
			case *ast.AssignStmt:
				for _, target := range node.Lhs {
					written(target)
				}
			case *ast.IncDecStmt:
				written(node.X)
			case *ast.UnaryExpr:
				if node.Op == token.AND {
					written(node.X)
				}
			case *ast.CallExpr:
				if builtin, ok := node.Fun.(*ast.Ident); ok && slices.Contains([]string{"delete", "clear", "copy"}, builtin.Name) {
					written(node.Args[0])
				}
			case *ast.ValueSpec:
				complaints = append(complaints, living(fset, pkg, node)...)
			}
			return true
		})
	}
	return complaints
}

// living names a package variable whose type exists to be changed.
func living(fset *token.FileSet, pkg *types.Package, spec *ast.ValueSpec) (complaints []string) {
	kind, ok := spec.Type.(*ast.SelectorExpr)
	if !ok || spec.Names[0].Name == "_" || pkg.Scope().Lookup(spec.Names[0].Name) == nil || pkg.Scope().Lookup(spec.Names[0].Name).Pos() != spec.Names[0].Pos() {
		return nil
	}
	if from, ok := kind.X.(*ast.Ident); ok && (from.Name == "sync" || from.Name == "atomic") {
		complaints = append(complaints, fset.Position(spec.Pos()).String()+" is a "+from.Name+"."+kind.Sel.Name)
	}
	return complaints
}

// first is the name that an expression such as x, x[i], x.f or *x begins with.
func first(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.IndexExpr:
		return first(e.X)
	case *ast.SelectorExpr:
		return first(e.X)
	case *ast.StarExpr:
		return first(e.X)
	case *ast.ParenExpr:
		return first(e.X)
	case *ast.SliceExpr:
		return first(e.X)
	}
	return nil
}

// nothing imports no package.
type nothing struct{}

func (nothing) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

func TestStateIsSeen(t *testing.T) {
	const bad = `package bad
	import "sync"
	var count, list, table, kept = 0, []int{}, map[string]int{}, 1
	var mu sync.Mutex
	func init() {}
	func f() { count++; list[0] = 1; delete(table, "x"); p := &kept; _ = p; mu.Lock() }
	func g() { count := 1; count++; var mu sync.Mutex; mu.Lock(); _ = count + kept }`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "bad.go", bad, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found := state(fset, []*ast.File{file}); len(found) != 6 {
		t.Errorf("found %d: %v", len(found), found)
	}
}
