/*
 * pull_note.h - reading what a pull consumer sends: where a message stands, and the notes between.
 */
#ifndef SLUICE_NATS_PULL_NOTE_H
#define SLUICE_NATS_PULL_NOTE_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

/* What the reply subject of a delivered message tells. */
typedef struct Delivery
{
	uint64_t sequence; /* in the stream */
	uint64_t number;   /* which message of the consumer it is, from 1 */
	uint64_t pending;  /* messages behind it that the consumer has not sent yet */
	int64_t stored;	   /* unix nanoseconds */
} Delivery;

/*
 * Reads "$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>"
 * and the later form, which has <domain>.<account hash> before <stream> and perhaps one token more at
 * the end.  False for any other subject, and for NULL.
 */
extern bool delivery_parse(const char *reply, Delivery *delivery);

typedef enum PullNoteKind
{
	PULL_HEARTBEAT, /* the consumer lives and has nothing */
	PULL_ENDED,		/* the request is over; ask again */
	PULL_TOO_LARGE, /* over because the next message is larger than what is left of its bytes */
	PULL_GONE,		/* consumer or stream is not there any more */
	PULL_REFUSED	/* the server does not take such a request */
} PullNoteKind;

typedef struct PullNote
{
	PullNoteKind kind;
	const char *text;		   /* the server's words, inside the message; never NULL */
	uint64_t pending_messages; /* what was left of the request; UINT64_MAX when it does not say */
	uint64_t pending_bytes;
} PullNote;

/* Reads a message without payload; what is not known ends the request it is about. */
extern void pull_note_read(natsMsg *message, PullNote *note);

#endif
