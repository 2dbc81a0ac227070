package parquetio

import (
	"errors"
	"fmt"
)

// Page types.
const (
	pageData   = 0
	pageIndex  = 1
	pageDict   = 2
	pageDataV2 = 3
)

type pageHeader struct {
	typ                      int32
	uncompressed, compressed int32
	crc                      int32
	hasCRC                   bool
	hasKind                  bool // the header of its type is there
	values                   int32
	enc                      encoding
	defEnc, repEnc           encoding // v1
	// v2
	nulls, rows    int32
	defLen, repLen int32
	isCompressed   bool
}

// decodePageHeader decodes a page header at the start of b and returns its length. errThriftShort asks for more bytes.
func decodePageHeader(b []byte, h *pageHeader) (int, error) {
	*h = pageHeader{typ: -1, uncompressed: -1, compressed: -1, isCompressed: true}
	r := &thriftReader{b: b}
	r.each(func(id int16, typ byte) bool {
		switch id {
		case 1:
			return r.fi32(typ, &h.typ)
		case 2:
			return r.fi32(typ, &h.uncompressed)
		case 3:
			return r.fi32(typ, &h.compressed)
		case 4:
			h.hasCRC = typ == tI32
			return r.fi32(typ, &h.crc)
		case 5, 7, 8:
			if typ == tStruct {
				h.hasKind = true
				decodePageKind(r, h, id)
			}
			return typ == tStruct
		}
		return false
	})
	if r.err != nil {
		return 0, r.err
	}
	return r.pos, h.check()
}

func decodePageKind(r *thriftReader, h *pageHeader, kind int16) {
	h.values = -1
	r.each(func(id int16, typ byte) bool {
		if id == 1 {
			return r.fi32(typ, &h.values)
		}
		if kind != 8 { // data page v1, dictionary page
			switch id {
			case 2:
				return r.fi32(typ, (*int32)(&h.enc))
			case 3:
				if kind == 5 {
					return r.fi32(typ, (*int32)(&h.defEnc))
				}
			case 4:
				return kind == 5 && r.fi32(typ, (*int32)(&h.repEnc))
			}
			return false
		}
		switch id {
		case 2:
			return r.fi32(typ, &h.nulls)
		case 3:
			return r.fi32(typ, &h.rows)
		case 4:
			return r.fi32(typ, (*int32)(&h.enc))
		case 5:
			return r.fi32(typ, &h.defLen)
		case 6:
			return r.fi32(typ, &h.repLen)
		case 7:
			return r.fbool(typ, &h.isCompressed)
		}
		return false
	})
}

func (h *pageHeader) check() error {
	switch {
	case h.uncompressed < 0 || h.compressed < 0 || h.typ < 0:
		return errors.New("page header without type or sizes")
	case h.typ != pageIndex && !h.hasKind:
		return errors.New("page header without the header of its type")
	case h.typ == pageIndex:
		return nil
	case h.values < 0:
		return fmt.Errorf("page header with %d values", h.values)
	case h.typ == pageDataV2 && (h.defLen < 0 || h.repLen < 0 || int64(h.defLen)+int64(h.repLen) > int64(min(h.compressed, h.uncompressed))):
		return errors.New("page header with levels longer than the page")
	case h.typ == pageDataV2 && (h.rows < 0 || h.rows > h.values || h.nulls < 0 || h.nulls > h.values):
		return errors.New("page header with impossible numbers of rows or nulls")
	}
	return nil
}
