#include "exporter/approval.h"

#include "lib/crypto/key.h"
#include "lib/store/db.h"
#include "lib/store/ledger_rows.h"
#include "lib/store/log_rows.h"
#include "lib/store/store.h"
#include "media/ledger.h"
#include "media/log_text.h"

#include <stdio.h>

int approval_record(struct store *s, const struct approval *a, struct error *err)
{
	char signer[KEY_HOLDER_SIZE + KEY_SHORT_SIZE + 16], leaf[LOG_TEXT_LEAF_SIZE];
	struct ledger_body body;
	CLEANUP(db_scope_end) struct db_scope scope = { store_db(s) };

	snprintf(signer, sizeof signer, "%s %s %s", a->role, a->holder, a->short_id);
	ledger_begin(&body, "approve");
	ledger_text(&body, "bundle", a->bundle);
	ledger_digest(&body, "manifest", a->manifest);
	ledger_text(&body, "signer", signer);
	if (db_begin(scope.db, err) < 0 || ledger_rows_append(s, body.text, err) < 0 ||
	    log_rows_append(s, leaf, log_text_approval(a->manifest, signer, leaf), NULL, err) < 0)
		return -1;
	return db_commit(scope.db, err);
}
