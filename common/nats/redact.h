/*
 * redact.h - takes credentials out of texts that people will read.
 */
#ifndef SLUICE_NATS_REDACT_H
#define SLUICE_NATS_REDACT_H

/* Cuts "user:password@" out of every URL in the text. */
extern void redact_userinfo(char *text);

/* Replaces every occurrence of a secret by stars; does nothing for NULL or "". */
extern void redact_secret(char *text, const char *secret);

#endif
