/*
 * audit_log.c - the audit log over REST: pages of it, the newest first, and whether its chain is whole.
 */
#include "audit_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "control/http/cursor.h"
#include "control/http/scope.h"
#include "control/store/audit.h"

/* Whose log: the caller's own, with tenants:admin any. */
static bool
tenant_of(const Request *request, const char **tenant, Response *response)
{
	*tenant = request_query(request, "tenant");
	if (*tenant == NULL)
		*tenant = request->caller.tenant;
	return strcmp(*tenant, request->caller.tenant) == 0 ||
		   (request->caller.scopes & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) != 0 ||
		   response_fail(response, PROBLEM_FORBIDDEN,
						 "another tenant's audit log needs the scope tenants:admin");
}

static bool
read_cursor(const char *text, uint64_t *before, Response *response)
{
	char *end;

	*before = strtoull(text, &end, 10);
	return (*end == '\0' && strspn(text, "0123456789") == strlen(text)) ||
		   response_fail(response, PROBLEM_BAD_REQUEST, "the cursor is none of this list's");
}

static json_t *
next_cursor(uint64_t next)
{
	char key[24], text[CURSOR_MAXIMUM + 1];

	if (next == 0)
		return json_null();
	(void) snprintf(key, sizeof(key), "%" PRIu64, next);
	return cursor_encode(key, text) ? json_string(text) : NULL;
}

static bool
answer_page(Control *control, const char *tenant, const Page *page, Response *response)
{
	uint64_t before, next;
	json_t *items;
	SluiceError err;

	if (!read_cursor(page->after, &before, response))
		return false;
	if (audit_list(control->audit, tenant, before, page->limit, &items, &next, &err))
		return answer_json(
			response, 200,
			json_pack("{s:o, s:o}", "items", items, "next_cursor", next_cursor(next)));
	if (err.code == SLUICE_ERROR_NOT_FOUND)
		return response_fail(response, PROBLEM_BAD_REQUEST, "the cursor is none of this list's");
	return response_error(response, &err);
}

bool
list_audit(Control *control, const Request *request, Response *response)
{
	const char *tenant;
	Page page;
	bool good;

	if (!tenant_of(request, &tenant, response) || !page_read(request, &page, response))
		return false;
	good = answer_page(control, tenant, &page, response);
	page_free(&page);
	return good;
}

bool
verify_audit(Control *control, const Request *request, Response *response)
{
	AuditVerdict verdict;
	const char *tenant;
	SluiceError err;

	if (!tenant_of(request, &tenant, response))
		return false;
	if (!audit_verify(control->audit, tenant, &verdict, &err))
		return response_error(response, &err);
	return answer_json(
		response, 200,
		json_pack("{s:s, s:b, s:I, s:o, s:s?, s:s}", "tenant", tenant, "whole", verdict.whole,
				  "entries", (json_int_t) verdict.entries, "broken_at",
				  verdict.whole ? json_null() : json_integer((json_int_t) verdict.broken_at),
				  "reason", verdict.whole ? NULL : verdict.reason, "last_hash", verdict.last_hash));
}
