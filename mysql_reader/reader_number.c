/*
 * reader_number.c - choosing a number among a server's replicas (reader_number.h).
 */
#include "reader_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ATTEMPTS 64

uint32_t
reader_number(uint64_t incarnation, unsigned attempt)
{
	return ((uint32_t) (incarnation ^ incarnation >> 32) + attempt) | UINT32_C(0x40000000);
}

void
reader_uuid(uint64_t incarnation, char uuid[READER_UUID_SIZE])
{
	(void) snprintf(uuid, READER_UUID_SIZE, "736c7569-6365-4%03x-8%03x-%012" PRIx64,
					(unsigned) (incarnation >> 60), (unsigned) (incarnation >> 48 & 0xfff),
					incarnation & UINT64_C(0xffffffffffff));
}

/* Whether the first column of a query's rows has the number; false where it may not be asked. */
static bool
has_number(MyConnection *c, const char *sql, uint32_t number)
{
	SluiceError ignored;
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool found = false;

	if (!my_query(c, &result, &ignored, "%s", sql))
		return false;
	while ((row = mysql_fetch_row(result)) != NULL)
		found |= row[0] != NULL && strtoul(row[0], NULL, 10) == number;
	mysql_free_result(result);
	return found;
}

static bool
is_taken(MyConnection *c, uint32_t number)
{
	const char *replicas =
		c->flavour == MY_MYSQL && c->version >= 80022 ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS";

	return has_number(c, "SELECT @@server_id", number) || has_number(c, replicas, number);
}

bool
reader_number_choose(MyConnection *c, uint64_t incarnation, uint32_t wanted, uint32_t *number,
					 SluiceError *err)
{
	*number = wanted;
	if (wanted != 0)
	{
		if (!is_taken(c, wanted))
			return true;
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "the server or a replica of it has the server_id %u", wanted);
		return sluice_hint(err, "give another --server-id, or none: then one is chosen");
	}
	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++)
	{
		*number = reader_number(incarnation, attempt);
		if (!is_taken(c, *number))
			break;
	}
	return true;
}
