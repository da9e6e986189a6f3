/* The mutations: each seeds one fault and says which findings it must give. */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include "tests/rules/world.h"

enum { EXPECT_MAX = 64, ANYWHERE = -1 };

struct expected {
	enum catalog_rule rule;
	char file[40];
	int64_t offset; /* ANYWHERE: not told beforehand */
	uint32_t revision;
	char update_id[37], kb[12]; /* "" : none */
};

struct expectation {
	struct expected items[EXPECT_MAX];
	size_t count;
};

enum mutation_mode {
	DOCUMENTS,       /* judged by itself, nothing else */
	HISTORY,         /* after the undamaged one, with fragments */
	HISTORY_MASTER,  /* the same, package.xml alone */
	REVERSED_MASTER, /* the undamaged one after the damaged one */
};

struct mutation {
	enum catalog_rule rule; /* the one it is for */
	enum mutation_mode mode;
	bool (*apply)(struct world *w, struct expectation *e); /* false: no suitable update */
};

extern const struct mutation mutations_documents[], mutations_history[];
extern const size_t mutations_documents_count, mutations_history_count;

/* A finding on an update of the model (u NULL: of the whole), or with everything given. */
void expect(struct expectation *e, enum catalog_rule rule, const char *file, int64_t offset,
	    const struct model_update *u);
void expect_other(struct expectation *e, enum catalog_rule rule, const char *file, int64_t offset,
		  uint32_t revision, const char *update_id, const char *kb);

/* At the element of u in package.xml as it is now. */
void expect_element(struct expectation *e, struct world *w, enum catalog_rule rule,
		    const struct model_update *u);
/* In the fragment of u, at its beginning. */
void expect_fragment(struct expectation *e, enum catalog_rule rule, char stream,
		     const struct model_update *u);

#endif
