/*
 * secret_keeper.c - hands calls on to the implementation; what is made of several of them.
 */
#include "secret_keeper.h"

#include <string.h>

#include "common/control/secret_request.h"

bool
secret_put(SecretKeeper *keeper, const char *tenant, const char *owner, const char *field,
		   const char *value, SluiceError *err)
{
	if (strlen(value) > SECRET_VALUE_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "%s has at most %d bytes", field,
						   SECRET_VALUE_MAXIMUM);
	return keeper->ops->put(keeper, &(SealPlace){tenant, owner, field}, value, err);
}

char *
secret_get(SecretKeeper *keeper, const char *tenant, const char *owner, const char *field,
		   SluiceError *err)
{
	return keeper->ops->get(keeper, &(SealPlace){tenant, owner, field}, err);
}

bool
secret_delete(SecretKeeper *keeper, const char *tenant, const char *owner, const char *field,
			  SluiceError *err)
{
	return keeper->ops->remove(keeper, &(SealPlace){tenant, owner, field}, err);
}

bool
secret_fields(SecretKeeper *keeper, const char *tenant, const char *owner,
			  char (*fields)[SECRET_FIELD_MAX + 1], size_t size, size_t *count, SluiceError *err)
{
	return keeper->ops->fields(keeper, tenant, owner, fields, size, count, err);
}

bool
secret_delete_all(SecretKeeper *keeper, const char *tenant, const char *owner, SluiceError *err)
{
	char fields[SECRET_FIELDS][SECRET_FIELD_MAX + 1];
	size_t count;
	bool good = secret_fields(keeper, tenant, owner, fields, SECRET_FIELDS, &count, err);

	for (size_t i = 0; good && i < count; i++)
		good = secret_delete(keeper, tenant, owner, fields[i], err);
	return good;
}

static bool
copy_one(SecretKeeper *keeper, const char *tenant, const char *from, const char *to,
		 const char *field, SluiceError *err)
{
	char *value = secret_get(keeper, tenant, from, field, err);
	bool good = value != NULL && secret_put(keeper, tenant, to, field, value, err);

	secret_free(value);
	return good;
}

bool
secret_copy_all(SecretKeeper *keeper, const char *tenant, const char *from, const char *to,
				SluiceError *err)
{
	char fields[SECRET_FIELDS][SECRET_FIELD_MAX + 1];
	size_t count;
	bool good = secret_fields(keeper, tenant, from, fields, SECRET_FIELDS, &count, err);

	for (size_t i = 0; good && i < count; i++)
		good = copy_one(keeper, tenant, from, to, fields[i], err);
	return good;
}

char *
secret_wrap(SecretKeeper *keeper, const char *tenant, const char *owner, const char *field,
			const char *text, SluiceError *err)
{
	return keeper->ops->wrap(keeper, &(SealPlace){tenant, owner, field}, text, err);
}

char *
secret_unwrap(SecretKeeper *keeper, const char *tenant, const char *owner, const char *field,
			  const char *wrapped, SluiceError *err)
{
	return keeper->ops->unwrap(keeper, &(SealPlace){tenant, owner, field}, wrapped, err);
}

void
secret_keeper_stop(SecretKeeper *keeper)
{
	if (keeper != NULL)
		keeper->ops->stop(keeper);
}
