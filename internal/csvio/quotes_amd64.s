#include "textflag.h"

// The places of the fields of quotes.
#define quotes_in 0
#define quotes_after 8
#define quotes_close0 16
#define quotes_close1 24
#define quotes_live0 32
#define quotes_live1 40
#define quotes_lines 48

// func masksAVX512(delim, line, quote, cr *uint64, src *byte, n int, comma, newline, quoteChar byte) (quotes, returns uint64)
TEXT ·masksAVX512(SB), NOSPLIT, $0-72
	MOVQ delim+0(FP), DI
	MOVQ line+8(FP), SI
	MOVQ quote+16(FP), DX
	MOVQ cr+24(FP), BX
	MOVQ src+32(FP), R8
	MOVQ n+40(FP), CX
	VPBROADCASTB comma+48(FP), Z0
	VPBROADCASTB newline+49(FP), Z1
	VPBROADCASTB quoteChar+50(FP), Z2
	MOVL $0x0d0d0d0d, AX
	VPBROADCASTD AX, Z3
	KXORQ K5, K5, K5
	KXORQ K6, K6, K6
	XORQ AX, AX

loop:
	VMOVDQU64 (R8), Z5
	VPCMPEQB Z0, Z5, K1
	VPCMPEQB Z1, Z5, K2
	VPCMPEQB Z2, Z5, K3
	VPCMPEQB Z3, Z5, K4
	KORQ K1, K2, K1
	KORQ K3, K5, K5
	KORQ K4, K6, K6
	KMOVQ K1, (DI)(AX*8)
	KMOVQ K2, (SI)(AX*8)
	KMOVQ K3, (DX)(AX*8)
	KMOVQ K4, (BX)(AX*8)
	ADDQ $64, R8
	INCQ AX
	CMPQ AX, CX
	JNE loop
	KMOVQ K5, quotes+56(FP)
	KMOVQ K6, returns+64(FP)
	VZEROUPPER
	RET

// SMEAR sets Z to the parity of the bits up to each.
#define SMEAR(n) \
	VPSLLQ $n, Z5, Z6 \
	VPXORQ Z6, Z5, Z5

// func quotesAVX512(s *quotes, delim, line, quote, cr *uint64, groups int) int
// Eight words at a time, what quotes.word does, by the same names. Of the CRLF after a closing quote both bytes must be in one word.
// Z10, Z11, Z12: dq and the closing quotes under both assumptions of the group before, whose last bit follows into this one.
TEXT ·quotesAVX512(SB), NOSPLIT, $0-56
	MOVQ s+0(FP), R15
	MOVQ delim+8(FP), DI
	MOVQ line+16(FP), SI
	MOVQ quote+24(FP), DX
	MOVQ cr+32(FP), BX
	MOVQ groups+40(FP), CX
	MOVQ quotes_in(R15), R9
	VPBROADCASTQ quotes_after(R15), Z10
	VPBROADCASTQ quotes_close0(R15), Z11
	VPBROADCASTQ quotes_close1(R15), Z12
	VPSLLQ $63, Z10, Z10
	VPSLLQ $63, Z11, Z11
	VPSLLQ $63, Z12, Z12
	VPBROADCASTQ quotes_live0(R15), Z13
	VPBROADCASTQ quotes_live1(R15), Z14
	VPTERNLOGD $0xff, Z4, Z4, Z4
	VPXORQ Z9, Z9, Z9 // lines

loop:
	VMOVDQU64 (DI), Z0
	VMOVDQU64 (SI), Z1
	VMOVDQU64 (DX), Z2
	VMOVDQU64 (BX), Z3
	VMOVDQA64 Z2, Z5
	SMEAR(1)
	SMEAR(2)
	SMEAR(4)
	SMEAR(8)
	SMEAR(16)
	SMEAR(32)
	VPMOVQ2M Z5, K1
	KMOVB K1, AX
	MOVQ AX, R10
	SHLQ $1, R10
	XORQ R10, AX
	MOVQ AX, R10
	SHLQ $2, R10
	XORQ R10, AX
	MOVQ AX, R10
	SHLQ $4, R10
	XORQ R10, AX
	XORQ R9, AX // bit i: within quotes after word i
	MOVQ R9, R10
	ANDQ $1, R10
	LEAQ (R10)(AX*2), R10
	KMOVB R10, K1
	VPXORQ Z4, Z5, K1, Z5 // in
	VPORQ Z2, Z0, Z6 // dq
	VALIGNQ $7, Z10, Z6, Z7
	VPSHLDQ $1, Z7, Z6, Z7 // may
	VPANDQ Z2, Z5, Z15 // closes under assumption 1, opens under 0
	VPANDNQ Z2, Z5, Z16 // closes under assumption 0, opens under 1
	VPSRLQ $1, Z1, Z8
	VPANDQ Z3, Z8, Z8
	VPORQ Z6, Z8, Z8 // what may follow a closing quote
	VALIGNQ $7, Z11, Z16, Z17
	VPSHLDQ $1, Z17, Z16, Z17
	VALIGNQ $7, Z12, Z15, Z18
	VPSHLDQ $1, Z18, Z15, Z18
	VPANDNQ Z17, Z8, Z17
	VPANDNQ Z15, Z7, Z19
	VPORQ Z17, Z19, Z17
	VPANDQ Z13, Z17, Z17
	VPANDNQ Z18, Z8, Z18
	VPANDNQ Z16, Z7, Z19
	VPORQ Z18, Z19, Z18
	VPANDQ Z14, Z18, Z18
	VPORQ Z17, Z18, Z17
	VPTESTMQ Z17, Z17, K1
	KTESTB K1, K1
	JNZ stop

	VMOVDQA64 Z6, Z10
	VMOVDQA64 Z16, Z11
	VMOVDQA64 Z15, Z12
	VPANDNQ Z0, Z5, Z0
	VPANDNQ Z1, Z5, Z1
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, (SI)
	VPOPCNTQ Z1, Z1
	VPADDQ Z1, Z9, Z9
	SHLQ $56, AX
	SARQ $63, AX
	MOVQ AX, R9
	ADDQ $64, DI
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $64, BX
	DECQ CX
	JNZ loop

stop:
	MOVQ R9, quotes_in(R15)
	VALIGNQ $7, Z10, Z10, Z10
	VALIGNQ $7, Z11, Z11, Z11
	VALIGNQ $7, Z12, Z12, Z12
	VPSRLQ $63, Z10, Z10
	VPSRLQ $63, Z11, Z11
	VPSRLQ $63, Z12, Z12
	VMOVQ X10, quotes_after(R15)
	VMOVQ X11, quotes_close0(R15)
	VMOVQ X12, quotes_close1(R15)
	VEXTRACTI64X4 $1, Z9, Y1
	VPADDQ Y1, Y9, Y1
	VEXTRACTI128 $1, Y1, X2
	VPADDQ X2, X1, X1
	VPSHUFD $0x4e, X1, X2
	VPADDQ X2, X1, X1
	VMOVQ X1, AX
	ADDQ AX, quotes_lines(R15)
	MOVQ groups+40(FP), AX
	SUBQ CX, AX
	MOVQ AX, ret+48(FP)
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
