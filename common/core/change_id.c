/*
 * change_id.c - order and text form of change identities.
 */
#include "change_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int
change_id_compare(const ChangeId *a, const ChangeId *b)
{
	int order = compare_u64(a->commit, b->commit);

	return order != 0 ? order : compare_u64(a->index, b->index);
}

bool
change_id_complete(const ChangeId *id)
{
	return id->commit == 0 || id->index == CHANGE_INDEX_COMMIT;
}

const char *
change_id_format(const ChangeId *id, char text[CHANGE_ID_TEXT])
{
	if (id->index == CHANGE_INDEX_COMMIT)
		(void) snprintf(text, CHANGE_ID_TEXT, "%" PRIx64 ":%" PRIx64 ":commit", id->incarnation,
						id->commit);
	else
		(void) snprintf(text, CHANGE_ID_TEXT, "%" PRIx64 ":%" PRIx64 ":%" PRIx64, id->incarnation,
						id->commit, id->index);
	return text;
}

/* One hexadecimal number up to `stop`; moves *text behind it. */
static bool
parse_hex(const char **text, char stop, uint64_t *out)
{
	char *end;
	size_t digits = strspn(*text, "0123456789abcdef");

	if (digits == 0 || digits > 16)
		return false;
	*out = strtoull(*text, &end, 16);
	if (end != *text + digits || *end != stop)
		return false;
	*text = stop == '\0' ? end : end + 1;
	return true;
}

bool
change_id_parse(const char *text, ChangeId *id, SluiceError *err)
{
	const char *at = text;

	if (parse_hex(&at, ':', &id->incarnation) && parse_hex(&at, ':', &id->commit))
	{
		if (strcmp(at, "commit") == 0)
		{
			id->index = CHANGE_INDEX_COMMIT;
			return true;
		}
		if (parse_hex(&at, '\0', &id->index))
			return true;
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.64s\" is no change identity", text);
}
