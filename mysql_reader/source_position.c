/*
 * source_position.c - places in logs as numbers and as text (source_position.h).
 */
#include "source_position.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_BITS 40

void
source_position_init(SourcePosition *position)
{
	*position = (SourcePosition){0};
}

void
source_position_free(SourcePosition *position)
{
	log_position_free(&position->log);
}

/* ---- numbers ---- */

static uint64_t
count_transactions(const GtidSet *set)
{
	uint64_t count = 0;

	for (size_t i = 0; i < set->count; i++)
	{
		const GtidOrigin *origin = &set->origins[i];

		for (size_t k = 0; k < origin->count; k++)
			count += (uint64_t) (origin->intervals[k].last - origin->intervals[k].first) + 1;
	}
	return count;
}

static uint64_t
sum_sequences(const MariadbPosition *position)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < position->count; i++)
		sum += position->gtids[i].number;
	return sum;
}

uint64_t
file_position_number(const char *file, uint64_t offset)
{
	const char *dot = strrchr(file, '.');
	uint64_t number = dot != NULL ? strtoull(dot + 1, NULL, 10) : 0;

	return number << OFFSET_BITS | (offset & ((UINT64_C(1) << OFFSET_BITS) - 1));
}

/* A position has GTIDs of one product only. */
uint64_t
position_number(const LogPosition *position, PositionMode mode)
{
	if (mode == POSITION_FILE)
		return file_position_number(position->file, position->offset);
	return 1 + count_transactions(&position->mysql) + sum_sequences(&position->mariadb);
}

/* ---- text ---- */

static const char *const mode_names[] = {[POSITION_FILE] = "file", [POSITION_GTID] = "gtid"};
static const char *const product_names[] = {
	[FLAVOUR_MYSQL] = "mysql", [FLAVOUR_MARIADB] = "mariadb"};

const char *
position_mode_name(PositionMode mode)
{
	return mode_names[mode];
}

static bool
put_text(ByteBuf *out, const char *text, SluiceError *err)
{
	return bytebuf_put(out, text, strlen(text), err);
}

static bool
format_gtids(const SourcePosition *position, ByteBuf *out, SluiceError *err)
{
	const size_t before = out->length;

	return gtid_set_format(&position->log.mysql, out, err) &&
		   mariadb_position_format(&position->log.mariadb, out, err) &&
		   (out->length > before || put_text(out, "-", err));
}

bool
source_position_format(const SourcePosition *position, ByteBuf *out, SluiceError *err)
{
	char head[128 + SERVER_IDENTITY_SIZE], place[64];

	(void) snprintf(head, sizeof(head),
					"product=%s mode=%s server=%s gtids=", product_names[position->flavour],
					mode_names[position->mode], position->server);
	(void) snprintf(place, sizeof(place), " offset=%" PRIu64, position->log.offset);
	out->length = 0;
	return put_text(out, head, err) && format_gtids(position, out, err) &&
		   (position->interrupted[0] == '\0' ||
			(put_text(out, " interrupted=", err) && put_text(out, position->interrupted, err))) &&
		   put_text(out, place, err) && put_text(out, " file=", err) &&
		   put_text(out, position->log.file, err) && bytebuf_put_u8(out, '\0', err);
}

static bool
find_name(const char *const *names, size_t count, const char *value, int *index)
{
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(names[i], value) == 0)
		{
			*index = (int) i;
			return true;
		}
	}
	return false;
}

static bool
take_product(SourcePosition *position, const char *value, SluiceError *err)
{
	int index;

	if (!find_name(product_names, 2, value, &index))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "no such product");
	position->flavour = (Flavour) index;
	return true;
}

static bool
take_mode(SourcePosition *position, const char *value, SluiceError *err)
{
	int index;

	if (!find_name(mode_names, 2, value, &index))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "no such mode");
	position->mode = (PositionMode) index;
	return true;
}

static bool
take_text(char *to, size_t room, const char *value, SluiceError *err)
{
	if (strlen(value) >= room)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "it is too long");
	memcpy(to, value, strlen(value) + 1);
	return true;
}

static bool
take_server(SourcePosition *position, const char *value, SluiceError *err)
{
	return take_text(position->server, sizeof(position->server), value, err);
}

static bool
take_gtids(SourcePosition *position, const char *value, SluiceError *err)
{
	if (strcmp(value, "-") == 0)
		return true;
	return position->flavour == FLAVOUR_MYSQL
			   ? gtid_set_parse(&position->log.mysql, value, err)
			   : mariadb_position_parse(&position->log.mariadb, value, err);
}

static bool
take_interrupted(SourcePosition *position, const char *value, SluiceError *err)
{
	return take_text(position->interrupted, sizeof(position->interrupted), value, err);
}

static bool
take_offset(SourcePosition *position, const char *value, SluiceError *err)
{
	char *end;

	position->log.offset = strtoull(value, &end, 10);
	return (isdigit((unsigned char) value[0]) && *end == '\0') ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "it is no number");
}

static bool
take_file(SourcePosition *position, const char *value, SluiceError *err)
{
	return take_text(position->log.file, sizeof(position->log.file), value, err);
}

/* In the order of the text; the product decides how GTIDs are read. */
static const struct
{
	const char *name;
	bool optional;
	bool (*take)(SourcePosition *position, const char *value, SluiceError *err);
} parts[] = {
	{"product=", false, take_product},
	{"mode=", false, take_mode},
	{"server=", false, take_server},
	{"gtids=", false, take_gtids},
	{"interrupted=", true, take_interrupted},
	{"offset=", false, take_offset},
	{"file=", false, take_file},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* Cuts the text, which is a copy, at its spaces; the file has the rest. */
static bool
parse_parts(SourcePosition *position, char *text, SluiceError *err)
{
	for (size_t i = 0; i < PARTS; i++)
	{
		size_t length = strlen(parts[i].name);
		char *end;

		if (strncmp(text, parts[i].name, length) != 0)
		{
			if (parts[i].optional)
				continue;
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.40s\" where %s is expected", text,
							   parts[i].name);
		}
		text += length;
		end = i + 1 < PARTS ? strchr(text, ' ') : NULL;
		if (end != NULL)
			*end = '\0';
		if (!parts[i].take(position, text, err))
			return sluice_prefix(err, "%s%.80s", parts[i].name, text);
		text = end != NULL ? end + 1 : text + strlen(text);
	}
	return true;
}

bool
source_position_parse(SourcePosition *position, const char *text, SluiceError *err)
{
	char *copy = strdup(text);
	bool good;

	if (copy == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a position");
	good = parse_parts(position, copy, err);
	free(copy);
	if (good)
		return true;
	err->code = SLUICE_ERROR_CORRUPT;
	return sluice_prefix(err, "position");
}
