/*
 * secret_desk.c - asking for secrets (secret_desk.h).
 */
#include "secret_desk.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/control/memory_file.h"
#include "common/control/seal.h"
#include "common/control/secret_client.h"
#include "common/nats/session_pool.h"

#define SESSIONS 4 /* jobs that ask at once */

struct SecretDesk
{
	SessionPool *sessions;
	bool has_token;
	WorkerToken token;
};

SecretDesk *
secret_desk_open(const NatsSettings *nats, const char *token, SluiceError *err)
{
	SecretDesk *desk = calloc(1, sizeof(*desk));

	if (desk == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for secrets");
		return NULL;
	}
	desk->has_token = token != NULL;
	if (seal_begin(err) && (token == NULL || worker_token_parse(token, &desk->token, err)))
		desk->sessions = session_pool_new(nats, SESSIONS, err);
	if (desk->sessions != NULL)
		return desk;
	secret_desk_close(desk);
	return NULL;
}

void
secret_desk_close(SecretDesk *desk)
{
	if (desk == NULL)
		return;
	session_pool_free(desk->sessions);
	sodium_memzero(&desk->token, sizeof(desk->token));
	free(desk);
}

/* ---- fetching ---- */

/* Which of the references is which secret. */
typedef struct Places
{
	char **at[SECRET_REFERENCES];
} Places;

static void
add_references(SecretWish *wish, Places *places, const Endpoint *endpoint, Secrets *set)
{
	for (int secret = 0; secret < ENDPOINT_SECRETS; secret++)
	{
		SecretReference *reference = &wish->references[wish->count];

		if (!endpoint->has[secret] || wish->count == SECRET_REFERENCES)
			continue;
		(void) snprintf(reference->owner, sizeof(reference->owner), "%s", endpoint->id);
		(void) snprintf(reference->field, sizeof(reference->field), "%s",
						endpoint_secret_fields[secret]);
		places->at[wish->count++] = &set->values[secret];
	}
}

static bool
ask(SecretDesk *desk, const SecretWish *wish, char **values, SluiceError *err)
{
	NatsSession *session = session_pool_take(desk->sessions, err);
	bool good;

	if (session == NULL)
		return false;
	good = secret_fetch(session, &desk->token, wish, values, err);
	session_pool_give(desk->sessions, session,
					  good || (err->code != SLUICE_ERROR_IO && err->code != SLUICE_ERROR_TIMEOUT));
	return good;
}

bool
secret_desk_fetch(SecretDesk *desk, const JobFacts *job, const Endpoint *const *endpoints,
				  size_t count, Secrets *sets, SluiceError *err)
{
	SecretWish wish = {.count = 0};
	Places places;
	char *values[SECRET_REFERENCES] = {NULL};

	memset(sets, 0, count * sizeof(*sets));
	(void) snprintf(wish.tenant, sizeof(wish.tenant), "%s", job->tenant);
	(void) snprintf(wish.run, sizeof(wish.run), "%s", job->run);
	(void) snprintf(wish.job, sizeof(wish.job), "%s", job->name);
	for (size_t i = 0; i < count; i++)
		add_references(&wish, &places, endpoints[i], &sets[i]);
	if (wish.count == 0)
		return true;
	if (!desk->has_token)
	{
		(void) sluice_fail(err, SLUICE_ERROR_DENIED,
						   "this worker has no token to ask for secrets with");
		return sluice_hint(err, "make one with: sluice keys create --scope worker, and start the "
								"worker with --token-file");
	}
	if (!ask(desk, &wish, values, err))
		return sluice_prefix(err, "cannot get the secrets of the connection");
	for (size_t i = 0; i < wish.count; i++)
		*places.at[i] = values[i];
	return true;
}

void
secrets_free(Secrets *secrets)
{
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		secret_free(secrets->values[i]);
		secrets->values[i] = NULL;
	}
}

/* ---- files ---- */

bool
secret_files_make(SecretFiles *files, const Secrets *secrets, SluiceError *err)
{
	bool good = true;

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
		files->fds[i] = -1;
	for (int i = ENDPOINT_CA; good && i < ENDPOINT_SECRETS; i++)
	{
		const char *text = secrets->values[i];

		if (text == NULL)
			continue;
		files->fds[i] = memory_file("sluice-tls", text, strlen(text), err);
		good = files->fds[i] >= 0;
	}
	return good;
}

void
secret_files_close(SecretFiles *files)
{
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		if (files->fds[i] >= 0)
			(void) close(files->fds[i]);
		files->fds[i] = -1;
	}
}
