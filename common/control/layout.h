/*
 * layout.h - where the control plane keeps what: buckets, keys, subjects, and what may stand in them.
 *
 * Keys are made here only.  A part that is empty, too long or has another character than [A-Za-z0-9_-] gives the
 * key "", which is in no bucket: a request's path can never reach what is not below its own tenant.
 */
#ifndef SLUICE_CONTROL_LAYOUT_H
#define SLUICE_CONTROL_LAYOUT_H

#include "common/core/error.h"

#define CONFIG_BUCKET	   "SLUICE_CONFIG" /* STORE_CONFIG */
#define STATE_BUCKET	   "SLUICE_STATE"  /* STORE_STATE */
#define ONCE_BUCKET		   "SLUICE_ONCE"   /* STORE_ONCE */
#define CONFIG_HISTORY	   32
#define ONCE_SECONDS	   86400
#define DOCUMENT_MAXIMUM   (1 << 20) /* bytes of one document */
#define LAYOUT_KEY_MAXIMUM 160		 /* with the NUL */

#define TENANT_DEFAULT	 "default"
#define TENANT_MAXIMUM	 16
#define ID_MAXIMUM		 32
#define ID_RANDOM		 20 /* characters of [a-z0-9] behind the prefix */
#define SECRET_FIELD_MAX 32

#define ID_CONNECTION "conn_"
#define ID_STREAM	  "str_"
#define ID_RUN		  "run_"
#define ID_KEY		  "key_"
#define ID_ALERT	  "alert_"
#define ID_WORKER	  "wrk_"

/* In CONFIG_BUCKET: which keys with tenants:admin are being deleted. */
#define ADMINISTRATORS_KEY "administrators"

/* The secrets an owner has: a connection the first four, an alert's channel the last. */
#define SECRET_PASSWORD	   "password"
#define SECRET_CA		   "ca"
#define SECRET_CERTIFICATE "certificate"
#define SECRET_KEY		   "key"
#define SECRET_WEBHOOK	   "webhook"

/* Subjects of core NATS and of our JetStream streams. */
#define SECRET_SUBJECT		"sluice_control.secret"
#define LOG_SUBJECT			"sluice_control.log" /* .<run>.<job> */
#define AUDIT_STREAM		"SLUICE_AUDIT"
#define AUDIT_SUBJECT		"sluice_control.audit" /* .<tenant> */
#define EVENT_STREAM		"SLUICE_EVENTS"
#define EVENT_SUBJECT		"sluice_control.event"	 /* .<tenant>.<stream id> */
#define METRICS_STREAM		"SLUICE_METRICS"		 /* _1S, _10S, _1M */
#define METRICS_SUBJECT		"sluice_control.metrics" /* .<step> */
#define CONTROL_LEASE		"lease.control"			 /* in the bucket SLUICE */
#define LAYOUT_SUBJECT_TEXT 160

/* All of these write LAYOUT_KEY_MAXIMUM bytes to `key` and return it. */
extern const char *tenant_key(char *key, const char *tenant);
extern const char *connection_key(char *key, const char *tenant, const char *connection);
extern const char *stream_key(char *key, const char *tenant, const char *stream);
extern const char *name_key(char *key, const char *stream_name); /* the name in NATS */
extern const char *connection_name_key(char *key, const char *tenant, const char *name_hash);
extern const char *api_key_key(char *key, const char *id);
extern const char *secret_key(char *key, const char *tenant, const char *owner, const char *field);
extern const char *alert_key(char *key, const char *tenant, const char *alert);
extern const char *run_key(char *key, const char *tenant, const char *run);
extern const char *run_list_key(char *key, const char *tenant, const char *stream);
extern const char *job_key(char *key, const char *run, const char *job);
extern const char *run_tables_key(char *key, const char *run);
extern const char *worker_key(char *key, const char *worker);
extern const char *drain_key(char *key, const char *worker);
extern const char *tested_key(char *key, const char *tenant, const char *connection);
extern const char *used_key(char *key, const char *api_key_id);
extern const char *usage_key(char *key, const char *tenant, const char *stream, const char *day);
extern const char *meter_key(char *key, const char *tenant, const char *stream);
extern const char *idempotency_key(char *key, const char *tenant, const char *hash);
extern const char *ticket_key(char *key, const char *hash);
extern const char *job_lease_key(char *key, const char *run, const char *job); /* in SLUICE */

/* "<kind>.<a>.<b>.", for listing: b NULL for one level, both NULL for the kind alone. */
extern const char *key_prefix(char *key, const char *kind, const char *a, const char *b);

/* Its last part: the id of "connection.<tenant>.<id>". */
extern const char *key_last(const char *key);

/* [a-z0-9]{1,16} */
extern bool tenant_valid(const char *tenant);

/* The prefix and ID_RANDOM characters of [a-z0-9]. */
extern bool id_valid(const char *id, const char *prefix);

/* The name a stream has in NATS: its own for the tenant "default", "<tenant>_<name>" for others; ARGUMENT when that
 * is none.  `text` has SUBJECT_TEXT bytes. */
extern bool stream_name_in_nats(char *text, const char *tenant, const char *name,
								SluiceError *err) SLUICE_MUST_CHECK;

#endif
