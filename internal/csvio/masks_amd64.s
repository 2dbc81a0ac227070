#include "textflag.h"

// func masksAVX2(delim, line, quote *uint64, src *byte, n int, comma, newline, quoteChar byte) uint64
// For each 64-byte block: compare both halves with the three characters, gather a bit a byte, store three words.
TEXT ·masksAVX2(SB), NOSPLIT, $0-56
	MOVQ delim+0(FP), DI
	MOVQ line+8(FP), SI
	MOVQ quote+16(FP), DX
	MOVQ src+24(FP), R8
	MOVQ n+32(FP), CX
	VPBROADCASTB comma+40(FP), Y0
	VPBROADCASTB newline+41(FP), Y1
	VPBROADCASTB quoteChar+42(FP), Y2
	XORQ R9, R9

loop:
	VMOVDQU (R8), Y3
	VMOVDQU 32(R8), Y4
	VPCMPEQB Y0, Y3, Y5
	VPCMPEQB Y0, Y4, Y6
	VPCMPEQB Y1, Y3, Y7
	VPCMPEQB Y1, Y4, Y8
	VPCMPEQB Y2, Y3, Y9
	VPCMPEQB Y2, Y4, Y10
	VPMOVMSKB Y5, R10
	VPMOVMSKB Y6, R11
	SHLQ $32, R11
	ORQ R11, R10
	VPMOVMSKB Y7, R12
	VPMOVMSKB Y8, R13
	SHLQ $32, R13
	ORQ R13, R12
	ORQ R12, R10
	VPMOVMSKB Y9, AX
	VPMOVMSKB Y10, BX
	SHLQ $32, BX
	ORQ BX, AX
	MOVQ R10, (DI)
	MOVQ R12, (SI)
	MOVQ AX, (DX)
	ORQ AX, R9
	ADDQ $64, R8
	ADDQ $8, DI
	ADDQ $8, SI
	ADDQ $8, DX
	DECQ CX
	JNZ loop
	VZEROUPPER
	MOVQ R9, ret+48(FP)
	RET
