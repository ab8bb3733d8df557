/*
 * copy_state.c - "incarnation=<hexadecimal> generation=<n> stage=<word>
 * chunks=<n> done=<a-b,c>" (copy_state.h).
 */
#include "copy_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nats/jetstream.h"

#define CHUNKS_MAXIMUM (UINT32_MAX / 4)
#define RANGE_SIZE	   24 /* room that a range and its comma fit */

static const char *const stage_names[] = {
	[COPY_READING] = "reading", [COPY_COPIED] = "copied", [COPY_FINISHED] = "finished"};

void
copy_state_free(CopyState *state)
{
	free(state->done);
	*state = (CopyState){0};
}

bool
copy_state_begin(CopyState *state, uint64_t incarnation, uint32_t generation, uint32_t chunks,
				 SluiceError *err)
{
	bool *done = calloc((size_t) chunks + 1, sizeof(*done));

	if (done == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the chunks of a copy");
	copy_state_free(state);
	*state = (CopyState){.incarnation = incarnation,
						 .generation = generation,
						 .stage = COPY_READING,
						 .chunks = chunks,
						 .done = done};
	return true;
}

/* ---- text ---- */

size_t
copy_state_ranges(const bool *done, uint32_t first, uint32_t count, char *text, size_t room)
{
	size_t length = 0;

	for (uint32_t i = 0; i < count && room - length > RANGE_SIZE; i++)
	{
		uint32_t start = i;

		if (!done[first + i])
			continue;
		while (i + 1 < count && done[first + i + 1])
			i++;
		length += (size_t) snprintf(text + length, room - length, "%s%" PRIu32,
									length > 0 ? "," : "", first + start);
		if (i > start)
			length += (size_t) snprintf(text + length, room - length, "-%" PRIu32, first + i);
	}
	text[length] = '\0';
	return length;
}

void
copy_state_format(const CopyState *state, char text[KV_VALUE_MAXIMUM])
{
	int length =
		snprintf(text, KV_VALUE_MAXIMUM,
				 "incarnation=%" PRIx64 " generation=%" PRIu32 " stage=%s chunks=%" PRIu32 " done=",
				 state->incarnation, state->generation, stage_names[state->stage], state->chunks);

	(void) copy_state_ranges(state->done, 0, state->chunks, text + length,
							 KV_VALUE_MAXIMUM - (size_t) length);
}

static bool
parse_ranges(const char *text, CopyState *state)
{
	while (*text != '\0')
	{
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return false;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last >= state->chunks || (*end != ',' && *end != '\0'))
			return false;
		memset(state->done + first, true, last - first + 1);
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

static bool
parse_stage(const char *word, CopyStage *stage)
{
	for (int i = 0; i < COPY_STAGES; i++)
	{
		if (strcmp(word, stage_names[i]) == 0)
		{
			*stage = (CopyStage) i;
			return true;
		}
	}
	return false;
}

bool
copy_state_parse(const char *text, CopyState *state, SluiceError *err)
{
	uint64_t incarnation;
	uint32_t generation, chunks;
	char word[16];
	CopyStage stage = COPY_READING;
	int behind = 0;

	if (sscanf(text,
			   "incarnation=%" SCNx64 " generation=%" SCNu32 " stage=%15[a-z] chunks=%" SCNu32
			   " done=%n",
			   &incarnation, &generation, word, &chunks, &behind) != 4 ||
		behind == 0 || !parse_stage(word, &stage) || chunks > CHUNKS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.200s\" is no state of a copy", text);
	if (!copy_state_begin(state, incarnation, generation, chunks, err))
		return false;
	state->stage = stage;
	return parse_ranges(text + behind, state) ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.200s\" is no state of a copy", text);
}

/* ---- the bucket ---- */

static const char *
state_key(char text[SUBJECT_TEXT], const char *stream)
{
	(void) snprintf(text, SUBJECT_TEXT, "copied.%s", stream);
	return text;
}

bool
copy_state_read(NatsSession *session, const char *stream, CopyState *state, SluiceError *err)
{
	char key[SUBJECT_TEXT];
	KvEntry entry;

	copy_state_free(state);
	if (kv_get(session, state_key(key, stream), &entry, err))
		return copy_state_parse(entry.value, state, err);
	return err->code == SLUICE_ERROR_NOT_FOUND;
}

bool
copy_state_write(NatsSession *session, const char *stream, const CopyState *state, SluiceError *err)
{
	char key[SUBJECT_TEXT], text[KV_VALUE_MAXIMUM];

	copy_state_format(state, text);
	return kv_put(session, state_key(key, stream), text, KV_ANY_REVISION, NULL, err);
}

bool
copy_state_remove(NatsSession *session, const char *stream, SluiceError *err)
{
	char key[SUBJECT_TEXT];

	return kv_delete(session, state_key(key, stream), err);
}
