/*
 * audit_entry.c - the entry's members and its hash: SHA-256 of the entry as compact JSON with sorted keys,
 * without the member `hash`.
 */
#include "audit_entry.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/timestamp.h"

_Static_assert(AUDIT_HASH == 2 * crypto_hash_sha256_BYTES + 1, "hexadecimal SHA-256");

void
audit_place_init(AuditPlace *place)
{
	memset(place, 0, sizeof(*place));
	memset(place->hash, '0', AUDIT_HASH - 1);
}

static bool
hash_entry(const json_t *entry, char hash[AUDIT_HASH])
{
	unsigned char bytes[crypto_hash_sha256_BYTES];
	json_t *bare = json_copy((json_t *) entry);
	char *text = NULL;

	(void) json_object_del(bare, "hash");
	text = json_dumps(bare, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(bare);
	if (text == NULL)
		return false;
	(void) crypto_hash_sha256(bytes, (const unsigned char *) text, strlen(text));
	(void) sodium_bin2hex(hash, AUDIT_HASH, bytes, sizeof(bytes));
	free(text);
	return true;
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

json_t *
audit_entry_make(const AuditRecord *record, const AuditPlace *behind)
{
	char now[TIMESTAMP_TEXT], hash[AUDIT_HASH];
	json_t *entry =
		json_pack("{s:i, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s?, s:s, s:I}", "v", 1,
				  "number", (json_int_t) (behind->number + 1), "at", timestamp_now_text(now),
				  "tenant", or_empty(record->tenant), "key_id", or_empty(record->key_id), "address",
				  or_empty(record->address), "request_id", or_empty(record->request_id), "action",
				  or_empty(record->action), "object", or_empty(record->object), "status",
				  record->status, "revision", record->revision, "previous", behind->hash,
				  "previous_sequence", (json_int_t) behind->sequence);

	if (entry != NULL && hash_entry(entry, hash) &&
		json_object_set_new(entry, "hash", json_string(hash)) == 0)
		return entry;
	json_decref(entry);
	return NULL;
}

static const char *
text_of(const json_t *entry, const char *name)
{
	return or_empty(json_string_value(json_object_get(entry, name)));
}

bool
audit_entry_place(const json_t *entry, AuditPlace *place)
{
	const char *hash = text_of(entry, "hash");
	json_int_t number = json_integer_value(json_object_get(entry, "number"));

	if (strlen(hash) != AUDIT_HASH - 1 || number <= 0)
		return false;
	place->number = (uint64_t) number;
	memcpy(place->hash, hash, AUDIT_HASH);
	return true;
}

bool
audit_entry_follows(const json_t *entry, AuditPlace *place, char *reason, size_t size)
{
	AuditPlace own = *place;
	char hash[AUDIT_HASH];

	if (!audit_entry_place(entry, &own) || !hash_entry(entry, hash))
		(void) snprintf(reason, size, "it is no entry");
	else if (own.number != place->number + 1)
		(void) snprintf(reason, size, "its number is %llu", (unsigned long long) own.number);
	else if (strcmp(text_of(entry, "previous"), place->hash) != 0)
		(void) snprintf(reason, size, "it does not name the hash of the entry before it");
	else if (strcmp(own.hash, hash) != 0)
		(void) snprintf(reason, size, "it was changed: its hash is another");
	else
	{
		*place = own;
		return true;
	}
	return false;
}
