/*
 * cppcheck.h - what tools/run-cppcheck must know of PostgreSQL's macros, whose headers it does not
 * read: which of them do not return, and those that are no statements by themselves.
 */
#define LOG		15
#define INFO	17
#define NOTICE	18
#define WARNING 19
#define ERROR	21
#define FATAL	22
#define PANIC	23

#define cppcheck_report(level)                                                                     \
	do                                                                                             \
	{                                                                                              \
		if ((level) >= ERROR)                                                                      \
			abort();                                                                               \
	} while (0)
#define ereport(level, ...) cppcheck_report(level)
#define elog(level, ...)	cppcheck_report(level)

#define PG_TRY()   if (1)
#define PG_CATCH() else
#define PG_FINALLY()
#define PG_END_TRY()
#define PG_RE_THROW() abort()

#define PG_FUNCTION_INFO_V1(f) extern int f##_info
#define PG_MODULE_MAGIC		   extern int module_magic
#define PG_FUNCTION_ARGS	   void *fcinfo
#define PGDLLEXPORT
