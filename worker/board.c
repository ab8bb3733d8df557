/*
 * board.c - two sorted arrays (board.h).
 */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_jobs.h"

/* ---- runs ---- */

/* The place of an id among the runs, or where it would be. */
static size_t
run_place(const Board *board, const char *id, bool *there)
{
	size_t low = 0, high = board->run_count;

	*there = false;
	while (low < high && !*there)
	{
		size_t middle = low + (high - low) / 2;
		int order = strcmp(board->runs[middle].id, id);

		*there = order == 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high < low ? low : high;
}

static bool
grow(void **items, size_t size, size_t count, size_t *capacity, SluiceError *err)
{
	size_t more = *capacity > 0 ? *capacity * 2 : 32;
	void *grown;

	if (count < *capacity)
		return true;
	grown = reallocarray(*items, more, size);
	if (grown == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for runs");
	*items = grown;
	*capacity = more;
	return true;
}

static void
remove_at(Board *board, size_t at)
{
	json_decref(board->runs[at].document);
	memmove(&board->runs[at], &board->runs[at + 1],
			(board->run_count - at - 1) * sizeof(*board->runs));
	board->run_count--;
}

bool
board_put_run(Board *board, const char *id, json_t *document, int64_t now_ms, SluiceError *err)
{
	bool there;
	size_t at = run_place(board, id, &there);

	if (run_ended(document) || strlen(id) > ID_MAXIMUM)
	{
		if (there)
			remove_at(board, at);
		json_decref(document);
		return true;
	}
	if (!there)
	{
		if (!grow((void **) &board->runs, sizeof(*board->runs), board->run_count,
				  &board->run_capacity, err))
		{
			json_decref(document);
			return false;
		}
		memmove(&board->runs[at + 1], &board->runs[at],
				(board->run_count - at) * sizeof(*board->runs));
		board->run_count++;
		board->runs[at] = (BoardRun){.seen_ms = now_ms};
		(void) snprintf(board->runs[at].id, sizeof(board->runs[at].id), "%s", id);
	}
	json_decref(board->runs[at].document);
	board->runs[at].document = document;
	board->runs[at].named_again = true;
	return true;
}

void
board_remove_run(Board *board, const char *id)
{
	bool there;
	size_t at = run_place(board, id, &there);

	if (there)
		remove_at(board, at);
}

void
board_begin_runs(Board *board)
{
	for (size_t i = 0; i < board->run_count; i++)
		board->runs[i].named_again = false;
}

void
board_end_runs(Board *board)
{
	for (size_t i = board->run_count; i > 0; i--)
	{
		if (!board->runs[i - 1].named_again)
			remove_at(board, i - 1);
	}
}

const BoardRun *
board_run(const Board *board, const char *id)
{
	bool there;
	size_t at = run_place(board, id, &there);

	return there ? &board->runs[at] : NULL;
}

/* ---- leases ---- */

static size_t
lease_place(const Board *board, const char *key)
{
	size_t low = 0, high = board->lease_count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (strcmp(board->leases[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const BoardLease *
board_lease(const Board *board, const char *key)
{
	size_t at = lease_place(board, key);

	return at < board->lease_count && strcmp(board->leases[at].key, key) == 0 ? &board->leases[at]
																			  : NULL;
}

bool
board_put_lease(Board *board, const char *key, const char *owner, uint64_t revision, int64_t now_ms,
				SluiceError *err)
{
	size_t at = lease_place(board, key);

	if (at == board->lease_count || strcmp(board->leases[at].key, key) != 0)
	{
		if (!grow((void **) &board->leases, sizeof(*board->leases), board->lease_count,
				  &board->lease_capacity, err))
			return false;
		memmove(&board->leases[at + 1], &board->leases[at],
				(board->lease_count - at) * sizeof(*board->leases));
		board->lease_count++;
		board->leases[at] = (BoardLease){.revision = 0};
		(void) snprintf(board->leases[at].key, sizeof(board->leases[at].key), "%s", key);
	}
	if (board->leases[at].revision == revision)
		return true; /* a watch that began anew names it again */
	(void) snprintf(board->leases[at].owner, sizeof(board->leases[at].owner), "%s", owner);
	board->leases[at].revision = revision;
	board->leases[at].seen_ms = now_ms;
	return true;
}

bool
board_others_hold(const Board *board, const char *run, const char *job, int64_t ttl_ms,
				  int64_t now_ms)
{
	char prefix[LAYOUT_KEY_MAXIMUM], own[LAYOUT_KEY_MAXIMUM];

	(void) snprintf(prefix, sizeof(prefix), "lease.job.%s.", run);
	(void) job_lease_key(own, run, job);
	for (size_t i = lease_place(board, prefix); i < board->lease_count; i++)
	{
		const BoardLease *lease = &board->leases[i];

		if (strncmp(lease->key, prefix, strlen(prefix)) != 0)
			break;
		if (strcmp(lease->key, own) != 0 && *lease->owner != '\0' &&
			now_ms - lease->seen_ms < ttl_ms)
			return true;
	}
	return false;
}

void
board_free(Board *board)
{
	for (size_t i = 0; i < board->run_count; i++)
		json_decref(board->runs[i].document);
	free(board->runs);
	free(board->leases);
	*board = (Board){0};
}
