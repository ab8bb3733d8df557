/*
 * settings.c - the server's options table (settings.h).
 */
#include "settings.h"

#include "common/daemon/nats_options.h"

#define GROUP_LISTEN  "Listening"
#define GROUP_LIMITS  "Limits"
#define GROUP_BROWSER "Browsers"
#define GROUP_SECRETS "Secrets"
#define GROUP_REACH	  "What the server may connect to"
#define GROUP_NATS	  "NATS"

static const Option options[] = {
	{.name = "listen",
	 .type = OPTION_STRING,
	 .default_value = "127.0.0.1:8800",
	 .placeholder = "HOST:PORT",
	 .group = GROUP_LISTEN,
	 .help =
		 "Serves the interface here; port 0 takes a free one, which is logged. Beyond loopback it "
		 "takes TLS, or --insecure-listen."},
	{.name = "tls-cert",
	 .type = OPTION_STRING,
	 .placeholder = "FILE",
	 .group = GROUP_LISTEN,
	 .help = "Certificate and those it is signed by, PEM: HTTPS instead of HTTP. It needs "
			 "--tls-key."},
	{.name = "tls-key",
	 .type = OPTION_STRING,
	 .placeholder = "FILE",
	 .group = GROUP_LISTEN,
	 .help = "The certificate's key, PEM."},
	{.name = "insecure-listen",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_LISTEN,
	 .help = "Listens beyond loopback without TLS: for a proxy in front that has it."},
	{.name = "max-connections",
	 .type = OPTION_INTEGER,
	 .default_value = "1000",
	 .minimum = 1,
	 .maximum = 20000,
	 .placeholder = "N",
	 .group = GROUP_LIMITS,
	 .help = "Connections at once, WebSockets among them; each has a thread. More are closed "
			 "at once."},
	{.name = "body-limit",
	 .type = OPTION_SIZE,
	 .default_value = "1MB",
	 .minimum = 1024,
	 .maximum = 64 << 20,
	 .group = GROUP_LIMITS,
	 .help = "Largest body of a request; larger ones are answered with 413."},
	{.name = "request-timeout",
	 .type = OPTION_DURATION,
	 .default_value = "60s",
	 .minimum = 100,
	 .maximum = 3600000,
	 .group = GROUP_LIMITS,
	 .help = "A request that is not whole after this long is cut off."},
	{.name = "rate-limit",
	 .type = OPTION_INTEGER,
	 .default_value = "100",
	 .minimum = 0,
	 .maximum = 1000000,
	 .placeholder = "N",
	 .group = GROUP_LIMITS,
	 .help = "Requests a second with one API key, twice as many at once; then 429. 0: any number."},
	{.name = "address-rate-limit",
	 .type = OPTION_INTEGER,
	 .default_value = "200",
	 .minimum = 0,
	 .maximum = 1000000,
	 .placeholder = "N",
	 .group = GROUP_LIMITS,
	 .help = "The same for one client address, before its key is looked at."},
	{.name = "cors-origins",
	 .type = OPTION_LIST,
	 .placeholder = "ORIGINS",
	 .group = GROUP_BROWSER,
	 .help = "Pages of these origins (https://ops.example.com) may read answers; none without it."},
	{.name = "allowed-origins",
	 .type = OPTION_LIST,
	 .placeholder = "ORIGINS",
	 .group = GROUP_BROWSER,
	 .help = "Pages of these origins may open a WebSocket, besides the server's own."},
	{.name = "web-root",
	 .type = OPTION_STRING,
	 .placeholder = "FOLDER",
	 .group = GROUP_BROWSER,
	 .help = "Serves the files of this folder at /: the dashboard. They are read at the start."},
	{.name = "master-key-file",
	 .type = OPTION_STRING,
	 .default_value = "/var/lib/sluice/master.key",
	 .placeholder = "FILE",
	 .group = GROUP_SECRETS,
	 .help =
		 "The key under which passwords and TLS keys are sealed: 32 bytes, readable for the server "
		 "alone, the same at every server. Made at the first start where it is not there: keep a "
		 "copy of it, without it no secret can be opened again."},
	{.name = "new-master-key-file",
	 .type = OPTION_STRING,
	 .placeholder = "FILE",
	 .group = GROUP_SECRETS,
	 .help =
		 "With rotate-master-key: the key to seal everything under from now on, made where it is "
		 "not there."},
	{.name = "allow-addresses",
	 .type = OPTION_LIST,
	 .placeholder = "CIDRS",
	 .group = GROUP_REACH,
	 .help = "Databases and webhooks may be at these addresses only (10.1.0.0/16, 2001:db8::/32). "
			 "Without it they may be anywhere but where no database belongs: link-local addresses "
			 "and those of clouds' metadata."},
	{.name = "deny-addresses",
	 .type = OPTION_LIST,
	 .placeholder = "CIDRS",
	 .group = GROUP_REACH,
	 .help = "And not at these, even if they are allowed."},
	{.name = "webhook-http",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_REACH,
	 .help = "Webhooks may be http:// besides https://."},
	{.name = "replicas",
	 .type = OPTION_INTEGER,
	 .default_value = "1",
	 .minimum = 1,
	 .maximum = 5,
	 .placeholder = "N",
	 .group = GROUP_NATS,
	 .help = "Replicas of the buckets and streams in JetStream when they are made."},
	NATS_OPTIONS(GROUP_NATS),
};

static const OptionExample examples[] = {
	{"Serve this machine alone; the first start prints an API key once",
	 "sluice-control --nats nats://127.0.0.1:4222 --master-key-file /var/lib/sluice/master.key"},
	{"Serve others, with TLS and the dashboard",
	 "sluice-control --listen :8800 --tls-cert /etc/sluice/tls.pem --tls-key /etc/sluice/tls.key "
	 "\\\n"
	 "  --web-root /usr/share/sluice/web --nats tls://nats1:4222,tls://nats2:4222 "
	 "--nats-creds /etc/sluice/control.creds"},
	{"Let databases be in two networks only",
	 "sluice-control --allow-addresses 10.1.0.0/16,10.2.0.0/16 --deny-addresses 10.1.9.0/24"},
	{"Seal all secrets under another master key, while servers run; then put it in the old one's "
	 "place",
	 "sluice-control rotate-master-key --master-key-file /var/lib/sluice/master.key \\\n"
	 "  --new-master-key-file /var/lib/sluice/master.key.new"},
	{NULL, NULL},
};

static const char *const log_fields[] = {NULL};

const Program control_program = {
	.name = "sluice-control",
	.version = SLUICE_VERSION,
	.summary =
		"The control plane: connections, streams and runs by REST under /api/v1, live events by "
		"WebSocket. It keeps everything in NATS, so any number of servers works at once.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.examples = examples,
	.log_fields = log_fields,
};

static TextList
list_of(const Options *from, const char *name)
{
	TextList list;

	list.count = options_list(from, name, &list.items);
	return list;
}

bool
control_settings_read(ControlSettings *settings, const Options *from, SluiceError *err)
{
	*settings = (ControlSettings){
		.listen = options_string(from, "listen"),
		.tls_certificate = options_string(from, "tls-cert"),
		.tls_key = options_string(from, "tls-key"),
		.insecure_listen = options_bool(from, "insecure-listen"),
		.master_key_file = options_string(from, "master-key-file"),
		.new_master_key_file = options_string(from, "new-master-key-file"),
		.cors_origins = list_of(from, "cors-origins"),
		.allowed_origins = list_of(from, "allowed-origins"),
		.allow_addresses = list_of(from, "allow-addresses"),
		.deny_addresses = list_of(from, "deny-addresses"),
		.webhook_http = options_bool(from, "webhook-http"),
		.rate_limit = (unsigned) options_integer(from, "rate-limit"),
		.address_rate_limit = (unsigned) options_integer(from, "address-rate-limit"),
		.body_maximum = (size_t) options_size(from, "body-limit"),
		.request_ms = options_duration(from, "request-timeout"),
		.connections_maximum = (unsigned) options_integer(from, "max-connections"),
		.web_root = options_string(from, "web-root"),
		.replicas = (int) options_integer(from, "replicas"),
	};
	if ((settings->tls_certificate == NULL) != (settings->tls_key == NULL))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--tls-cert and --tls-key go together");
	return nats_options_read(&settings->nats, from, control_program.name, err);
}
