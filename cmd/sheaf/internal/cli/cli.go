// Package cli is the sheaf command: its commands and flags, and what they make of frames. Answers go to standard output, everything
// else to standard error; the exit code is 0 when the work is done, 1 when the input or the work failed (an interrupt included), 2 when
// the command line is wrong.
//
// It computes nothing itself: readers, dataframe and writers do. Nothing imports it but the program.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/report"
	"github.com/sheafdata/sheaf/fault"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Streams are where a run writes. Input files named "-" come from the process's standard input.
type Streams struct {
	Out, Err io.Writer
}

// Run executes a command line without the program's name and returns the exit code.
func Run(ctx context.Context, args []string, s Streams) int {
	style := report.Style{Color: isTerminal(s.Err) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	root := newRoot(s, style)
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && isCanceled(err) {
		style.Error(s.Err, errors.New("interrupted"))
		return exitFailed
	}
	style.Error(s.Err, err)
	if !isUsage(err) {
		return exitFailed
	}
	style.Note(s.Err, "\nSee "+command.CommandPath()+" --help.")
	return exitUsage
}

// isTerminal says whether what is written there is seen by a person at once.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func isCanceled(err error) bool {
	var f *fault.Error
	return errors.Is(err, context.Canceled) || errors.As(err, &f) && f.Kind == fault.Canceled
}

// usageError is an error of the command line.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }

// usage makes an error of the command line.
func usage(format string, args ...any) error {
	return usageError{fault.New(fault.Plan, "", format, args...)}
}

// usageHint is usage with what to do.
func usageHint(hint, format string, args ...any) error {
	return usageError{fault.New(fault.Plan, "", format, args...).WithHint("%s", hint)}
}

// isUsage says whether an error is of the command line: of its flags, or of a query that they make and that the input's columns do
// not allow.
func isUsage(err error) bool {
	var u usageError
	var f *fault.Error
	return errors.As(err, &u) || errors.As(err, &f) && f.Kind == fault.Plan
}

const intro = `Convert and inspect files of tables: Parquet, CSV, JSON lines and Arrow IPC, compressed or not.

Formats come from the names of files; --from and --to override them, and "-" is a pipe.
IN is a file, a pattern such as 'trips-*.csv', or a folder; several are read as one table.`

const introExamples = `  sheaf schema trips.csv                      names and types of the columns
  sheaf head trips.csv                        the first rows
  sheaf convert trips.csv trips.parquet       CSV to Parquet
  sheaf convert trips.parquet - --to json     to a pipe, as JSON lines
  sheaf count trips.parquet --where "fare > 50 and zone is not null"`

func newRoot(s Streams, style report.Style) *cobra.Command {
	root := &cobra.Command{
		Use:           "sheaf",
		Short:         "Convert and inspect files of tables",
		Long:          intro,
		Example:       introExamples,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := "sheaf --help lists the commands"
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				hint = "did you mean " + strings.Join(near, " or ") + "?"
			}
			return usageHint(hint, "there is no command %q", args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("sheaf {{.Version}}\n")
	root.SetHelpFunc(help)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	env := &environment{Streams: s, style: style}
	root.AddCommand(newConvert(env), newSchema(env), newHead(env), newCount(env), newDescribe(env), newMan(env))
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	return root
}

// environment is what the commands share.
type environment struct {
	Streams
	style report.Style
}

// answer writes to standard output. A reader that has gone away wants no more of it.
func (e *environment) answer(text string) error {
	if _, err := io.WriteString(e.Out, text); err != nil {
		return fault.New(fault.Input, "", "cannot write to standard output: %w", err)
	}
	return nil
}

// warn tells of what was found out of the input that may not be meant.
func (e *environment) warn(in *input) {
	const most = 5
	for i, odd := range in.odd {
		if i == most {
			e.note("warning: %d more columns are text for such reasons", len(in.odd)-most)
			return
		}
		e.style.Warning(e.Err, odd)
	}
}

func (e *environment) note(format string, args ...any) {
	e.style.Note(e.Err, fmt.Sprintf(format, args...))
}

// badValue is how the flag library says that a value does not parse.
var badValue = regexp.MustCompile(`^invalid argument "(.*)" for "(.*)" flag: .*$`)

// flagError is an error of the flag library in our words, with the flag that an unknown one most likely stands for.
func flagError(cmd *cobra.Command, err error) error {
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		return usage("%s: %q is no whole number", m[2], m[1])
	}
	hint := ""
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		if hint = fault.Suggest(name, flagNames(cmd)); !strings.HasPrefix(hint, "did you mean") {
			hint = ""
		}
		hint = strings.Replace(strings.ReplaceAll(hint, `"`, ""), "mean ", "mean --", 1)
	}
	return usageHint(hint, "%s", err)
}

// version is the module's version, or the commit that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = " " + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " (modified)"
		}
	}
	return "development" + commit + dirty
}

// inputs checks that a command got files.
func inputs(least int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return usageHint(strings.TrimSpace(strings.SplitN(cmd.Example, "\n", 2)[0]), "%s is missing: %s", what, cmd.UseLine())
		}
		return nil
	}
}
