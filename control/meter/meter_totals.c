/*
 * meter_totals.c - totals of targets' books, as writers tell them: by figures that every server hears, and in the bucket for
 * those who were away (meter.h).
 */
#include <stdlib.h>
#include <string.h>

#include "common/nats/jetstream.h"
#include "common/nats/kv.h"
#include "control/live/live.h"
#include "control/resource/answer.h"
#include "control/store/store.h"
#include "meter_internal.h"

#define KEPT_MS 60000 /* between readings of totals that are kept */

/* ---- one total ---- */

/* What a writer told. */
typedef struct Told
{
	char stream[SUBJECT_TEXT];
	UsageBook book;
} Told;

/* The search for a book among the meters of a tenant. */
typedef struct BookSearch
{
	const char *not_in; /* key of the stream that asks */
	uint64_t book;
	UsageBook found;
} BookSearch;

static void
search_meter(BookSearch *search, const UsageMeter *meter)
{
	const UsageBook *book = usage_book(meter, search->book);

	if (book == NULL)
		return;
	search->found.rows = book->rows > search->found.rows ? book->rows : search->found.rows;
	search->found.bytes = book->bytes > search->found.bytes ? book->bytes : search->found.bytes;
}

static bool
search_entry(void *context, const StoreEntry *entry)
{
	BookSearch *search = context;
	UsageMeter meter;

	if (strcmp(entry->key, search->not_in) != 0 && usage_meter_read(&meter, entry->value, NULL))
		search_meter(search, &meter);
	return true;
}

/* How far other streams of the tenant counted the book: one that was removed, and made anew by the same name. */
static bool
find_base(Meter *meter, const Counted *counted, uint64_t book, UsageBook *base, SluiceError *err)
{
	BookSearch search = {.not_in = counted->key, .book = book};
	char prefix[LAYOUT_KEY_MAXIMUM];

	for (size_t i = 0; i < meter->counted.count; i++)
	{
		const Counted *other = meter->counted.items[i];

		if (other != counted && strcmp(other->tenant, counted->tenant) == 0)
			search_meter(&search, &other->meter);
	}
	if (!store_each(meter->control->store, STORE_STATE,
					key_prefix(prefix, "meter", counted->tenant, NULL), NULL, search_entry, &search,
					err))
		return false;
	*base = search.found;
	return true;
}

static bool
take_one(Meter *meter, const Told *told, int64_t now_ms, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	UsageBook base = {0};
	Counted *counted = NULL;
	StoreEntry name;
	const char *tenant, *stream_id;

	if (!store_get(meter->control->store, STORE_CONFIG, name_key(key, told->stream), &name, err))
		return err->code == SLUICE_ERROR_NOT_FOUND; /* none of ours */
	tenant = text_of(name.value, "tenant");
	stream_id = text_of(name.value, "stream_id");
	if (tenant != NULL && stream_id != NULL)
		counted = meter_counted(meter, tenant, stream_id, now_ms, err);
	store_entry_free(&name);
	if (counted == NULL)
		return false;
	if (counted->broken)
		return true;
	if (usage_book(&counted->meter, told->book.book) == NULL &&
		!find_base(meter, counted, told->book.book, &base, err))
		return false;
	counted->changed |= usage_take(&counted->meter, &told->book, &base);
	return true;
}

/* ---- those that are heard ---- */

typedef struct ToldList
{
	Told *items;
	size_t count, size;
} ToldList;

static void
note_told(void *context, const LiveApplied *applied)
{
	ToldList *list = context;
	UsageBook book;

	if (!usage_book_parse(&book, applied->total, applied->received_ms))
		return;
	if (list->count == list->size)
	{
		size_t size = list->size > 0 ? 2 * list->size : 64;
		Told *items = realloc(list->items, size * sizeof(*items));

		if (items == NULL)
			return; /* told again in a second */
		list->items = items;
		list->size = size;
	}
	list->items[list->count] = (Told){.book = book};
	(void) snprintf(list->items[list->count].stream, sizeof(list->items->stream), "%s",
					applied->stream);
	list->count++;
}

static bool
take_told_totals(Meter *meter, int64_t now_ms, SluiceError *err)
{
	ToldList list = {0};
	bool good = true;

	live_each_applied(meter->control->live, NULL, note_told, &list);
	for (size_t i = 0; good && i < list.count; i++)
		good = take_one(meter, &list.items[i], now_ms, err);
	free(list.items);
	return good;
}

/* ---- those that are kept ---- */

/*
 * Totals that writers left in the bucket: of those that told their last while no server was there to hear
 * it.
 */
typedef struct KeptTotals
{
	Meter *meter;
	NatsSession *session;
	int64_t now_ms;
} KeptTotals;

/* "applied.<stream>.<consumer>"; what is none there is passed over. */
static bool
take_kept(void *context, const char *key, SluiceError *err)
{
	const KeptTotals *kept = context;
	Told told = {0};
	const char *stream = strchr(key, '.');
	json_t *total;
	KvEntry entry;
	bool good;

	if (!kv_get(kept->session, key, &entry, err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	total = json_loads(entry.value, 0, NULL);
	good = stream != NULL && usage_book_parse(&told.book, total, kept->now_ms);
	json_decref(total);
	if (!good)
		return true;
	(void) snprintf(told.stream, sizeof(told.stream), "%.*s", (int) strcspn(stream + 1, "."),
					stream + 1);
	return take_one(kept->meter, &told, kept->now_ms, err);
}

static bool
take_kept_totals(Meter *meter, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	KeptTotals kept = {meter, session, now_ms};

	if (meter->kept_ms != 0 && now_ms - meter->kept_ms < KEPT_MS)
		return true;
	if (!kv_each(session, "applied", take_kept, &kept, err))
		return false;
	meter->kept_ms = now_ms;
	return true;
}

bool
meter_take_totals(Meter *meter, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	return take_told_totals(meter, now_ms, err) && take_kept_totals(meter, session, now_ms, err);
}
