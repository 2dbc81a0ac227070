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

// HiveFolder returns the name of a key=value folder.
func HiveFolder(key, value string, null bool) string {
	if null {
		return escape(key) + "=" + hiveNull
	}
	return escape(key) + "=" + escape(value)
}

// escape writes what may not stand in names of folders, or means something there, as %XX: as Hive does, and what Windows forbids.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c == 0x7f || strings.IndexByte("\"#%'*/:=?\\{}[]^<>|", c) >= 0 || c == ' ' && i == len(s)-1 || c == '.' && i == len(s)-1 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	if s == hiveNull { // a text that looks like null
		return "%5F" + b.String()[1:]
	}
	return b.String()
}
