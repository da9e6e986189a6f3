#include "exporter/media_left.h"

#include "verifier/medium_write.h"

json_t *media_left_report(const struct cli_args *args, const struct medium_job *job)
{
	json_t *names = json_array();
	uint64_t bytes = 0;

	for (size_t i = 0; i < job->files.helper_count; i++) {
		if (job->helpers_done[i])
			continue;
		bytes += job->files.helpers[i].size;
		json_array_append_new(names, json_string(job->files.helpers[i].name));
	}
	if (json_array_size(names) > 0)
		cli_note(args,
			 "no room for %zu parity files (%llu MiB), first %s: without them less can "
			 "be "
			 "repaired",
			 json_array_size(names), (unsigned long long)((bytes >> 20) + 1),
			 json_string_value(json_array_get(names, 0)));
	return names;
}
