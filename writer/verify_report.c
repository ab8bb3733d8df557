/*
 * verify_report.c - telling what was found (verify_report.h).
 */
#include "verify_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "verify_scan.h"

#define SHOWN_KEYS 5

static const char *const fault_names[ROW_FAULTS] = {
	[ROW_MISSING] = "missing",
	[ROW_EXTRA] = "extra",
	[ROW_DIFFERENT] = "different",
};

static const char *const verdict_names[] = {
	[VERIFY_EQUAL] = "equal",
	[VERIFY_DIFFERS] = "differs",
	[VERIFY_CHANGED] = "changed",
	[VERIFY_BROKEN] = "broken",
};

bool
verify_report_equal(const VerifyTables *tables)
{
	bool equal = true;

	for (size_t i = 0; i < tables->count; i++)
		equal &= tables->items[i].verdict == VERIFY_EQUAL;
	return equal;
}

static char *
key_of(const VerifyReport *report, const RowDifferences *list, size_t item)
{
	return verify_key_text(report->connection, list->keys.data + list->items[item].key_at,
						   list->items[item].key_length, true);
}

/* ---- lines ---- */

static void
print_differences(const VerifyReport *report, const VerifyTable *table, FILE *out)
{
	const RowDifferences *list = &table->differences;
	const char *separator = "; ";

	(void) fprintf(out, ": differs, %" PRIu64 " rows at the source, %" PRIu64 " at the target",
				   table->source.rows, table->target.rows);
	if (table->key_count == 0)
	{
		(void) fputs("; it has no key to tell its rows apart by: copy it anew", out);
		return;
	}
	for (int i = 0; i < ROW_FAULTS; i++)
	{
		(void) fprintf(out, "%s%" PRIu64 " %s", separator, list->counts[i], fault_names[i]);
		separator = ", ";
	}
	separator = ": ";
	for (size_t i = 0; i < list->count && i < SHOWN_KEYS; i++)
	{
		char *key = key_of(report, list, i);

		(void) fprintf(out, "%s%s %s", separator, fault_names[list->items[i].fault],
					   key != NULL ? key : "?");
		free(key);
		separator = ", ";
	}
	if (row_differences_total(list) > SHOWN_KEYS)
		(void) fputs(", ...", out);
}

static void
print_table(const VerifyReport *report, const VerifyTable *table, FILE *out)
{
	(void) fputs(table->name, out);
	switch (table->verdict)
	{
		case VERIFY_EQUAL:
			(void) fprintf(out, ": equal, %" PRIu64 " rows, checksum %016" PRIx64,
						   table->source.rows, table->source.sum);
			break;
		case VERIFY_DIFFERS: print_differences(report, table, out); break;
		case VERIFY_CHANGED:
			(void) fputs(": was truncated or rewritten while it was compared: run verify again",
						 out);
			break;
		case VERIFY_BROKEN: (void) fprintf(out, ": cannot be compared: %s", table->trouble); break;
	}
	if (table->repaired > 0)
		(void) fprintf(out, "; %" PRIu64 " rows repaired", table->repaired);
	if (table->verdict != VERIFY_BROKEN && table->trouble != NULL)
		(void) fprintf(out, "; cannot be repaired: %s", table->trouble);
	(void) fputc('\n', out);
}

static bool
flush(FILE *out, SluiceError *err)
{
	return (fflush(out) == 0 && ferror(out) == 0) ||
		   sluice_fail(err, SLUICE_ERROR_IO, "cannot write the result: %m");
}

bool
verify_report_text(const VerifyReport *report, FILE *out, SluiceError *err)
{
	size_t equal = 0;

	for (size_t i = 0; i < report->tables->count; i++)
	{
		print_table(report, &report->tables->items[i], out);
		equal += report->tables->items[i].verdict == VERIFY_EQUAL;
	}
	(void) fprintf(
		out, "%zu of %zu tables equal, stream %s, consumer %s, position %" PRIX32 "/%" PRIX32 "\n",
		equal, report->tables->count, report->stream, report->consumer,
		(uint32_t) (report->position >> 32), (uint32_t) report->position);
	return flush(out, err);
}

/* ---- JSON ---- */

static json_t *
keys_json(const VerifyReport *report, const RowDifferences *list)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < list->count && i < SHOWN_KEYS; i++)
	{
		char *key = key_of(report, list, i);

		(void) json_array_append_new(
			keys, json_pack("{s:s, s:s?}", "fault", fault_names[list->items[i].fault], "key", key));
		free(key);
	}
	return keys;
}

static json_t *
table_json(const VerifyReport *report, const VerifyTable *table)
{
	const RowDifferences *list = &table->differences;
	char source[17], target[17];

	(void) snprintf(source, sizeof(source), "%016" PRIx64, table->source.sum);
	(void) snprintf(target, sizeof(target), "%016" PRIx64, table->target.sum);
	return json_pack(
		"{s:s, s:s, s:{s:I, s:s}, s:{s:I, s:s}, s:I, s:b, s:I, s:I, s:I, s:o, s:I, s:s?}", "table",
		table->name, "result", verdict_names[table->verdict], "source", "rows",
		(json_int_t) table->source.rows, "checksum", source, "target", "rows",
		(json_int_t) table->target.rows, "checksum", target, "ranges", (json_int_t) table->ranges,
		"keyed", table->key_count > 0, "missing", (json_int_t) list->counts[ROW_MISSING], "extra",
		(json_int_t) list->counts[ROW_EXTRA], "different", (json_int_t) list->counts[ROW_DIFFERENT],
		"first", keys_json(report, list), "repaired", (json_int_t) table->repaired, "error",
		table->trouble);
}

bool
verify_report_json(const VerifyReport *report, FILE *out, SluiceError *err)
{
	char position[32];
	json_t *tables = json_array(), *all;
	bool good = tables != NULL;

	(void) snprintf(position, sizeof(position), "%" PRIX32 "/%" PRIX32,
					(uint32_t) (report->position >> 32), (uint32_t) report->position);
	for (size_t i = 0; good && i < report->tables->count; i++)
		good = json_array_append_new(tables, table_json(report, &report->tables->items[i])) == 0;
	all = json_pack("{s:s, s:s, s:s, s:b, s:o}", "stream", report->stream, "consumer",
					report->consumer, "position", position, "equal",
					verify_report_equal(report->tables), "tables", tables);
	good = good && all != NULL && json_dumpf(all, out, JSON_COMPACT) == 0;
	json_decref(all);
	(void) fputc('\n', out);
	return good ? flush(out, err)
				: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the result");
}
