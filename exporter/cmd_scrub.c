#include "exporter/commands.h"
#include "verifier/care/scrub_verb.h"
#include "verifier/confine.h"
#include "verifier/prover.h"

int cmd_scrub(const struct cli_args *args, struct error *err)
{
	CLEANUP(prover_end) struct prover *prover = confine_prover(args, err);

	return !prover || args->program->confine(args, err) < 0 ? -1
								: scrub_verb(args, prover, err);
}
