// Package lint checks house rules as tests: who imports whom, formatting, vet, no printing from libraries, no goroutines outside the
// scheduler and the readers' prefetch. It has no code of its own.
package lint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/sheafdata/sheaf/"

// root is the module's folder, seen from here.
var root = filepath.Join("..", "..")

// goFile is a source file of the module, parsed.
type goFile struct {
	path string // from the root, with slashes
	dir  string
	test bool
	fset *token.FileSet
	ast  *ast.File
}

// sources parses every Go file of the main module.
func sources(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (rel == "bench" || strings.HasPrefix(d.Name(), ".") && rel != ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if isTool(parsed) {
			return nil
		}
		files = append(files, goFile{path: rel, dir: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(path, "_test.go"), fset: fset, ast: parsed})
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(files), 50, "the walk must see the module")
	return files
}

// isTool says whether a file is built by itself alone: a generator, or the list that pins modules.
func isTool(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() < f.Package && (c.Text == "//go:build ignore" || c.Text == "//go:build deps") {
				return true
			}
		}
	}
	return false
}

// isTestKit says whether a package is there for tests only, which may start goroutines as tests do.
func isTestKit(dir string) bool { return strings.HasSuffix(dir, "test") }

// allowed reads imports.txt: what each package may import, directly or through what it may import.
func allowed(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("imports.txt")
	require.NoError(t, err)
	rules := map[string][]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pkg, list, ok := strings.Cut(line, ":")
		require.True(t, ok, line)
		require.NotContains(t, rules, pkg, "two lines for one package")
		rules[pkg] = strings.Fields(list)
	}
	return rules
}

// ruleOf returns the name of the line that governs a package.
func ruleOf(rules map[string][]string, pkg string) (string, bool) {
	if _, ok := rules[pkg]; ok {
		return pkg, true
	}
	for p := pkg; strings.Contains(p, "/"); {
		p = p[:strings.LastIndex(p, "/")]
		if _, ok := rules[p+"/..."]; ok {
			return p + "/...", true
		}
	}
	return "", false
}

// mayImport says whether the line of from reaches to.
func mayImport(rules map[string][]string, from, to string, seen map[string]bool) bool {
	if to == "fault" {
		return true
	}
	for _, next := range rules[from] {
		if next == to || strings.HasSuffix(next, "/...") && strings.HasPrefix(to, strings.TrimSuffix(next, "...")) {
			return true
		}
		if !seen[next] {
			seen[next] = true
			if mayImport(rules, next, to, seen) {
				return true
			}
		}
	}
	return false
}

func isProgram(dir string) bool {
	return strings.HasPrefix(dir, "examples/") || strings.HasPrefix(dir, "cmd/")
}

func TestImportsFollowTheList(t *testing.T) {
	rules := allowed(t)
	for _, f := range sources(t) {
		if f.test || isProgram(f.dir) || f.dir == "." {
			continue
		}
		rule, ok := ruleOf(rules, f.dir)
		if !ok {
			t.Errorf("%s: package %s has no line in imports.txt", f.path, f.dir)
			continue
		}
		for _, imp := range f.ast.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			to, ours := strings.CutPrefix(path, module)
			if !ours || strings.HasPrefix(to, f.dir+"/internal/") {
				continue
			}
			target, _ := ruleOf(rules, to)
			if target != rule && !mayImport(rules, rule, to, map[string]bool{}) {
				t.Errorf("%s: %s must not import %s", f.path, f.dir, to)
			}
		}
	}
}

// wrapped lists third-party modules and the only packages that may import them.
var wrapped = map[string][]string{
	"github.com/parquet-go/parquet-go":             {"internal/parquetio", "writers"},
	"github.com/apache/arrow/go/v15":               {"interop/arrowv15"},
	"github.com/go-gota/gota":                      {"interop/gota"},
	"github.com/apache/arrow-go/v18/parquet":       {"examples/nyctaxi/month"},
	"github.com/apache/arrow-go/v18/arrow/compute": {},
}

func TestThirdPartyCodeIsWrapped(t *testing.T) {
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		for _, imp := range f.ast.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			for mod, by := range wrapped {
				if (path == mod || strings.HasPrefix(path, mod+"/")) && !slices.Contains(by, f.dir) {
					t.Errorf("%s: %s may be imported by %v only", f.path, path, by)
				}
			}
		}
	}
}

// goroutineHomes are the packages that may start goroutines.
var goroutineHomes = []string{"sched", "readers"}

func TestNoGoroutinesOutsideTheScheduler(t *testing.T) {
	for _, f := range sources(t) {
		top, _, _ := strings.Cut(f.dir, "/")
		if f.test || isProgram(f.dir) || isTestKit(f.dir) || slices.Contains(goroutineHomes, top) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: a go statement outside the scheduler", f.fset.Position(g.Pos()))
			}
			return true
		})
	}
}

func TestLibrariesDoNotPrint(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || isProgram(f.dir) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if ok && (pkg.Name == "fmt" && strings.HasPrefix(sel.Sel.Name, "Print") || pkg.Name == "log" && sel.Sel.Name != "Logger") {
				t.Errorf("%s: %s.%s in a library", f.fset.Position(sel.Pos()), pkg.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

func TestEveryPackageSaysItsJob(t *testing.T) {
	docs := map[string]bool{}
	for _, f := range sources(t) {
		if !f.test || f.dir == "internal/lint" {
			docs[f.dir] = docs[f.dir] || f.ast.Doc != nil
		}
	}
	for dir, ok := range docs {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestGofmt(t *testing.T) {
	out := run(t, "gofmt", "-l", ".")
	require.Empty(t, out, "files that gofmt would change")
}

func TestVet(t *testing.T) {
	if testing.Short() {
		t.Skip("vet builds every package; run without -short")
	}
	run(t, "go", "vet", "./...")
}

// run runs a command in the module's root and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join(runtimeBin(t), name)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = root
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Run(), "%s %v: %s", name, args, out.String())
	return strings.TrimSpace(out.String())
}

// runtimeBin is where the toolchain keeps gofmt when it is not on the path.
func runtimeBin(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return filepath.Join(strings.TrimSpace(string(out)), "bin")
}
