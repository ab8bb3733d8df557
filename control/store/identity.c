/*
 * identity.c - hands calls on to the implementation.
 */
#include "identity.h"

bool
identity_check(Identity *identity, const char *credential, Caller *caller, SluiceError *err)
{
	return identity->ops->check(identity, credential, caller, err);
}

void
identity_stop(Identity *identity)
{
	if (identity != NULL)
		identity->ops->stop(identity);
}
