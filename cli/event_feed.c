/*
 * event_feed.c - frames from the server (event_feed.h).
 */
#include "event_feed.h"

#include <inttypes.h>

#include "api.h"
#include "wait.h"

#define POLL_MS	 200
#define AGAIN_MS 1000
#define AWAY_MS	 60000

typedef struct Taking
{
	Cli *cli;
	FrameTake take;
	void *context;
	int64_t since; /* the last sequence that was taken */
	int status;
	bool done;
} Taking;

/* A SseEach. */
static bool
take_frame(void *context, const char *data, SluiceError *err)
{
	Taking *taking = context;
	json_t *frame = json_loads(data, 0, NULL);
	json_int_t sequence = json_integer_value(json_object_get(frame, "seq"));

	if (frame == NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an event is no JSON");
	if (sequence > taking->since)
		taking->since = sequence;
	if (!taking->done && taking->status == STATUS_OK)
		taking->status = taking->take(taking->cli, taking->context, frame, &taking->done);
	json_decref(frame);
	return true;
}

static EventFeed *
open_feed(const Taking *taking, const FrameWish *wish, SluiceError *err)
{
	static Url url;
	char since[32];

	(void) snprintf(since, sizeof(since), "%" PRId64, taking->since);
	url_begin(&url, "/events");
	url_query(&url, "topics", wish->topics);
	url_query(&url, "since", taking->since >= 0 ? since : NULL);
	return feed_open(taking->cli->client, url.text, err);
}

/* Of an answer that is no feed: the problem behind its status, told. */
static int
refused(Taking *taking, const FrameWish *wish, long http, const SluiceError *err)
{
	static Url url;
	Answer answer;
	int status;

	if (http < 400 || http >= 500)
		return cli_fail(taking->cli, err);
	url_begin(&url, "/events");
	url_query(&url, "topics", wish->topics);
	status = api_call(taking->cli, "GET", &url, NULL, NULL, &answer);
	answer_free(&answer);
	return status != STATUS_OK ? status : cli_fail(taking->cli, err);
}

/* One connection; STATUS_UNREACHABLE without a word when it ended and may be tried again. */
static int
take_feed(Taking *taking, const FrameWish *wish, int64_t deadline)
{
	SluiceError err = {0};
	EventFeed *feed = open_feed(taking, wish, &err);
	long http = 0;
	int status = feed != NULL ? STATUS_OK : cli_fail(taking->cli, &err);

	while (status == STATUS_OK && !taking->done)
	{
		if (!feed_poll(feed, POLL_MS, take_frame, taking, &http, &err))
			status = wish->again && (http == 0 || http == 200 || http >= 500)
						 ? STATUS_UNREACHABLE
						 : refused(taking, wish, http, &err);
		else if (interrupted())
			status = STATUS_INTERRUPTED;
		else if (wait_clock() >= deadline)
			status = STATUS_TIMEOUT;
		if (taking->status != STATUS_OK)
			status = taking->status;
	}
	feed_close(feed);
	return status;
}

int
frames_take(Cli *cli, const FrameWish *wish, FrameTake take, void *context)
{
	Taking taking = {.cli = cli, .take = take, .context = context, .since = wish->since};
	int64_t deadline = wish->timeout_ms > 0 ? wait_clock() + wish->timeout_ms : INT64_MAX;
	int64_t away = -1;
	SluiceError err = {0};

	if (cli_client(cli, &err) == NULL)
		return cli_fail(cli, &err);
	interrupt_catch();
	for (;;)
	{
		int64_t since = taking.since;
		int status = take_feed(&taking, wish, deadline);

		if (taking.done || status != STATUS_UNREACHABLE || taking.status != STATUS_OK)
			return status;
		/* What came shows that the server was there. */
		away = away < 0 || taking.since != since ? wait_clock() : away;
		if (wait_clock() - away > AWAY_MS)
		{
			(void) sluice_fail(&err, SLUICE_ERROR_IO, "%s has ended the feed of events",
							   cli->target.server);
			return cli_fail(cli, &err);
		}
		if (!wait_ms(AGAIN_MS))
			return STATUS_INTERRUPTED;
	}
}
