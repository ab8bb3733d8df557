/*
 * api.h - the REST interface as handlers use it: requests that tell their own failures, lists that are read to
 * their end, and names where the interface has ids.
 *
 * Every function gives an ExitStatus; anything but STATUS_OK was told already, and gives nothing to free.
 */
#ifndef SLUICE_CLI_API_H
#define SLUICE_CLI_API_H

#include "cli.h"
#include "url.h"

#define API_ID_MAXIMUM 40

/* Any request; *answer is of a 2xx. */
extern int api_call(Cli *cli, const char *method, const Url *url, const json_t *body,
					const char *if_match, Answer *answer);

/* The same, whatever the answer's status is; only failures to get one are told. */
extern int api_try(Cli *cli, const char *method, const Url *url, const json_t *body,
				   const char *if_match, Answer *answer);

/* GET and POST whose answer is a document. */
extern int api_get(Cli *cli, const Url *url, json_t **document);
extern int api_post(Cli *cli, const Url *url, const json_t *body, json_t **document);

/* All items of a list, page by page, at most `most`. */
extern int api_list(Cli *cli, const Url *url, size_t most, json_t **items);

typedef enum ApiKind
{
	API_CONNECTION,
	API_STREAM,
	API_KEY,
	API_ALERT,
	API_WORKER
} ApiKind;

/* The path of a kind's list: "/streams". */
extern const char *api_path(ApiKind kind);

/* The document that a name or id means; *etag (may be NULL, of 80 bytes) is that of it. */
extern int api_find(Cli *cli, ApiKind kind, const char *name, json_t **document, char *etag);

/* The id alone; a word that has the form of an id is one. */
extern int api_id(Cli *cli, ApiKind kind, const char *name, char id[API_ID_MAXIMUM]);

/* The run that a run's id, or a stream's name or id, means: of a stream, the newest. */
extern int api_run(Cli *cli, const char *name, json_t **run);

/* Text of a member, "" when it is none. */
extern const char *api_text(const json_t *document, const char *name);

#endif
