/*
 * databases.c - lists of addresses and places (databases.h).
 */
#include "databases.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/control/layout.h"
#include "control/control.h"
#include "control/settings.h"

struct Databases
{
	AddressRules *rules;
	pthread_mutex_t lock;
	char tenants[DIALS_MAXIMUM][TENANT_MAXIMUM + 1]; /* who has each place; "": free */
};

void
databases_forget_environment(void)
{
	static const char *const prefixes[] = {"PG", "MYSQL", "MARIADB"};
	size_t i = 0;

	while (environ != NULL && environ[i] != NULL)
	{
		char name[64];
		size_t length = strcspn(environ[i], "=");
		bool ours = false;

		for (size_t p = 0; p < sizeof(prefixes) / sizeof(prefixes[0]); p++)
			ours |= strncmp(environ[i], prefixes[p], strlen(prefixes[p])) == 0;
		if (!ours || length >= sizeof(name))
		{
			i++;
			continue;
		}
		memcpy(name, environ[i], length);
		name[length] = '\0';
		(void) unsetenv(name);
	}
}

Databases *
databases_open(Control *control, SluiceError *err)
{
	const ControlSettings *settings = control->settings;
	Databases *databases = calloc(1, sizeof(Databases));

	if (databases == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for databases");
		return NULL;
	}
	(void) pthread_mutex_init(&databases->lock, NULL);
	databases->rules =
		address_rules_new(settings->allow_addresses.items, settings->allow_addresses.count,
						  settings->deny_addresses.items, settings->deny_addresses.count, err);
	if (databases->rules != NULL)
		return databases;
	databases_close(databases);
	return NULL;
}

void
databases_close(Databases *databases)
{
	if (databases == NULL)
		return;
	address_rules_free(databases->rules);
	(void) pthread_mutex_destroy(&databases->lock);
	free(databases);
}

bool
databases_resolve(Databases *databases, const char *host, unsigned port, AddressList *list,
				  SluiceError *err)
{
	return address_resolve(databases->rules, host, port, RESOLVE_MS, list, err);
}

/* ---- places ---- */

bool
databases_enter(Databases *databases, const char *tenant, SluiceError *err)
{
	size_t of_tenant = 0;
	char *place = NULL;
	bool good;

	(void) pthread_mutex_lock(&databases->lock);
	for (size_t i = 0; i < DIALS_MAXIMUM; i++)
	{
		if (databases->tenants[i][0] == '\0')
			place = databases->tenants[i];
		else if (strcmp(databases->tenants[i], tenant) == 0)
			of_tenant++;
	}
	good = place != NULL && of_tenant < DIALS_OF_ONE_MAXIMUM;
	if (good)
		memcpy(place, tenant, strnlen(tenant, TENANT_MAXIMUM) + 1);
	(void) pthread_mutex_unlock(&databases->lock);
	return good || sluice_fail(err, SLUICE_ERROR_LIMIT,
							   "too many connections to databases are being looked at");
}

void
databases_leave(Databases *databases, const char *tenant)
{
	(void) pthread_mutex_lock(&databases->lock);
	for (size_t i = 0; i < DIALS_MAXIMUM; i++)
	{
		if (strcmp(databases->tenants[i], tenant) == 0)
		{
			databases->tenants[i][0] = '\0';
			break;
		}
	}
	(void) pthread_mutex_unlock(&databases->lock);
}
