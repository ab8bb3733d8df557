/*
 * sources.c - frames of figures, tables, lines and snapshots (feed.h's FeedSources), and the cache that lets many clients
 * share them.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/layout.h"
#include "control/store/store.h"
#include "live_internal.h"
#include "name_table.h"

#define CACHED_MS	   500 /* figures change once a second */
#define FORGOTTEN_MS   5000
#define CACHED_MAXIMUM 40000
#define LINES_AT_ONCE  100
#define CACHE_KEY	   80

/* ---- the cache ---- */

typedef struct Cached
{
	const char *name; /* key */
	char key[CACHE_KEY];
	Frame *frame; /* NULL: there was nothing to tell */
	int64_t made_ms;
} Cached;

struct FrameCache
{
	pthread_mutex_t lock;
	NameTable frames;
	int64_t swept_ms;
};

FrameCache *
frame_cache_new(void)
{
	FrameCache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->frames.maximum = CACHED_MAXIMUM;
	(void) pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

static void
free_cached(Cached *cached)
{
	frame_release(cached->frame);
	free(cached);
}

void
frame_cache_free(FrameCache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < cache->frames.count; i++)
		free_cached(cache->frames.items[i]);
	name_table_free(&cache->frames);
	(void) pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static bool
is_old(void *context, void *item)
{
	const int64_t *now_ms = context;
	Cached *cached = item;
	bool old = *now_ms - cached->made_ms >= FORGOTTEN_MS;

	if (old)
		free_cached(cached);
	return old;
}

/* What a frame is to tell. */
typedef struct Wish
{
	Live *live;
	const char *tenant;
	const char *stream_id; /* of metrics */
	uint64_t sequence;	   /* these three of a snapshot */
	bool missed;
	const TopicSet *topics; /* NULL: all streams */
	int64_t now_ms;
} Wish;

typedef Frame *(*MakeFrame)(const Wish *wish);

static Frame *
hold_or_null(Frame *frame)
{
	return frame != NULL ? frame_hold(frame) : NULL;
}

/* The lock is held, so that one is made once. */
static Frame *
find_or_make(FrameCache *cache, const char *key, const Wish *wish, MakeFrame make)
{
	Cached *cached = name_table_find(&cache->frames, key);

	if (cached != NULL && wish->now_ms - cached->made_ms < CACHED_MS)
		return hold_or_null(cached->frame);
	if (cached == NULL)
	{
		cached = calloc(1, sizeof(*cached));
		if (cached == NULL)
			return NULL;
		(void) snprintf(cached->key, sizeof(cached->key), "%s", key);
		cached->name = cached->key;
		if (!name_table_add(&cache->frames, cached, NULL))
		{
			free(cached);
			return make(wish);
		}
	}
	frame_release(cached->frame);
	cached->frame = make(wish);
	cached->made_ms = wish->now_ms;
	return hold_or_null(cached->frame);
}

/* *frame is held for the caller; NULL: there is nothing to tell. */
static void
cached_frame(const char *key, const Wish *wish, MakeFrame make, Frame **frame)
{
	FrameCache *cache = wish->live->cache;
	int64_t now_ms = wish->now_ms;

	pthread_mutex_lock(&cache->lock);
	if (now_ms - cache->swept_ms >= FORGOTTEN_MS)
	{
		cache->swept_ms = now_ms;
		name_table_sweep(&cache->frames, is_old, &now_ms);
	}
	*frame = find_or_make(cache, key, wish, make);
	pthread_mutex_unlock(&cache->lock);
}

/* ---- metrics ---- */

/* null for what is not known. */
static json_t *
number_json(float number)
{
	if (isnan(number))
		return json_null();
	if (number == floorf(number) && fabsf(number) < 9e15F)
		return json_integer((json_int_t) number);
	return json_real(round((double) number * 1000) / 1000);
}

/* {stream_id, run_id, state, desired}, and a number for each series when figures are heard */
static json_t *
summary_json(const DirectoryStream *stream, const LiveFigures *figures)
{
	json_t *summary = json_pack("{s:s, s:s?, s:s?, s:s?}", "stream_id", stream->stream_id, "run_id",
								stream->run_id[0] != '\0' ? stream->run_id : NULL, "state",
								stream->state[0] != '\0' ? stream->state : NULL, "desired",
								stream->desired[0] != '\0' ? stream->desired : NULL);
	LivePoint point;

	if (!figures->reader && !figures->writer)
		return summary;
	figures_point(figures, &point);
	for (int i = 0; i < LIVE_SERIES; i++)
		(void) json_object_set_new(summary, live_series_names[i], number_json(point.values[i]));
	return summary;
}

/* What directory_each() gathers. */
typedef struct Gathering
{
	Live *live;
	const TopicSet *topics; /* NULL: all */
	bool known;				/* only streams of which figures are heard */
	int64_t now_ms;
	json_t *list;
} Gathering;

/* Whether a topic is about the stream; with "" whether one is about all. */
static bool
is_asked(const TopicSet *topics, const char *stream_id)
{
	if (topics == NULL)
		return true;
	for (size_t i = 0; i < topics->count; i++)
	{
		const Topic *topic = &topics->topics[i];

		if (topic->kind != TOPIC_LOG && topic->kind != EVENT_WORKER && topic->kind != EVENT_QUOTA &&
			(topic->id[0] == '\0' || strcmp(topic->id, stream_id) == 0))
			return true;
	}
	return false;
}

static void
gather(void *context, const DirectoryStream *stream)
{
	Gathering *gathering = context;
	LiveFigures figures;
	bool heard;

	if (!is_asked(gathering->topics, stream->stream_id))
		return;
	heard = figures_of(gathering->live->figures, stream->stream, gathering->now_ms, &figures);
	if (heard || !gathering->known)
		(void) json_array_append_new(gathering->list, summary_json(stream, &figures));
}

static Frame *
make_metrics_of_all(const Wish *wish)
{
	Gathering gathering = {
		.live = wish->live, .known = true, .now_ms = wish->now_ms, .list = json_array()};

	directory_each(wish->live->directory, wish->tenant, gather, &gathering);
	return frame_make(&(FrameHead){.type = "metrics", .time_ms = wish->now_ms},
					  json_pack("{s:o}", "streams", gathering.list));
}

static Frame *
make_metrics(const Wish *wish)
{
	Live *live = wish->live;
	DirectoryStream stream;
	LiveFigures figures;

	if (!directory_find(live->directory, wish->tenant, wish->stream_id, &stream) ||
		!figures_of(live->figures, stream.stream, wish->now_ms, &figures))
		return NULL;
	return frame_make(&(FrameHead){.type = "metrics",
								   .time_ms = wish->now_ms,
								   .stream_id = wish->stream_id,
								   .run_id = stream.run_id},
					  figures_json(live->figures, stream.stream, wish->now_ms));
}

static Frame *
metrics(void *context, const char *tenant, const char *stream_id, int64_t now_ms)
{
	const Wish wish = {.live = context, .tenant = tenant, .stream_id = stream_id, .now_ms = now_ms};
	char key[CACHE_KEY];
	Frame *frame;

	(void) snprintf(key, sizeof(key), "metrics.%s.%s", tenant, stream_id);
	cached_frame(key, &wish, stream_id[0] == '\0' ? make_metrics_of_all : make_metrics, &frame);
	return frame;
}

/* ---- tables, lines ---- */

static Frame *
tables(void *context, const char *tenant, const char *stream_id, uint64_t *version, int64_t now_ms)
{
	Live *live = context;
	DirectoryStream stream;
	json_t *list;

	if (!directory_find(live->directory, tenant, stream_id, &stream))
		return NULL;
	list = figures_tables(live->figures, stream.stream, version);
	if (json_array_size(list) == 0)
	{
		json_decref(list);
		return NULL;
	}
	return frame_make(
		&(FrameHead){
			.type = "table", .time_ms = now_ms, .stream_id = stream_id, .run_id = stream.run_id},
		json_pack("{s:o}", "tables", list));
}

static Frame *
lines(void *context, const char *run_id, uint64_t *number, int64_t now_ms)
{
	Live *live = context;
	json_t *list = log_lines_read(
		live->lines, &(LogAsk){.run_id = run_id, .after = *number, .limit = LINES_AT_ONCE}, number,
		NULL);

	if (json_array_size(list) == 0)
	{
		json_decref(list);
		return NULL;
	}
	return frame_make(&(FrameHead){.type = "log", .time_ms = now_ms, .run_id = run_id},
					  json_pack("{s:o}", "lines", list));
}

/* ---- snapshots, owners ---- */

static Frame *
make_snapshot(const Wish *wish)
{
	Gathering gathering = {
		.live = wish->live, .topics = wish->topics, .now_ms = wish->now_ms, .list = json_array()};

	directory_each(wish->live->directory, wish->tenant, gather, &gathering);
	return frame_make(
		&(FrameHead){.type = "snapshot", .sequence = wish->sequence, .time_ms = wish->now_ms},
		json_pack("{s:b, s:o}", "missed", wish->missed ? 1 : 0, "streams", gathering.list));
}

/* Many who come again at once ask for all streams: they share one. */
static Frame *
snapshot(void *context, const char *tenant, const TopicSet *topics, uint64_t sequence, bool missed,
		 int64_t now_ms)
{
	Wish wish = {.live = context,
				 .tenant = tenant,
				 .sequence = sequence,
				 .missed = missed,
				 .topics = topics,
				 .now_ms = now_ms};
	char key[CACHE_KEY];
	Frame *frame;

	if (!is_asked(topics, ""))
		return make_snapshot(&wish);
	wish.topics = NULL;
	(void) snprintf(key, sizeof(key), "snapshot%d.%" PRIu64 ".%s", missed, sequence, tenant);
	cached_frame(key, &wish, make_snapshot, &frame);
	return frame;
}

static bool
owned(void *context, const char *tenant, const Topic *topic)
{
	Live *live = context;
	bool is_run = topic->kind == TOPIC_LOG;
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;

	if (!store_get(live->control->store, is_run ? STORE_STATE : STORE_CONFIG,
				   is_run ? run_key(key, tenant, topic->id) : stream_key(key, tenant, topic->id),
				   &entry, NULL))
		return false;
	store_entry_free(&entry);
	return true;
}

void
live_make_sources(Live *live)
{
	live->sources = (FeedSources){
		.context = live,
		.events = live->events,
		.metrics = metrics,
		.tables = tables,
		.lines = lines,
		.snapshot = snapshot,
		.owned = owned,
	};
}
