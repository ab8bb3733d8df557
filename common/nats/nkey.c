/*
 * nkey.c - the public key that belongs to a user's nkey seed.
 *
 * libnats signs with the seed but wants to be told the public key, which nkey files do not hold.
 * Both are base32 of: prefix, 32 bytes, CRC-16 (XMODEM, low byte first); a seed's prefix has two
 * bytes, 5 bits for "seed" and 8 for the kind of key.  Whatever held the seed is wiped.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nats_internal.h"

#define PREFIX_SEED (18 << 3) /* 'S' in base32 */
#define PREFIX_USER (20 << 3) /* 'U' */
#define KEY_BYTES	32
#define SEED_BYTES	(2 + KEY_BYTES + 2)
#define SEED_TEXT	58
#define FILE_BYTES	4096

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static uint16_t
crc16(const uint8_t *data, size_t length)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < length; i++)
	{
		crc ^= (uint32_t) data[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
	}
	return (uint16_t) crc;
}

static bool
decode(const char *text, size_t length, uint8_t *out)
{
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < length; i++)
	{
		const char *digit = memchr(base32, text[i], 32);

		if (digit == NULL)
			return false;
		bits = bits << 5 | (uint32_t) (digit - base32);
		held += 5;
		if (held >= 8)
		{
			held -= 8;
			*out++ = (uint8_t) (bits >> held);
		}
	}
	return true;
}

static void
encode(const uint8_t *data, size_t length, char *out)
{
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < length; i++)
	{
		bits = bits << 8 | data[i];
		for (held += 8; held >= 5; held -= 5)
			*out++ = base32[bits >> (held - 5) & 31];
	}
	*out = '\0';
}

/* The 32 secret bytes of a seed's text. */
static bool
decode_seed(const char *text, uint8_t key[KEY_BYTES])
{
	uint8_t raw[SEED_BYTES];
	bool good = decode(text, SEED_TEXT, raw) && (raw[0] & 0xF8) == PREFIX_SEED &&
				(((raw[0] & 7) << 5 | raw[1] >> 3) & 0xFF) == PREFIX_USER &&
				crc16(raw, SEED_BYTES - 2) == (raw[SEED_BYTES - 2] | raw[SEED_BYTES - 1] << 8);

	if (good)
		memcpy(key, raw + 2, KEY_BYTES);
	explicit_bzero(raw, sizeof(raw));
	return good;
}

/* A seed stands on a line of its own, which libnats wants to end with a newline alone; tools put a
 * title and dashes around it. */
static bool
find_seed(const char *text, uint8_t key[KEY_BYTES])
{
	for (const char *at = text; *at != '\0'; at += strspn(at, "\n"))
	{
		size_t length = strcspn(at, "\n");

		if (length == SEED_TEXT && at[0] == 'S' && decode_seed(at, key))
			return true;
		at += length;
	}
	return false;
}

static bool
read_seed(const char *path, uint8_t key[KEY_BYTES], SluiceError *err)
{
	char text[FILE_BYTES];
	FILE *file = fopen(path, "re");
	size_t length;
	bool found;

	if (file == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "cannot read nkey file \"%s\": %s", path,
						   strerror(errno));
	(void) setvbuf(file, NULL, _IONBF, 0);
	length = fread(text, 1, sizeof(text) - 1, file);
	(void) fclose(file);
	text[length] = '\0';
	found = find_seed(text, key);
	explicit_bzero(text, sizeof(text));
	if (found)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "nkey file \"%s\" holds no user seed", path);
	return sluice_hint(err, "A user's seed is a line of %d characters that begins with SU",
					   SEED_TEXT);
}

static bool
derive(const uint8_t key[KEY_BYTES], uint8_t public_key[KEY_BYTES])
{
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, KEY_BYTES);
	size_t length = KEY_BYTES;
	bool good = pair != NULL && EVP_PKEY_get_raw_public_key(pair, public_key, &length) == 1;

	EVP_PKEY_free(pair);
	return good;
}

bool
nkey_public(const char *seed_file, char text[NKEY_TEXT], SluiceError *err)
{
	uint8_t key[KEY_BYTES];
	uint8_t raw[1 + KEY_BYTES + 2] = {PREFIX_USER};
	uint16_t crc;
	bool good;

	if (!read_seed(seed_file, key, err))
		return false;
	good = derive(key, raw + 1);
	explicit_bzero(key, sizeof(key));
	if (!good)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "nkey file \"%s\": cannot derive its key",
						   seed_file);
	crc = crc16(raw, 1 + KEY_BYTES);
	raw[1 + KEY_BYTES] = (uint8_t) crc;
	raw[2 + KEY_BYTES] = (uint8_t) (crc >> 8);
	encode(raw, sizeof(raw), text);
	return true;
}
