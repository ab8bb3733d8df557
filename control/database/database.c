/*
 * database.c - opening, asking and closing, whatever the kind (database.h).
 */
#include "database_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/control/seal.h"
#include "common/daemon/utf8.h"

void
database_settings_free(DatabaseSettings *settings)
{
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
		secret_free(settings->secrets[i]);
	json_decref(settings->document);
	*settings = (DatabaseSettings){.engine = NULL};
}

double
database_clock(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1000 + (double) now.tv_nsec / 1000000;
}

/* ---- steps ---- */

void
dial_done(Database *database, DialStep step, const char *format, ...)
{
	DialReport *report = database->report;
	double now = database_clock();
	va_list arguments;

	if (report->at > step)
		return;
	report->ms[step] = now - database->step_began;
	database->step_began = now;
	report->at = (DialStep) (step + 1);
	va_start(arguments, format);
	(void) vsnprintf(report->detail[step], sizeof(report->detail[step]), format, arguments);
	va_end(arguments);
}

void
error_hint(const ErrorHint *hints, SluiceError *err)
{
	if (err == NULL)
		return;
	while (hints->part != NULL && strstr(err->message, hints->part) == NULL)
		hints++;
	err->code = hints->code;
	err->hint[0] = '\0';
	if (hints->hint != NULL)
		sluice_error_hint(err, "%s", hints->hint);
}

/* ---- connecting ---- */

/* One address after the other, as long as it is the address that nobody answers at. */
static bool
dial_each(Database *database, const AddressList *list, SluiceError *err)
{
	const Engine *engine = database->settings->engine;

	for (size_t i = 0; i < list->count; i++)
	{
		database->endpoint.address = list->items[i].text;
		if (engine->dial(database, err))
		{
			memcpy(database->address, list->items[i].text, ADDRESS_TEXT);
			database->endpoint.address = database->address;
			return true;
		}
		if (database->report->at > DIAL_TCP)
			return false;
		engine->hang_up(database);
	}
	return false;
}

static void
tell_addresses(Database *database, const AddressList *list)
{
	char text[200] = "";
	size_t length = 0;

	for (size_t i = 0; i < list->count && length < sizeof(text); i++)
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? ", " : "",
									list->items[i].text);
	dial_done(database, DIAL_DNS, "%s", text);
}

/* A connection may say that it is to be shorter. */
static int
connect_ms(const Endpoint *endpoint)
{
	int said = endpoint->connect_timeout * 1000;

	return said > 0 && said < CONNECT_MS ? said : CONNECT_MS;
}

static bool
open_database(Databases *databases, Database *database, SluiceError *err)
{
	const DatabaseSettings *settings = database->settings;
	AddressList list;

	if (!tls_material_open(&database->material, (const char *const *) settings->secrets, err) ||
		!databases_resolve(databases, settings->endpoint.host, (unsigned) settings->endpoint.port,
						   &list, err))
		return false;
	tell_addresses(database, &list);
	database->deadline = database_clock() + connect_ms(&settings->endpoint);
	return dial_each(database, &list, err);
}

Database *
database_open(Databases *databases, const DatabaseSettings *settings, DialReport *report,
			  SluiceError *err)
{
	Database *database = calloc(1, sizeof(Database));
	DialReport nobody = {.at = DIAL_DNS};

	if (database == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a database");
		return NULL;
	}
	database->settings = settings;
	database->endpoint = settings->endpoint;
	database->report = report != NULL ? report : &nobody;
	*database->report = (DialReport){.at = DIAL_DNS};
	database->step_began = database_clock();
	if (!open_database(databases, database, err))
	{
		database->report->ms[database->report->at] = database_clock() - database->step_began;
		database_close(database);
		return NULL;
	}
	database->report = NULL;
	return database;
}

void
database_close(Database *database)
{
	if (database == NULL)
		return;
	database->settings->engine->hang_up(database);
	tls_material_close(&database->material);
	free(database);
}

const Engine *
database_engine(const Database *database)
{
	return database->settings->engine;
}

unsigned
database_version(const Database *database)
{
	return database->version;
}

const char *
database_version_text(const Database *database)
{
	return database->version_text;
}

bool
database_encrypted(const Database *database)
{
	return database->cipher[0] != '\0';
}

/* ---- asking ---- */

bool
rows_init(Rows *rows, void *result, size_t count, size_t columns, SluiceError *err)
{
	rows->result = result;
	rows->rows = count;
	rows->columns = columns;
	rows->cells = calloc(count * columns + 1, sizeof(*rows->cells));
	return rows->cells != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for rows");
}

bool
database_ask(Database *database, Rows *rows, int timeout_ms, const char *const *parameters,
			 size_t count, const char *sql, SluiceError *err)
{
	const Engine *engine = database->settings->engine;

	*rows = (Rows){.engine = engine};
	/* The server is told to give up; this is for one that does not say so. */
	database->deadline = database_clock() + timeout_ms + 2000;
	if (engine->ask(database, rows, timeout_ms, parameters, count, sql, err))
		return true;
	rows_free(rows);
	return false;
}

const char *
rows_text(const Rows *rows, size_t row, size_t column)
{
	return rows->cells[row * rows->columns + column];
}

void
rows_free(Rows *rows)
{
	free(rows->cells);
	if (rows->result != NULL)
		rows->engine->free_rows(rows->result);
	*rows = (Rows){.result = NULL};
}

bool
database_ask_text(Database *database, char *text, size_t size, const char *sql, SluiceError *err)
{
	const char *found;
	Rows rows;

	if (!database_ask(database, &rows, QUERY_MS, NULL, 0, sql, err))
		return false;
	found = rows.rows > 0 && rows.columns > 0 ? rows_text(&rows, 0, 0) : NULL;
	(void) snprintf(text, size, "%s", found != NULL ? found : "");
	rows_free(&rows);
	return true;
}

bool
database_run(Database *database, const char *sql, SluiceError *err)
{
	Rows rows;
	bool good = database_ask(database, &rows, QUERY_MS, NULL, 0, sql, err);

	if (good)
		rows_free(&rows);
	return good;
}

char *
database_quote(const Database *database, const char *name)
{
	return database->settings->engine->quote(database, name);
}

/* ---- texts ---- */

/* With U+FFFD for each byte that is no UTF-8: names in databases without an encoding. */
static char *
mend_text(const char *text)
{
	size_t left = strlen(text), length = 0;
	char *mended = malloc(left * (sizeof(UTF8_REPLACEMENT) - 1) + 1);

	while (mended != NULL && left > 0)
	{
		size_t good = utf8_sequence(text, left), step = good > 0 ? good : 1;
		const char *from = good > 0 ? text : UTF8_REPLACEMENT;
		size_t bytes = good > 0 ? good : sizeof(UTF8_REPLACEMENT) - 1;

		memcpy(mended + length, from, bytes);
		length += bytes;
		text += step;
		left -= step;
	}
	if (mended != NULL)
		mended[length] = '\0';
	return mended;
}

json_t *
database_text(const char *text)
{
	json_t *json;
	char *mended;

	if (text == NULL)
		return json_null();
	json = json_string(text);
	if (json != NULL)
		return json;
	mended = mend_text(text);
	json = mended != NULL ? json_string(mended) : NULL;
	free(mended);
	return json;
}
