// Package readers makes frames of files and databases: Parquet, CSV, JSON, Arrow IPC, SQL. Each format is a partition.Source: it looks
// at footers or samples for the schema, plans splits, prunes what the predicate rules out, and decodes a split as record batches.
//
//	df := readers.Parquet("yellow_tripdata_2024-*.parquet", nil)
//
// Several files are one frame by rules that are the same for every format (union.go).
//
// It must not know the optimizer or plans. It imports dataframe, partition, expr, fault and internal/{parquetio,csvio,fileio,vec}; no
// goroutine is started here but by a prefetch.
package readers
