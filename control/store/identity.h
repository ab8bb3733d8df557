/*
 * identity.h - who a request comes from.
 *
 * An interface: identity_keys.h has the one implementation of now.  Safe in any thread.
 */
#ifndef SLUICE_CONTROL_IDENTITY_H
#define SLUICE_CONTROL_IDENTITY_H

#include "common/core/error.h"
#include "control/http/request.h"

typedef struct Identity Identity;

typedef struct IdentityOps
{
	bool (*check)(Identity *identity, const char *credential, Caller *caller, SluiceError *err);
	void (*stop)(Identity *identity);
} IdentityOps;

struct Identity
{
	const IdentityOps *ops;
};

/*
 * Who holds a credential (what stands behind "Bearer "): fills tenant, key_id and scopes, and leaves address alone.
 * DENIED, always in the same words, when it is none that counts; IO when nobody can tell yet.
 */
extern bool identity_check(Identity *identity, const char *credential, Caller *caller,
						   SluiceError *err) SLUICE_MUST_CHECK;

extern void identity_stop(Identity *identity);

#endif
