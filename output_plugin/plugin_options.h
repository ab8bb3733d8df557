/*
 * plugin_options.h - what a client may ask of the plugin when it starts to stream.
 */
#ifndef SLUICE_PLUGIN_OPTIONS_H
#define SLUICE_PLUGIN_OPTIONS_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "common/core/compress.h"

typedef struct PluginOptions
{
	List *publications;		  /* names (char *) */
	bool messages;			  /* publish logical messages */
	const char *own_messages; /* what those of the extension begin with; NULL: they are as others */
	bool local_only;		  /* origin = none: leave out what came from another origin */
	int bundle_rows;		  /* changes after which a bundle is sent */
	int bundle_bytes;		  /* bytes after which a bundle is sent, before compression */
	Compression compression;
} PluginOptions;

/* Reads DefElems with string values into options, in the current memory context; ERROR for what is
 * unknown, out of range or missing. */
extern void plugin_options_read(List *elements, PluginOptions *options);

#endif
