/*
 * charsets.c - a server's character sets (charsets.h).
 */
#include "charsets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE		  64
#define COLLATION_LARGEST 65535

typedef struct Known
{
	char name[NAME_SIZE];
	Charset *charset; /* NULL until it is asked for */
	char *bytes[256]; /* what the server makes of each, in hexadecimal; NULL: not asked */
} Known;

struct Charsets
{
	Known *known;
	size_t count, room;
	uint16_t *by_collation; /* index in `known` plus 1; 0: no such collation */
};

Charsets *
charsets_new(SluiceError *err)
{
	Charsets *charsets = calloc(1, sizeof(*charsets));

	if (charsets != NULL)
		charsets->by_collation = calloc(COLLATION_LARGEST + 1, sizeof(uint16_t));
	if (charsets != NULL && charsets->by_collation != NULL)
		return charsets;
	free(charsets);
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for character sets");
	return NULL;
}

void
charsets_free(Charsets *charsets)
{
	if (charsets == NULL)
		return;
	for (size_t i = 0; i < charsets->count; i++)
	{
		charset_close(charsets->known[i].charset);
		for (unsigned byte = 0; byte < 256; byte++)
			free(charsets->known[i].bytes[byte]);
	}
	free(charsets->known);
	free(charsets->by_collation);
	free(charsets);
}

/* ---- names ---- */

static Known *
add_known(Charsets *charsets, const char *name, SluiceError *err)
{
	Known *known = charsets->known;

	if (charsets->count == charsets->room)
	{
		size_t room = charsets->room * 2 + 16;

		known = realloc(charsets->known, room * sizeof(*known));
		if (known == NULL)
		{
			sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for character sets");
			return NULL;
		}
		charsets->known = known;
		charsets->room = room;
	}
	known = &charsets->known[charsets->count++];
	*known = (Known){0};
	(void) snprintf(known->name, sizeof(known->name), "%s", name);
	return known;
}

static Known *
find_known(Charsets *charsets, const char *name, SluiceError *err)
{
	for (size_t i = 0; i < charsets->count; i++)
	{
		if (strcmp(charsets->known[i].name, name) == 0)
			return &charsets->known[i];
	}
	return add_known(charsets, name, err);
}

/* ---- what the server says ---- */

bool
charsets_tell(Charsets *charsets, uint32_t collation, const char *charset, SluiceError *err)
{
	const Known *known;

	if (collation == 0 || collation > COLLATION_LARGEST)
		return true;
	if ((known = find_known(charsets, charset, err)) == NULL)
		return false;
	charsets->by_collation[collation] = (uint16_t) (known - charsets->known + 1);
	return true;
}

/* MariaDB has numbers that its COLLATIONS does not show. */
static bool
read_collations(Charsets *charsets, MyConnection *c, SluiceError *err)
{
	const char *table =
		c->flavour == MY_MARIADB ? "COLLATION_CHARACTER_SET_APPLICABILITY" : "COLLATIONS";
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good = true;

	if (!my_query(c, &result, err, "SELECT ID, CHARACTER_SET_NAME FROM information_schema.%s",
				  table))
		return false;
	while (good && (row = mysql_fetch_row(result)) != NULL)
		good = row[0] == NULL || row[1] == NULL ||
			   charsets_tell(charsets, (uint32_t) strtoul(row[0], NULL, 10), row[1], err);
	mysql_free_result(result);
	return good;
}

static bool
note_byte(Charsets *charsets, const char *name, const char *byte, const char *utf8,
		  SluiceError *err)
{
	Known *known = find_known(charsets, name, err);
	unsigned long number = strtoul(byte, NULL, 10);

	if (known == NULL)
		return false;
	if (number < 256 && utf8 != NULL && known->bytes[number] == NULL)
		known->bytes[number] = strdup(utf8);
	return true;
}

/* A byte that is no character comes as a question mark, which only 0x3f is. */
static bool
read_bytes(Charsets *charsets, MyConnection *c, const char *name, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good = true;

	if (!my_query(c, &result, err,
				  "SELECT n.i * 16 + m.i,"
				  " HEX(CONVERT(CONVERT(UNHEX(LPAD(HEX(n.i * 16 + m.i), 2, '0')) USING %s)"
				  " USING utf8mb4)) FROM (SELECT 0 i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3"
				  " UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8"
				  " UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12 UNION SELECT 13"
				  " UNION SELECT 14 UNION SELECT 15) n,"
				  " (SELECT 0 i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3"
				  " UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8"
				  " UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12 UNION SELECT 13"
				  " UNION SELECT 14 UNION SELECT 15) m",
				  name))
		return false;
	while (good && (row = mysql_fetch_row(result)) != NULL)
		good = note_byte(charsets, name, row[0], row[1], err);
	mysql_free_result(result);
	return good;
}

/* Those that the server has and whose characters have one byte. */
static bool
read_single_bytes(Charsets *charsets, MyConnection *c, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good = true;

	if (!my_query(c, &result, err,
				  "SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS"
				  " WHERE MAXLEN = 1 AND CHARACTER_SET_NAME <> 'binary'"))
		return false;
	while (good && (row = mysql_fetch_row(result)) != NULL)
		good = read_bytes(charsets, c, row[0], err);
	mysql_free_result(result);
	return good;
}

Charsets *
charsets_read(MyConnection *c, SluiceError *err)
{
	Charsets *charsets = charsets_new(err);

	if (charsets != NULL && read_collations(charsets, c, err) &&
		read_single_bytes(charsets, c, err))
		return charsets;
	charsets_free(charsets);
	return NULL;
}

/* ---- opening ---- */

static unsigned
hex_digit(char c)
{
	return (unsigned) (c >= 'A' ? c - 'A' + 10 : c - '0');
}

static void
learn_byte(Charset *charset, uint8_t byte, const char *hex)
{
	char utf8[4];
	size_t length = strlen(hex) / 2;

	if (length > sizeof(utf8))
		return;
	for (size_t i = 0; i < length; i++)
		utf8[i] = (char) (hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	if (byte != '?' && length == 1 && utf8[0] == '?')
		length = 0;
	charset_learn(charset, byte, utf8, length);
}

static Charset *
open_known(Known *known, SluiceError *err)
{
	if (known->charset != NULL || (known->charset = charset_open(known->name, err)) == NULL)
		return known->charset;
	for (unsigned byte = 0; byte < 256 && charset_is_single(known->charset); byte++)
	{
		if (known->bytes[byte] != NULL)
			learn_byte(known->charset, (uint8_t) byte, known->bytes[byte]);
	}
	return known->charset;
}

Charset *
charsets_by_name(Charsets *charsets, const char *name, SluiceError *err)
{
	Known *known = find_known(charsets, name, err);

	return known != NULL ? open_known(known, err) : NULL;
}

Charset *
charsets_by_collation(Charsets *charsets, uint32_t collation, SluiceError *err)
{
	unsigned index = collation <= COLLATION_LARGEST ? charsets->by_collation[collation] : 0;

	if (index > 0)
		return open_known(&charsets->known[index - 1], err);
	sluice_error_fill(err, SLUICE_ERROR_STATE, "the server does not know collation %u", collation);
	return NULL;
}
