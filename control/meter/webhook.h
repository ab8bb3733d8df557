/*
 * webhook.h - one message to one URL, signed as Standard Webhooks are.
 *
 * Headers webhook-id, webhook-timestamp (seconds since 1970) and, with a secret, webhook-signature: "v1," and the base64
 * of HMAC-SHA256 of "<id>.<timestamp>.<body>".  A secret "whsec_<base64>" is the key that the base64 says, any other
 * text is the key itself.
 */
#ifndef SLUICE_CONTROL_METER_WEBHOOK_H
#define SLUICE_CONTROL_METER_WEBHOOK_H

#include <stddef.h>
#include <stdint.h>

#include "alerts.h"

#define WEBHOOK_URL_MAXIMUM	   2000
#define WEBHOOK_SIGNATURE_TEXT 64 /* with the NUL */

/* Whether a secret is one; ARGUMENT says why not. */
extern bool webhook_secret_check(const char *secret, SluiceError *err) SLUICE_MUST_CHECK;

/* False for a secret that is none. */
extern bool webhook_sign(const char *secret, const char *id, int64_t timestamp, const char *body,
						 char signature[WEBHOOK_SIGNATURE_TEXT]) SLUICE_MUST_CHECK;

/* Whether a URL is one that may be called: https (or with `plain` http), a host, no user, no fragment; ARGUMENT. */
extern bool webhook_url_check(const char *url, bool plain, SluiceError *err) SLUICE_MUST_CHECK;

typedef struct WebhookMessage
{
	const char *url, *secret; /* secret NULL: not signed */
	const char *id, *body;
	int64_t timestamp;
} WebhookMessage;

/*
 * Sends it to an address that the server's lists allow and waits for the answer, at most some seconds; no redirects, no
 * proxy.  Fills *answer, whatever comes of it.
 */
extern void webhook_send(Control *control, const WebhookMessage *message, AlertAnswer *answer);

#endif
