/*
 * once.h - what counts once: answers to be repeated (Idempotency-Key) and tickets for one use.
 *
 * Both live a day in STORE_ONCE at most.  Of several who claim or take the same thing at once, one gets it.
 */
#ifndef SLUICE_CONTROL_ONCE_H
#define SLUICE_CONTROL_ONCE_H

#include "secret_keeper.h"
#include "store.h"

#define ONCE_KEY_LENGTH	 255   /* bytes of an Idempotency-Key */
#define ONCE_CLAIM_MS	 60000 /* a claim that was neither completed nor given up counts so long */
#define TICKET_TEXT		 44
#define ONCE_FINGERPRINT 65

typedef enum OnceOutcome
{
	ONCE_FIRST,	   /* do it, then once_complete() or once_abandon() */
	ONCE_REPEATED, /* it was done: *answer is what was answered */
	ONCE_MISMATCH, /* the key was used for another request */
	ONCE_BUSY	   /* the same request is being done at this moment */
} OnceOutcome;

typedef struct OnceClaim
{
	char key[STORE_KEY_MAXIMUM];
	char tenant[TENANT_MAXIMUM + 1];
	char fingerprint[ONCE_FINGERPRINT];
	uint64_t revision;
} OnceClaim;

/* Hexadecimal SHA-256 of a request: method, path, query and body, each with its length. */
extern void once_fingerprint(const char *const *parts, size_t count,
							 char fingerprint[ONCE_FINGERPRINT]);

/* Claims (tenant, caller's API key id, Idempotency-Key).  *answer is a new reference. */
extern bool once_claim(Store *store, SecretKeeper *keeper, const char *tenant, const char *key_id,
					   const char *idempotency_key, const char *fingerprint, OnceClaim *claim,
					   OnceOutcome *outcome, json_t **answer, SluiceError *err) SLUICE_MUST_CHECK;

/* Keeps the answer, any JSON document; sealed, for it may hold a new key. */
extern bool once_complete(Store *store, SecretKeeper *keeper, const OnceClaim *claim,
						  const json_t *answer, SluiceError *err) SLUICE_MUST_CHECK;

/* Nothing was done: the key may be used again. */
extern bool once_abandon(Store *store, const OnceClaim *claim, SluiceError *err) SLUICE_MUST_CHECK;

/* Makes a ticket that can be taken once, within `seconds`; `holder` is any document. */
extern bool ticket_make(Store *store, const json_t *holder, int seconds, char text[TICKET_TEXT],
						SluiceError *err) SLUICE_MUST_CHECK;

/* Takes it; *holder is a new reference.  DENIED when there is none, it is too old, or was taken. */
extern bool ticket_take(Store *store, const char *text, json_t **holder,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
