/*
 * usage.c - GET /usage and GET /quota.
 */
#include "usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "control/control.h"
#include "control/http/cursor.h"
#include "control/meter/meter.h"
#include "control/meter/usage_report.h"
#include "control/store/store.h"

#define DAY_MS	  INT64_C(86400000)
#define DATE_TEXT 11 /* "2026-01-31", with the NUL */

/* ---- whose, and which days ---- */

/* The caller's tenant, or for an administrator the one that is asked for; NULL with the problem filled. */
static const char *
tenant_of(const Request *request, Response *response)
{
	const char *tenant = request_query(request, "tenant");

	if (tenant == NULL || strcmp(tenant, request->caller.tenant) == 0)
		return request->caller.tenant;
	if ((request->caller.scopes & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) != 0)
		return tenant;
	(void) response_fail(response, PROBLEM_FORBIDDEN,
						 "another tenant's usage needs a key with the scope tenants:admin");
	return NULL;
}

/* "2026-01-31" of a day as in keys. */
static const char *
date_of_day(char date[DATE_TEXT], const char *day)
{
	(void) snprintf(date, DATE_TEXT, "%.4s-%.2s-%.2s", day, day + 4, day + 6);
	return date;
}

/* A day of a query as milliseconds; the default where it is not given. */
static int64_t
read_day(const Request *request, const char *name, int64_t otherwise)
{
	const char *date = request_query(request, name);
	char text[TIMESTAMP_TEXT];
	int64_t ms;

	(void) snprintf(text, sizeof(text), "%.10sT00:00:00Z", date != NULL ? date : "");
	return date != NULL && timestamp_parse(text, &ms) ? ms : otherwise;
}

typedef struct Span
{
	char from[DAY_TEXT], to[DAY_TEXT];
} Span;

/* Without a beginning that of the month, without an end today. */
static bool
read_span(const Request *request, Span *span, Response *response)
{
	int64_t to = read_day(request, "to", timestamp_now());
	int64_t from;

	timestamp_day(span->to, to);
	(void) snprintf(span->from, sizeof(span->from), "%.6s01", span->to);
	from = read_day(request, "from", INT64_MIN);
	if (from != INT64_MIN)
		timestamp_day(span->from, from);
	if (from != INT64_MIN && from > to)
		problem_add(&response->problem, "from", "order", "give a day that is not behind `to`",
					"the span ends before it begins");
	else if (from != INT64_MIN && to - from >= USAGE_DAYS_MAXIMUM * DAY_MS)
		problem_add(&response->problem, "from", "maximum", "ask for less at once",
					"a span has at most %d days", USAGE_DAYS_MAXIMUM);
	else
		return true;
	return answer_invalid(response, "the span");
}

/* ---- lines ---- */

/* A stream's own name; "" for one that was removed. */
static void
stream_name(Control *control, const char *tenant, const char *id, char name[64])
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;

	name[0] = '\0';
	if (!store_get(control->store, STORE_CONFIG, stream_key(key, tenant, id), &entry, NULL))
		return;
	if (text_of(entry.value, "name") != NULL)
		(void) snprintf(name, 64, "%s", text_of(entry.value, "name"));
	store_entry_free(&entry);
}

/* What a report is shown by. */
typedef struct Shown
{
	Control *control;
	const char *tenant;
	const UsageReport *report;
	UsageBy by;
	const Span *span;
} Shown;

static json_t *
sum_json(const UsageSum *sum)
{
	return json_pack("{s:I, s:I, s:I}", "rows", (json_int_t) sum->rows, "bytes",
					 (json_int_t) sum->bytes, "cdc_seconds", (json_int_t) (sum->cdc_ms / 1000));
}

static json_t *
line_json(const Shown *shown, const UsageLine *line)
{
	json_t *item = sum_json(&line->sum);
	char date[DATE_TEXT], name[64];

	if (shown->by == USAGE_BY_DAY)
	{
		(void) json_object_set_new(item, "day", json_string(date_of_day(date, line->label)));
		return item;
	}
	stream_name(shown->control, shown->tenant, line->label, name);
	(void) json_object_set_new(item, "stream_id", json_string(line->label));
	(void) json_object_set_new(item, "stream_name",
							   name[0] != '\0' ? json_string(name) : json_null());
	return item;
}

static bool
answer_page(const Shown *shown, const Request *request, Response *response)
{
	const UsageReport *report = shown->report;
	char from[DATE_TEXT], to[DATE_TEXT];
	Page page;

	if (!page_read(request, &page, response))
		return false;
	for (size_t i = 0; i < report->count; i++)
	{
		const UsageLine *line = &report->lines[i];

		if (strcmp(line->label, page.after) <= 0)
			continue;
		if (page_full(&page))
			break;
		page_add(&page, line->label, line_json(shown, line));
	}
	if (!page_answer(&page, response))
		return false;
	(void) json_object_set_new(response->body, "tenant", json_string(shown->tenant));
	(void) json_object_set_new(response->body, "from",
							   json_string(date_of_day(from, shown->span->from)));
	(void) json_object_set_new(response->body, "to", json_string(date_of_day(to, shown->span->to)));
	(void) json_object_set_new(response->body, "total", sum_json(&report->total));
	return true;
}

/* All lines at once: there are no pages in a file. */
static bool
answer_csv(const Shown *shown, Response *response)
{
	const UsageReport *report = shown->report;
	size_t size;
	FILE *out = open_memstream(&response->text, &size);

	if (out == NULL)
		return response_fail(response, PROBLEM_INTERNAL, "out of memory");
	(void) fprintf(out, "%s,rows,bytes,cdc_seconds\r\n",
				   shown->by == USAGE_BY_DAY ? "day" : "stream_id,stream_name");
	for (size_t i = 0; i < report->count; i++)
	{
		const UsageLine *line = &report->lines[i];
		char date[DATE_TEXT], name[64];

		if (shown->by == USAGE_BY_DAY)
			(void) fprintf(out, "%s", date_of_day(date, line->label));
		else
		{
			stream_name(shown->control, shown->tenant, line->label, name);
			(void) fprintf(out, "%s,%s", line->label, name);
		}
		(void) fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\r\n", line->sum.rows,
					   line->sum.bytes, line->sum.cdc_ms / 1000);
	}
	response->content_type = "text/csv; charset=utf-8";
	response->status = 200;
	return fclose(out) == 0 || response_fail(response, PROBLEM_INTERNAL, "out of memory");
}

static bool
wants_csv(const Request *request)
{
	const char *accept = request_header(request, "accept");

	return accept != NULL && strstr(accept, "text/csv") != NULL;
}

static bool
get_usage(Control *control, const Request *request, Response *response)
{
	const char *by = request_query(request, "by");
	const char *tenant = tenant_of(request, response);
	Shown shown = {.control = control, .tenant = tenant};
	UsageReport report;
	SluiceError err;
	Span span;
	bool good;

	if (tenant == NULL || !read_span(request, &span, response))
		return false;
	shown.by = by != NULL && strcmp(by, "stream") == 0 ? USAGE_BY_STREAM : USAGE_BY_DAY;
	shown.report = &report;
	shown.span = &span;
	good = usage_report(&report, control, tenant, span.from, span.to, shown.by, &err);
	if (!good)
		(void) response_error(response, &err);
	else
		good = wants_csv(request) ? answer_csv(&shown, response)
								  : answer_page(&shown, request, response);
	usage_report_free(&report);
	return good;
}

/* ---- quota ---- */

static json_t *
quota_json(const QuotaState *quota, QuotaKind kind)
{
	return json_pack(
		"{s:o, s:I, s:o}", "limit",
		quota->limited[kind] ? json_integer((json_int_t) quota->limit[kind]) : json_null(), "used",
		(json_int_t) quota->used[kind], "percent",
		quota->limited[kind] ? json_integer((json_int_t) quota_percent(quota, kind)) : json_null());
}

static bool
get_quota(Control *control, const Request *request, Response *response)
{
	const char *tenant = tenant_of(request, response);
	char resets_at[TIMESTAMP_TEXT];
	QuotaState quota;
	SluiceError err;
	json_t *body;

	if (tenant == NULL)
		return false;
	if (!meter_quota(control->meter, tenant, timestamp_now(), &quota, &err))
		return response_error(response, &err);
	body = json_pack("{s:s, s:s, s:i}", "tenant", tenant, "resets_at",
					 timestamp_format(resets_at, quota.resets_ms), "warning_percent",
					 QUOTA_WARNING_PERCENT);
	for (QuotaKind kind = 0; kind < QUOTA_KINDS; kind++)
		(void) json_object_set_new(body, quota_names[kind], quota_json(&quota, kind));
	return answer_json(response, 200, body);
}

static const Route routes[] = {
	{HTTP_GET, "/usage", "getUsage", SCOPE_USAGE_READ, get_usage, 0},
	{HTTP_GET, "/quota", "getQuota", SCOPE_USAGE_READ, get_quota, 0},
};

const Routes usage_routes = {routes, sizeof(routes) / sizeof(routes[0])};
