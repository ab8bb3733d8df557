/*
 * audit.h - who did what: a chain for each tenant, in JetStream stream SLUICE_AUDIT.
 *
 * An entry holds the SHA-256 of the entry before it, and is stored only right behind that (expected last sequence of
 * the subject), so several servers write one chain.  Texts are bounded; secrets never stand in it.
 *
 *     {v: 1, number, at, tenant, key_id, address, request_id, action, object, status, revision|null,
 *      previous, previous_sequence, hash}
 */
#ifndef SLUICE_CONTROL_AUDIT_H
#define SLUICE_CONTROL_AUDIT_H

#include <jansson.h>
#include <stdint.h>

#include "common/core/error.h"
#include "common/nats/connection.h"

typedef struct Audit Audit;

typedef struct AuditRecord
{
	const char *tenant;
	const char *key_id;
	const char *address;
	const char *request_id;
	const char *action;	  /* the operation: "createStream" */
	const char *object;	  /* the request's path */
	const char *revision; /* of the document afterwards; NULL: none */
	int status;			  /* of the answer */
} AuditRecord;

/* Does not wait for NATS.  NULL on error. */
extern Audit *audit_new(const NatsSettings *settings, int replicas,
						SluiceError *err) SLUICE_MUST_CHECK;
extern void audit_free(Audit *audit);

/* Stores one more; returns when it is stored. */
extern bool audit_append(Audit *audit, const AuditRecord *record,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Up to `limit` entries of a tenant, newest first, those before the entry `before` (0: all); *next is what to give as
 * `before` for more, 0 at the end.  *items is a new array. */
extern bool audit_list(Audit *audit, const char *tenant, uint64_t before, size_t limit,
					   json_t **items, uint64_t *next, SluiceError *err) SLUICE_MUST_CHECK;

typedef struct AuditVerdict
{
	bool whole;
	uint64_t entries;
	uint64_t broken_at; /* number of the first entry that does not fit; 0: none */
	char reason[160];
	char last_hash[65]; /* of the last entry: keep it elsewhere to prove that none was cut off */
} AuditVerdict;

/* Reads a tenant's whole chain. */
extern bool audit_verify(Audit *audit, const char *tenant, AuditVerdict *verdict,
						 SluiceError *err) SLUICE_MUST_CHECK;

#endif
