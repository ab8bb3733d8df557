/*
 * pg_ext.c - what the server calls when it loads the library.
 *
 * Preloaded, it defines everything; loaded later (by a walsender that uses the output plugin, or by
 * CREATE EXTENSION in a server that does not preload it) it is the plugin and the functions alone.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "pg_ext/hooks.h"
#include "pg_ext/launcher.h"
#include "pg_ext/settings.h"
#include "pg_ext/shared.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	settings_define(process_shared_preload_libraries_in_progress);
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	shared_request();
	hooks_install();
	launcher_register();
}
