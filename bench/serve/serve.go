// Package serve is what the programs of the suites share: it answers a line at a time.
package serve

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/pprof"
)

// Lines reads the name of a question a line and writes the answer as a line of JSON, until the input ends. CPUPROFILE names a file for a
// profile. It ends the process where it cannot go on.
func Lines[T any](answer func(question string) T) {
	if err := lines(answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func lines[T any](answer func(question string) T) error {
	if profile := os.Getenv("CPUPROFILE"); profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		if err := out.Encode(answer(in.Text())); err != nil {
			return err
		}
	}
	return in.Err()
}
