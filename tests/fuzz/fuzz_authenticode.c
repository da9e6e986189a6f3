/*
 * Files that pretend to be signed cabinets.  The private keys were thrown away after
 * corpus/authenticode was made with them (tests/unit/lib/crypto/signed_cab.h), so whatever leads
 * to the pinned certificate speaks of the bytes that were signed then.
 */
#include "lib/base/error.h"
#include "lib/crypto/authenticode.h"

#include <stdlib.h>
#include <string.h>

/* Of the 160 bytes that all files of the corpus begin with. */
static const char genuine[] = "9a67948e0bf8a7a4f6efcbc361cc488fc237e4dd4dc3561afc5ba05e1bbaeffe";

static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBLTCB1KADAgECAgIQADAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARyb290MB4X\n"
	"DTE1MDEwMTAwMDAwMFoXDTQ1MDEwMTAwMDAwMFowDzENMAsGA1UEAwwEcm9vdDBZ\n"
	"MBMGByqGSM49AgEGCCqGSM49AwEHA0IABEAoz9n0tLi9Fi46HLBZwy29jFL4h7e/\n"
	"fRJJVOC8k9vdWliKWO1RJujqG6WdB9GpoiZHJJ/PHtawScaHqE6XEPSjIDAeMA8G\n"
	"A1UdEwEB/wQFMAMBAf8wCwYDVR0PBAQDAgEGMAoGCCqGSM49BAMCA0gAMEUCICbN\n"
	"D26wRYE3KSRuPiGv2j063xQYP64YlP0K2l/CGOkZAiEA2Ym85OcL78lOq8jQmj+C\n"
	"T37MrMRejnZcjz19UXhnHo0=\n"
	"-----END CERTIFICATE-----\n";

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Once: the first call stores it for the process. */
static const struct authenticode_roots *pinned(void)
{
	static struct authenticode_roots *roots;
	struct error err = ERROR_INIT;

	if (!roots)
		roots = authenticode_roots_load((const unsigned char *)certificate,
						strlen(certificate), &err);
	if (!roots)
		abort();
	return roots;
}

static void judge(const unsigned char *data, size_t size, size_t piece,
		  struct authenticode_verdict *out)
{
	struct authenticode *a = authenticode_new();

	for (size_t at = 0; at < size; at += piece)
		authenticode_feed(a, data + at, size - at < piece ? size - at : piece);
	authenticode_finish(a, pinned(), 1700000000, out);
	authenticode_free(a);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct authenticode_verdict whole, pieces;
	struct error digest = ERROR_INIT, chain = ERROR_INIT;

	judge(data, size, size ? size : 1, &whole);
	judge(data, size, size / 3 + 1, &pieces);
	if (whole.kind != pieces.kind || whole.digest != pieces.digest ||
	    whole.chain != pieces.chain || whole.time != pieces.time ||
	    strcmp(whole.digest_hex, pieces.digest_hex) != 0 ||
	    strcmp(whole.subject, pieces.subject) != 0)
		abort();
	int bad_digest = authenticode_accept_digest(&whole, "x", &digest);
	int bad_chain = authenticode_accept_chain(&whole, "x", &chain);

	if ((bad_digest == 0) != (digest.id == ERROR_NONE) ||
	    (bad_chain == 0) != (chain.id == ERROR_NONE) || (bad_digest < 0 && bad_chain == 0))
		abort();
	if (bad_chain == 0 && strcmp(whole.digest_hex, genuine) != 0)
		abort();
	return 0;
}
