/*
 * json_path.h - paths into JSON documents as MySQL writes them: $, $.name, $."a name", $[2], and any
 * of these one after the other.
 */
#ifndef SLUICE_MYSQL_READER_JSON_PATH_H
#define SLUICE_MYSQL_READER_JSON_PATH_H

#include "little_cursor.h"

#define JSON_LEGS_MAXIMUM 100 /* documents are no deeper */

typedef struct JsonLeg
{
	const uint8_t *name; /* of a member; NULL for an element */
	size_t name_length;
	uint64_t index; /* of an element, from 0 */
} JsonLeg;

typedef struct JsonPath
{
	const char *text; /* all of it, not terminated */
	size_t text_length;
	JsonLeg legs[JSON_LEGS_MAXIMUM];
	size_t count;
	ByteBuf names; /* those that were written in quotation marks */
} JsonPath;

extern void json_path_init(JsonPath *path);
extern void json_path_free(JsonPath *path);

/* Takes the place of what was read before; names point into the text or the path itself. */
extern bool json_path_read(JsonPath *path, const uint8_t *text, size_t length,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
