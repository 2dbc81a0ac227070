package fileio

import (
	"bytes"
	"strings"
)

// Codec is a compression of a whole file.
type Codec uint8

// The codecs. XZ is known so that it can be refused by name.
const (
	Plain Codec = iota
	Gzip
	Zstd
	Bzip2
	LZ4
	Snappy // the framing format
	XZ
)

var codecNames = [...]string{"plain", "gzip", "zstd", "bzip2", "lz4", "snappy", "xz"}

// String returns the codec's name in lower case.
func (c Codec) String() string { return codecNames[c] }

var codecExts = []struct {
	ext   string
	codec Codec
}{
	{".gz", Gzip}, {".gzip", Gzip}, {".bgz", Gzip}, {".zst", Zstd}, {".zstd", Zstd}, {".bz2", Bzip2}, {".lz4", LZ4}, {".sz", Snappy}, {".snappy", Snappy}, {".xz", XZ},
}

// CodecOfName returns the codec that the extension names, and the name without it: "a.csv.gz" is Gzip, "a.csv".
func CodecOfName(name string) (Codec, string) {
	lower := strings.ToLower(name)
	for _, c := range codecExts {
		if strings.HasSuffix(lower, c.ext) && len(name) > len(c.ext) {
			return c.codec, name[:len(name)-len(c.ext)]
		}
	}
	return Plain, name
}

// HeadLen is how many first bytes CodecOf wants to see.
const HeadLen = 10

// CodecOf returns the codec of a file by its first bytes, and by its name where they say nothing. A file that is named after a codec
// and does not begin like it is given to that codec, which says what is wrong.
func CodecOf(name string, head []byte) Codec {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has("\x1f\x8b\x08"):
		return Gzip
	case has("\x28\xb5\x2f\xfd"), len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18":
		return Zstd
	case has("BZh") && len(head) >= 10 && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90"):
		return Bzip2
	case has("\x04\x22\x4d\x18"):
		return LZ4
	case has("\xff\x06\x00\x00sNaPpY"):
		return Snappy
	case has("\xfd7zXZ\x00"):
		return XZ
	}
	c, _ := CodecOfName(name)
	return c
}

// HasExt says whether the name ends in one of the extensions (with dot, lower case), below a codec's extension too.
func HasExt(name string, exts []string) bool {
	_, bare := CodecOfName(name)
	bare = strings.ToLower(bare)
	whole := strings.ToLower(name)
	for _, e := range exts {
		if strings.HasSuffix(bare, e) || strings.HasSuffix(whole, e) {
			return true
		}
	}
	return len(exts) == 0
}
