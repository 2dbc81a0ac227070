package fileio

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// hiveNull is the folder value that Hive and Spark write for null.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// hiveOf returns the key=value folders of a path, outermost first.
func hiveOf(name string) []KeyValue {
	var kvs []KeyValue
	for _, seg := range strings.Split(path.Dir(filepath.ToSlash(name)), "/") {
		key, value, ok := strings.Cut(seg, "=")
		if !ok || key == "" {
			continue
		}
		kvs = append(kvs, KeyValue{Key: unescape(key), Value: unescape(value), Null: value == hiveNull})
	}
	return kvs
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
