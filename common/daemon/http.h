/*
 * http.h - the small listener for monitoring: /metrics, /livez and /readyz, GET and HEAD only.
 *
 *     /metrics   200, Prometheus text
 *     /livez     200 "ok", or 503 with the reason
 *     /readyz    200 "ok", or 503 with the reason
 *
 * It has one thread of its own, made by http_start(), so signals must be blocked before; at most 16
 * connections, closed after 10 seconds without a byte.  There is no TLS and no login: it belongs on
 * a loopback or cluster address.
 */
#ifndef SLUICE_DAEMON_HTTP_H
#define SLUICE_DAEMON_HTTP_H

#include "common/core/error.h"
#include "metrics.h"

/* Answers true, or false with the reason in `reason`.  Called from the listener's thread. */
typedef bool (*HttpCheck)(void *context, char *reason, size_t size);

typedef struct HttpSettings
{
	const char
		*address; /* "127.0.0.1:9187", "[::1]:9187", ":9187" for all; port 0 takes a free one */
	Metrics *metrics;
	HttpCheck live;
	HttpCheck ready;
	void *context; /* of both checks */
} HttpSettings;

typedef struct HttpListener HttpListener;

/* The settings' metrics and context must outlive the listener. */
extern HttpListener *http_start(const HttpSettings *settings, SluiceError *err) SLUICE_MUST_CHECK;

/* The port it listens on. */
extern unsigned http_port(const HttpListener *listener);

/* Ends open connections and the thread; NULL is fine. */
extern void http_stop(HttpListener *listener);

/* Splits "host:port"; the host may be empty.  Exposed for those who check a setting early. */
extern bool http_split_address(const char *address, char *host, size_t host_size, char *port,
							   size_t port_size, SluiceError *err) SLUICE_MUST_CHECK;

#endif
