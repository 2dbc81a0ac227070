package writers

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/fault"
	"github.com/sheafdata/sheaf/internal/fileio"
	"github.com/sheafdata/sheaf/partition"
)

// write is a write under way.
type write struct {
	sink   *sink
	format format        // of the files: sink.format, or what it is for this write
	schema *arrow.Schema // of the rows
	rest   *arrow.Schema // of the files
	keys   []int         // the columns of PartitionBy
	out    *fileio.Output
	stage  string

	// One file that all parts write; nil where each has files of its own.
	file  *fileio.OutFile
	one   outFile
	name  string // Staged.Name of it
	ended bool   // it is finished

	mu      sync.Mutex
	bundles bundles
	done    map[int]partDone
	ready   error // not nil once committed or aborted
}

// partDone is a part that was closed.
type partDone struct {
	Rows  int64      `json:"rows"`
	Files []fileDone `json:"files"`
	// Piece is the file of what another process encoded of the one file.
	Piece string `json:"piece,omitempty"`
}

// fileDone is a finished file: its place in the stage and its name in the folder.
type fileDone struct {
	File  string `json:"file"`
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// partName is the name of part files, numbered at the end.
func (w *write) partName() string { return "part-%d" + w.sink.format.exts()[0] }

// oneName is the stage's name for the one file.
const oneName = "data"

func (w *write) beginOne(file bool) error {
	if !file {
		w.name = w.partName()
	}
	var err error
	if w.file, err = w.out.Create(oneName); err != nil {
		return err
	}
	if w.one, err = w.format.open(w.file, w.rest); err != nil {
		w.file.Discard()
	}
	return err
}

// Part implements partition.PartitionedWriter.
func (w *write) Part(ctx context.Context, i int) (partition.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, fault.New(fault.Internal, w.sink.format.op(), "part %d", i)
	}
	p := newPart(w, i)
	if w.one != nil {
		var err error
		if p.enc, err = w.one.part(i); err != nil {
			return nil, named(err, w.sink.format.op(), w.sink.path)
		}
	}
	return p, nil
}

// closed notes a part that is complete and has files of its own; a later try replaces an earlier one.
func (w *write) closed(i int, d partDone) error { return w.hand(i, d, nil) }

var errEnded = errors.New("the write was committed or aborted before")

// end marks the write as over; it is an error the second time.
func (w *write) end() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.ready
	w.ready = errEnded
	return was
}

// Abort implements partition.PartitionedWriter. After Commit it does nothing.
func (w *write) Abort(context.Context) error {
	if w.end() != nil {
		return nil
	}
	w.discard()
	return named(w.out.Abort(), w.sink.format.op(), w.sink.path)
}

func (w *write) discard() {
	w.dropBundles()
	if w.file != nil && !w.ended {
		w.ended = true
		if a, ok := w.one.(interface{ abandon() }); ok {
			a.abandon()
		}
		w.file.Discard()
	}
}

// Commit implements partition.PartitionedWriter.
func (w *write) Commit(ctx context.Context) (partition.Report, error) {
	if err := w.end(); err != nil {
		return partition.Report{}, fault.New(fault.Internal, w.sink.format.op(), "%w", err)
	}
	rep, err := w.commit(ctx)
	if err != nil {
		w.discard()
		_ = w.out.Abort()
		return partition.Report{}, named(err, w.sink.format.op(), w.sink.path)
	}
	return rep, nil
}

func (w *write) commit(ctx context.Context) (rep partition.Report, err error) {
	if err := w.mergeBundles(ctx, 0); err != nil {
		return rep, err
	}
	if err := w.readManifests(); err != nil {
		return rep, err
	}
	parts := make([]int, 0, len(w.done))
	for i, d := range w.done {
		parts = append(parts, i)
		rep.Rows += d.Rows
	}
	slices.Sort(parts)
	var files []fileio.Staged
	if w.one != nil {
		if err := w.endOne(ctx, parts); err != nil {
			return rep, err
		}
		files = []fileio.Staged{{File: oneName, Name: w.name}}
		rep.Bytes = w.file.Size()
	} else {
		for _, i := range parts {
			for _, f := range w.done[i].Files {
				files = append(files, fileio.Staged{File: f.File, Name: f.Name})
				rep.Bytes += f.Bytes
			}
		}
		if len(files) == 0 && len(w.keys) == 0 && w.sink.mode != Append {
			f, err := w.emptyFile(ctx)
			if err != nil {
				return rep, err
			}
			files, rep.Bytes = []fileio.Staged{{File: f.File, Name: f.Name}}, f.Bytes
		}
	}
	if err := ctx.Err(); err != nil {
		return rep, err
	}
	rep.Files, err = w.out.Commit(files)
	return rep, err
}

// endOne finishes the one file.
func (w *write) endOne(ctx context.Context, parts []int) error {
	for _, i := range parts {
		piece := w.done[i].Piece
		if piece == "" {
			continue
		}
		piece = filepath.Join(w.stage, piece)
		if j, ok := w.one.(joiner); ok {
			j.take(i, piece)
		} else if err := w.takePiece(ctx, i, piece); err != nil {
			return err
		}
	}
	err := w.one.finish(ctx)
	if err == nil {
		w.ended = true
		err = w.file.Finish()
	}
	return err
}

// emptyFile makes the file of a frame without rows: it tells the columns.
func (w *write) emptyFile(ctx context.Context) (fileDone, error) {
	p := newPart(w, 0)
	f, err := p.openFile("")
	if err == nil {
		err = p.closeFile(ctx, f)
	}
	if err != nil {
		return fileDone{}, err
	}
	return p.files[0], nil
}

// manifests is where parts that other processes have written say so.
const manifestPrefix = "closed-"

// writeManifest says that a part is complete, all at once.
func writeManifest(stage string, i int, d partDone, shown string) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	tmp := "manifest-" + newID()
	f, err := fileio.CreateIn(stage, tmp, shown)
	if err != nil {
		return err
	}
	if _, err := f.Append(b); err != nil {
		f.Discard()
		return err
	}
	if err := f.Finish(); err != nil {
		return err
	}
	return os.Rename(filepath.Join(stage, tmp), filepath.Join(stage, manifestPrefix+strconv.Itoa(i)))
}

// readManifests takes over the parts that other processes have written.
func (w *write) readManifests() error {
	entries, err := os.ReadDir(w.stage)
	if err != nil {
		return err
	}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), manifestPrefix)
		if !ok {
			continue
		}
		i, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		if _, here := w.done[i]; here {
			continue // a try in this process was the last
		}
		b, err := os.ReadFile(filepath.Join(w.stage, e.Name()))
		if err != nil {
			return err
		}
		var d partDone
		if err := json.Unmarshal(b, &d); err != nil {
			return err
		}
		for _, f := range d.Files {
			if !fs.ValidPath(f.File) || !fs.ValidPath(f.Name) {
				return fault.New(fault.Internal, "write", "part %d has a file of the name %q", i, f.Name)
			}
		}
		w.done[i] = d
	}
	return nil
}
