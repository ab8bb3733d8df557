/*
 * load_report.c - the key and the text of a load report; writing and reading stand side by side.
 */
#include "load_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jetstream.h"

#define FORMAT_HEAD                                                                                \
	"incarnation=%" PRIx64 " generation=%" PRIu32 " phase=%s chunks=%" PRIu32 " of=%" PRIu32       \
	" complete="

static const char *const phases[LOAD_PHASES] = {
	[LOAD_STRUCTURE] = "structure", [LOAD_LOADING] = "loading", [LOAD_INDEXING] = "indexing",
	[LOAD_DONE] = "done",			[LOAD_FAILED] = "failed",
};

const char *
load_phase_name(LoadPhase phase)
{
	return phases[phase];
}

bool
load_phase_parse(const char *name, LoadPhase *phase, SluiceError *err)
{
	for (int i = 0; i < LOAD_PHASES; i++)
	{
		if (strcmp(name, phases[i]) == 0)
		{
			*phase = (LoadPhase) i;
			return true;
		}
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.40s\" is no phase of a load", name);
}

const char *
load_report_key(char *text, const char *stream, const char *consumer)
{
	(void) snprintf(text, SUBJECT_TEXT, "load.%.*s.%.*s", STREAM_NAME_MAXIMUM, stream,
					CONSUMER_NAME_MAXIMUM, consumer);
	return text;
}

/* ---- writing ---- */

/* "7" or "7-9", after a comma when it is not the first; false when there is no room for it. */
static bool
append_range(char *text, size_t *length, const ChunkRange *range, bool first)
{
	char piece[32];
	int written = snprintf(piece, sizeof(piece), "%s%" PRIu32, first ? "" : ",", range->first);

	if (range->last > range->first)
		written +=
			snprintf(piece + written, sizeof(piece) - (size_t) written, "-%" PRIu32, range->last);
	if (*length + (size_t) written >= KV_VALUE_MAXIMUM)
		return false;
	memcpy(text + *length, piece, (size_t) written + 1);
	*length += (size_t) written;
	return true;
}

const char *
load_report_format(const LoadReport *report, char text[KV_VALUE_MAXIMUM])
{
	size_t length =
		(size_t) snprintf(text, KV_VALUE_MAXIMUM, FORMAT_HEAD, report->incarnation,
						  report->generation, phases[report->phase], report->chunks, report->of);

	for (int i = 0; i < report->range_count; i++)
	{
		if (!append_range(text, &length, &report->ranges[i], i == 0))
			break;
	}
	return text;
}

/* ---- reading ---- */

static bool
take(const char **at, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

static bool
take_number(const char **at, uint32_t *out)
{
	size_t digits = strspn(*at, "0123456789");
	uint32_t value = 0;

	for (size_t i = 0; i < digits; i++)
	{
		if (__builtin_mul_overflow(value, 10u, &value) ||
			__builtin_add_overflow(value, (uint32_t) ((*at)[i] - '0'), &value))
			return false;
	}
	*at += digits;
	*out = value;
	return digits > 0;
}

static bool
take_hexadecimal(const char **at, uint64_t *out)
{
	size_t digits = strspn(*at, "0123456789abcdef");

	*out = strtoull(*at, NULL, 16);
	*at += digits;
	return digits > 0 && digits <= 2 * sizeof(*out);
}

static bool
take_phase(const char **at, LoadPhase *phase)
{
	char name[16];
	size_t length = strcspn(*at, " ");

	if (length >= sizeof(name))
		return false;
	memcpy(name, *at, length);
	name[length] = '\0';
	*at += length;
	return load_phase_parse(name, phase, NULL);
}

/* Ascending and apart, to the end of the text. */
static bool
take_ranges(const char **at, LoadReport *report)
{
	while (**at != '\0')
	{
		ChunkRange *range = &report->ranges[report->range_count];

		if (report->range_count == LOAD_RANGES_MAXIMUM ||
			(report->range_count > 0 && !take(at, ",")) || !take_number(at, &range->first))
			return false;
		range->last = range->first;
		if (take(at, "-") && (!take_number(at, &range->last) || range->last <= range->first))
			return false;
		if (report->range_count > 0 && range->first <= range[-1].last)
			return false;
		report->range_count++;
	}
	return true;
}

bool
load_report_parse(const char *text, LoadReport *report, SluiceError *err)
{
	const char *at = text;

	*report = (LoadReport){0};
	if (take(&at, "incarnation=") && take_hexadecimal(&at, &report->incarnation) &&
		take(&at, " generation=") && take_number(&at, &report->generation) &&
		take(&at, " phase=") && take_phase(&at, &report->phase) && take(&at, " chunks=") &&
		take_number(&at, &report->chunks) && take(&at, " of=") && take_number(&at, &report->of) &&
		take(&at, " complete=") && take_ranges(&at, report))
		return true;
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.100s\" is no load report", text);
}
