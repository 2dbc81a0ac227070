package cli

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/cobra"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/fault"
)

// inspectFlags are the flags of the commands that answer a question about files.
type inspectFlags struct {
	inputFlags
	shapeFlags
	runFlags
	json bool
	odd  []*fault.Error // of the input
}

// inspection is a command that answers from a frame.
type inspection struct {
	use, short, long, example string
	withLimit                 bool
	answer                    func(ctx context.Context, df *dataframe.DataFrame, f *inspectFlags, opts []dataframe.RunOption) (string, error)
}

func (i inspection) command(env *environment, more func(cmd *cobra.Command)) *cobra.Command {
	f := &inspectFlags{}
	cmd := &cobra.Command{
		Use: i.use, Short: i.short, Long: i.long, Example: i.example,
		Args: inputs(1, "IN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := f.runFlags.options()
			if err != nil {
				return err
			}
			if f.rejects != "" {
				return usage("--rejects is for convert")
			}
			in, err := f.inputFlags.open(cmd.Context(), args)
			if err != nil {
				return err
			}
			df, err := f.shapeFlags.apply(in.frame)
			if err != nil {
				return err
			}
			if f.odd = in.odd; cmd.Name() != "count" {
				env.warn(in)
			}
			text, err := i.answer(cmd.Context(), df, f, opts)
			if err != nil {
				return err
			}
			if note := f.leftOut(in); note != "" {
				env.note("%s", note)
			}
			return env.answer(text)
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.BoolVar(&f.json, "json", false, "answer as one JSON document")
	if more != nil {
		more(cmd)
	}
	f.shapeFlags.add(set, i.withLimit)
	f.inputFlags.add(set)
	f.runFlags.add(set)
	_ = set.MarkHidden("rejects")
	completeFlags(cmd)
	return cmd
}

func newSchema(env *environment) *cobra.Command {
	return inspection{
		use: "schema [flags] IN...", short: "Show names and types of the columns",
		long: "Show names and types of the columns, and whether they can hold null. Of CSV and JSON they are found out from samples.\n\n" +
			"Where a few values make a CSV column text and nearly all others read as numbers or dates, the first is shown.\n\n" +
			"--json gives an array of {\"name\", \"type\", \"nullable\"}, with a \"warning\" for such columns.",
		example:   "  sheaf schema trips.csv\n  sheaf schema trips.csv --types zip=text --json",
		withLimit: true,
		answer: func(_ context.Context, df *dataframe.DataFrame, f *inspectFlags, _ []dataframe.RunOption) (string, error) {
			if f.json {
				return schemaJSON(df.Schema(), f.odd), nil
			}
			return schemaText(df.Schema()), nil
		},
	}.command(env, nil)
}

func newHead(env *environment) *cobra.Command {
	rows := int64(10)
	return inspection{
		use: "head [flags] IN...", short: "Show the first rows",
		long:      "Show the first rows as a table, 10 or -n of them.\n\n--json gives an array of objects by column name.",
		example:   "  sheaf head trips.csv\n  sheaf head -n 3 trips.parquet --select pickup,fare --sort fare:desc\n  sheaf head trips.csv --where \"zone like 'New%'\" --json",
		withLimit: true,
		answer: func(ctx context.Context, df *dataframe.DataFrame, f *inspectFlags, opts []dataframe.RunOption) (string, error) {
			if rows < 0 {
				return "", usage("-n: %d is no number of rows", rows)
			}
			t, err := df.Head(ctx, rows, opts...)
			if err != nil || f.json {
				return tableJSON(t, err)
			}
			return t.Text(rows), nil
		},
	}.command(env, func(cmd *cobra.Command) { cmd.Flags().Int64VarP(&rows, "rows", "n", rows, "show `N` rows") })
}

func newCount(env *environment) *cobra.Command {
	return inspection{
		use: "count [flags] IN...", short: "Count the rows",
		long:      "Count the rows. Where the files know the number, nothing else of them is read.\n\n--json gives the number, too.",
		example:   "  sheaf count trips.parquet\n  sheaf count 'trips-*.csv' --where \"fare > 50 and zone is not null\"",
		withLimit: true,
		answer: func(ctx context.Context, df *dataframe.DataFrame, _ *inspectFlags, opts []dataframe.RunOption) (string, error) {
			n, err := df.Count(ctx, opts...)
			return strconv.FormatInt(n, 10) + "\n", err
		},
	}.command(env, nil)
}

func newDescribe(env *environment) *cobra.Command {
	return inspection{
		use: "describe [flags] IN...", short: "Summarise the columns",
		long:      "Show count, nulls, mean, standard deviation, quartiles, smallest and largest value of each column.\n\n--json gives an array of objects by column name.",
		example:   "  sheaf describe trips.parquet\n  sheaf describe trips.csv --select fare,tip --where \"fare > 0\"",
		withLimit: true,
		answer: func(ctx context.Context, df *dataframe.DataFrame, f *inspectFlags, opts []dataframe.RunOption) (string, error) {
			t, err := df.Describe(ctx, opts...)
			if err != nil || f.json {
				return tableJSON(t, err)
			}
			return t.String(), nil
		},
	}.command(env, nil)
}

// schemaText lists name, type and nullability of the columns, below each other.
func schemaText(s *arrow.Schema) string {
	rows := [][3]string{{"name", "type", "nullable"}}
	for _, f := range s.Fields() {
		nullable := "no"
		if f.Nullable {
			nullable = "yes"
		}
		rows = append(rows, [3]string{shownName(f.Name), dataframe.TypeName(f.Type), nullable})
	}
	var width [2]int
	for _, r := range rows {
		for i := range width {
			width[i] = max(width[i], utf8.RuneCountInString(r[i]))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		for i, w := range width {
			b.WriteString(r[i] + strings.Repeat(" ", w-utf8.RuneCountInString(r[i])+2))
		}
		b.WriteString(r[2] + "\n")
	}
	return b.String()
}

// shownName quotes names that could not be told from others, or would break the line.
func shownName(name string) string {
	if name == "" || strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return strconv.Quote(name)
	}
	return name
}
