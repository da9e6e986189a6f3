/* From a URI to a slot. */
#include "lib/base/error.h"
#include "lib/crypto/token_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load_named(struct token *t, const char *path, struct error *err)
{
	t->named = p11_kit_module_load(path, 0);
	if (!t->named)
		return error_set(err, ERROR_TOKEN_MODULE, "%s: cannot be loaded", path);
	CK_RV rv = p11_kit_module_initialize(t->named);

	if (rv == CKR_OK)
		return 0;
	p11_kit_module_release(t->named);
	t->named = NULL;
	return error_set(err, ERROR_TOKEN_MODULE, "%s: %s", path, p11_kit_strerror(rv));
}

static int load(struct token *t, struct error *err)
{
	const char *path = getenv("GAPFERRY_PKCS11_MODULE");

	p11_kit_be_quiet();
	if (path && *path)
		return load_named(t, path, err);
	t->modules = p11_kit_modules_load_and_initialize(0);
	if (!t->modules || !t->modules[0])
		return error_set(err, ERROR_TOKEN_MODULE, "p11-kit has no PKCS#11 module");
	return 0;
}

void token_find_end(struct token *t)
{
	if (t->named) {
		p11_kit_module_finalize(t->named);
		p11_kit_module_release(t->named);
	}
	if (t->modules)
		p11_kit_modules_finalize_and_release(t->modules);
}

struct search {
	struct token *token;
	size_t seen, matching;
};

static void look_at(struct search *s, CK_FUNCTION_LIST *module, CK_SLOT_ID slot)
{
	CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(s->token->uri);
	struct token *t = s->token;
	CK_TOKEN_INFO info;
	CK_SLOT_INFO about;

	if (module->C_GetTokenInfo(slot, &info) != CKR_OK ||
	    module->C_GetSlotInfo(slot, &about) != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED))
		return;
	s->seen++;
	if ((wanted != (CK_SLOT_ID)-1 && wanted != slot) ||
	    !p11_kit_uri_match_slot_info(t->uri, &about) ||
	    !p11_kit_uri_match_token_info(t->uri, &info))
		return;
	s->matching++;
	t->module = module;
	t->slot = slot;
	t->flags = info.flags;
	size_t len = p11_kit_space_strlen(info.label, sizeof info.label);

	snprintf(t->label, sizeof t->label, "%.*s", (int)len, (const char *)info.label);
}

static void look_into(struct search *s, CK_FUNCTION_LIST *module)
{
	CK_SLOT_ID slots[TOKEN_SLOTS];
	CK_ULONG count = TOKEN_SLOTS;
	CK_INFO info;

	if (module->C_GetInfo(&info) != CKR_OK ||
	    !p11_kit_uri_match_module_info(s->token->uri, &info) ||
	    module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK || count > TOKEN_SLOTS)
		return;
	for (CK_ULONG i = 0; i < count; i++)
		look_at(s, module, slots[i]);
}

int token_find(struct token *t, struct error *err)
{
	struct search s = { .token = t };

	if (load(t, err) < 0)
		return -1;
	if (t->named)
		look_into(&s, t->named);
	for (size_t i = 0; t->modules && t->modules[i]; i++)
		look_into(&s, t->modules[i]);
	if (s.matching == 1)
		return 0;
	if (s.matching == 0)
		return error_set(err, ERROR_TOKEN_MISSING,
				 "pkcs11 URI: no token matches (%zu tokens are here)", s.seen);
	return error_set(err, ERROR_TOKEN_MISSING, "pkcs11 URI: %zu tokens match", s.matching);
}
