package writers_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/readers"
	"github.com/sheafdata/sheaf/writers"
)

type city struct {
	Country string `sheaf:"country"`
	Name    string `sheaf:"name"`
	People  int64  `sheaf:"people"`
}

func cities() *dataframe.DataFrame {
	return dataframe.FromStructs([]city{{"FR", "Lyon", 522_250}, {"FR", "Nice", 343_477}, {"IT", "Bari", 316_015}})
}

// One file, whose format its extension tells.
func ExampleCSV() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "cities.csv")
	report, err := cities().Write(context.Background(), writers.CSV(path, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := os.ReadFile(path)
	fmt.Printf("%d rows in %d file\n%s", report.Rows, len(report.Files), text)
	// Output:
	// 3 rows in 1 file
	// country,name,people
	// FR,Lyon,522250
	// FR,Nice,343477
	// IT,Bari,316015
}

// A folder for each country, and the column that tells it read back from their names.
func ExampleParquet_folders() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "cities")
	report, err := cities().Write(context.Background(), writers.Parquet(path, &writers.ParquetOptions{PartitionBy: []string{"country"}}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range report.Files {
		rel, _ := filepath.Rel(dir, f)
		fmt.Println(filepath.ToSlash(rel))
	}
	n, _ := readers.Parquet(path, &readers.ParquetOptions{Hive: true}).GroupBy("country").Agg().Count(context.Background())
	fmt.Println(n, "countries")
	// Output:
	// cities/country=FR/part-00000.parquet
	// cities/country=IT/part-00000.parquet
	// 2 countries
}

// Rows are added to a folder as further files.
func ExampleJSON() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "log")
	for range 2 {
		if _, err := cities().Limit(1).Write(context.Background(), writers.JSON(path, &writers.JSONOptions{Mode: writers.Append})); err != nil {
			fmt.Println(err)
		}
	}
	for _, name := range []string{"part-00000.json", "part-00001.json"} {
		text, _ := os.ReadFile(filepath.Join(path, name))
		fmt.Printf("%s: %s", name, text)
	}
	// Output:
	// part-00000.json: {"country":"FR","name":"Lyon","people":522250}
	// part-00001.json: {"country":"FR","name":"Lyon","people":522250}
}
