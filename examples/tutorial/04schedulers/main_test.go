package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnswers(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), &out))
	text := out.String()
	for _, noise := range []string{` in [0-9.]+[mµn]?s`, `; \d+ tasks, busy for .*s`, `main.go:\d+`, `\[\d+\]`} {
		text = regexp.MustCompile(noise).ReplaceAllString(text, "")
	}
	require.Equal(t, `exercise 1: inline    399
exercise 1: pool of 1 399
exercise 1: pool of 8 399
exercise 1: default   399
exercise 2: inline    15
exercise 2: pool of 1 15
exercise 2: pool of 8 15
exercise 2: default   15
exercise 3: inline    15
exercise 3: pool of 1 15
exercise 3: pool of 8 15
exercise 3: default   15
exercise 4: flights: 1 rows
exercise 4: not cancelled: 1 rows
exercise 4: by airport: 3 rows
exercise 4: delay by airport: 3 rows
exercise 4: delay by weekday: 7 rows
exercise 5: 04schedulers/: task ratio: division by zero (it reads ratio, ratio)
exercise 5: the same again: true
`, text)
}
