/*
 * pull_note.c - the reply subjects and status messages of pull consumers, by table.
 */
#include "pull_note.h"

#include <string.h>
#include <strings.h>

#define ACK_PREFIX		"$JS.ACK."
#define TOKENS_SHORT	7 /* behind the prefix */
#define TOKENS_LONG		9
#define TOKENS_LONG_END 10

static bool
read_number(const char *at, size_t length, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (at[i] < '0' || at[i] > '9' || __builtin_mul_overflow(value, (uint64_t) 10, &value) ||
			__builtin_add_overflow(value, (uint64_t) (at[i] - '0'), &value))
			return false;
	}
	*out = value;
	return length > 0;
}

bool
delivery_parse(const char *reply, Delivery *delivery)
{
	const char *tokens[TOKENS_LONG_END];
	size_t lengths[TOKENS_LONG_END];
	size_t count = 0;
	size_t first;
	uint64_t stored;

	if (reply == NULL || strncmp(reply, ACK_PREFIX, sizeof(ACK_PREFIX) - 1) != 0)
		return false;
	for (const char *at = reply + sizeof(ACK_PREFIX) - 1;; at++)
	{
		if (count == TOKENS_LONG_END)
			return false;
		tokens[count] = at;
		lengths[count] = strcspn(at, ".");
		at += lengths[count++];
		if (*at == '\0')
			break;
	}
	if (count != TOKENS_SHORT && count < TOKENS_LONG)
		return false;
	first = count == TOKENS_SHORT ? 3 : 5;
	if (!read_number(tokens[first], lengths[first], &delivery->sequence) ||
		!read_number(tokens[first + 1], lengths[first + 1], &delivery->number) ||
		!read_number(tokens[first + 2], lengths[first + 2], &stored) ||
		!read_number(tokens[first + 3], lengths[first + 3], &delivery->pending))
		return false;
	delivery->stored = (int64_t) stored;
	return true;
}

/* The first line that fits counts; "" fits every text. */
static const struct
{
	const char *status;
	const char *text;
	PullNoteKind kind;
} notes[] = {
	{"100", "", PULL_HEARTBEAT},
	{"404", "", PULL_ENDED},
	{"408", "", PULL_ENDED},
	{"409", "Message Size Exceeds MaxBytes", PULL_TOO_LARGE},
	{"409", "Consumer Deleted", PULL_GONE},
	{"409", "Stream Deleted", PULL_GONE},
	{"409", "Consumer is push based", PULL_REFUSED},
	{"409", "Exceeded", PULL_REFUSED},
	{"409", "", PULL_ENDED}, /* leadership change, server shutdown, batch completed */
	{"503", "", PULL_GONE},
	{"400", "", PULL_REFUSED},
};

static const char *
header(natsMsg *message, const char *name)
{
	const char *value = NULL;

	return natsMsgHeader_Get(message, name, &value) == NATS_OK && value != NULL ? value : "";
}

static uint64_t
header_number(natsMsg *message, const char *name)
{
	const char *value = header(message, name);
	uint64_t number;

	return read_number(value, strlen(value), &number) ? number : UINT64_MAX;
}

void
pull_note_read(natsMsg *message, PullNote *note)
{
	const char *status = header(message, "Status");

	note->kind = PULL_ENDED;
	note->text = header(message, "Description");
	note->pending_messages = header_number(message, "Nats-Pending-Messages");
	note->pending_bytes = header_number(message, "Nats-Pending-Bytes");
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
	{
		if (strcmp(status, notes[i].status) == 0 &&
			strncasecmp(note->text, notes[i].text, strlen(notes[i].text)) == 0)
		{
			note->kind = notes[i].kind;
			return;
		}
	}
}
