/*
 * connection_name.c - see connection_name.h.
 */
#include "connection_name.h"

#include <sodium.h>
#include <string.h>

#include "common/daemon/log.h"
#include "name_claim.h"

static NameClaim
make_claim(const char *tenant, const char *name, const char *connection)
{
	NameClaim claim = {.tenant = tenant,
					   .name = name,
					   .id = connection,
					   .member = "connection_id",
					   .owner_key = connection_key};
	unsigned char bytes[crypto_hash_sha256_BYTES];
	char hash[2 * sizeof(bytes) + 1];

	(void) crypto_hash_sha256(bytes, (const unsigned char *) name, strlen(name));
	(void) sodium_bin2hex(hash, sizeof(hash), bytes, sizeof(bytes));
	(void) connection_name_key(claim.key, tenant, hash);
	return claim;
}

bool
connection_name_claim(Control *control, const char *tenant, const char *name,
					  const char *connection, SluiceError *err)
{
	const NameClaim claim = make_claim(tenant, name, connection);

	return name_claim(control, &claim, err);
}

void
connection_name_release(Control *control, const char *tenant, const char *name,
						const char *connection)
{
	const NameClaim claim = make_claim(tenant, name, connection);
	SluiceError err;

	if (!name_release(control, &claim, &err))
		log_failure(control->log, LOG_WARNING, "name could not be released", &err,
					(LogField[]){LOG_TEXT("name", name), LOG_END});
}
