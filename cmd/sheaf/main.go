// Command sheaf converts and inspects files of tables: Parquet, CSV, JSON lines, Arrow IPC.
//
//	sheaf convert trips.csv trips.parquet
//	sheaf head trips.parquet
//
// Everything it does is package cli; sheaf --help says the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/sheafdata/sheaf/cmd/sheaf/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the process at once
	os.Exit(cli.Run(ctx, os.Args[1:], cli.Streams{Out: os.Stdout, Err: os.Stderr}))
}
