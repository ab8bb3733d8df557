/*
 * alerts_send.c - the thread that brings messages to webhooks (alerts.h).
 *
 * Invariant: a message is noted as delivered after its webhook said so, so one may come twice; its id is the same
 * then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "alerts_internal.h"
#include "common/control/layout.h"
#include "common/control/seal.h"
#include "common/control/timestamp.h"
#include "control/resource/answer.h"
#include "control/store/secret_keeper.h"
#include "webhook.h"

#define LOOK_MS		  250 /* between looks for messages */
#define NOTE_ATTEMPTS 5	  /* to write what came of one */

/* ---- one message ---- */

/* Sends a body by the rule's channel. */
static void
send_body(Alerts *alerts, const AlertRule *rule, const char *id, const json_t *body,
		  AlertAnswer *answer)
{
	Control *control = alerts->control;
	SluiceError err = {0};
	char *secret = secret_get(control->secrets, rule->tenant, rule->id, SECRET_WEBHOOK, &err);
	char *text = json_dumps(body, JSON_COMPACT);

	*answer = (AlertAnswer){0};
	if (text != NULL && (secret != NULL || err.code == SLUICE_ERROR_NOT_FOUND))
		webhook_send(control,
					 &(WebhookMessage){.url = rule->url,
									   .secret = secret,
									   .id = id,
									   .body = text,
									   .timestamp = timestamp_now() / 1000},
					 answer);
	else
		(void) snprintf(answer->error, sizeof(answer->error), "%.299s",
						text != NULL ? err.message : "out of memory for a message");
	counter_add(answer->delivered ? alerts->delivered : alerts->refused, 1);
	secret_free(secret);
	free(text);
}

/* Writes what came of it into the document as it is now. */
static bool
note(Alerts *alerts, const char *key, const char *id, const AlertAnswer *answer, SluiceError *err)
{
	const AlertAttempt attempt = {answer->delivered, answer->status,
								  answer->delivered ? NULL : answer->error,
								  (uint32_t) alerts_clock() * UINT32_C(2654435761)};

	for (int i = 0; i < NOTE_ATTEMPTS; i++)
	{
		StoreEntry entry;
		json_t *state;
		bool good;

		if (!store_get(alerts->control->store, STORE_STATE, key, &entry, err))
			return err->code == SLUICE_ERROR_NOT_FOUND; /* the rule is gone */
		state = json_deep_copy(entry.value);
		good =
			!alert_note(state, id, &attempt, timestamp_now()) ||
			store_put(alerts->control->store, STORE_STATE, key, state, entry.revision, NULL, err);
		json_decref(state);
		store_entry_free(&entry);
		if (good || err->code != SLUICE_ERROR_CONFLICT)
			return good;
	}
	return false;
}

static void
tell(Alerts *alerts, const AlertRule *rule, const char *id, const AlertAnswer *answer)
{
	if (answer->delivered)
		log_event(alerts->control->log, LOG_DEBUG, "told a webhook",
				  (LogField[]){LOG_TEXT("alert", rule->id), LOG_TEXT("message", id), LOG_END});
	else
		log_event(alerts->control->log, LOG_WARNING, "cannot tell a webhook yet",
				  (LogField[]){LOG_TEXT("alert", rule->id), LOG_TEXT("message", id),
							   LOG_TEXT("cause", answer->error), LOG_END});
}

static void
send_due(Alerts *alerts, const AlertRule *rule, const char *key, const json_t *message)
{
	const char *id = text_of(message, "id");
	AlertAnswer answer;
	SluiceError err;

	send_body(alerts, rule, id, json_object_get(message, "body"), &answer);
	tell(alerts, rule, id, &answer);
	if (!note(alerts, key, id, &answer, &err))
		log_failure(alerts->control->log, LOG_WARNING,
					"cannot note what a webhook said: it is told again", &err,
					(LogField[]){LOG_TEXT("alert", rule->id), LOG_END});
}

/* ---- rounds ---- */

/* The rule's next message; one that is switched off says nothing, and of one that is gone nothing stays. */
static void
send_next(Alerts *alerts, const StoreEntry *entry, const json_t *message)
{
	Store *store = alerts->control->store;
	const char *begin = strchr(entry->key, '.') + 1;
	char tenant[TENANT_MAXIMUM + 1];
	StoreEntry config;
	AlertRule rule;
	SluiceError err;

	(void) snprintf(tenant, sizeof(tenant), "%.*s", (int) strcspn(begin, "."), begin);
	if (!store_get(store, STORE_CONFIG, entry->key, &config, &err))
	{
		if (err.code == SLUICE_ERROR_NOT_FOUND)
			(void) !store_delete(store, STORE_STATE, entry->key, entry->revision, NULL);
		return;
	}
	if (alert_rule_read(&rule, tenant, config.value, NULL) && rule.enabled)
		send_due(alerts, &rule, entry->key, message);
	store_entry_free(&config);
}

/* Waits for the next round; false at the end. */
static bool
may_send(Alerts *alerts)
{
	struct timespec until;
	bool stop, leads = false;

	pthread_mutex_lock(&alerts->lock);
	while (!alerts->stop && !leads)
	{
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		(void) pthread_cond_timedwait(&alerts->changed, &alerts->lock, &until);
		leads = alerts_clock() < alerts->leads_until;
	}
	stop = alerts->stop;
	pthread_mutex_unlock(&alerts->lock);
	return !stop;
}

static bool
still_may(Alerts *alerts)
{
	bool may;

	pthread_mutex_lock(&alerts->lock);
	may = !alerts->stop && alerts_clock() < alerts->leads_until;
	pthread_mutex_unlock(&alerts->lock);
	return may;
}

static bool
send_each(void *context, const StoreEntry *entry)
{
	Alerts *alerts = context;
	const json_t *message = alert_due(entry->value, timestamp_now());

	if (message != NULL)
		send_next(alerts, entry, message);
	return still_may(alerts);
}

void *
alerts_send(void *argument)
{
	Alerts *alerts = argument;

	pthread_setname_np(pthread_self(), "alerts");
	/* What cannot be read is read in the next round. */
	while (may_send(alerts))
		(void) !store_each(alerts->control->store, STORE_STATE, "alert.", NULL, send_each, alerts,
						   NULL);
	return NULL;
}

/* ---- tests ---- */

bool
alerts_test(Alerts *alerts, const char *tenant, const json_t *document, AlertAnswer *answer,
			SluiceError *err)
{
	char id[ID_MAXIMUM + 32], at[TIMESTAMP_TEXT];
	AlertRule rule;
	uint64_t number;
	json_t *body;

	if (!alert_rule_read(&rule, tenant, document, err))
		return false;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return sluice_fail(err, SLUICE_ERROR_IO, "no random bytes: %m");
	(void) snprintf(id, sizeof(id), "msg_test_%016llx", (unsigned long long) number);
	body =
		json_pack("{s:s, s:s, s:{s:s, s:s, s:s}, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:s}",
				  "id", id, "type", "alert.test", "alert", "id", rule.id, "name", rule.name, "kind",
				  alert_kind_names[rule.kind], "tenant", tenant, "subject", "stream", "run",
				  "detail", "since", "value", "bound", "at", timestamp_format(at, timestamp_now()));
	if (body == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a message");
	send_body(alerts, &rule, id, body, answer);
	json_decref(body);
	return true;
}
