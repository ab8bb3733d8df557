/*
 * my_load_count.c - counting what of a copy is in at a MySQL or MariaDB target (load_target.h).
 */
#include "my_load.h"

#include <stdlib.h>

/* Rows of complete chunks are removed from sluice_load_bundle when there are more. */
#define BUNDLES_KEPT 2000

/* Chunks marked by one statement. */
#define MARK_CHUNKS "200"

typedef void (*TakeCount)(LoadTally *tally, uint32_t generation, uint32_t chunk, uint64_t rows,
						  uint64_t bytes);

/* Both key columns of a joined table are those of the copy. */
#define OF_COPY(table) " " table ".stream = '%s' AND " table ".consumer = '%s'"

static void
take_counts(LoadTally *tally, MYSQL_RES *result, TakeCount take)
{
	MYSQL_ROW row;

	while ((row = mysql_fetch_row(result)) != NULL)
		take(tally, (uint32_t) strtoul(row[0], NULL, 10), (uint32_t) strtoul(row[1], NULL, 10),
			 strtoull(row[2], NULL, 10), strtoull(row[3], NULL, 10));
}

static bool
count_marked(MyTarget *target, LoadTally *tally, SluiceError *err)
{
	MYSQL_RES *result = NULL;

	if (!my_query(
			&target->c, &result, err,
			"SELECT generation, chunk, `rows`, bytes FROM sluice_load_chunk WHERE " MY_LOAD_KEY
			" AND complete",
			MY_LOAD_KEY_VALUES(my_settings(&target->c))))
		return false;
	take_counts(tally, result, load_tally_complete);
	mysql_free_result(result);
	return true;
}

/* Names the chunks of a result, each by its key, so that no other's row is touched; *sum: what is in them. */
static bool
put_chunks(ByteBuf *script, MYSQL_RES *result, Amount *sum, SluiceError *err)
{
	const char *joint = "";
	bool good = true;
	MYSQL_ROW row;

	while (good && (row = mysql_fetch_row(result)) != NULL)
	{
		good = my_put(script, err, "%s(generation = %s AND chunk = %s)", joint, row[0], row[1]);
		joint = " OR ";
		sum->rows += strtoull(row[2], NULL, 10);
		sum->bytes += strtoull(row[3], NULL, 10);
	}
	mysql_data_seek(result, 0);
	return good;
}

/* Marks the chunks that a result names, and takes them into the total; should another have done so, it fails. */
static bool
mark_chunks(MyTarget *target, MYSQL_RES *result, SluiceError *err)
{
	ByteBuf *script = &target->script;
	Amount sum = {0};

	script->length = 0;
	if (!my_put(script, err,
				"START TRANSACTION;UPDATE sluice_load_chunk SET complete = 1 WHERE " MY_LOAD_KEY
				" AND NOT complete AND (",
				MY_LOAD_KEY_VALUES(my_settings(&target->c))) ||
		!put_chunks(script, result, &sum, err) || !my_put(script, err, ");") ||
		!my_put_met(target, mysql_num_rows(result), err) || !my_put_applied(target, sum, err) ||
		!my_put(script, err, "COMMIT"))
		return false;
	if (!my_run(&target->c, (const char *) script->data, script->length, NULL, err))
	{
		if (my_failed_fence(target))
			return my_fail_fenced(target, err);
		my_load_ops.abandon(&target->base);
		return false;
	}
	applied_add(&target->applied, sum);
	my_tell_applied(target);
	return true;
}

/* Those that have become complete, some of them at a time; *more when there may be others. */
static bool
count_whole(MyTarget *target, LoadTally *tally, bool *more, SluiceError *err)
{
	MYSQL_RES *result = NULL;
	uint64_t found;
	bool good = true;

	if (!my_query(
			&target->c, &result, err,
			"SELECT c.generation, c.chunk, c.`rows`, c.bytes FROM sluice_load_chunk c "
			"WHERE" OF_COPY("c") " AND NOT c.complete AND c.bundles = (SELECT count(*) FROM"
								 " sluice_load_bundle b WHERE" OF_COPY(
									 "b") " AND b.generation = c.generation AND b.chunk = c.chunk)"
										  " LIMIT " MARK_CHUNKS,
			MY_LOAD_KEY_VALUES(my_settings(&target->c)),
			MY_LOAD_KEY_VALUES(my_settings(&target->c))))
		return false;
	found = mysql_num_rows(result);
	*more = found == strtoull(MARK_CHUNKS, NULL, 10);
	if (found > 0)
	{
		good = mark_chunks(target, result, err);
		if (good)
			take_counts(tally, result, load_tally_complete);
	}
	mysql_free_result(result);
	return good;
}

bool
my_load_count(Target *base, LoadTally *tally, bool all, SluiceError *err)
{
	MyTarget *target = my_target(base);
	uint32_t before;
	bool more = true;

	if (all && !count_marked(target, tally, err))
		return false;
	before = tally->complete;
	while (more)
	{
		if (!count_whole(target, tally, &more, err))
			return false;
	}
	return tally->complete == before || base->ops->flush(base, true, err);
}

#define COMPLETE_BUNDLES                                                                           \
	" sluice_load_bundle b JOIN sluice_load_chunk c USING (stream, consumer, generation, chunk)"   \
	" WHERE" OF_COPY("b") " AND c.complete"

/* A complete chunk's bundles are known by the chunk alone; nobody may be taking one in meanwhile. */
static bool
remove_spare(MyTarget *target, SluiceError *err)
{
	char sql[512];
	bool spare;

	(void) snprintf(sql, sizeof(sql), "SELECT b.bundle FROM" COMPLETE_BUNDLES " LIMIT 1 OFFSET %d",
					MY_LOAD_KEY_VALUES(my_settings(&target->c)), BUNDLES_KEPT);
	if (!my_load_find(target, &spare, sql, err))
		return false;
	if (!spare)
		return true;
	if (my_load_lock(target, err) && my_exec(&target->c, err, "DELETE b FROM" COMPLETE_BUNDLES,
											 MY_LOAD_KEY_VALUES(my_settings(&target->c))))
		return my_load_ops.commit(&target->base, err);
	my_load_ops.abandon(&target->base);
	return false;
}

bool
my_load_count_more(Target *base, LoadTally *tally, SluiceError *err)
{
	MyTarget *target = my_target(base);
	MYSQL_RES *result = NULL;

	if (!my_query(
			&target->c, &result, err,
			"SELECT b.generation, b.chunk, sum(b.`rows`), sum(b.bytes) FROM"
			" sluice_load_bundle b LEFT JOIN sluice_load_chunk c USING (stream, consumer,"
			" generation, chunk) WHERE" OF_COPY("b") " AND (c.complete IS NULL OR NOT c.complete)"
													 " GROUP BY b.generation, b.chunk",
			MY_LOAD_KEY_VALUES(my_settings(&target->c))))
		return false;
	load_tally_forget_more(tally);
	take_counts(tally, result, load_tally_more);
	mysql_free_result(result);
	return remove_spare(target, err);
}
