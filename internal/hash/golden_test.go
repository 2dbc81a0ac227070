package hash

// golden is what TestGolden pins. A change of it is a change of the wire: processes of two versions would disagree.
var golden = map[string]uint64{
	"1.5":       0x55f3a679787b235f,
	"bytes 0":   0x1eb244682e62ca05,
	"bytes 1":   0x34591736c11afc32,
	"bytes 12":  0x83c48cd67bb16adb,
	"bytes 13":  0x502f93e615bc0806,
	"bytes 15":  0xcb95e16530002ba0,
	"bytes 16":  0xeabbc948f0d2013d,
	"bytes 17":  0xac063ebeba1a326d,
	"bytes 200": 0xb2585c77759b4d2c,
	"bytes 31":  0x7b0d99eaef08b989,
	"bytes 32":  0x911161fdc0325034,
	"bytes 33":  0x1b8227a31e42f028,
	"bytes 48":  0xf8accb3fa0ee71f3,
	"bytes 49":  0x65d69eb2154cf403,
	"bytes 96":  0x7b408a0f50d30bd1,
	"bytes 97":  0x31db2d19fff84294,
	"combine":   0xcc67815cf3a4b0a1,
	"pair":      0xde3c7dc20945e38a,
	"word -1":   0xe230adc93b58636f,
	"word 0":    0xf90109d2335f6b4f,
}
