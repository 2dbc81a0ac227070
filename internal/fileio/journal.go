package fileio

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// move is a renaming, both names relative to the folder that the stage is in.
type move struct{ From, To string }

// moveAll makes the moves, all or none: where there are several, a journal in the stage lists them first, and its removal is the
// moment from which they count. A crash before it is undone by the next Sweep, and readers of this package leave out what a journal
// lists. New names must not exist. shown is the output's name in errors.
func moveAll(s *Stage, moves []move, shown string) error {
	base := filepath.Dir(s.Dir)
	if len(moves) > 1 {
		if err := writeJournal(s.Dir, moves, shown); err != nil {
			return err
		}
	}
	err := makeMoves(base, moves)
	if err == nil {
		err = syncFolders(s, moves)
	}
	if err == nil && len(moves) > 1 {
		if err = before("journal end"); err == nil {
			err = os.Remove(filepath.Join(s.Dir, journalName))
		}
	}
	if err != nil {
		if undone := undo(base, moves); undone != nil {
			s.keep = true // readers leave out what the journal lists, and the next write takes it back
		}
		return err
	}
	_ = syncFolder(s.Dir)
	return nil
}

func makeMoves(base string, moves []move) error {
	for _, m := range moves {
		if err := before("rename"); err != nil {
			return err
		}
		if err := renameNew(filepath.Join(base, m.From), filepath.Join(base, m.To)); err != nil {
			return err
		}
	}
	return nil
}

// undo takes back the moves that were made.
func undo(base string, moves []move) error {
	for _, m := range slices.Backward(moves) {
		from, to := filepath.Join(base, m.From), filepath.Join(base, m.To)
		if _, err := os.Lstat(from); err == nil {
			continue // not made
		}
		if err := os.Rename(to, from); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// syncFolders makes the new names durable.
func syncFolders(s *Stage, moves []move) error {
	base := filepath.Dir(s.Dir)
	if err := before("sync folder"); err != nil {
		return err
	}
	done := map[string]bool{}
	var dirs []string
	for _, m := range moves {
		for dir := filepath.Dir(m.To); !done[dir]; dir = filepath.Dir(dir) {
			done[dir] = true
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) > fewSyncs {
		if ok, err := syncDisk(s.lock); ok || err != nil {
			return err
		}
	}
	for _, dir := range dirs {
		if err := syncFolder(filepath.Join(base, dir)); err != nil {
			return err
		}
	}
	return nil
}

func writeJournal(stage string, moves []move, shown string) error {
	b, err := json.Marshal(moves)
	if err == nil {
		err = before("journal")
	}
	if err != nil {
		return err
	}
	o, err := create(filepath.Join(stage, journalName+".new"), shown)
	if err != nil {
		return err
	}
	if _, err := o.Append(b); err != nil {
		o.Discard()
		return err
	}
	if err := o.Finish(); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(stage, journalName+".new"), filepath.Join(stage, journalName)); err != nil {
		return err
	}
	return syncFolder(stage)
}

// readJournal returns the moves that a stage's journal lists, none where it has no journal.
func readJournal(stage string) ([]move, error) {
	b, err := os.ReadFile(filepath.Join(stage, journalName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var moves []move
	if err := json.Unmarshal(b, &moves); err != nil {
		return nil, err
	}
	for _, m := range moves {
		if !filepath.IsLocal(m.From) || !filepath.IsLocal(m.To) {
			return nil, fs.ErrInvalid // nobody here wrote that
		}
	}
	return moves, nil
}

// pending returns the files below the folder that writes under way have given their names, but which do not count yet.
func pending(dir string, entries []fs.DirEntry) map[string]bool {
	var names map[string]bool
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), StagePrefix) {
			continue
		}
		moves, _ := readJournal(filepath.Join(dir, e.Name()))
		for _, m := range moves {
			if names == nil {
				names = map[string]bool{}
			}
			names[filepath.ToSlash(filepath.Join(dir, m.To))] = true
		}
	}
	return names
}
