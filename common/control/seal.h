/*
 * seal.h - sealing small secrets under a master key: XChaCha20-Poly1305 by libsodium.
 *
 * Each secret has a data key of its own, sealed under the master key beside it, so that a change of master key seals
 * the data keys anew and nothing else.  Both are bound to the place the secret belongs to (associated data), so a sealed
 * text counts in its own place only.
 *
 *     "1.<version of the master key>.<data key sealed>.<secret sealed>"        base64url without padding
 */
#ifndef SLUICE_CONTROL_SEAL_H
#define SLUICE_CONTROL_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/core/error.h"

#define MASTER_KEY_BYTES   32
#define MASTER_KEY_VERSION 17			/* text with the NUL: tells one master key from another */
#define SEAL_MAXIMUM	   (512 * 1024) /* bytes; sealed it fits into a message of 1 MB */

/* Locked in memory, wiped when it is freed. */
typedef struct MasterKey MasterKey;

/* libsodium must be ready before anything else here or of secret_request.h; may be called by many. */
extern bool seal_begin(SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Reads a master key: a file of 32 bytes that nobody but its owner may read or write (DENIED else).  With `make`,
 * one that is not there is made (mode 0400); *made may be NULL.  NULL on error.
 */
extern MasterKey *master_key_open(const char *path, bool make, bool *made, SluiceError *err);
extern void master_key_free(MasterKey *key);
extern const char *master_key_version(const MasterKey *key);

/* Where a secret belongs: texts that are all part of the associated data. */
typedef struct SealPlace
{
	const char *tenant, *owner, *field;
} SealPlace;

/* A text to be freed with free(), NULL on error. */
extern char *seal(const MasterKey *key, const SealPlace *place, const void *secret, size_t length,
				  SluiceError *err);

/* The secret, NUL-terminated, to be freed with secret_free(); NULL on error: CORRUPT when it was sealed for another
 * place or is damaged, VERSION when under another master key. */
extern char *unseal(const MasterKey *key, const SealPlace *place, const char *sealed,
					size_t *length, SluiceError *err);

/* The same secret with its data key sealed under another master key; free().  What is under the new one already
 * comes back as it is. */
extern char *reseal(const MasterKey *from, const MasterKey *to, const SealPlace *place,
					const char *sealed, SluiceError *err);

/* The version of the master key a sealed text names; CORRUPT. */
extern bool seal_version(const char *sealed, char version[MASTER_KEY_VERSION],
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Wipes a text and frees it; NULL is fine. */
extern void secret_free(char *text);

#endif
