/*
 * layout.c - making keys, and what may stand in them (layout.h).
 */
#include "layout.h"

#include <stdio.h>
#include <string.h>

#include "common/nats/jetstream.h"

#define LOWER_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"
#define PARTS		 4

static const char part_characters[] = LOWER_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-";

static bool
part_valid(const char *part)
{
	size_t length = strlen(part);

	return length > 0 && strspn(part, part_characters) == length;
}

/* Parts with dots between, up to the first that is NULL; `tail` behind them. */
static const char *
join(char *key, const char *const parts[PARTS], const char *tail)
{
	size_t used = 0;

	key[0] = '\0';
	for (int i = 0; i < PARTS && parts[i] != NULL; i++)
	{
		size_t more = strlen(parts[i]) + (i > 0);

		if (!part_valid(parts[i]) || used + more + strlen(tail) >= LAYOUT_KEY_MAXIMUM)
		{
			key[0] = '\0';
			return key;
		}
		(void) snprintf(key + used, LAYOUT_KEY_MAXIMUM - used, "%s%s", i > 0 ? "." : "", parts[i]);
		used += more;
	}
	(void) snprintf(key + used, LAYOUT_KEY_MAXIMUM - used, "%s", tail);
	return key;
}

#define KEY(...) join(key, (const char *const[PARTS]){__VA_ARGS__}, "")

const char *
tenant_key(char *key, const char *tenant)
{
	return KEY("tenant", tenant);
}

const char *
connection_key(char *key, const char *tenant, const char *connection)
{
	return KEY("connection", tenant, connection);
}

const char *
stream_key(char *key, const char *tenant, const char *stream)
{
	return KEY("stream", tenant, stream);
}

const char *
name_key(char *key, const char *stream_name)
{
	return KEY("name", stream_name);
}

const char *
connection_name_key(char *key, const char *tenant, const char *name_hash)
{
	return KEY("cname", tenant, name_hash);
}

const char *
api_key_key(char *key, const char *id)
{
	return KEY("key", id);
}

const char *
secret_key(char *key, const char *tenant, const char *owner, const char *field)
{
	return KEY("secret", tenant, owner, field);
}

const char *
alert_key(char *key, const char *tenant, const char *alert)
{
	return KEY("alert", tenant, alert);
}

const char *
run_key(char *key, const char *tenant, const char *run)
{
	return KEY("run", tenant, run);
}

const char *
run_list_key(char *key, const char *tenant, const char *stream)
{
	return KEY("runs", tenant, stream);
}

const char *
job_key(char *key, const char *run, const char *job)
{
	return KEY("job", run, job);
}

const char *
run_tables_key(char *key, const char *run)
{
	return KEY("tables", run);
}

const char *
worker_key(char *key, const char *worker)
{
	return KEY("worker", worker);
}

const char *
drain_key(char *key, const char *worker)
{
	return KEY("drain", worker);
}

const char *
tested_key(char *key, const char *tenant, const char *connection)
{
	return KEY("tested", tenant, connection);
}

const char *
used_key(char *key, const char *api_key_id)
{
	return KEY("used", api_key_id);
}

const char *
usage_key(char *key, const char *tenant, const char *stream, const char *day)
{
	return KEY("usage", tenant, stream, day);
}

const char *
meter_key(char *key, const char *tenant, const char *stream)
{
	return KEY("meter", tenant, stream);
}

const char *
idempotency_key(char *key, const char *tenant, const char *hash)
{
	return KEY("idempotency", tenant, hash);
}

const char *
ticket_key(char *key, const char *hash)
{
	return KEY("ticket", hash);
}

const char *
job_lease_key(char *key, const char *run, const char *job)
{
	return KEY("lease", "job", run, job);
}

const char *
key_prefix(char *key, const char *kind, const char *a, const char *b)
{
	return join(key, (const char *const[PARTS]){kind, a, a != NULL ? b : NULL}, ".");
}

const char *
key_last(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot != NULL ? dot + 1 : key;
}

/* ---- names ---- */

bool
tenant_valid(const char *tenant)
{
	size_t length = strlen(tenant);

	return length > 0 && length <= TENANT_MAXIMUM && strspn(tenant, LOWER_DIGITS) == length;
}

bool
id_valid(const char *id, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(id, prefix, length) == 0 && strlen(id + length) == ID_RANDOM &&
		   strspn(id + length, LOWER_DIGITS) == ID_RANDOM;
}

bool
stream_name_in_nats(char *text, const char *tenant, const char *name, SluiceError *err)
{
	int written;

	if (!tenant_valid(tenant))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.40s\" cannot be a tenant", tenant);
	if (strcmp(tenant, TENANT_DEFAULT) == 0)
		written = snprintf(text, SUBJECT_TEXT, "%s", name);
	else
		written = snprintf(text, SUBJECT_TEXT, "%s_%s", tenant, name);
	if (name[0] != '\0' && written > 0 && written < SUBJECT_TEXT && stream_name_check(text, err))
		return true;
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.60s\" cannot be a stream's name", name) ||
		   sluice_hint(
			   err,
			   "Use a-z, 0-9 and _; with the tenant before it (other than \"%s\") a name has "
			   "at most %d characters",
			   TENANT_DEFAULT, STREAM_NAME_MAXIMUM);
}
