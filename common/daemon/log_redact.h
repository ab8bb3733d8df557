/*
 * log_redact.h - keeping secrets out of everything people read: the deny-list of keys, and texts
 * that may have a password somewhere inside.
 */
#ifndef SLUICE_DAEMON_LOG_REDACT_H
#define SLUICE_DAEMON_LOG_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* True when a value under this key must never be shown: "nats_password", "Authorization", ... */
extern bool log_key_is_secret(const char *key);

/*
 * Copies text to out (at most size bytes with the NUL, size > 0) with "***" in place of
 * - the user and password of every URL: nats://u:p@h, postgresql://u:p@h/db, mysql://u:p@h; a user
 *   alone stays in database URLs, but is a token in nats://TOKEN@h;
 * - the value of every key=value whose key is on the deny-list, as in conninfo strings
 *   ("host=h password='it''s'") and URL parameters ("?sslpassword=x").
 * When in doubt it hides too much.
 */
extern void log_redact_url(const char *text, char *out, size_t size);

/* True when log_redact_url() would hide something. */
extern bool log_has_secret(const char *text);

#endif
