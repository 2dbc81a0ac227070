package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/format"
	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/internal/fileio"
)

const convertLong = `Convert files of tables to another format, with fewer rows or columns, other names and types.

Formats come from the names; --from and --to override them. "-" is standard input or output.
A name with an extension is one file; any other OUT is a folder of files (with --to).
Nothing is visible at OUT before all is written; where it fails, nothing is left.

A CSV that does not read, and a column that is text because of a few values, is shown with
file and line, and which of these flags helps:
  --types zip=text       a column whose values do not fit the type that was found
  --null -               words that stand for null
  --ragged pad           rows with fields missing; skip leaves them out
  --rejects bad.csv      rows of the wrong shape go there
  --delimiter, --quote, --skip, --no-header, --encoding, --decimal`

const convertExamples = `  sheaf convert trips.csv trips.parquet
  sheaf convert 'trips-*.parquet' all.csv --select pickup,fare --where "fare > 0"
  sheaf convert bad.csv good.parquet --types zip=text --rejects bad-rows.csv
  sheaf convert trips.parquet days/ --to csv --partition-by day
  sheaf convert again.csv again.parquet --schema trips.parquet
  cat x.csv | sheaf convert - --from csv x.parquet`

// convertFlags are the flags of convert.
type convertFlags struct {
	inputFlags
	shapeFlags
	outputFlags
	runFlags
	dryRun, quiet, noProgress bool
}

func newConvert(env *environment) *cobra.Command {
	f := &convertFlags{}
	cmd := &cobra.Command{
		Use:     "convert [flags] IN... OUT",
		Short:   "Convert files to another format",
		Long:    convertLong,
		Example: convertExamples,
		Args:    inputs(2, "IN or OUT"),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, env, args) },
	}
	set := cmd.Flags()
	set.SortFlags = false
	f.shapeFlags.add(set, true)
	f.outputFlags.add(set)
	f.inputFlags.add(set)
	f.runFlags.add(set)
	set.BoolVar(&f.dryRun, "dry-run", false, "print what would be read, done and written, and stop")
	set.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	set.BoolVar(&f.noProgress, "no-progress", false, "show no progress bar")
	completeFlags(cmd)
	return cmd
}

func (f *convertFlags) run(cmd *cobra.Command, env *environment, args []string) error {
	ctx := cmd.Context()
	opts, err := f.runFlags.options()
	if err != nil {
		return err
	}
	in, err := f.inputFlags.open(ctx, args[:len(args)-1])
	if err != nil {
		return err
	}
	df, err := f.shapeFlags.apply(in.frame)
	if err != nil {
		return err
	}
	out, err := f.outputFlags.open(args[len(args)-1], df.Schema())
	if err != nil {
		return err
	}
	rejects, err := f.rejectsOutput(in)
	if err != nil {
		return err
	}
	if note := f.leftOut(in); note != "" && !f.quiet {
		env.note("%s", note)
	}
	if !f.quiet {
		env.warn(in)
	}
	if f.dryRun {
		return env.answer(f.plan(in, df, out))
	}
	sink := out.sink
	bar := newProgress(env, f.quiet || f.noProgress)
	if bar != nil {
		sink = bar.watch(sink)
	}
	start := time.Now()
	report, err := df.Write(ctx, sink, opts...)
	if bar != nil {
		bar.stop()
	}
	if err != nil {
		return err
	}
	if !f.quiet {
		env.note("%s", summary(report, out, time.Since(start)))
	}
	if rejects == nil {
		return nil
	}
	return f.writeRejects(cmd, env, in, rejects, opts)
}

// rejectsOutput is the output of the rows of the wrong shape, nil for none.
func (f *convertFlags) rejectsOutput(in *input) (*output, error) {
	if f.rejects == "" {
		return nil, nil
	}
	o := outputFlags{overwrite: f.overwrite, changed: func(string) bool { return false }}
	if kind, _ := format.ByName(f.rejects); kind == "" {
		o.to = "csv"
	}
	return o.open(f.rejects, in.frame.Schema())
}

func (f *convertFlags) writeRejects(cmd *cobra.Command, env *environment, in *input, to *output, opts []dataframe.RunOption) error {
	report, err := in.rejected().Write(cmd.Context(), to.sink, opts...)
	if err != nil {
		return err
	}
	if !f.quiet {
		env.note("%s left out, listed in %s", count(report.Rows, "row"), to.path)
	}
	return nil
}

// plan is what --dry-run prints.
func (f *convertFlags) plan(in *input, df *dataframe.DataFrame, out *output) string {
	var b strings.Builder
	fmt.Fprintf(&b, "read   %s (%s)\nwrite  %s\n", strings.Join(in.paths, " "), in.format, out)
	if f.rejects != "" {
		fmt.Fprintf(&b, "       rows of the wrong shape to %s\n", f.rejects)
	}
	b.WriteString("\ncolumns\n" + indent(schemaText(df.Schema())) + "\nplan\n" + indent(df.Explain()))
	return b.String()
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// summary says what was written.
func summary(r dataframe.WriteReport, out *output, took time.Duration) string {
	to := out.path
	if to == fileio.Stdin {
		to = "standard output"
	} else if len(r.Files) != 1 || r.Files[0] != out.path {
		to = count(int64(len(r.Files)), "file") + " in " + to
	}
	return fmt.Sprintf("%s, %s to %s in %s", count(r.Rows, "row"), bytesText(r.Bytes), to, took.Round(time.Millisecond))
}

// count writes a number of things in groups of three digits.
func count(n int64, what string) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if n != 1 {
		what += "s"
	}
	return s + " " + what
}

// bytesText writes a size in decimal units.
func bytesText(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), -1
	for v >= 999.5 && unit < 4 {
		v /= 1000
		unit++
	}
	return fmt.Sprintf("%.3g %cB", v, "kMGTP"[unit])
}
