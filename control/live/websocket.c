/*
 * websocket.c - reading and writing frames (websocket.h).
 *
 * A client's frame:
 *
 *     1 bit FIN, 3 bits 0, 4 bits opcode; 1 bit MASK (always 1), 7 bits length;
 *     126: 16 bits of length, 127: 64 bits; 32 bits of mask; the payload, each byte xor mask[i mod 4]
 */
#include "websocket.h"

#include "common/daemon/utf8.h"

#define FIN			0x80
#define RESERVED	0x70
#define OPCODE		0x0f
#define MASK		0x80
#define LENGTH		0x7f
#define LENGTH_16	126
#define LENGTH_64	127
#define MASK_LENGTH 4
#define CONTROL_BIT 0x08

void
websocket_reader_init(WebsocketReader *reader, size_t maximum)
{
	*reader = (WebsocketReader){0};
	bytebuf_init(&reader->message, &allocator_malloc, maximum);
}

void
websocket_reader_free(WebsocketReader *reader)
{
	bytebuf_free(&reader->message);
}

/* ---- the header ---- */

static WebsocketOpcode
opcode_of(const WebsocketReader *reader)
{
	return (WebsocketOpcode) (reader->header[0] & OPCODE);
}

static bool
is_control(const WebsocketReader *reader)
{
	return (reader->header[0] & CONTROL_BIT) != 0;
}

/* Bytes of the length behind the second byte. */
static size_t
length_bytes(const WebsocketReader *reader)
{
	int length = reader->header[1] & LENGTH;

	if (length == LENGTH_64)
		return 8;
	return length == LENGTH_16 ? 2 : 0;
}

/* How long the header is, as far as is known. */
static size_t
header_wanted(const WebsocketReader *reader)
{
	return reader->header_length < 2 ? 2 : 2 + length_bytes(reader) + MASK_LENGTH;
}

static uint64_t
payload_length(const WebsocketReader *reader)
{
	switch (length_bytes(reader))
	{
		case 8: return load_u64(reader->header + 2);
		case 2: return load_u16(reader->header + 2);
		default: return reader->header[1] & LENGTH;
	}
}

/* What is wrong with a header that is whole; 0: nothing. */
static int
check_header(const WebsocketReader *reader)
{
	WebsocketOpcode opcode = opcode_of(reader);
	uint64_t length = payload_length(reader);

	if ((reader->header[0] & RESERVED) != 0 || (reader->header[1] & MASK) == 0)
		return WEBSOCKET_PROTOCOL;
	if (is_control(reader))
		return opcode > WEBSOCKET_PONG || length > WEBSOCKET_CONTROL_MAXIMUM ||
					   (reader->header[0] & FIN) == 0
				   ? WEBSOCKET_PROTOCOL
				   : 0;
	if (opcode == WEBSOCKET_BINARY)
		return WEBSOCKET_UNSUPPORTED;
	if (opcode > WEBSOCKET_BINARY || (opcode == WEBSOCKET_CONTINUATION) != reader->in_message)
		return WEBSOCKET_PROTOCOL;
	return length > reader->message.maximum - reader->message.length ? WEBSOCKET_TOO_BIG : 0;
}

/* True when the header is whole; 0 or what is wrong in *status. */
static bool
take_header(WebsocketReader *reader, const uint8_t **data, size_t *length, int *status)
{
	*status = 0;
	while (*length > 0 && reader->header_length < header_wanted(reader))
	{
		reader->header[reader->header_length++] = *(*data)++;
		--*length;
	}
	if (reader->header_length < header_wanted(reader))
		return false;
	if (!is_control(reader) && opcode_of(reader) != WEBSOCKET_CONTINUATION && !reader->in_message)
		reader->message.length = 0;
	*status = check_header(reader);
	reader->left = *status == 0 ? (size_t) payload_length(reader) : 0;
	reader->at = 0;
	reader->in_payload = true;
	return true;
}

/* ---- the payload ---- */

static bool
take_payload(WebsocketReader *reader, const uint8_t **data, size_t *length)
{
	const uint8_t *mask = reader->header + reader->header_length - MASK_LENGTH;
	size_t take = *length < reader->left ? *length : reader->left;
	uint8_t *to;

	if (take == 0)
		return true;
	if (is_control(reader))
		to = reader->control + reader->at;
	else
	{
		if (!bytebuf_reserve(&reader->message, take, NULL))
			return false;
		to = reader->message.data + reader->message.length;
		reader->message.length += take;
	}
	for (size_t i = 0; i < take; i++)
		to[i] = (*data)[i] ^ mask[(reader->at + i) % MASK_LENGTH];
	reader->at += take;
	reader->left -= take;
	*data += take;
	*length -= take;
	return true;
}

static bool
is_utf8(const uint8_t *data, size_t length)
{
	for (size_t at = 0, step; at < length; at += step)
	{
		step = utf8_sequence((const char *) data + at, length - at);
		if (step == 0)
			return false;
	}
	return true;
}

static WebsocketAnswer
broken(WebsocketStatus *status, WebsocketStatus why)
{
	*status = why;
	return WEBSOCKET_BROKEN;
}

static WebsocketAnswer
end_control(const WebsocketReader *reader, WebsocketMessage *message, WebsocketStatus *status)
{
	*message = (WebsocketMessage){opcode_of(reader), reader->control, reader->at, 0};
	if (message->opcode != WEBSOCKET_CLOSE)
		return WEBSOCKET_MESSAGE;
	message->status = WEBSOCKET_NO_STATUS;
	if (message->length == 1)
		return broken(status, WEBSOCKET_PROTOCOL);
	if (message->length >= 2)
	{
		message->status = load_u16(reader->control);
		message->data += 2;
		message->length -= 2;
		if (message->status < WEBSOCKET_NORMAL || message->status >= 5000)
			return broken(status, WEBSOCKET_PROTOCOL);
	}
	return is_utf8(message->data, message->length) ? WEBSOCKET_MESSAGE
												   : broken(status, WEBSOCKET_BAD_DATA);
}

/* MORE when fragments are to follow. */
static WebsocketAnswer
end_frame(WebsocketReader *reader, WebsocketMessage *message, WebsocketStatus *status)
{
	reader->header_length = 0;
	reader->in_payload = false;
	if (is_control(reader))
		return end_control(reader, message, status);
	reader->in_message = (reader->header[0] & FIN) == 0;
	if (reader->in_message)
		return WEBSOCKET_MORE;
	*message = (WebsocketMessage){WEBSOCKET_TEXT, reader->message.data, reader->message.length, 0};
	return is_utf8(message->data, message->length) ? WEBSOCKET_MESSAGE
												   : broken(status, WEBSOCKET_BAD_DATA);
}

WebsocketAnswer
websocket_read(WebsocketReader *reader, const uint8_t **data, size_t *length,
			   WebsocketMessage *message, WebsocketStatus *status)
{
	for (;;)
	{
		WebsocketAnswer answer;
		int wrong;

		if (!reader->in_payload)
		{
			if (!take_header(reader, data, length, &wrong))
				return WEBSOCKET_MORE;
			if (wrong != 0)
				return broken(status, (WebsocketStatus) wrong);
		}
		if (!take_payload(reader, data, length))
			return broken(status, WEBSOCKET_TOO_BIG);
		if (reader->left > 0)
			return WEBSOCKET_MORE;
		answer = end_frame(reader, message, status);
		if (answer != WEBSOCKET_MORE)
			return answer;
	}
}

/* ---- writing ---- */

size_t
websocket_header(uint8_t header[WEBSOCKET_HEADER_MAXIMUM], WebsocketOpcode opcode, size_t length)
{
	header[0] = (uint8_t) (FIN | opcode);
	if (length < LENGTH_16)
	{
		header[1] = (uint8_t) length;
		return 2;
	}
	if (length <= UINT16_MAX)
	{
		header[1] = LENGTH_16;
		store_u16(header + 2, (uint16_t) length);
		return 4;
	}
	header[1] = LENGTH_64;
	store_u64(header + 2, length);
	return WEBSOCKET_HEADER_MAXIMUM;
}

size_t
websocket_close_payload(uint8_t payload[WEBSOCKET_CONTROL_MAXIMUM], WebsocketStatus status,
						const char *reason)
{
	size_t length = 0, step;

	store_u16(payload, (uint16_t) status);
	while (reason[length] != '\0')
	{
		step = utf8_sequence(reason + length, strlen(reason + length));
		if (step == 0 || 2 + length + step > WEBSOCKET_CONTROL_MAXIMUM)
			break;
		length += step;
	}
	memcpy(payload + 2, reason, length);
	return 2 + length;
}
