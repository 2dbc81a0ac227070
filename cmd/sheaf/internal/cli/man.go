package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/where"
	"github.com/sheafdata/sheaf/fault"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func flagNames(cmd *cobra.Command) []string {
	var out []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { out = append(out, f.Name) })
	return out
}

// completeFlags tells the shell's completion what the values of flags can be.
func completeFlags(cmd *cobra.Command) {
	for flag, values := range map[string][]string{
		"from": {"parquet", "csv", "tsv", "json", "arrow"}, "to": {"parquet", "csv", "tsv", "json", "arrow"},
		"compression": {"zstd", "snappy", "gzip", "lz4", "brotli", "none"}, "ragged": {"fail", "pad", "skip", "reject"},
		"encoding": {"utf8", "latin1", "utf16le", "utf16be"}, "delimiter": {",", ";", "tab", "|"}, "quote": {`"`, "'", "none"},
	} {
		if cmd.Flags().Lookup(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

func newMan(env *environment) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the man pages to a folder",
		Long:    "Write the man pages of all commands to a folder, which is made where it is not there.",
		Example: "  sheaf man ~/.local/share/man/man1",
		Args:    inputs(1, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return &fault.Error{Kind: fault.Input, Err: err}
			}
			pages := 0
			for _, c := range append([]*cobra.Command{cmd.Root()}, cmd.Root().Commands()...) {
				if c.Name() == "help" || c.Hidden {
					continue
				}
				name := strings.ReplaceAll(c.CommandPath(), " ", "-")
				if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(manPage(c)), 0o666); err != nil {
					return &fault.Error{Kind: fault.Input, Err: err}
				}
				pages++
			}
			env.note("%s in %s", count(int64(pages), "page"), dir)
			return nil
		},
	}
}

// roff makes text safe for man pages: backslashes, hyphens, and points at the beginning of lines.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}

// manPage is the page of a command, in the macros of man(7).
func manPage(c *cobra.Command) string {
	var b strings.Builder
	title := strings.ToUpper(strings.ReplaceAll(c.CommandPath(), " ", "-"))
	fmt.Fprintf(&b, ".TH %q 1 \"\" \"sheaf\" \"User Commands\"\n", roff(title))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(strings.ReplaceAll(c.CommandPath(), " ", "-")), roff(c.Short))
	use := c.UseLine()
	if c.HasSubCommands() && c.Parent() == nil {
		use = "sheaf COMMAND [flags] IN..."
	}
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n.SH DESCRIPTION\n.nf\n%s\n.fi\n", roff(use), roff(c.Long))
	if c.HasSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range c.Commands() {
			if !sub.Hidden {
				fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(sub.Name()), roff(sub.Short))
			}
		}
	}
	if c.Flags().HasAvailableFlags() {
		b.WriteString(".SH OPTIONS\n")
		c.Flags().VisitAll(func(f *pflag.Flag) { b.WriteString(manFlag(f)) })
	}
	if c.Flags().Lookup("where") != nil {
		b.WriteString(".SH CONDITIONS\n" + roff(conditions) + "\n.PP\nFunctions: " + roff(strings.Join(where.FunctionNames(), ", ")) + ".\n")
	}
	if c.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(c.Example))
	}
	b.WriteString(".SH EXIT STATUS\n0 when the work is done, 1 when the input or the work failed or was interrupted, 2 when the command line is wrong.\n" +
		".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nswitches colours off.\n.TP\n.B COLUMNS\nis the width of tables where standard output is no terminal.\n")
	return b.String()
}

func manFlag(f *pflag.Flag) string {
	if f.Hidden {
		return ""
	}
	value, text := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if value != "" {
		name += " " + value
	}
	return fmt.Sprintf(".TP\n.B %s\n%s\n", roff(name), roff(text))
}

// conditions teaches the language of --where.
const conditions = `A condition compares columns with constants and each other: = != < <= > >=, in (…), between … and …, like 'New%', match 'RE2 pattern', is null, is not null; and, or, not and brackets join them. Text and dates stand in single quotes: pickup >= '2024-01-01'. A column name that is no plain word stands in double quotes: "tip amount" > 1. Arithmetic is + - * / // % **, || joins texts, name::type converts. A row counts where the condition is true, not where it is null.`
