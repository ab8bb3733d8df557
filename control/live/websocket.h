/*
 * websocket.h - the frames of RFC 6455 as a server reads and writes them.  Pure: bytes in, messages out.
 *
 * Fragments are put together; masks, lengths, UTF-8 and the order of fragments are checked.  A message is bounded: more
 * is refused as soon as its length is told.
 */
#ifndef SLUICE_CONTROL_LIVE_WEBSOCKET_H
#define SLUICE_CONTROL_LIVE_WEBSOCKET_H

#include "common/core/bytebuf.h"

/* Opcodes. */
typedef enum WebsocketOpcode
{
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10
} WebsocketOpcode;

/* Why a connection is closed. */
typedef enum WebsocketStatus
{
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL = 1002,
	WEBSOCKET_UNSUPPORTED = 1003,
	WEBSOCKET_NO_STATUS = 1005, /* never sent */
	WEBSOCKET_BAD_DATA = 1007,
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TOO_BIG = 1009,
	WEBSOCKET_TRY_LATER = 1013
} WebsocketStatus;

#define WEBSOCKET_CONTROL_MAXIMUM 125 /* bytes of a ping, pong or close */
#define WEBSOCKET_HEADER_MAXIMUM  10  /* of what a server sends */

typedef struct WebsocketReader
{
	uint8_t header[14];
	size_t header_length;
	uint8_t control[WEBSOCKET_CONTROL_MAXIMUM];
	size_t left; /* of the frame's payload */
	size_t at;	 /* read of it */
	ByteBuf message;
	bool in_payload, in_message; /* a frame's; a fragmented message's */
} WebsocketReader;

/* Messages of at most `maximum` bytes. */
extern void websocket_reader_init(WebsocketReader *reader, size_t maximum);
extern void websocket_reader_free(WebsocketReader *reader);

/* A whole message or control frame; the data are the reader's until it is called again. */
typedef struct WebsocketMessage
{
	WebsocketOpcode opcode; /* TEXT, CLOSE, PING or PONG */
	const uint8_t *data;
	size_t length;
	int status; /* of CLOSE */
} WebsocketMessage;

typedef enum WebsocketAnswer
{
	WEBSOCKET_MORE, /* all is used up */
	WEBSOCKET_MESSAGE,
	WEBSOCKET_BROKEN /* the connection is to be closed with *status */
} WebsocketAnswer;

/* Reads from *data, which moves behind what was used; to be called again until it wants MORE. */
extern WebsocketAnswer websocket_read(WebsocketReader *reader, const uint8_t **data, size_t *length,
									  WebsocketMessage *message, WebsocketStatus *status);

/* The header of a whole frame with `length` bytes of payload, which follow it as they are; its length. */
extern size_t websocket_header(uint8_t header[WEBSOCKET_HEADER_MAXIMUM], WebsocketOpcode opcode,
							   size_t length);

/* The payload of a close frame; its length.  The reason is cut to what fits. */
extern size_t websocket_close_payload(uint8_t payload[WEBSOCKET_CONTROL_MAXIMUM],
									  WebsocketStatus status, const char *reason);

#endif
