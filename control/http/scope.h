/*
 * scope.h - what an API key may do: one table of names and bits.
 */
#ifndef SLUICE_CONTROL_SCOPE_H
#define SLUICE_CONTROL_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Scope
{
	SCOPE_NONE, /* any key */
	SCOPE_CONNECTIONS_READ,
	SCOPE_CONNECTIONS_WRITE,
	SCOPE_STREAMS_READ,
	SCOPE_STREAMS_WRITE,
	SCOPE_RUNS_READ,
	SCOPE_RUNS_WRITE,
	SCOPE_WORKERS_READ,
	SCOPE_WORKERS_WRITE,
	SCOPE_USAGE_READ,
	SCOPE_KEYS_ADMIN,
	SCOPE_AUDIT_READ,
	SCOPE_ALERTS_READ,
	SCOPE_ALERTS_WRITE,
	SCOPE_SYSTEM_READ,
	SCOPE_TENANTS_ADMIN, /* keys, quotas and usage of every tenant; workers are all tenants' */
	SCOPE_WORKER,		 /* secrets for jobs: for sluice-worker alone */
	SCOPES
} Scope;

#define SCOPE_BIT(scope) (UINT64_C(1) << (scope))

/* "connections:read", ..., "tenants:admin", "worker". */
extern const char *const scope_names[SCOPES];

/* What of these scopes a key of the tenant can have: tenants:admin is for the tenant "default" alone. */
extern uint64_t scopes_in_tenant(uint64_t scopes, const char *tenant);

/* Of names; "*" is all but worker, "read:*" all that read.  False for a name that is none. */
extern bool scope_parse(const char *name, uint64_t *bits);

#endif
