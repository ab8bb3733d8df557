/*
 * context.h - named servers: an address and an API key under a name, in one file that only its owner may read.
 *
 *     $XDG_CONFIG_HOME/sluice/contexts.json, else ~/.config/sluice/contexts.json; mode 0600:
 *     {"current": "prod", "contexts": {"prod": {"server": "https://...", "key": "...", "ca_file": "..."}}}
 *
 * Which server a command talks to: --server, SLUICE_SERVER, else the context that --context, SLUICE_CONTEXT or
 * `sluice context select` names, else the server of this machine.  A key of the file goes to the server that stands beside it,
 * and to no other.
 */
#ifndef SLUICE_CLI_CONTEXT_H
#define SLUICE_CLI_CONTEXT_H

#include <jansson.h>

#include "arguments.h"

#define CONTEXT_SERVER_DEFAULT "http://127.0.0.1:8800"
#define CONTEXT_NAME_MAXIMUM   64

/* The file's document; an empty one when there is none.  NULL when it cannot be read, or others may read it. */
extern json_t *contexts_load(SluiceError *err) SLUICE_MUST_CHECK;

/* Writes it anew, folders included: all of it or nothing. */
extern bool contexts_save(const json_t *document, SluiceError *err) SLUICE_MUST_CHECK;

/* Where the file is; false when neither XDG_CONFIG_HOME nor HOME say. */
extern bool contexts_path(char *path, size_t size, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether a text can be a context's name: letters, digits, "-", "_", "."; not first. */
extern bool context_name_check(const char *name, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether a text is the address of a server: http:// or https://, a host, a port perhaps, and no more. */
extern bool context_server_check(const char *server, SluiceError *err) SLUICE_MUST_CHECK;

/* The server of a command.  Texts are its own. */
typedef struct Target
{
	char *name;					  /* of the context; NULL: none */
	char *server, *key, *ca_file; /* key and ca_file NULL: none */
} Target;

/* By the flags, the environment and the file. */
extern bool target_find(Target *target, const Arguments *arguments,
						SluiceError *err) SLUICE_MUST_CHECK;
extern void target_free(Target *target);

#endif
