#include "importer/server/metrics.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static void has(const struct buf *b, const char *line)
{
	char wanted[256];

	snprintf(wanted, sizeof wanted, "\n%s\n", line);
	if (!strstr((const char *)b->bytes, wanted))
		fail_msg("no '%s' in\n%s", line, (const char *)b->bytes);
}

static void what_happened_is_counted(void **state)
{
	CLEANUP(metrics_free) struct metrics *m = metrics_new();
	CLEANUP(buf_clear) struct buf b = BUF_INIT(1 << 20);
	static const struct metrics_request requests[] = {
		{ METRICS_CONTENT, 206, 1000, true },  { METRICS_CONTENT, 206, 24, true },
		{ METRICS_CONTENT, 206, 5000, false }, { METRICS_CLIENT, 500, 300, true },
		{ METRICS_OTHER, 418, 0, true },       { METRICS_OTHER, 0, 0, false },
	};
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++)
		metrics_count(m, &requests[i]);
	metrics_time(m, METRICS_CLIENT, 1000000);
	metrics_time(m, METRICS_CLIENT, 1000001);
	metrics_time(m, METRICS_CLIENT, 9000000000);
	metrics_connected(m, 1);
	metrics_connected(m, 1);
	metrics_connected(m, -1);
	metrics_expired(m);
	assert_int_equal(metrics_write(m, &b, &err), 0);
	assert_int_equal(buf_append(&b, "", 1, &err), 0);
	has(&b, "gapferry_server_requests_total{service=\"content\",status=\"206\"} 3");
	has(&b, "gapferry_server_requests_total{service=\"client\",status=\"500\"} 1");
	has(&b, "gapferry_server_requests_total{service=\"other\",status=\"other\"} 2");
	has(&b, "gapferry_server_sent_bytes_total{service=\"content\"} 1024");
	has(&b, "gapferry_server_aborted_total{service=\"content\"} 1");
	has(&b, "gapferry_server_answer_seconds_bucket{service=\"client\",le=\"0.001\"} 1");
	has(&b, "gapferry_server_answer_seconds_bucket{service=\"client\",le=\"0.005\"} 2");
	has(&b, "gapferry_server_answer_seconds_bucket{service=\"client\",le=\"5\"} 2");
	has(&b, "gapferry_server_answer_seconds_bucket{service=\"client\",le=\"+Inf\"} 3");
	has(&b, "gapferry_server_answer_seconds_sum{service=\"client\"} 9.002000");
	has(&b, "gapferry_server_connections 1");
	has(&b, "gapferry_server_accepted_total 2");
	has(&b, "gapferry_server_expired_total 1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happened_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
