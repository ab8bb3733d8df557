/*
 * secret.c - reading secrets (secret.h).
 */
#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/daemon/file.h"

void
secret_free(char *secret)
{
	file_free(secret);
}

static void
cut_line_end(char *text)
{
	size_t length = strlen(text);

	if (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	if (length > 0 && text[length - 1] == '\r')
		text[--length] = '\0';
}

/* Turns the echo off; false where there is nothing to be turned back. */
static bool
hide(struct termios *before)
{
	struct termios quiet;

	if (tcgetattr(STDIN_FILENO, before) != 0)
		return false;
	quiet = *before;
	quiet.c_lflag &= ~(tcflag_t) ECHO;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
}

/* A line of a terminal, or all there is. */
static char *
read_standard_input(const char *what, SluiceError *err)
{
	char *text = calloc(1, SECRET_MAXIMUM + 2), *secret = NULL;
	struct termios before;
	bool terminal = isatty(STDIN_FILENO) == 1, hidden = terminal && hide(&before);
	size_t length = 0;
	ssize_t got = 0;

	if (terminal)
		(void) fprintf(stderr, "%s: ", what);
	while (text != NULL && length <= SECRET_MAXIMUM &&
		   ((got = read(STDIN_FILENO, text + length, SECRET_MAXIMUM + 1 - length)) > 0 ||
			(got < 0 && errno == EINTR)))
	{
		length += got > 0 ? (size_t) got : 0;
		if (terminal && memchr(text, '\n', length) != NULL)
			break;
	}
	if (hidden)
	{
		(void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		(void) fputc('\n', stderr);
	}
	if (text == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the %s", what);
	else if (length > SECRET_MAXIMUM || strlen(text) != length)
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "the %s on standard input is longer than %d bytes, or has NUL bytes",
						   what, SECRET_MAXIMUM);
	else if ((secret = strdup(text)) == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the %s", what);
	if (text != NULL)
		explicit_bzero(text, SECRET_MAXIMUM + 2);
	free(text);
	return secret;
}

char *
secret_read(const char *path, const char *what, SluiceError *err)
{
	char *secret = strcmp(path, "-") == 0 ? read_standard_input(what, err)
										  : file_read(path, SECRET_MAXIMUM, err);

	if (secret == NULL)
		return NULL;
	cut_line_end(secret);
	if (*secret != '\0')
		return secret;
	secret_free(secret);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the %s is empty: \"%s\"", what, path);
	return NULL;
}

bool
secret_of_environment(const char *name, char **secret, SluiceError *err)
{
	char file_name[100];
	const char *text = getenv(name), *path;

	*secret = NULL;
	(void) snprintf(file_name, sizeof(file_name), "%s_FILE", name);
	path = getenv(file_name);
	if (path != NULL && *path != '\0')
	{
		if (text != NULL && *text != '\0')
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s and %s are both set", name,
							   file_name);
		*secret = secret_read(path, name, err);
		return *secret != NULL || sluice_prefix(err, "%s", file_name);
	}
	if (text == NULL || *text == '\0')
		return true;
	*secret = strdup(text);
	return *secret != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %s", name);
}
