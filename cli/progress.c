/*
 * progress.c - the arithmetic of progress (progress.h).
 */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- counters ---- */

void
meter_take(Meter *meter, double value, int64_t now_ms)
{
	size_t last = (meter->next + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;

	if (value < meter->value)
		*meter = (Meter){0};
	if (meter->since == 0 && value > 0)
		meter->since = now_ms;
	meter->value = value;
	if (meter->count > 0 && now_ms - meter->times[last] < PROGRESS_STEP_MS)
		return;
	meter->values[meter->next] = value;
	meter->times[meter->next] = now_ms;
	meter->next = (meter->next + 1) % PROGRESS_SAMPLES;
	meter->count += meter->count < PROGRESS_SAMPLES;
}

double
meter_rate(const Meter *meter, int64_t now_ms)
{
	size_t oldest = (meter->next + PROGRESS_SAMPLES - meter->count) % PROGRESS_SAMPLES;
	int64_t passed;

	if (meter->count == 0)
		return 0;
	passed = now_ms - meter->times[oldest];
	return passed > 0 ? (meter->value - meter->values[oldest]) * 1000 / (double) passed : 0;
}

int64_t
meter_seconds_left(const Meter *meter, double expected, int64_t now_ms)
{
	double rate = meter_rate(meter, now_ms), left = expected - meter->value;

	if (left <= 0)
		return 0;
	if (rate <= 0 || meter->since == 0 || now_ms - meter->since < PROGRESS_ENOUGH_MS)
		return -1;
	return left / rate < 1e9 ? (int64_t) (left / rate + 0.5) : -1;
}

/* ---- tables ---- */

static TableProgress *
table_of(Progress *progress, const char *name)
{
	TableProgress *larger;
	size_t size = progress->size > 0 ? 2 * progress->size : 32;

	for (size_t i = 0; i < progress->count; i++)
		if (strcmp(progress->tables[i].name, name) == 0)
			return &progress->tables[i];
	if (progress->count == progress->size)
	{
		larger = reallocarray(progress->tables, size, sizeof(*larger));
		if (larger == NULL)
			return NULL;
		progress->tables = larger;
		progress->size = size;
	}
	progress->tables[progress->count] = (TableProgress){.name = strdup(name)};
	return progress->tables[progress->count].name != NULL ? &progress->tables[progress->count++]
														  : NULL;
}

bool
progress_take(Progress *progress, const TableFigures *figures, int64_t now_ms)
{
	TableProgress *table = table_of(progress, figures->name);
	const char *state = figures->done ? "done" : figures->rows > 0 ? "loading" : "waiting";

	if (table == NULL)
		return false;
	(void) snprintf(table->state, sizeof(table->state), "%s",
					figures->state != NULL ? figures->state : state);
	table->done = figures->done;
	table->bytes = figures->bytes;
	/* An estimate is nothing against what is there; a whole table has what it has. */
	table->expected =
		figures->done || figures->expected < figures->rows ? figures->rows : figures->expected;
	meter_take(&table->rows, figures->rows, now_ms);
	return true;
}

void
progress_add_up(Progress *progress, int64_t now_ms)
{
	double rows = 0, bytes = 0;

	progress->expected = 0;
	progress->done = 0;
	for (size_t i = 0; i < progress->count; i++)
	{
		const TableProgress *table = &progress->tables[i];

		rows += table->rows.value;
		bytes += table->bytes;
		progress->expected += table->expected;
		progress->done += table->done;
	}
	meter_take(&progress->rows, rows, now_ms);
	meter_take(&progress->bytes, bytes, now_ms);
}

void
progress_free(Progress *progress)
{
	for (size_t i = 0; i < progress->count; i++)
		free(progress->tables[i].name);
	free(progress->tables);
	*progress = (Progress){0};
}

double
progress_part(double rows, double expected, bool done)
{
	if (done)
		return 1;
	if (expected <= 0)
		return 0;
	/* What is not done is never shown as if it were. */
	return rows / expected < 0.99 ? rows / expected : 0.99;
}

/* ---- bars ---- */

const char *
progress_bar(char *text, size_t columns, double part, bool utf8)
{
	static const char *const eighths[] = {"",
										  "\xE2\x96\x8F",
										  "\xE2\x96\x8E",
										  "\xE2\x96\x8D",
										  "\xE2\x96\x8C",
										  "\xE2\x96\x8B",
										  "\xE2\x96\x8A",
										  "\xE2\x96\x89"};
	size_t steps = utf8 ? 8 : 1;
	size_t filled = (size_t) (part * (double) (columns * steps));
	size_t whole = filled / steps, rest = filled % steps;
	char *to = text;

	for (size_t i = 0; i < columns; i++)
	{
		if (i < whole)
			to = stpcpy(to, utf8 ? "\xE2\x96\x88" : "#");
		else if (i == whole && rest > 0)
			to = stpcpy(to, eighths[rest]);
		else
			to = stpcpy(to, " ");
	}
	*to = '\0';
	return text;
}
