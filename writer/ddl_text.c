/*
 * ddl_text.c - writing SQL with names and texts of other people in it (ddl_text.h).
 */
#include "ddl_text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "pg/pg_ddl.h"

static void
put_literal(FILE *out, const char *text)
{
	if (text == NULL)
		(void) fputs("NULL", out);
	else
		pg_put_literal(out, text);
}

/* What stands behind a percent sign. */
static void
put_kind(FILE *out, char kind, va_list *arguments)
{
	const char *text;

	switch (kind)
	{
		case 's': (void) fputs(va_arg(*arguments, const char *), out); break;
		case 'I': pg_put_name(out, va_arg(*arguments, const char *)); break;
		case 'L': put_literal(out, va_arg(*arguments, const char *)); break;
		case 'b': (void) fputs(va_arg(*arguments, int) ? "true" : "false", out); break;
		case '%': (void) fputc('%', out); break;
		case 'T':
			text = va_arg(*arguments, const char *);
			pg_put_qualified(out, text, va_arg(*arguments, const char *));
			break;
		default: abort();
	}
}

void
ddl_put(FILE *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	for (const char *at = format; *at != '\0'; at++)
	{
		if (*at == '%')
			put_kind(out, *++at, &arguments);
		else
			(void) fputc(*at, out);
	}
	va_end(arguments);
}
