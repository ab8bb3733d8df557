/*
 * secret.h - secrets from where no list of processes shows them: a file, standard input, the environment.
 */
#ifndef SLUICE_CLI_SECRET_H
#define SLUICE_CLI_SECRET_H

#include "common/core/error.h"

#define SECRET_MAXIMUM (64 * 1024)

/*
 * The text of a file less one line end; "-" is standard input, which does not echo where it is a terminal.
 * To be freed with secret_free(); NULL on error, `what` names it in messages.
 */
extern char *secret_read(const char *path, const char *what, SluiceError *err) SLUICE_MUST_CHECK;

/* Of the variable NAME, or of the file that NAME_FILE names; *secret NULL when neither is set. */
extern bool secret_of_environment(const char *name, char **secret,
								  SluiceError *err) SLUICE_MUST_CHECK;

/* Wipes and frees; NULL is fine. */
extern void secret_free(char *secret);

#endif
