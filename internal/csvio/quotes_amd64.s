#include "textflag.h"

// The places of the fields of quotes.
#define quotes_in 0
#define quotes_after 8
#define quotes_close0 16
#define quotes_close1 24
#define quotes_live0 32
#define quotes_live1 40
#define quotes_any 48
#define quotes_lines 56
#define quotes_returns 64
#define quotes_on 72
#define quotes_comma 80
#define quotes_newline 81
#define quotes_quote 82

// func quotesAVX512(s *quotes, delim, line *uint64, src *byte, n int) int
// For each word: the four masks of 64 bytes, the parity of quotes by a carry-less product with all ones, and what quotes.word judges, by
// the same names. The state in memory, but for in, any and returns, is always that before the word. Of the CRLF after a closing quote
// both bytes must be in the word, else it is left to the caller.
TEXT ·quotesAVX512(SB), NOSPLIT, $0-48
	MOVQ s+0(FP), R15
	MOVQ delim+8(FP), DI
	MOVQ line+16(FP), SI
	MOVQ src+24(FP), R8
	MOVQ n+32(FP), CX
	SHLQ $6, CX
	ADDQ R8, CX
	MOVQ CX, n+32(FP) // from here on, where src ends
	VPBROADCASTB quotes_comma(R15), Z0
	VPBROADCASTB quotes_newline(R15), Z1
	VPBROADCASTB quotes_quote(R15), Z2
	MOVL $0x0d0d0d0d, AX
	VPBROADCASTD AX, Z3
	VPTERNLOGD $0xff, Z4, Z4, Z4
	KMOVQ quotes_on(R15), K7
	KMOVQ quotes_any(R15), K5
	KMOVQ quotes_returns(R15), K6
	MOVQ quotes_in(R15), R9

loop:
	VMOVDQU64 (R8), Z5
	VPCMPEQB Z0, Z5, K1
	VPCMPEQB Z1, Z5, K2
	VPCMPEQB Z2, Z5, K7, K3
	VPCMPEQB Z3, Z5, K4
	KMOVQ K3, DX // q
	VMOVQ DX, X6
	VPCLMULQDQ $0, X4, X6, X6
	KORQ K3, K5, K5
	KORQ K4, K6, K6
	KMOVQ K1, R13
	KMOVQ K2, R14
	KMOVQ K4, AX
	ORQ R14, R13
	MOVQ R13, (DI)
	MOVQ R14, (SI)
	SHRQ $1, R14
	ANDQ AX, R14 // the CR of each CRLF
	ORQ DX, R13 // dq
	ORQ R13, R14
	NOTQ R14 // what may not follow a closing quote
	MOVQ R13, CX
	SHRQ $63, CX // the next after
	MOVQ quotes_after(R15), R10
	LEAQ (R10)(R13*2), R13
	NOTQ R13 // where no quote may open
	VMOVQ X6, AX
	XORQ R9, AX // in
	MOVQ AX, BX
	ANDQ DX, BX // closes under assumption 1, opens under 0
	ANDNQ DX, AX, DX // closes under assumption 0, opens under 1

	MOVQ quotes_close0(R15), R11
	LEAQ (R11)(DX*2), R11
	ANDQ R14, R11
	MOVQ BX, R10
	ANDQ R13, R10
	ORQ R10, R11
	ANDQ quotes_live0(R15), R11
	MOVQ quotes_close1(R15), R12
	LEAQ (R12)(BX*2), R12
	ANDQ R14, R12
	ANDQ DX, R13
	ORQ R13, R12
	ANDQ quotes_live1(R15), R12
	ORQ R12, R11
	JNZ stop

	MOVQ CX, quotes_after(R15)
	SHRQ $63, DX
	MOVQ DX, quotes_close0(R15)
	SHRQ $63, BX
	MOVQ BX, quotes_close1(R15)
	ANDNQ (DI), AX, R10
	MOVQ R10, (DI)
	ANDNQ (SI), AX, R11
	MOVQ R11, (SI)
	POPCNTQ R11, R11
	ADDQ R11, quotes_lines(R15)
	MOVQ AX, R9
	SARQ $63, R9
	ADDQ $8, DI
	ADDQ $8, SI
	ADDQ $64, R8
	CMPQ R8, n+32(FP)
	JNE loop

stop:
	MOVQ R9, quotes_in(R15)
	KMOVQ K5, quotes_any(R15)
	KMOVQ K6, quotes_returns(R15)
	SUBQ src+24(FP), R8
	SHRQ $6, R8
	MOVQ R8, ret+40(FP)
	VZEROUPPER
	RET

// The numbers 0…63 as bytes, and the places of (start, end) pairs 0…7 and 8…15 in sixteen starts and sixteen ends.
DATA places<>+0(SB)/8, $0x0706050403020100
DATA places<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA places<>+16(SB)/8, $0x1716151413121110
DATA places<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA places<>+32(SB)/8, $0x2726252423222120
DATA places<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA places<>+48(SB)/8, $0x3736353433323130
DATA places<>+56(SB)/8, $0x3f3e3d3c3b3a3938
DATA places<>+64(SB)/8, $0x1000000000
DATA places<>+72(SB)/8, $0x1100000001
DATA places<>+80(SB)/8, $0x1200000002
DATA places<>+88(SB)/8, $0x1300000003
DATA places<>+96(SB)/8, $0x1400000004
DATA places<>+104(SB)/8, $0x1500000005
DATA places<>+112(SB)/8, $0x1600000006
DATA places<>+120(SB)/8, $0x1700000007
DATA places<>+128(SB)/8, $0x1800000008
DATA places<>+136(SB)/8, $0x1900000009
DATA places<>+144(SB)/8, $0x1a0000000a
DATA places<>+152(SB)/8, $0x1b0000000b
DATA places<>+160(SB)/8, $0x1c0000000c
DATA places<>+168(SB)/8, $0x1d0000000d
DATA places<>+176(SB)/8, $0x1e0000000e
DATA places<>+184(SB)/8, $0x1f0000000f
GLOBL places<>(SB), RODATA|NOPTR, $192

// PAIRS writes the spans of the sixteen places in Xp: ends in Zends, the ends before them in the top of Zbefore and Zends itself.
#define PAIRS(Xp, Zbefore, Zends, at) \
	VPMOVZXBD Xp, Zends \
	VPADDD Z6, Zends, Zends \
	VALIGND $15, Zbefore, Zends, Z10 \
	VPADDD Z3, Z10, Z10 \
	VMOVDQA64 Z1, Z11 \
	VPERMI2D Zends, Z10, Z11 \
	VMOVDQU64 Z11, at(DI) \
	VMOVDQA64 Z2, Z12 \
	VPERMI2D Zends, Z10, Z12 \
	VMOVDQU64 Z12, at+64(DI)

// func extractAVX512(delim *uint64, n int, base, start uint32, out *span) int
// Each word's bits choose from the numbers 0…63 the places of its delimiters, which base makes ends; a start is the end before it and 1.
TEXT ·extractAVX512(SB), NOSPLIT, $0-40
	MOVQ delim+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL base+16(FP), R10
	MOVL start+20(FP), R11
	MOVQ out+24(FP), DI
	MOVQ DI, R12
	VMOVDQU64 places<>+0(SB), Z0
	VMOVDQU64 places<>+64(SB), Z1
	VMOVDQU64 places<>+128(SB), Z2
	VPTERNLOGD $0xff, Z4, Z4, Z4
	VPSRLD $31, Z4, Z3 // ones
	DECL R11 // the end before

loop:
	MOVQ (SI), AX
	TESTQ AX, AX
	JZ next
	POPCNTQ AX, BX
	KMOVQ AX, K1
	VPCOMPRESSB.Z Z0, K1, Z5
	VPBROADCASTD R10, Z6
	VPBROADCASTD R11, Z7
	PAIRS(X5, Z7, Z8, 0)
	CMPQ BX, $16
	JLE done
	VEXTRACTI32X4 $1, Z5, X13
	PAIRS(X13, Z8, Z9, 128)
	CMPQ BX, $32
	JLE done
	VEXTRACTI32X4 $2, Z5, X13
	PAIRS(X13, Z9, Z8, 256)
	CMPQ BX, $48
	JLE done
	VEXTRACTI32X4 $3, Z5, X13
	PAIRS(X13, Z8, Z9, 384)

done:
	LEAQ (DI)(BX*8), DI
	BSRQ AX, R11
	ADDL R10, R11

next:
	ADDQ $8, SI
	ADDL $64, R10
	DECQ CX
	JNZ loop
	SUBQ R12, DI
	SHRQ $3, DI
	MOVQ DI, ret+32(FP)
	VZEROUPPER
	RET
