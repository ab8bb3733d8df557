/*
 * handlers.h - what commands do; each row of commands.c names one.  They give an ExitStatus.
 */
#ifndef SLUICE_CLI_HANDLERS_H
#define SLUICE_CLI_HANDLERS_H

#include "cli.h"

/* context_commands.c */
extern int context_add(Cli *cli);
extern int context_select(Cli *cli);
extern int context_ls(Cli *cli);
extern int context_show(Cli *cli);
extern int context_rm(Cli *cli);

/* connection_commands.c */
extern int connection_ls(Cli *cli);
extern int connection_show(Cli *cli);
extern int connection_add(Cli *cli);
extern int connection_edit(Cli *cli);
extern int connection_rm(Cli *cli);
extern int connection_test(Cli *cli);
extern int connection_tables(Cli *cli);
extern int connection_columns(Cli *cli);
extern int connection_databases(Cli *cli);

/* stream_commands.c, stream_changes.c */
extern int stream_ls(Cli *cli);
extern int stream_show(Cli *cli);
extern int stream_rm(Cli *cli);
extern int stream_clone(Cli *cli);
extern int stream_export(Cli *cli);
extern int stream_revisions(Cli *cli);
extern int stream_create(Cli *cli);
extern int stream_apply(Cli *cli);
extern int stream_diff(Cli *cli);
extern int stream_edit(Cli *cli);

/* check_commands.c */
extern int check_stream(Cli *cli);
extern int types_stream(Cli *cli);

/* run_commands.c, watch_command.c, verify_command.c */
extern int run_start(Cli *cli);
extern int run_pause(Cli *cli);
extern int run_resume(Cli *cli);
extern int run_stop(Cli *cli);
extern int run_ls(Cli *cli);
extern int run_show(Cli *cli);
extern int run_watch(Cli *cli);
extern int run_tables(Cli *cli);
extern int run_errors(Cli *cli);
extern int run_verify(Cli *cli);

/* live_commands.c */
extern int live_lag(Cli *cli);
extern int live_top(Cli *cli);
extern int live_logs(Cli *cli);
extern int live_events(Cli *cli);

/* account_commands.c */
extern int workers_ls(Cli *cli);
extern int workers_drain(Cli *cli);
extern int workers_undrain(Cli *cli);
extern int usage_show(Cli *cli);
extern int quota_show(Cli *cli);
extern int keys_ls(Cli *cli);
extern int keys_create(Cli *cli);
extern int keys_rotate(Cli *cli);
extern int keys_rm(Cli *cli);
extern int alerts_ls(Cli *cli);
extern int alerts_add(Cli *cli);
extern int alerts_rm(Cli *cli);
extern int alerts_test(Cli *cli);
extern int audit_ls(Cli *cli);

/* system_commands.c */
extern int system_status(Cli *cli);
extern int system_doctor(Cli *cli);

/* self_commands.c */
extern int self_completion(Cli *cli);
extern int self_man(Cli *cli);
extern int self_version(Cli *cli);
extern int self_help(Cli *cli);

/* migrate.c, dev.c */
extern int migrate_run(Cli *cli);
extern int dev_run(Cli *cli);

#endif
