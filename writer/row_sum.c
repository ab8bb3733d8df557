/*
 * row_sum.c - hashing rows and adding up (row_sum.h).
 */
#include "row_sum.h"

#include <endian.h>
#include <string.h>

/* The key of SipHash's published test vectors. */
#define KEY_LOW	 UINT64_C(0x0706050403020100)
#define KEY_HIGH UINT64_C(0x0f0e0d0c0b0a0908)

typedef struct SipState
{
	uint64_t a, b, c, d;
} SipState;

static inline uint64_t
rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void
sip_round(SipState *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

static inline void
sip_word(SipState *s, uint64_t word)
{
	s->d ^= word;
	sip_round(s);
	sip_round(s);
	s->a ^= word;
}

uint64_t
row_hash(const void *data, size_t length)
{
	SipState s = {KEY_LOW ^ UINT64_C(0x736f6d6570736575), KEY_HIGH ^ UINT64_C(0x646f72616e646f6d),
				  KEY_LOW ^ UINT64_C(0x6c7967656e657261), KEY_HIGH ^ UINT64_C(0x7465646279746573)};
	const uint8_t *at = data;
	size_t left = length;
	uint64_t word;

	for (; left >= sizeof(word); at += sizeof(word), left -= sizeof(word))
	{
		memcpy(&word, at, sizeof(word));
		sip_word(&s, le64toh(word));
	}
	word = (uint64_t) length << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t) at[i] << (8 * i);
	sip_word(&s, word);
	s.c ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

void
row_sum_add(RowSum *sum, uint64_t hash)
{
	sum->rows++;
	sum->sum += hash;
}

void
row_sum_merge(RowSum *sum, const RowSum *part)
{
	sum->rows += part->rows;
	sum->sum += part->sum;
}

bool
row_sum_equal(const RowSum *a, const RowSum *b)
{
	return a->rows == b->rows && a->sum == b->sum;
}
