package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groups are the flags as help lists them. What is rare shows in the help of convert alone, where the output's flags are, too.
var groups = []struct {
	title string
	flags []string
	rare  []string
}{
	{"Answer", []string{"json", "rows"}, nil},
	{"Rows and columns", []string{"select", "drop", "rename", "where", "cast", "sort", "limit"}, nil},
	{"Output", []string{"to", "overwrite", "append", "partition-by", "one-file", "file-rows", "compression", "row-group-size", "out-delimiter", "out-null"}, nil},
	{"Input", []string{"from", "schema", "union-by-name", "promote", "ignore-case"}, []string{"strict", "hive", "file-column"}},
	{"CSV input", []string{"delimiter", "quote", "no-header", "skip", "null", "types", "ragged", "rejects"},
		[]string{"escape", "comment", "time-layout", "encoding", "replace-invalid", "decimal", "thousands", "max-columns"}},
	{"Running", []string{"threads", "memory"}, []string{"spill-dir", "dry-run", "quiet", "no-progress"}},
}

// help writes the help of a command.
func help(cmd *cobra.Command, _ []string) {
	out := cmd.OutOrStdout()
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintf(out, "%s\n\nUsage\n  %s\n", strings.TrimRight(text, "\n"), useLine(cmd))
	if cmd.Example != "" {
		fmt.Fprintf(out, "\nExamples\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(out, "\nCommands\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(out, "  %-12s %s\n", c.Name(), c.Short)
			}
		}
	}
	fmt.Fprint(out, flagHelp(cmd))
	if cmd.Flags().Lookup("where") != nil {
		fmt.Fprintf(out, "\nConditions\n%s\n", whereHelp)
	}
	if cmd.Parent() == nil {
		fmt.Fprint(out, "\nsheaf COMMAND --help says more about a command.\n")
	}
}

const whereHelp = `  = != < <= > >=, in ('a', 'b'), between 1 and 2, like 'New%', match 'RE2', is null, and, or, not, + - * / %, name::type,
  functions such as lower(name), year(pickup), round(fare, 2): sheaf man lists them. Text and dates stand in single quotes,
  column names that are no plain words in double quotes: "tip amount" > 1 and pickup >= '2024-01-01'`

// useLine is how the command is called.
func useLine(cmd *cobra.Command) string {
	if cmd.Parent() == nil {
		return "sheaf COMMAND [flags] IN..."
	}
	return cmd.UseLine()
}

// flagHelp lists the flags by their groups.
func flagHelp(cmd *cobra.Command) string {
	var b strings.Builder
	whole := cmd.Name() == "convert"
	listed := []string{"columns"}
	hidden := 0
	for _, g := range groups {
		var lines [][2]string
		for _, name := range slices.Concat(g.flags, g.rare) {
			f := cmd.Flags().Lookup(name)
			listed = append(listed, name)
			switch {
			case f == nil || f.Hidden:
			case !whole && slices.Contains(g.rare, name):
				hidden++
			default:
				lines = append(lines, flagLine(f))
			}
		}
		writeFlags(&b, g.title, lines)
	}
	var rest [][2]string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(listed, f.Name) && !f.Hidden && f.Name != "help" {
			rest = append(rest, flagLine(f))
		}
	})
	writeFlags(&b, "Flags", rest)
	if hidden > 0 {
		b.WriteString("\nThe other input flags of sheaf convert (encodings, decimals, folders…) work here, too.\n")
	}
	return b.String()
}

func writeFlags(b *strings.Builder, title string, lines [][2]string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n" + title + "\n")
	for _, l := range lines {
		fmt.Fprintf(b, "  %s%s %s\n", l[0], strings.Repeat(" ", max(0, 23-utf8.RuneCountInString(l[0]))), l[1])
	}
}

// flagLine is a flag with the name of its value, and what it does.
func flagLine(f *pflag.Flag) [2]string {
	value, text := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if value != "" {
		name += " " + value
	}
	return [2]string{name, strings.TrimPrefix(text, "CSV: ")}
}
