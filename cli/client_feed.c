/*
 * client_feed.c - answers that go on (client.h): server-sent events, taken in by polling, so that the caller can draw and
 * look for Ctrl-C between.
 */
#include "client_internal.h"

#include <stdlib.h>
#include <string.h>

struct EventFeed
{
	Client *client;
	CURLM *multi;
	CURL *curl;
	struct curl_slist *headers;
	char *url;
	char detail[CURL_ERROR_SIZE];
	Sse sse;

	/* of the feed_poll() under way */
	SseEach each;
	void *context;
	size_t taken; /* bytes */
	SluiceError err;
};

/* A curl_write_callback. */
static size_t
take_bytes(char *bytes, size_t size, size_t count, void *context)
{
	EventFeed *feed = context;
	long status = 0;

	(void) size; /* 1 */
	feed->taken += count;
	curl_easy_getinfo(feed->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return count; /* a problem document: its status says enough */
	return sse_feed(&feed->sse, bytes, count, feed->each, feed->context, &feed->err) ? count : 0;
}

static bool
begin(EventFeed *feed, const char *path, SluiceError *err)
{
	feed->url = client_url(feed->client, path, err);
	if (feed->url == NULL)
		return false;
	feed->multi = curl_multi_init();
	feed->curl = curl_easy_init();
	if (feed->multi == NULL || feed->curl == NULL || !client_key(feed->client, &feed->headers) ||
		!client_header(&feed->headers, "Accept", "text/event-stream"))
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a feed of events");
	client_prepare(feed->client, feed->curl, feed->url);
	curl_easy_setopt(feed->curl, CURLOPT_HTTPHEADER, feed->headers);
	curl_easy_setopt(feed->curl, CURLOPT_ERRORBUFFER, feed->detail);
	curl_easy_setopt(feed->curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(feed->curl, CURLOPT_WRITEDATA, feed);
	/* The server says something every few seconds; a silent one is gone. */
	curl_easy_setopt(feed->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(feed->curl, CURLOPT_LOW_SPEED_TIME, 60L);
	return curl_multi_add_handle(feed->multi, feed->curl) == CURLM_OK ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a feed of events");
}

EventFeed *
feed_open(Client *client, const char *path, SluiceError *err)
{
	EventFeed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a feed of events");
		return NULL;
	}
	feed->client = client;
	sse_init(&feed->sse);
	if (begin(feed, path, err))
		return feed;
	feed_close(feed);
	return NULL;
}

void
feed_close(EventFeed *feed)
{
	if (feed == NULL)
		return;
	if (feed->multi != NULL && feed->curl != NULL)
		curl_multi_remove_handle(feed->multi, feed->curl);
	curl_easy_cleanup(feed->curl);
	curl_multi_cleanup(feed->multi);
	curl_slist_free_all(feed->headers);
	sse_free(&feed->sse);
	free(feed->url);
	free(feed);
}

/* Why it has ended. */
static bool
ended(EventFeed *feed, long *status, SluiceError *err)
{
	int left;
	const CURLMsg *message = curl_multi_info_read(feed->multi, &left);
	CURLcode code = message != NULL ? message->data.result : CURLE_OK;

	*status = 0;
	curl_easy_getinfo(feed->curl, CURLINFO_RESPONSE_CODE, status);
	if (feed->err.code != SLUICE_OK)
	{
		*err = feed->err;
		return false;
	}
	if (code != CURLE_OK)
		return client_fail(feed->client, code, feed->detail, err);
	return sluice_fail(err, SLUICE_ERROR_IO, "%s has ended the feed of events (HTTP status %ld)",
					   feed->client->settings.server, *status);
}

bool
feed_poll(EventFeed *feed, int wait_ms, SseEach each, void *context, long *status, SluiceError *err)
{
	int running = 0;

	feed->each = each;
	feed->context = context;
	feed->taken = 0;
	*status = 0;
	if (curl_multi_perform(feed->multi, &running) != CURLM_OK || running == 0)
		return ended(feed, status, err);
	if (feed->taken > 0)
		return true;
	(void) curl_multi_poll(feed->multi, NULL, 0, wait_ms, NULL);
	if (curl_multi_perform(feed->multi, &running) != CURLM_OK || running == 0)
		return ended(feed, status, err);
	return true;
}
