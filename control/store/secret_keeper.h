/*
 * secret_keeper.h - where secrets are kept: a text for each (tenant, owner, field).
 *
 * An interface: secret_keeper_sealed.h has the one implementation of now.  Owners are ids of connections and alerts;
 * fields are the SECRET_ words of layout.h.  Safe in any thread.
 */
#ifndef SLUICE_CONTROL_SECRET_KEEPER_H
#define SLUICE_CONTROL_SECRET_KEEPER_H

#include <stddef.h>
#include <stdint.h>

#include "common/control/layout.h"
#include "common/control/seal.h"
#include "common/core/error.h"

typedef struct SecretKeeper SecretKeeper;

typedef struct SecretKeeperOps
{
	bool (*put)(SecretKeeper *keeper, const SealPlace *place, const char *value, SluiceError *err);
	char *(*get)(SecretKeeper *keeper, const SealPlace *place, SluiceError *err);
	bool (*remove)(SecretKeeper *keeper, const SealPlace *place, SluiceError *err);
	bool (*fields)(SecretKeeper *keeper, const char *tenant, const char *owner,
				   char (*fields)[SECRET_FIELD_MAX + 1], size_t size, size_t *count,
				   SluiceError *err);
	char *(*wrap)(SecretKeeper *keeper, const SealPlace *place, const char *text, SluiceError *err);
	char *(*unwrap)(SecretKeeper *keeper, const SealPlace *place, const char *wrapped,
					SluiceError *err);
	void (*stop)(SecretKeeper *keeper);
} SecretKeeperOps;

struct SecretKeeper
{
	const SecretKeeperOps *ops;
};

/* Puts a secret in place of what was there; LIMIT when it is longer than SECRET_VALUE_MAXIMUM. */
extern bool secret_put(SecretKeeper *keeper, const char *tenant, const char *owner,
					   const char *field, const char *value, SluiceError *err) SLUICE_MUST_CHECK;

/* To be freed with secret_free() of seal.h; NULL on error: NOT_FOUND when there is none. */
extern char *secret_get(SecretKeeper *keeper, const char *tenant, const char *owner,
						const char *field, SluiceError *err);

/* Fine when there is none. */
extern bool secret_delete(SecretKeeper *keeper, const char *tenant, const char *owner,
						  const char *field, SluiceError *err) SLUICE_MUST_CHECK;
extern bool secret_delete_all(SecretKeeper *keeper, const char *tenant, const char *owner,
							  SluiceError *err) SLUICE_MUST_CHECK;

#define SECRET_FIELDS 8 /* an owner has at most so many */

/* Which fields an owner has. */
extern bool secret_fields(SecretKeeper *keeper, const char *tenant, const char *owner,
						  char (*fields)[SECRET_FIELD_MAX + 1], size_t size, size_t *count,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Copies all of an owner's secrets to another owner of the tenant (a clone). */
extern bool secret_copy_all(SecretKeeper *keeper, const char *tenant, const char *from,
							const char *to, SluiceError *err) SLUICE_MUST_CHECK;

/* A text sealed for a place and back, to be kept by the caller; free() and secret_free(); NULL on error. */
extern char *secret_wrap(SecretKeeper *keeper, const char *tenant, const char *owner,
						 const char *field, const char *text, SluiceError *err);
extern char *secret_unwrap(SecretKeeper *keeper, const char *tenant, const char *owner,
						   const char *field, const char *wrapped, SluiceError *err);

extern void secret_keeper_stop(SecretKeeper *keeper);

#endif
