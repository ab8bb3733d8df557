/*
 * websocket_test.c - frames of RFC 6455 as a client sends them, whole, in pieces and broken.
 */
#include "control/live/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define MAXIMUM 1000

typedef struct Bytes
{
	uint8_t data[4096];
	size_t length;
} Bytes;

/* Adds a client's frame; first is FIN and opcode as they stand in the first byte. */
static void
add_frame(Bytes *bytes, uint8_t first, const void *payload, size_t length)
{
	static const uint8_t mask[4] = {0x11, 0xfe, 0x00, 0x80};
	uint8_t *at = bytes->data + bytes->length;

	*at++ = first;
	if (length < 126)
		*at++ = (uint8_t) (0x80 | length);
	else
	{
		*at++ = 0x80 | 126;
		store_u16(at, (uint16_t) length);
		at += 2;
	}
	memcpy(at, mask, sizeof(mask));
	at += sizeof(mask);
	for (size_t i = 0; i < length; i++)
		*at++ = ((const uint8_t *) payload)[i] ^ mask[i % 4];
	bytes->length = (size_t) (at - bytes->data);
}

static void
add_text(Bytes *bytes, uint8_t first, const char *text)
{
	add_frame(bytes, first, text, strlen(text));
}

/* Feeds all bytes in pieces; what comes of the last. */
static WebsocketAnswer
feed(WebsocketReader *reader, const Bytes *bytes, size_t piece, WebsocketMessage *message,
	 WebsocketStatus *status)
{
	for (size_t at = 0; at < bytes->length; at += piece)
	{
		const uint8_t *data = bytes->data + at;
		size_t length = bytes->length - at < piece ? bytes->length - at : piece;
		WebsocketAnswer answer = websocket_read(reader, &data, &length, message, status);

		if (answer != WEBSOCKET_MORE)
			return answer;
	}
	return WEBSOCKET_MORE;
}

static void
a_text_comes_whole_however_it_is_cut(void **state)
{
	char text[301];
	Bytes bytes = {.length = 0};

	(void) state;
	memset(text, 'x', 300);
	text[300] = '\0';
	add_text(&bytes, 0x81, text);
	for (size_t piece = 1; piece <= bytes.length; piece += 7)
	{
		WebsocketReader reader;
		WebsocketMessage message;
		WebsocketStatus status;

		websocket_reader_init(&reader, MAXIMUM);
		assert_int_equal(feed(&reader, &bytes, piece, &message, &status), WEBSOCKET_MESSAGE);
		assert_int_equal(message.opcode, WEBSOCKET_TEXT);
		assert_int_equal(message.length, 300);
		assert_memory_equal(message.data, text, 300);
		websocket_reader_free(&reader);
	}
}

static void
fragments_are_put_together_around_a_ping(void **state)
{
	WebsocketReader reader;
	WebsocketMessage message;
	WebsocketStatus status;
	Bytes bytes = {.length = 0};
	const uint8_t *data = bytes.data;

	(void) state;
	add_text(&bytes, 0x01, "one ");
	add_text(&bytes, 0x89, "are you there");
	add_text(&bytes, 0x00, "two ");
	add_text(&bytes, 0x80, "three");
	add_text(&bytes, 0x81, "next");
	websocket_reader_init(&reader, MAXIMUM);
	assert_int_equal(websocket_read(&reader, &data, &bytes.length, &message, &status),
					 WEBSOCKET_MESSAGE);
	assert_int_equal(message.opcode, WEBSOCKET_PING);
	assert_memory_equal(message.data, "are you there", message.length);
	assert_int_equal(websocket_read(&reader, &data, &bytes.length, &message, &status),
					 WEBSOCKET_MESSAGE);
	assert_int_equal(message.length, strlen("one two three"));
	assert_memory_equal(message.data, "one two three", message.length);
	assert_int_equal(websocket_read(&reader, &data, &bytes.length, &message, &status),
					 WEBSOCKET_MESSAGE);
	assert_memory_equal(message.data, "next", message.length);
	assert_int_equal(websocket_read(&reader, &data, &bytes.length, &message, &status),
					 WEBSOCKET_MORE);
	websocket_reader_free(&reader);
}

static void
an_empty_text_is_a_message(void **state)
{
	WebsocketReader reader;
	WebsocketMessage message;
	WebsocketStatus status;
	Bytes bytes = {.length = 0};

	(void) state;
	add_text(&bytes, 0x01, "");
	add_text(&bytes, 0x80, "");
	websocket_reader_init(&reader, MAXIMUM);
	assert_int_equal(feed(&reader, &bytes, 4096, &message, &status), WEBSOCKET_MESSAGE);
	assert_int_equal(message.opcode, WEBSOCKET_TEXT);
	assert_int_equal(message.length, 0);
	websocket_reader_free(&reader);
}

static void
a_close_tells_its_status(void **state)
{
	static const uint8_t payload[] = {0x03, 0xe8, 'b', 'y', 'e'};
	WebsocketReader reader;
	WebsocketMessage message;
	WebsocketStatus status;
	Bytes bytes = {.length = 0};

	(void) state;
	add_frame(&bytes, 0x88, payload, sizeof(payload));
	websocket_reader_init(&reader, MAXIMUM);
	assert_int_equal(feed(&reader, &bytes, 100, &message, &status), WEBSOCKET_MESSAGE);
	assert_int_equal(message.opcode, WEBSOCKET_CLOSE);
	assert_int_equal(message.status, WEBSOCKET_NORMAL);
	assert_int_equal(message.length, 3);
	websocket_reader_free(&reader);
}

static void
broken_frames_are_told_apart(void **state)
{
	static const struct
	{
		const char *what;
		uint8_t bytes[16];
		size_t length;
		WebsocketStatus status;
	} cases[] = {
		{"not masked", {0x81, 0x01, 0, 0, 0, 0, 'x'}, 7, WEBSOCKET_PROTOCOL},
		{"a reserved bit", {0xc1, 0x80, 0, 0, 0, 0}, 6, WEBSOCKET_PROTOCOL},
		{"an unknown opcode", {0x83, 0x80, 0, 0, 0, 0}, 6, WEBSOCKET_PROTOCOL},
		{"an unknown control opcode", {0x8b, 0x80, 0, 0, 0, 0}, 6, WEBSOCKET_PROTOCOL},
		{"a ping in fragments", {0x09, 0x80, 0, 0, 0, 0}, 6, WEBSOCKET_PROTOCOL},
		{"a long ping", {0x89, 0xfe, 0, 126, 0, 0, 0, 0}, 8, WEBSOCKET_PROTOCOL},
		{"a continuation of nothing", {0x80, 0x80, 0, 0, 0, 0}, 6, WEBSOCKET_PROTOCOL},
		{"a text within a text",
		 {0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0},
		 12,
		 WEBSOCKET_PROTOCOL},
		{"binary", {0x82, 0x80, 0, 0, 0, 0}, 6, WEBSOCKET_UNSUPPORTED},
		{"no UTF-8", {0x81, 0x81, 0, 0, 0, 0, 0xff}, 7, WEBSOCKET_BAD_DATA},
		{"a close of one byte", {0x88, 0x81, 0, 0, 0, 0, 3}, 7, WEBSOCKET_PROTOCOL},
		{"a close with no status of ours", {0x88, 0x82, 0, 0, 0, 0, 0, 1}, 8, WEBSOCKET_PROTOCOL},
		{"too long", {0x81, 0xfe, 0x10, 0, 0, 0, 0, 0}, 8, WEBSOCKET_TOO_BIG},
		{"longer than memory",
		 {0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		 14,
		 WEBSOCKET_TOO_BIG},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const uint8_t *data = cases[i].bytes;
		size_t length = cases[i].length;
		WebsocketReader reader;
		WebsocketMessage message;
		WebsocketStatus status = WEBSOCKET_NORMAL;

		websocket_reader_init(&reader, MAXIMUM);
		if (websocket_read(&reader, &data, &length, &message, &status) != WEBSOCKET_BROKEN ||
			status != cases[i].status)
			fail_msg("%s: status %d", cases[i].what, (int) status);
		websocket_reader_free(&reader);
	}
}

static void
fragments_may_not_add_up_to_more_than_a_message(void **state)
{
	char text[401];
	WebsocketReader reader;
	WebsocketMessage message;
	WebsocketStatus status;
	Bytes bytes = {.length = 0};

	(void) state;
	memset(text, 'x', 400);
	text[400] = '\0';
	add_text(&bytes, 0x01, text);
	add_text(&bytes, 0x00, text);
	add_text(&bytes, 0x80, text);
	websocket_reader_init(&reader, MAXIMUM);
	assert_int_equal(feed(&reader, &bytes, 4096, &message, &status), WEBSOCKET_BROKEN);
	assert_int_equal(status, WEBSOCKET_TOO_BIG);
	websocket_reader_free(&reader);
}

static void
headers_have_the_length_in_its_shortest_form(void **state)
{
	static const struct
	{
		size_t length, header;
	} cases[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}, {5000000, 10}};
	uint8_t header[WEBSOCKET_HEADER_MAXIMUM];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_int_equal(websocket_header(header, WEBSOCKET_TEXT, cases[i].length),
						 cases[i].header);
		assert_int_equal(header[0], 0x81);
	}
	assert_int_equal(load_u64(header + 2), 5000000);
}

static void
a_reason_is_cut_between_characters(void **state)
{
	uint8_t payload[WEBSOCKET_CONTROL_MAXIMUM];
	char reason[400] = "";
	size_t length;

	(void) state;
	for (int i = 0; i < 100; i++)
		strcat(reason, "\xe2\x82\xac");
	length = websocket_close_payload(payload, WEBSOCKET_TRY_LATER, reason);
	assert_int_equal(load_u16(payload), 1013);
	assert_int_equal((length - 2) % 3, 0);
	assert_true(length > WEBSOCKET_CONTROL_MAXIMUM - 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_comes_whole_however_it_is_cut),
		cmocka_unit_test(fragments_are_put_together_around_a_ping),
		cmocka_unit_test(an_empty_text_is_a_message),
		cmocka_unit_test(a_close_tells_its_status),
		cmocka_unit_test(broken_frames_are_told_apart),
		cmocka_unit_test(fragments_may_not_add_up_to_more_than_a_message),
		cmocka_unit_test(headers_have_the_length_in_its_shortest_form),
		cmocka_unit_test(a_reason_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
