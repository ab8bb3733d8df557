/*
 * stream_name.c - see stream_name.h.
 */
#include "stream_name.h"

#include "common/nats/jetstream.h"
#include "name_claim.h"

static bool
make_claim(NameClaim *claim, const char *tenant, const char *name, const char *stream_id,
		   SluiceError *err)
{
	char in_nats[SUBJECT_TEXT];

	*claim = (NameClaim){.tenant = tenant,
						 .name = name,
						 .id = stream_id,
						 .member = "stream_id",
						 .owner_key = stream_key};
	if (!stream_name_in_nats(in_nats, tenant, name, err))
		return false;
	(void) name_key(claim->key, in_nats);
	return true;
}

bool
stream_name_claim(Control *control, const char *tenant, const char *name, const char *stream_id,
				  SluiceError *err)
{
	NameClaim claim;

	return make_claim(&claim, tenant, name, stream_id, err) && name_claim(control, &claim, err);
}

bool
stream_name_release(Control *control, const char *tenant, const char *name, const char *stream_id,
					SluiceError *err)
{
	NameClaim claim;

	return make_claim(&claim, tenant, name, stream_id, err) && name_release(control, &claim, err);
}
