/*
 * change_name.c - naming a change in messages (change_name.h).
 */
#include "change_name.h"

#include <inttypes.h>
#include <stdio.h>

#include "plan.h"

#define KEY_TEXT 120

/* A value as people know it, where that is easy; otherwise its bytes. */
static void
put_value(FILE *out, const BundleColumn *column, const RowField *field)
{
	if (field->length < 0)
		(void) fputs("NULL", out);
	else if (column->canon == CANON_INT16 && field->length == 2)
		(void) fprintf(out, "%" PRId16, (int16_t) load_u16(field->data));
	else if (column->canon == CANON_INT32 && field->length == 4)
		(void) fprintf(out, "%" PRId32, (int32_t) load_u32(field->data));
	else if (column->canon == CANON_INT64 && field->length == 8)
		(void) fprintf(out, "%" PRId64, (int64_t) load_u64(field->data));
	else if (column->canon == CANON_UINT64 && field->length == 8)
		(void) fprintf(out, "%" PRIu64, load_u64(field->data));
	else if (column->canon == CANON_TEXT || column->canon == CANON_ENUM ||
			 column->canon == CANON_OTHER)
		(void) fprintf(out, "%.*s", field->length, (const char *) field->data);
	else
	{
		(void) fputs("\\x", out);
		for (int32_t i = 0; i < field->length && i < 32; i++)
			(void) fprintf(out, "%02x", field->data[i]);
	}
}

/* "(id, part)=(5, x)"; "" for a table without a key. */
static void
key_text(const Table *table, const BundleRow *row, char text[KEY_TEXT])
{
	FILE *out = fmemopen(text, KEY_TEXT, "w");

	text[0] = '\0';
	if (out == NULL)
		return;
	for (uint16_t i = 0; i < table->key_count; i++)
		(void) fprintf(out, "%s%s", i == 0 ? " (" : ", ",
					   table->relation->columns[table->key[i]].name);
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		RowField field = key_field(table, row, i);

		(void) fputs(i == 0 ? ")=(" : ", ", out);
		put_value(out, &table->relation->columns[table->key[i]], &field);
	}
	(void) fputs(table->key_count > 0 ? ")" : "", out);
	(void) fclose(out);
	text[KEY_TEXT - 1] = '\0';
}

const BundleRow *
change_row(const Change *change)
{
	return change->old_row.fields > 0 ? &change->old_row : &change->new_row;
}

bool
change_name(const Change *change, SluiceError *err)
{
	static const char *const actions[] = {
		[CHANGE_INSERT] = "insert into",
		[CHANGE_UPDATE] = "update of",
		[CHANGE_DELETE] = "delete from",
	};
	char key[KEY_TEXT];

	key_text(change->table, change_row(change), key);
	return sluice_prefix(err, "%s %s%s", actions[change->action], change->table->name, key);
}

bool
change_conflict(const char *what, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_DATA, "%s", what);
	return sluice_hint(err, "mend the row at the target, or set --on-conflict");
}

bool
change_fail_conflict(const Change *change, const char *what, SluiceError *err)
{
	(void) change_conflict(what, err);
	return change_name(change, err);
}
