/*
 * client_message.h - what clients send: JSON text that anybody may have written.  Pure.
 *
 *     {"type": "subscribe", "topics": ["metrics", "state:str_..."], "rate_ms": 1000, "since": 17}
 *     {"type": "unsubscribe", "topics": [...]}
 */
#ifndef SLUICE_CONTROL_LIVE_CLIENT_MESSAGE_H
#define SLUICE_CONTROL_LIVE_CLIENT_MESSAGE_H

#include "topic.h"

#define CLIENT_MESSAGE_MAXIMUM 16384 /* bytes */
#define RATE_MS_LEAST		   200	 /* between two frames of figures */
#define RATE_MS_MOST		   60000
#define RATE_MS_DEFAULT		   1000

typedef struct ClientMessage
{
	bool subscribe; /* else unsubscribe */
	TopicSet topics;
	int rate_ms; /* 0: not told */
	bool resumes;
	uint64_t since; /* when it resumes: the newest event it had */
} ClientMessage;

/* ARGUMENT says what is wrong. */
extern bool client_message_parse(const char *text, size_t length, ClientMessage *message,
								 SluiceError *err) SLUICE_MUST_CHECK;

#endif
