/*
 * problem.c - telling problems (problem.h).
 */
#include "problem.h"

#include <string.h>

#include "text.h"

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

const char *
problem_code_of(const Answer *answer)
{
	return text_of(answer->body, "code");
}

/* A line with a label before a text of the server's; nothing for an empty one. */
static void
put_line(FILE *out, const char *label, const char *text)
{
	if (*text == '\0')
		return;
	(void) fputs(label, out);
	text_put(out, text);
	(void) fputc('\n', out);
}

static void
put_errors(FILE *out, const json_t *errors)
{
	size_t index;
	json_t *error;

	json_array_foreach(errors, index, error)
	{
		const char *pointer = text_of(error, "pointer");

		(void) fputs("  ", out);
		text_put(out, *pointer != '\0' ? pointer : "document");
		put_line(out, ": ", text_of(error, "detail"));
		put_line(out, "    ", text_of(error, "fix"));
	}
}

/* What to do about those that people meet first. */
static const char *
advice(const Answer *answer)
{
	switch (answer->status)
	{
		case 401:
			return "give a key: --key-file FILE, SLUICE_API_KEY_FILE, or sluice context add NAME "
				   "--server URL";
		case 412: return "somebody changed it meanwhile: look again, then repeat";
		default: return "";
	}
}

int
problem_tell(const Cli *cli, const Answer *answer)
{
	const Screen *screen = &cli->terminal.err;
	const char *detail = text_of(answer->body, "detail"), *title = text_of(answer->body, "title");
	const char *id = text_of(answer->body, "request_id");
	char status[80];

	(void) snprintf(status, sizeof(status), "the server answers with HTTP status %ld",
					answer->status);
	if (answer->status >= 300 && answer->status < 400)
		(void) snprintf(status, sizeof(status),
						"the server sends elsewhere, which is not followed; use its address");
	(void) fprintf(screen->file, "%ssluice:%s ", screen_color(screen, COLOR_BAD),
				   screen_color(screen, COLOR_PLAIN));
	put_line(screen->file, "", *detail != '\0' ? detail : *title != '\0' ? title : status);
	put_errors(screen->file, json_object_get(answer->body, "errors"));
	put_line(screen->file, "  ", advice(answer));
	put_line(screen->file, "  request id ", *id != '\0' ? id : answer->request_id);
	return status_of_http(answer->status, problem_code_of(answer));
}
