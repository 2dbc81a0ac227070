package report

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
)

// fault writes a fault of the library: the place in the user's program, which is this command, is left out.
func (r *report) fault(f *fault.Error) {
	message := f.Kind.String() + " error"
	if f.Err != nil {
		message = f.Err.Error()
	}
	hint := flags(f.Hint)
	message, hint = inOurWords(message, hint)
	if hint == "" {
		hint = castHint(message, f.Column)
	}
	if f.Text == f.Column && f.Line > 1 && plainName.MatchString(f.Column) {
		hint = headerAgain(f.Column)
	}
	if f.Column != "" && !strings.Contains(message, strconv.Quote(f.Column)) {
		message = "column " + strconv.Quote(f.Column) + ": " + message
	}
	r.head(message)
	if line, from, to, ok := lineOf(f); ok {
		r.snippet(origin{shownName(f.File), f.Line}, line, from, to)
		if from < 0 && f.Text != "" && f.Text != line {
			r.note("value", strconv.Quote(short(f.Text)))
		}
	} else {
		r.places(f)
	}
	r.help(hint)
}

// places lists what is known of a place whose text is not at hand.
func (r *report) places(f *fault.Error) {
	place := ""
	if f.File != "" {
		place = shownName(f.File)
		if f.Line > 0 {
			place += ":" + strconv.FormatInt(f.Line, 10)
		}
	}
	if f.Row > 0 && (f.File != "" || f.Partition == 0) { // a row of a part says nothing to users of the command
		place = strings.TrimPrefix(place+", row "+strconv.FormatInt(f.Row, 10), ", ")
	}
	if place != "" {
		r.b.WriteString("  " + r.paint(blue, "--> ") + printable(place) + "\n")
	}
	if f.Text != "" {
		r.note("value", strconv.Quote(short(f.Text)))
	}
}

func (r *report) note(name, text string) {
	r.b.WriteString(strings.Repeat(" ", max(r.margin, 2)) + r.paint(blue, " = ") + name + ": " + text + "\n")
}

func shownName(file string) string {
	if file == fileio.Stdin {
		return "standard input"
	}
	return file
}

// maxText is how many bytes of a value are shown.
const maxText = 200

func short(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

const (
	// maxScan is how far into a file the line of an error is looked for, in bytes: a second at most.
	maxScan = 1 << 30
	// maxLine is how long a line may be that is shown.
	maxLine = 64 << 10
)

// lineOf returns the line of the file that a fault is about and the bytes of it that are its text; from is -1 where they are not known
// for certain. Faults without line or text, and those of files that are no plain text, have none.
func lineOf(f *fault.Error) (line string, from, to int, ok bool) {
	if f.Line == 0 || f.Text == "" || f.Err == nil {
		return "", 0, 0, false
	}
	text := strings.TrimRight(f.Text, "\r\n")
	if line, ok = readLine(f.File, f.Line); !ok {
		if text == `""` || strings.Contains(text, "\n") {
			return "", 0, 0, false
		}
		return text, 0, len(text), true
	}
	if text == `""` { // an empty field: no place of its own
		return line, -1, -1, true
	}
	if first, _, several := strings.Cut(text, "\n"); several {
		text = strings.TrimRight(first, "\r")
	}
	if m := misfit.FindStringSubmatch(f.Err.Error()); m != nil && line == text {
		return line, missingAt(line, m[1], m[2]), len(line), true
	}
	from = strings.Index(line, text)
	if from < 0 {
		return line, -1, -1, true
	}
	if at, sure := onlyField(line, text); sure {
		from = at
	} else if strings.Contains(line[from+1:], text) {
		return line, -1, -1, true
	}
	return line, from, from + len(text), true
}

// missingAt is where a row goes wrong: at its end where fields are missing, at the first that is too many, or, where quotes hide it, at 0.
func missingAt(line, have, want string) int {
	h, _ := strconv.Atoi(have)
	w, _ := strconv.Atoi(want)
	if h < w {
		return len(line)
	}
	for _, c := range ",;\t|" {
		if parts := strings.Split(line, string(c)); len(parts) == h && !strings.Contains(line, `"`) {
			return len(strings.Join(parts[:w], string(c)))
		}
	}
	return 0
}

// onlyField finds the text where it stands alone between delimiters or quotes; sure is false where it does so not exactly once.
func onlyField(line, text string) (at int, sure bool) {
	bounds := ",;\t|\" "
	count := 0
	for i := 0; i+len(text) <= len(line); i++ {
		if line[i:i+len(text)] != text {
			continue
		}
		end := i + len(text)
		if (i == 0 || strings.IndexByte(bounds, line[i-1]) >= 0) && (end == len(line) || strings.IndexByte(bounds, line[end]) >= 0) {
			at = i
			count++
		}
	}
	return at, count == 1
}

// readLine returns a line of a plain text file, from 1.
func readLine(file string, number int64) (string, bool) {
	if codec, _ := fileio.CodecOfName(file); codec != fileio.Plain || file == fileio.Stdin {
		return "", false
	}
	f, err := os.Open(file)
	if err != nil {
		return "", false
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, maxLine)
	scanned := 0
	for n := int64(1); scanned < maxScan; {
		line, err := r.ReadSlice('\n')
		scanned += len(line)
		if n == number {
			text := strings.TrimRight(string(line), "\r\n")
			if n == 1 {
				text = strings.TrimPrefix(text, "\ufeff")
			}
			return strings.ToValidUTF8(text, "\ufffd"), !strings.ContainsRune(text, 0)
		}
		switch err {
		case nil:
			n++
		case bufio.ErrBufferFull:
		default:
			return "", false
		}
	}
	return "", false
}
