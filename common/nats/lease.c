/*
 * lease.c - taking, renewing, losing and giving up a lease.
 *
 * Every time is taken before the request it belongs to, so a slow answer never makes a lease last
 * longer for its holder than for those who wait for it.
 */
#include "lease.h"

#include <stdio.h>
#include <string.h>

void
lease_init(Lease *lease, const char *key, const char *owner, int ttl_ms)
{
	memset(lease, 0, sizeof(*lease));
	(void) snprintf(lease->key, sizeof(lease->key), "%s", key);
	(void) snprintf(lease->owner, sizeof(lease->owner), "%s", owner);
	lease->ttl_ms = ttl_ms;
}

static void
see(Lease *lease, uint64_t revision, int64_t now_ms)
{
	lease->revision = revision;
	lease->seen_ms = now_ms;
}

/* Writes our name over `revision`; that somebody else was faster only leaves it not held. */
static bool
claim(Lease *lease, NatsSession *session, uint64_t revision, int64_t now_ms, SluiceError *err)
{
	uint64_t written;

	if (kv_put(session, lease->key, lease->owner, revision, &written, err))
	{
		see(lease, written, now_ms);
		lease->renewed_ms = now_ms;
		lease->held = true;
		return true;
	}
	if (err->code != SLUICE_ERROR_CONFLICT)
		return false;
	lease->held = false;
	return true;
}

/*
 * An entry in our own name is ours although we do not know its revision: its answer was lost.  A
 * revision seen for the first time starts the wait.
 */
static bool
look(Lease *lease, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	KvEntry entry;

	if (!kv_get(session, lease->key, &entry, err))
		return err->code == SLUICE_ERROR_NOT_FOUND && claim(lease, session, 0, now_ms, err);
	if (strcmp(entry.value, lease->owner) == 0)
		return claim(lease, session, entry.revision, now_ms, err);
	if (entry.revision != lease->revision)
	{
		see(lease, entry.revision, now_ms);
		return true;
	}
	return now_ms - lease->seen_ms < lease->ttl_ms ||
		   claim(lease, session, entry.revision, now_ms, err);
}

bool
lease_step(Lease *lease, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	SluiceError own;
	bool good;

	if (err == NULL)
		err = &own;
	if (lease->held && now_ms - lease->renewed_ms >= lease->ttl_ms)
		lease->held = false;
	if (lease->held && now_ms - lease->renewed_ms < lease->ttl_ms / 3)
		return true;
	if (!lease->held)
		return look(lease, session, now_ms, err);
	good = claim(lease, session, lease->revision, now_ms, err);
	return good && (lease->held || look(lease, session, now_ms, err));
}

void
lease_release(Lease *lease, NatsSession *session)
{
	SluiceError ignored;

	if (lease->held)
		(void) !kv_delete_at(session, lease->key, lease->revision, &ignored);
	lease->held = false;
}
