/*
 * fuzz_live.c - any bytes as what comes to the live part of the control plane: the first says what they are.
 *
 *     0  a WebSocket client's bytes, cut at the second byte: frames, and the messages in them
 *     1  a client's message
 *     2  figures of a reader, 3 of a writer
 *     4  a line of a log
 *     5  points of history
 *     6  an event
 */
#include "control/live/client_message.h"
#include "control/live/event_message.h"
#include "control/live/figures.h"
#include "control/live/log_lines.h"
#include "control/live/points_message.h"
#include "control/live/websocket.h"
#include "fuzz.h"

#define NOW INT64_C(1800000000000)

static void
read_message(const uint8_t *data, size_t size)
{
	ClientMessage message;
	SluiceError err;

	if (client_message_parse((const char *) data, size, &message, &err))
	{
		FUZZ_ASSERT(message.topics.count > 0 && message.topics.count <= TOPICS_MAXIMUM);
		FUZZ_ASSERT(message.rate_ms == 0 || message.rate_ms >= RATE_MS_LEAST);
		for (size_t i = 0; i < message.topics.count; i++)
		{
			char text[TOPIC_TEXT];
			Topic again;

			FUZZ_ASSERT(topic_parse(topic_text(&message.topics.topics[i], text), &again, &err));
			FUZZ_ASSERT(again.kind == message.topics.topics[i].kind);
		}
	}
}

/* True until the connection is broken. */
static bool
read_piece(WebsocketReader *reader, const uint8_t *data, size_t size)
{
	for (;;)
	{
		WebsocketMessage message;
		WebsocketStatus status;

		switch (websocket_read(reader, &data, &size, &message, &status))
		{
			case WEBSOCKET_MORE: FUZZ_ASSERT(size == 0); return true;
			case WEBSOCKET_BROKEN: FUZZ_ASSERT(status >= WEBSOCKET_NORMAL); return false;
			case WEBSOCKET_MESSAGE:
				FUZZ_ASSERT(message.length <= CLIENT_MESSAGE_MAXIMUM);
				if (message.opcode == WEBSOCKET_TEXT)
					read_message(message.data, message.length);
				break;
		}
	}
}

static void
read_frames(const uint8_t *data, size_t size)
{
	size_t cut = size > 0 ? data[0] % size : 0;
	WebsocketReader reader;

	websocket_reader_init(&reader, CLIENT_MESSAGE_MAXIMUM);
	if (size > 0 && read_piece(&reader, data + 1, cut))
		(void) read_piece(&reader, data + 1 + cut, size - 1 - cut);
	websocket_reader_free(&reader);
}

static void
read_figures(const char *subject, const uint8_t *data, size_t size)
{
	Figures *figures = figures_new(2);
	uint64_t version = 0;
	LiveFigures sums;
	SluiceError err;
	json_t *json;

	if (figures_take(figures, subject, (const char *) data, size, NOW, &err))
	{
		FUZZ_ASSERT(figures_of(figures, "shop", NOW, &sums));
		json = figures_json(figures, "shop", NOW);
		FUZZ_ASSERT(json != NULL);
		json_decref(json);
		json_decref(figures_tables(figures, "shop", &version));
	}
	figures_free(figures);
}

static void
read_line(const uint8_t *data, size_t size)
{
	static const char run[] = "run_aaaaaaaaaaaaaaaaaaaa";
	LogLines *lines = log_lines_new();
	SluiceError err;
	json_t *list;

	if (log_lines_take(lines, "sluice_control.log.run_aaaaaaaaaaaaaaaaaaaa.reader",
					   (const char *) data, size, &err))
	{
		list = log_lines_read(lines, &(LogAsk){.run_id = run, .limit = 10}, NULL, NULL);
		FUZZ_ASSERT(json_array_size(list) == 1);
		json_decref(list);
	}
	log_lines_free(lines);
}

static void
read_points(const uint8_t *data, size_t size)
{
	Rings *rings = rings_new(100);
	SluiceError err;

	if (!points_take(data, size, rings, &err))
		FUZZ_ASSERT(err.code != SLUICE_OK);
	rings_free(rings);
}

static void
read_event(const uint8_t *data, size_t size)
{
	WindowEvent event;
	EventSource source;
	SluiceError err;

	if (event_message_read("sluice_control.event.acme.str_a", (const char *) data, size, 7, NOW,
						   &event, &source, &err))
	{
		FUZZ_ASSERT(event.frame->sequence == 7 && event.type < EVENT_TYPES);
		frame_release(event.frame);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (*data++ % 7)
	{
		case 0: read_frames(data, size - 1); break;
		case 1: read_message(data, size - 1); break;
		case 2: read_figures("sluice.shop.stats.reader.a", data, size - 1); break;
		case 3: read_figures("sluice.shop.stats.writer.a", data, size - 1); break;
		case 4: read_line(data, size - 1); break;
		case 5: read_points(data, size - 1); break;
		case 6: read_event(data, size - 1); break;
	}
	return 0;
}
