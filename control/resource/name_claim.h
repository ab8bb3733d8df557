/*
 * name_claim.h - names that are each of one: a key of the store, made before what has the name and removed after it.
 *
 * A server that dies between leaves at most a name that nothing has: such is taken over when it is older than a minute,
 * which no request lasts.
 */
#ifndef SLUICE_CONTROL_NAME_CLAIM_H
#define SLUICE_CONTROL_NAME_CLAIM_H

#include "common/control/layout.h"
#include "control/control.h"

#define NAME_ORPHAN_MS 60000

typedef struct NameClaim
{
	char key[LAYOUT_KEY_MAXIMUM];
	const char *tenant, *name, *id; /* of what has it or is to have it */
	const char *member;				/* of the claim's document that has the id */
	/* The key of the document of that id, whose member `name` tells what it is called. */
	const char *(*owner_key)(char *key, const char *tenant, const char *id);
} NameClaim;

/* CONFLICT when it is claimed already. */
extern bool name_claim(Control *control, const NameClaim *claim,
					   SluiceError *err) SLUICE_MUST_CHECK;

/* Only where it is of this id; nothing is no error. */
extern bool name_release(Control *control, const NameClaim *claim,
						 SluiceError *err) SLUICE_MUST_CHECK;

#endif
